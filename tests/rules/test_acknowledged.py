"""Rules that are overruled: for a scope, with a reason, by our function and by the CDK's."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    EndpointDeployment,
    InvalidInputError,
    JobPipeline,
    TrainingJob,
    TransformJob,
    acknowledge,
    polled_actions,
)
from constructs_sm.blueprints import BatchInference

import pytest
from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from constructs import Construct
from every_polled_action import REQUESTS as POLLED
from every_polled_action import polled_job

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
WHY = "our container unpacks the files itself"
GZIP = {
    "TrainingJobName": "churn",
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "CompressionType": "Gzip",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
PLAIN = {key: value for key, value in GZIP.items() if key != "InputDataConfig"}
SPOT = {
    **PLAIN,
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 300, "MaxWaitTimeInSeconds": 300},
}


def by_function(scope, rule_id, reason):
    acknowledge(scope, rule_id, reason)


def by_the_cdk(scope, rule_id, reason):
    Validations.of(scope).acknowledge(Acknowledgment(id=rule_id, reason=reason))


def by_the_cdk_with_prefix(scope, rule_id, reason):
    by_the_cdk(scope, f"constructs-sm::{rule_id}", reason)


every_way = pytest.mark.parametrize("way", [by_function, by_the_cdk, by_the_cdk_with_prefix])


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "Stack")


def train(scope, construct_id="Train", **arguments):
    return TrainingJob(scope, construct_id, parameters=GZIP, **arguments)


def machine(scope, job):
    return sfn.StateMachine(scope, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))


def told(app):
    return [str(message.entry.data) for stack in app.synth().stacks for message in stack.messages]


def test_refusal_ends_with_the_id_of_its_rule(stack):
    with pytest.raises(InvalidInputError, match=r"\[gzip-needs-pipe\]$") as caught:
        train(stack)

    assert [problem.rule for problem in caught.value.problems] == ["gzip-needs-pipe"]


@every_way
@pytest.mark.parametrize("level", ["app", "stack", "construct"])
def test_acknowledged_rule_is_off_in_the_scope_and_its_reason_is_kept(app, stack, way, level):
    inner = Construct(stack, "Inner")
    way({"app": app, "stack": stack, "construct": inner}[level], "gzip-needs-pipe", WHY)

    machine(stack, train(inner))

    path = {"app": "the app", "stack": "Stack", "construct": "Stack/Inner"}[level]
    kept = Template.from_stack(stack).to_json()["Metadata"]["constructs-sm:acknowledged"]
    assert kept == {path: {"gzip-needs-pipe": WHY}}
    assert [text for text in told(app) if "never-fired" in text] == []


def test_acknowledged_rule_is_on_outside_of_the_scope(stack):
    acknowledge(Construct(stack, "Inner"), "gzip-needs-pipe", WHY)

    with pytest.raises(InvalidInputError, match="gzip-needs-pipe"):
        train(stack)


def test_acknowledged_rule_leaves_the_others_on(stack):
    acknowledge(stack, "gzip-needs-pipe", WHY)

    with pytest.raises(InvalidInputError) as caught:
        TrainingJob(stack, "Train", parameters={**GZIP, "Unheard": 1})

    assert [problem.rule for problem in caught.value.problems] == ["model-unknown-field"]


def test_rule_of_typed_arguments_is_acknowledged_too(stack):
    acknowledge(stack, "image-is-no-uri", "a mirror that SageMaker resolves")

    job = TrainingJob(
        stack, "Train", image="xgboost:1.7-1", instance_type="ml.m5.xlarge", output="s3://data/m/", inputs={}
    )

    assert job.task is not None


def test_rule_of_two_jobs_together_is_acknowledged(stack):
    acknowledge(stack, "transform-takes-no-model-data-source", "tried in our account")
    source = {"S3DataSource": {"S3Uri": "s3://data/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    model = CreateModel(stack, "Model", parameters={"PrimaryContainer": {"Image": IMAGE, "ModelDataSource": source}})

    TransformJob(stack, "Score", model=model, data="s3://in/", output="s3://out/", instance_type="ml.m5.xlarge")


@every_way
def test_acknowledged_warning_is_not_told(app, stack, way):
    way(stack, "spot-without-checkpoints", "it takes five minutes")
    machine(
        stack,
        TrainingJob(stack, "Train", parameters=SPOT),
    )

    assert told(app) == []


@every_way
def test_warning_is_acknowledged_on_the_job_itself(app, stack, way):
    job = TrainingJob(stack, "Train", parameters=SPOT)
    machine(stack, job)
    way(job, "spot-without-checkpoints", "it takes five minutes")

    assert told(app) == []


def test_warning_ends_with_the_id_of_its_rule(app, stack):
    machine(
        stack,
        TrainingJob(stack, "Train", parameters=SPOT),
    )

    (text,) = told(app)
    assert text == (
        "CheckpointConfig is missing: a training on spot capacity keeps no checkpoints; "
        "pass checkpoints=, and let the training script write and read them [ack: spot-without-checkpoints]"
    )


@every_way
def test_acknowledged_rule_that_nothing_breaks_is_told(app, stack, way):
    TrainingJob(stack, "Train", parameters=PLAIN)
    way(stack, "gzip-needs-pipe", WHY)

    (text,) = told(app)
    assert text.startswith(f"gzip-needs-pipe is acknowledged for 'Stack' ({WHY}), and nothing there breaks it; ")
    assert text.endswith("[ack: acknowledged-rule-never-fired]")


def forgotten(scope):
    """A job that nothing runs, beside one that is run."""
    machine(scope, TrainingJob(scope, "Run", parameters=PLAIN))
    return TrainingJob(scope, "Forgotten", parameters=PLAIN)


def waiting(scope):
    job = TrainingJob(scope, "Train", parameters=PLAIN)
    body = sfn.DefinitionBody.from_chainable(job)
    return sfn.StateMachine(scope, "Machine", definition_body=body, state_machine_type=sfn.StateMachineType.EXPRESS)


def too_early(scope):
    train = TrainingJob(scope, "Train", parameters=PLAIN)
    model = CreateModel(scope, "Model", image=IMAGE, model_data=train.model_artifacts)
    return machine(scope, model.next(train))


def in_another_language(scope):
    body = sfn.DefinitionBody.from_chainable(TrainingJob(scope, "Train", parameters=PLAIN))
    return sfn.StateMachine(scope, "Machine", definition_body=body, query_language=sfn.QueryLanguage.JSONATA)


def unchangeable(scope):
    role = iam.Role.from_role_arn(scope, "Role", "arn:aws:iam::123456789012:role/m", mutable=False)
    body = sfn.DefinitionBody.from_chainable(TrainingJob(scope, "Train", parameters=PLAIN))
    return sfn.StateMachine(scope, "Machine", definition_body=body, role=role)


AT_SYNTHESIS = {
    "job-not-run": forgotten,
    "asl-express": waiting,
    "output-is-there": too_early,
    "query-language-of-machine": in_another_language,
    "role-without-grants": unchangeable,
}


@every_way
@pytest.mark.parametrize("level", ["app", "stack", "construct"])
@pytest.mark.parametrize("rule_id", AT_SYNTHESIS)
def test_rule_that_is_asked_at_synthesis_is_acknowledged(app, stack, way, level, rule_id):
    construct = AT_SYNTHESIS[rule_id](stack)
    scope = {"app": app, "stack": stack, "construct": construct}[level]
    way(scope, rule_id, WHY)

    assert told(app) == []


@pytest.mark.parametrize("rule_id", AT_SYNTHESIS)
def test_rule_that_is_asked_at_synthesis_and_acknowledged_in_vain_is_told(app, stack, rule_id):
    acknowledge(stack, rule_id, WHY)
    machine(stack, TrainingJob(stack, "Train", parameters=PLAIN))

    (text,) = told(app)
    assert text.startswith(f"{rule_id} is acknowledged for 'Stack' ({WHY}), and nothing there breaks it; ")


@every_way
def test_acknowledgment_on_a_pipeline_that_nothing_breaks_is_told(app, stack, way):
    pipeline = JobPipeline(stack, "Nightly")
    way(pipeline, "gzip-needs-pipe", WHY)
    pipeline.run(TrainingJob(pipeline, "Train", parameters=PLAIN))

    (text,) = told(app)
    assert text.startswith(f"gzip-needs-pipe is acknowledged for 'Stack/Nightly' ({WHY})")


def test_acknowledgment_in_vain_is_told_once_however_often_the_app_is_synthesized(app, stack):
    acknowledge(stack, "gzip-needs-pipe", WHY)
    machine(stack, TrainingJob(stack, "Train", parameters=SPOT))

    first = told(app)
    again = [str(message.entry.data) for each in app.synth(force=True).stacks for message in each.messages]
    assert {text.rpartition("[ack: ")[2] for text in first} == {
        "spot-without-checkpoints]",
        "acknowledged-rule-never-fired]",
    }
    assert again == first


def test_unknown_rule_is_refused_with_the_nearest(stack):
    with pytest.raises(InvalidInputError, match="no such rule, got 'gzip-need-pipe'; did you mean gzip-needs-pipe"):
        acknowledge(stack, "gzip-need-pipe", WHY)


def test_unknown_rule_that_the_cdk_is_told_of_is_refused_at_synthesis(app, stack):
    by_the_cdk_with_prefix(stack, "gzip-need-pipe", WHY)
    TrainingJob(stack, "Train", parameters=PLAIN)

    with pytest.raises(RuntimeError, match="did you mean gzip-needs-pipe"):
        app.synth()


def test_acknowledgments_of_other_tools_are_left_alone(app, stack):
    by_the_cdk(stack, "AwsSolutions::AwsSolutions-IAM5", "ours")
    TrainingJob(stack, "Train", parameters=PLAIN)

    assert told(app) == []


def test_rule_that_protects_the_library_cannot_be_acknowledged(stack):
    with pytest.raises(InvalidInputError, match=r"cannot be acknowledged.*\[rule-protected\]"):
        acknowledge(stack, "model-structure", WHY)


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_reason_is_needed(stack, reason):
    with pytest.raises(InvalidInputError, match="rule-without-reason"):
        acknowledge(stack, "gzip-needs-pipe", reason)


@pytest.mark.parametrize("allowed", [True, ["Unheard"], ("AlgorithmSpecification.Unheard", "Unheard")])
def test_unknown_field_is_passed_on_purpose(stack, allowed):
    job = TrainingJob(
        stack,
        "Train",
        parameters={**PLAIN, "Unheard": {"New": 1}},
        allow_unknown_fields=allowed,
    )

    assert job.task.to_state_json()["Parameters"]["Unheard"] == {"New": 1}


@pytest.mark.parametrize("allowed", [False, [], ["Unhoped"]])
def test_unknown_field_that_nobody_allows_is_refused(stack, allowed):
    with pytest.raises(InvalidInputError, match="Unheard is not a field of this API"):
        TrainingJob(stack, "Train", parameters={**PLAIN, "Unheard": 1}, allow_unknown_fields=allowed)


BESIDE = {"endpoint_name": "churn", "model": "churn", "instance_type": "ml.m5.xlarge"}
UNHEARD = {"parameters": {"Unheard": 1}}


@pytest.mark.parametrize("where", ["config", "update"])
def test_unknown_field_of_a_deployment_is_passed_on_purpose(stack, where):
    deploy = EndpointDeployment(stack, "Deploy", **BESIDE, **{where: UNHEARD}, allow_unknown_fields=["Unheard"])

    job = {"config": deploy.endpoint_config, "update": deploy.endpoint_update}[where]
    assert job.task.to_state_json()["Parameters"]["Unheard"] == 1
    pipeline = JobPipeline(stack, "Pipeline")
    pipeline.run(deploy)
    assert told(stack.node.root) == []


def test_unknown_field_that_no_request_of_a_deployment_has_is_told_of_once(stack):
    deploy = EndpointDeployment(stack, "Deploy", **BESIDE, config=UNHEARD, allow_unknown_fields=["Unheard", "Unhoped"])
    JobPipeline(stack, "Pipeline").run(deploy)

    said = "allow_unknown_fields names a field that is not unknown, got 'Unhoped'; take it out"
    assert told(stack.node.root) == [f"{said} [ack: acknowledged-rule-never-fired]"]


def test_deployment_refuses_what_is_no_list_of_fields(stack):
    with pytest.raises(InvalidInputError, match="'Stack/Deploy': allow_unknown_fields must be a list of fields"):
        EndpointDeployment(stack, "Deploy", **BESIDE, allow_unknown_fields="Unheard")


@pytest.mark.parametrize(
    ("request_of", "use"),
    [
        ({**PLAIN, "Unheard": 1}, "or pass it on purpose: allow_unknown_fields=['Unheard'] [model-unknown-field]"),
        (
            {**PLAIN, "Rolearn": "r"},
            "did you mean RoleArn? or pass it on purpose: allow_unknown_fields=['Rolearn'] [model-unknown-field]",
        ),
    ],
    ids=["unlike any", "like one"],
)
def test_refusal_of_an_unknown_field_says_how_to_pass_it(stack, request_of, use):
    with pytest.raises(InvalidInputError) as caught:
        TrainingJob(stack, "Train", parameters=request_of)

    assert use in str(caught.value)


def test_blueprint_passes_an_unknown_field_to_the_job_that_it_is_for(stack):
    blueprint = BatchInference(
        stack,
        "Score",
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        model_data="s3://models/model.tar.gz",
        data="s3://data/",
        output="s3://scores/",
        model={**UNHEARD, "allow_unknown_fields": ["Unheard"]},
    )

    assert blueprint.model.task.to_state_json()["Parameters"]["Unheard"] == 1


@pytest.mark.parametrize("allowed", [False, True])
def test_unknown_field_of_a_polled_job_is_passed_on_purpose(stack, allowed):
    request = {**POLLED["createAutoMLJobV2"], "Unheard": 1}

    def polled():
        action = polled_actions.AUTO_ML_JOB_V2
        return polled_job(stack, action, parameters=request, allow_unknown_fields=allowed)

    if allowed:
        assert polled().task.to_state_json()["Parameters"]["Unheard"] == 1
    else:
        with pytest.raises(InvalidInputError, match=r"pass it on purpose: allow_unknown_fields=\['Unheard'\]"):
            polled()
