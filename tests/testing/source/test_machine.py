"""Where the state machine of a rehearsal comes from, and what is said where there is none."""

from __future__ import annotations

import json

from constructs_sm import TrainingJob
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing import Rehearsal

import pytest
from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template
from every_action import IMAGE
from machines import jsonata, machine

DEFINITION = machine(Say={"Type": "Pass", "Result": {"said": "hello"}, "Next": "Caught"})


def train(stack, construct_id="Train"):
    job = TrainingJob(
        stack,
        construct_id,
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
    )
    return sfn.StateMachine(
        stack, f"{construct_id}Machine", definition_body=sfn.DefinitionBody.from_chainable(job), tracing_enabled=True
    )


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """A cloud assembly of two stacks, of which one has a state machine."""
    folder = tmp_path_factory.mktemp("assembly") / "cdk.out"
    app = App(outdir=str(folder))
    environment = Environment(account="123456789012", region="us-east-1")
    train(Stack(app, "Pipeline", env=environment))
    Stack(app, "Other", env=environment)
    app.synth()
    return folder


@pytest.fixture(scope="module")
def template():
    stack = Stack(App(), "Stack")
    train(stack)
    return Template.from_stack(stack).to_json()


def started(source, **options):
    with Rehearsal.of(source, **options) as rehearsal:
        return rehearsal.start()


@pytest.mark.parametrize(
    "definition",
    [DEFINITION, jsonata(Say={"Type": "Pass", "Output": {"said": "{% 'hello' %}"}, "Next": "Caught"})],
    ids=["JSONPath", "JSONata"],
)
@pytest.mark.parametrize(
    "form",
    [lambda it, _: it, lambda it, _: json.dumps(it), lambda it, folder: write(folder, it)],
    ids=["mapping", "text", "file"],
)
def test_definition_is_rehearsed(definition, form, tmp_path):
    assert started(form(definition, tmp_path)).output == {"said": "hello"}


def write(folder, document):
    path = folder / "machine.json"
    path.write_text(json.dumps(document))
    return path


def test_stack_is_rehearsed_under_its_role():
    stack = Stack(App(), "Stack")
    train(stack)
    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start()

    assert run.succeeded, run.timeline
    assert rehearsal.role.policy
    assert {asked.allowed for asked in rehearsal.role.asked} == {True}


def test_template_is_rehearsed_under_its_role(template, tmp_path):
    assert started(template).states[0] == "Train"
    assert started(write(tmp_path, template)).states[0] == "Train"


def test_template_in_yaml_is_rehearsed(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(
        """
Resources:
  Topic: {Type: "AWS::SNS::Topic"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: tell
          PolicyDocument: {Statement: [{Effect: Allow, Action: sns:Publish, Resource: !Ref Topic}]}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionString: !Sub |
        {"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "End": true,
         "Resource": "arn:${AWS::Partition}:states:::sns:publish",
         "Parameters": {"TopicArn": "${Topic}", "Message": "x"}}}}
"""
    )
    with Rehearsal.of(path) as rehearsal:
        run = rehearsal.answer("Tell", {}).start()

    assert run.succeeded, run.timeline
    assert run.calls == [
        ("Tell", "sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:topic", "Message": "x"})
    ]


def test_definition_with_substitutions_is_rehearsed():
    properties = {
        "Definition": {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": "${said}", "End": True}}},
        "DefinitionSubstitutions": {"said": {"Ref": "Bucket"}},
    }
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Machine": {"Type": "AWS::Serverless::StateMachine", "Properties": properties},
    }

    assert started({"Resources": resources}).output == "bucket"


def test_assembly_is_rehearsed(assembly):
    assert started(assembly).states[0] == "Train"
    assert started(assembly, stack="Pipeline").states[0] == "Train"


def test_definition_that_is_an_asset_is_read_from_the_assembly(tmp_path):
    folder = tmp_path / "cdk.out"
    stack = Stack(App(outdir=str(folder)), "Stack", env=Environment(account="123456789012", region="us-east-1"))
    body = sfn.DefinitionBody.from_file(str(write(tmp_path, DEFINITION)))
    sfn.StateMachine(stack, "StateMachine", definition_body=body)
    stack.node.root.synth()

    assert started(folder).output == {"said": "hello"}


def test_one_of_several_machines_is_chosen():
    machines = {
        name: {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": json.dumps(DEFINITION)}}
        for name in ("First", "Second")
    }

    assert started({"Resources": machines}, machine="Second").succeeded
    with pytest.raises(InvalidInputError, match="name one of First, Second"):
        Rehearsal.of({"Resources": machines})


def test_policy_may_be_another_than_the_template_s(template):
    run = started(template, policy=[])

    assert "not authorized to perform: sagemaker:CreateTrainingJob" in run.cause


def test_policy_whose_statements_are_elsewhere_is_told():
    role = {
        "AssumeRolePolicyDocument": {"Statement": []},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"],
    }
    properties = {"DefinitionString": json.dumps(DEFINITION), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties},
    }
    with Rehearsal.of({"Resources": resources}) as rehearsal:
        assert rehearsal.permissions().unread == ("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"Resources": {}}, "one state machine was expected, got 0"),
        ("nowhere.json", "there is no such file"),
        ("{", "this is no JSON"),
        ('{"Parameters": {}}', "neither a template nor a definition"),
        (7, "this is no state machine, got 7"),
    ],
    ids=["no machine", "no file", "no JSON", "no template", "no source"],
)
def test_source_without_a_machine_is_refused(source, said):
    with pytest.raises(InvalidInputError, match=said):
        Rehearsal.of(source)


def test_stack_that_the_assembly_has_not_is_refused(assembly):
    with pytest.raises(InvalidInputError, match="name one stack of Other, Pipeline"):
        Rehearsal.of(assembly, stack="Pipelin")


ELSEWHERE = Environment(account="111111111111", region="eu-west-1")


def trained_at(run):
    """Account and Region that a run was in."""
    return run.requests[0][1]["RoleArn"].split(":")[4], run.output["Train"]["TrainingJobArn"].split(":")[3]


def test_stack_is_rehearsed_where_it_is_for():
    stack = Stack(App(), "Stack", env=ELSEWHERE)
    train(stack)

    with Rehearsal.of(stack) as rehearsal:
        assert rehearsal.permissions().missing == ()
    assert trained_at(started(stack)) == ("111111111111", "eu-west-1")


def test_assembly_is_rehearsed_where_it_is_for(tmp_path):
    app = App(outdir=str(tmp_path / "cdk.out"))
    train(Stack(app, "Stack", env=ELSEWHERE))
    train(Stack(Stage(app, "Staged", env=Environment(account="222222222222", region="eu-west-2")), "Stack"))
    app.synth()

    assert trained_at(started(tmp_path / "cdk.out", stack="Stack")) == ("111111111111", "eu-west-1")
    assert trained_at(started(tmp_path / "cdk.out", stack="Staged/Stack")) == ("222222222222", "eu-west-2")
    assert trained_at(started(tmp_path / "cdk.out" / "Stack.template.json")) == ("111111111111", "eu-west-1")


@pytest.mark.parametrize("of", ["stack", "assembly"])
def test_stack_that_is_for_anywhere_is_rehearsed_in_one_place(of, tmp_path):
    app = App(outdir=str(tmp_path / "cdk.out"))
    stack = Stack(app, "Stack", env=Environment(region="eu-west-1"))
    train(stack)
    source = stack if of == "stack" else app.synth().directory

    assert trained_at(started(source)) == ("123456789012", "eu-west-1")
    assert trained_at(started(source, account="222222222222")) == ("222222222222", "eu-west-1")


@pytest.fixture(scope="module")
def encrypted():
    """A template whose topic, queue and bucket are encrypted, with a task for each."""
    stack = Stack(App(), "Stack")
    keys = [kms.Key(stack, f"{of}Key") for of in ("Topic", "Queue", "Bucket")]
    topic = sns.Topic(stack, "Topic", master_key=keys[0])
    queue = sqs.Queue(stack, "Queue", encryption_master_key=keys[1])
    bucket = s3.Bucket(stack, "Bucket", encryption_key=keys[2])
    message = sfn.TaskInput.from_text("done")
    tell = tasks.SnsPublish(stack, "Tell", topic=topic, message=message)
    send = tasks.SqsSendMessage(stack, "Send", queue=queue, message_body=message)
    read = tasks.CallAwsService(
        stack,
        "Read",
        service="s3",
        action="getObject",
        parameters={"Bucket": bucket.bucket_name, "Key": "report.json"},
        iam_resources=[bucket.arn_for_objects("*")],
    )
    body = sfn.DefinitionBody.from_chainable(tell.next(send).next(read))
    machine = sfn.StateMachine(stack, "Machine", definition_body=body)
    keys[0].grant(machine, "kms:Decrypt", "kms:GenerateDataKey*")
    keys[2].grant_decrypt(machine)
    return Template.from_stack(stack).to_json()


ANSWERS = {"Send": {}, "Read": {"Body": "{}"}}


@pytest.mark.parametrize("without", ["kms:Decrypt", "kms:GenerateDataKey*"])
def test_what_is_encrypted_needs_its_key(encrypted, without):
    less = json.loads(json.dumps(encrypted))
    for resource in less["Resources"].values():
        for statement in resource["Properties"].get("PolicyDocument", {}).get("Statement", ()):
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            statement["Action"] = [action for action in actions if action != without] or ["kms:Nothing"]

    with Rehearsal.of(encrypted) as rehearsal:
        for state, answer in ANSWERS.items():
            rehearsal.answer(state, answer)
        whole = rehearsal.permissions()
    with Rehearsal.of(less) as rehearsal:
        for state, answer in ANSWERS.items():
            rehearsal.answer(state, answer)
        lacking = rehearsal.permissions()

    assert whole.missing == ()
    assert {grant.action for grant in whole.needless} <= {"kms:Encrypt", "kms:ReEncrypt*"}, whole
    states = {missing.state for missing in lacking.missing}
    assert states == ({"Tell", "Send", "Read"} if without == "kms:Decrypt" else {"Tell", "Send"})


@pytest.mark.parametrize("of", ["stack", "assembly", "template"])
def test_what_another_stack_exports_is_known(of, tmp_path):
    app = App(outdir=str(tmp_path / "cdk.out"))
    key = kms.Key(Stack(app, "Keys"), "Key")
    stack = Stack(app, "Stack")
    job = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
        kms_key=key,
    )
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))
    folder = app.synth().directory
    sources = {"stack": stack, "assembly": folder, "template": f"{folder}/Stack.template.json"}

    run = started(sources[of])

    assert run.succeeded, run.cause
    given = run.requests[0][1]["ResourceConfig"]["VolumeKmsKeyId"]
    assert given.startswith("arn:aws:kms:us-east-1:123456789012:key/key")
