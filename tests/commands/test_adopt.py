"""`constructs-sm adopt`: a program of whatever file has a state machine, and a word on what it does not do."""

from __future__ import annotations

import json
import subprocess
import sys

from constructs_sm.commands.cli import main

import pytest
from conftest import DATA, ROOT

TRAIN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
    "Parameters": {
        "TrainingJobName": "churn-train",
        "RoleArn": "${JobRole}",
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
            "TrainingInputMode": "File",
        },
        "OutputDataConfig": {"S3OutputPath": "s3://${Bucket}/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 20},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
    "Next": "Tell",
}
TELL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sns:publish",
    "Parameters": {"TopicArn": "${TopicArn}", "Message": "done"},
    "End": True,
}
CHURN = {"StartAt": "Train", "States": {"Train": TRAIN, "Tell": TELL}}
IMPROVED = '''\
"""The state machine churn, adopted by constructs-sm."""

from constructs_sm import JobName, TrainingJob

from aws_cdk import App, CfnParameter, Duration, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

app = App()
stack = Stack(app, "Churn")

# Put your own constructs in place of these parameters.
job_role = CfnParameter(stack, "JobRole").value_as_string
bucket = CfnParameter(stack, "Bucket").value_as_string
topic_arn = CfnParameter(stack, "TopicArn").value_as_string

execution_role = iam.Role.from_role_arn(stack, "ExecutionRole", job_role)

train = TrainingJob(
    stack,
    "Train",
    job_name=JobName.unique("churn-train"),
    role=execution_role,
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    input_mode="File",
    output=f"s3://{bucket}/models/",
    instance_type="ml.m5.xlarge",
    instance_count=1,
    volume_size=Size.gibibytes(20),
    max_runtime=Duration.hours(1),
    output_check=None,
    result_path="$",
)
tell = sfn.CustomState(
    stack,
    "Tell",
    state_json={
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic_arn, "Message": "done"},
    },
)

train.next(tell)

machine = sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(train))
machine.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic_arn]))
app.synth()
'''
AROUND = (
    "left      around the state machine: its name, log, schedule, alarms and tags; see JobPipeline and PipelineStack"
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The program is run by a Python that has the package from here.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "churn.asl.json").write_text(json.dumps(CHURN))
    return tmp_path


def test_program_goes_out_and_what_is_said_of_it_goes_beside(capsys):
    assert main(["adopt", "churn.asl.json"]) == 0

    printed = capsys.readouterr()
    assert printed.out == IMPROVED
    assert printed.err.splitlines() == [
        "improved  Train: is retried where that helps: throttled calls, quotas, timeouts (retry.DEFAULT)",
        "improved  Train: has a name of its own for each attempt, and not churn-train for all",
        "left      Tell: CustomState",
        AROUND,
    ]


def test_nothing_is_improved_as_is(capsys):
    assert main(["adopt", "churn.asl.json", "--as-is"]) == 0

    printed = capsys.readouterr()
    assert '    job_name="churn-train",\n' in printed.out
    assert "    retry=(),\n" in printed.out
    assert printed.err.splitlines() == ["left      Tell: CustomState", AROUND]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--as-is"], "proven: it builds the same definition"),
        ([], "proven: it builds the same definition but for what is improved"),
    ],
)
def test_proof_runs_the_program(options, said, capsys):
    assert main(["adopt", "churn.asl.json", "--output", "app.py", "--prove", *options]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_proof_that_fails_says_where(monkeypatch, capsys):
    from constructs_sm.adopting import proof  # noqa: PLC0415

    other = {**CHURN, "States": {"Train": TRAIN, "Tell": {**TELL, "Comment": "another"}}}
    monkeypatch.setattr(proof, "rendered_by", lambda _: other)

    assert main(["adopt", "churn.asl.json", "--as-is", "--prove"]) == 1
    assert capsys.readouterr().err.splitlines()[-2:] == [
        'differs   Tell/Comment: "(absent)" became "another"',
        "not proven",
    ]


def test_file_is_written_and_not_overwritten(here, capsys):
    assert main(["adopt", "churn.asl.json", "-o", "app.py"]) == 0
    assert (here / "app.py").read_text() == IMPROVED
    assert capsys.readouterr().out.splitlines()[0] == "written to app.py"
    assert main(["adopt", "churn.asl.json", "-o", "app.py"]) == 2
    assert (
        capsys.readouterr().err == "constructs-sm: app.py: the file is there already; give another file, or --force\n"
    )


def test_json_has_the_program_and_what_is_said_of_it(capsys):
    assert main(["adopt", "churn.asl.json", "--json"]) == 0

    (document,) = json.loads(capsys.readouterr().out)
    assert document["program"] == IMPROVED
    assert [len(document[key]) for key in ("improved", "left")] == [2, 2]


def test_references_of_a_template_are_parameters(capsys):
    template = DATA / "templates" / "03_definitionstring_substitutions.yaml"

    assert main(["adopt", str(template)]) == 0
    assert 'CfnParameter(stack, "Topic").value_as_string' in capsys.readouterr().out


def test_grants_that_the_role_of_the_file_lacks_are_improvements(here, capsys):
    policy = {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}
    definition = {"StartAt": "Tell", "States": {"Tell": {**TELL, "Resource": "arn:aws:states:::glue:startJobRun"}}}
    definition["States"]["Tell"]["Parameters"] = {"JobName": "etl"}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": policy}]}},
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"Definition": definition, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    }
    (here / "template.json").write_text(json.dumps({"Resources": resources}))

    assert main(["adopt", "template.json"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == (
        "improved  Tell: is granted glue:StartJobRun on arn:aws:glue:us-east-1:123456789012:job/etl, "
        "which its role lacked"
    )


def test_definition_that_step_functions_refuses_is_refused(here, capsys):
    broken = {"StartAt": "Tell", "States": {"Tell": {**TELL, "End": True, "Next": "Nowhere"}}}
    (here / "broken.json").write_text(json.dumps(broken))

    assert main(["adopt", "broken.json"]) == 2
    assert "broken.json: Step Functions refuses the definition: " in capsys.readouterr().err


def test_it_needs_no_cdk(here):
    program = (
        "import sys; sys.modules['aws_cdk'] = sys.modules['jsii'] = None;"
        "from constructs_sm.commands.cli import main; sys.exit(main(['adopt', 'churn.asl.json']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, IMPROVED)


@pytest.mark.parametrize("comment", [["x"], 5, {}, None], ids=["list", "number", "object", "null"])
def test_comments_that_are_no_text_are_left_in_words(tmp_path, monkeypatch, capsys, comment):
    monkeypatch.chdir(tmp_path)
    states = {"Train": {**TRAIN, "Comment": comment}, "Tell": TELL}
    (tmp_path / "churn.json").write_text(json.dumps({**CHURN, "Comment": comment, "States": states}))

    assert main(["adopt", "churn.json"]) == 0
    left = [line for line in capsys.readouterr().err.splitlines() if "no text" in line]
    # The CDK drops null from a CustomState.
    assert left == [
        f"left      Train: {'RawState' if comment is None else 'CustomState'}: its Comment is no text",
        "left      the Comment of the definition, which is no text",
    ]
