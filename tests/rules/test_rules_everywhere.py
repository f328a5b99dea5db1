"""Rules where one forgets them: polled jobs, states of the CDK, values that say nothing, faults said twice."""

from __future__ import annotations

from constructs_sm import (
    Approval,
    CreateInferenceComponent,
    CreateModel,
    EndpointDeployment,
    FanOut,
    InvalidInputError,
    JobPipeline,
    ParallelJobs,
    PolledJob,
    ProcessingJob,
    RawState,
    TrainingJob,
    TransformJob,
    images,
)
from constructs_sm.language.errors import did_you_mean
from constructs_sm.language.versions import nearest_versions
from constructs_sm.polled_actions import AUTO_ML_JOB_V2, POLLED_ACTIONS
from constructs_sm.requests.model_check import found_in

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import IMAGE, REQUESTS
from every_fault import GONE, GROUP, SPOT, WAITING, Fault, made, resources, trained, training
from every_polled_action import REQUESTS as POLLED_REQUESTS
from every_polled_action import polled_job

OTHER = "arn:aws:iam::444455556666:role/Other"
OURS = "arn:aws:iam::123456789012:role/Own"


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "Stack", env=Environment(account="123456789012", region="us-east-1"))


def refused(make, *arguments, **more):
    with pytest.raises(InvalidInputError) as caught:
        make(*arguments, **more)
    return [problem.rule for problem in caught.value.problems]


def told(app):
    return [str(message.entry.data) for stack in app.synth().stacks for message in stack.messages]


def run(stack, chain):
    return sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(chain))


@pytest.mark.parametrize("action", [each for each in POLLED_ACTIONS if each.role_path], ids=lambda each: each.noun)
def test_role_of_another_account_is_refused_of_every_polled_job(stack, action):
    request = POLLED_REQUESTS[action.api]

    PolledJob(stack, "Own", action=action, parameters={**request, "RoleArn": OURS})
    rules = refused(PolledJob, stack, "Other", action=action, parameters={**request, "RoleArn": OTHER})

    assert rules == ["role-of-another-account"]


@pytest.mark.parametrize(
    ("image", "rule"),
    [
        ("xgboost:1.7-1", "image-is-no-uri"),
        (images.pytorch("2.5.1", processor="cpu").uri("us-east-1"), "training-image-in-model"),
    ],
    ids=["short", "training"],
)
def test_image_of_an_inference_component_is_held_to_the_rules(stack, image, rule):
    specification = {
        "Container": {"Image": image, "ArtifactUrl": "s3://data/model.tar.gz"},
        "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
    }
    parameters = {"EndpointName": "shared", "Specification": specification, "RuntimeConfig": {"CopyCount": 1}}

    assert refused(CreateInferenceComponent, stack, "Component", parameters=parameters) == [rule]


@pytest.mark.parametrize(
    "fault",
    [
        trained({**resources(KeepAlivePeriodInSeconds=0).changes, **SPOT, **WAITING}),
        resources(InstanceGroups=[GROUP], InstanceType=GONE, InstanceCount=GONE, KeepAlivePeriodInSeconds=0),
    ],
    ids=["spot", "groups"],
)
def test_warm_pool_of_no_time_is_none(stack, fault):
    assert made(stack, "Train", fault).task is not None


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        ("CreateMonitoringSchedule", "model-monitor-is-closed"),
        ("StartMonitoringSchedule", "model-monitor-is-closed"),
        ("CreateDataQualityJobDefinition", "model-monitor-is-closed"),
        ("CreateModelQualityJobDefinition", "model-monitor-is-closed"),
        ("CreateModelBiasJobDefinition", "clarify-is-closed"),
        ("CreateModelExplainabilityJobDefinition", "clarify-is-closed"),
        ("CreateLabelingJob", "ground-truth-is-closed"),
    ],
)
def test_api_of_a_closed_service_is_told_of_in_any_definition_and_beside_our_jobs(app, stack, operation, rule):
    assert rule in {problem.rule for problem in found_in(operation, {})}

    call = tasks.CallAwsService(
        stack, "Call", service="sagemaker", action=f"{operation[0].lower()}{operation[1:]}", iam_resources=["*"]
    )
    run(stack, made(stack, "Train", training()).next(call))
    (text,) = told(app)

    assert text.startswith("state 'Call': ")
    assert text.endswith(f"[ack: {rule}]")


def test_call_of_the_cdk_with_a_closed_service_in_its_request_is_told_of(app, stack):
    request = {"TrainingJobName": "x", "DebugHookConfig": {"S3OutputPath": "s3://data/d/"}}
    call = tasks.CallAwsService(
        stack, "Call", service="sagemaker", action="createTrainingJob", parameters=request, iam_resources=["*"]
    )
    run(stack, made(stack, "Train", training()).next(call))

    (text,) = told(app)
    assert text.endswith("[ack: debugger-is-closed]")


def test_image_for_elastic_inference_says_that_it_has_ended(app, stack):
    CreateModel(stack, "Model", image=images.image("pytorch", "1.5.1", image_scope="eia"))

    (text,) = told(app)
    assert text.endswith("[ack: elastic-inference-ended]")


KNOWN = ("latest", "0.20.0", "0.23-1", "1.0-1", "1.2-1", "1.4-2", "1.4-2-py312", "1.9-0", "2.14", "2.14.1", "2.16.0")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("1.2", ("1.2-1",)),
        ("1.2-2", ("1.2-1",)),
        ("1.2.1", ("1.2-1",)),
        ("v1.2-1", ("1.2-1",)),
        ("1.2-1-cpu-py3", ("1.2-1",)),
        ("1.3", ("1.2-1", "1.4-2")),
        ("1", ("1.9-0",)),
        ("2.15", ("2.14.1", "2.16.0")),
        ("2.14.5", ("2.14.1",)),
        ("3.0", ("2.16.0",)),
        ("0.1", ("0.20.0",)),
        ("newest", ()),
        (1.2, ("1.2-1",)),
        (None, ()),
    ],
)
def test_nearest_version_is_near_by_its_numbers(asked, near):
    assert nearest_versions(asked, KNOWN) == near


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: images.pytorch("2.1"), "processor of version 2.1 is missing; use one of cpu, gpu"),
        (
            lambda: images.pytorch("2.1", processor="GPU"),
            "version 2.1, got 'GPU'; did you mean gpu?",
        ),
        (lambda: images.tensorflow("3.0", processor="cpu"), "did you mean 2.21.0?"),
        (lambda: images.xgboost("1.6"), "did you mean 1.5-1 or 1.7-1?"),
        (lambda: images.image("deepar"), "did you mean forecasting-deepar?"),
        (lambda: images.image("sagemaker-xgboost", "1.7-1"), "did you mean xgboost?"),
        (lambda: images.image("PyTorch", "2.1"), "did you mean pytorch?"),
        (lambda: images.image("random-cut-forest"), "did you mean randomcutforest?"),
    ],
)
def test_suggestion_for_an_image_is_one_that_exists(ask, said):
    with pytest.raises(InvalidInputError) as caught:
        ask()

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("PrimaryContainer.Image", "xgboost:1.7-1", "pass images.image('xgboost', '1.7-1', image_scope='inference')"),
        ("PrimaryContainer.Image", "xgboost:1.7", "pass images.image('xgboost', '1.7-1', image_scope='inference')"),
        ("PrimaryContainer.Image", "sagemaker-kmeans:1", "pass images.image('kmeans', '1'), or the whole URI"),
        (
            "AlgorithmSpecification.TrainingImage",
            "pytorch:2.1",
            "pass images.image('pytorch', '2.1', image_scope='training')",
        ),
    ],
)
def test_image_of_aws_s_without_its_uri_is_suggested_as_one_that_exists(stack, field, written, said):
    api = "createModel" if field.startswith("Primary") else "createTrainingJob"

    with pytest.raises(InvalidInputError) as caught:
        made(stack, "Job", Fault(api, {field: written}))

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"), [("GPU", "gpu"), ("PIPE", "Pipe"), ("pipe", "Pipe"), ("Ppie", "Pipe"), ("zzz", "")]
)
def test_name_in_other_letters_is_recognized(written, meant):
    assert did_you_mean(written, ["gpu", "cpu", "Pipe"]) == (f"did you mean {meant}?" if meant else "")


def test_name_with_two_letters_swapped_is_nearer_than_one_with_others():
    regions = ["us-west-1", "us-west-2", "us-east-1", "us-east-2"]

    assert did_you_mean("us-esat-1", regions) == "did you mean us-east-1?"
    assert did_you_mean("us-wets-2", regions) == "did you mean us-west-2?"


def fan_out(stack):
    return FanOut(stack, "Subject", made(stack, "Inner", training()), items="$.items")


@pytest.mark.parametrize(
    "subject",
    [
        fan_out,
        lambda stack: Approval(stack, "Subject", notify=["ada@example.com"]),
        lambda stack: EndpointDeployment(stack, "Subject", endpoint_name="e", model="m", instance_type="ml.m5.large"),
        lambda stack: ParallelJobs(stack, "Subject", [made(stack, "Inner", training())]),
        lambda stack: RawState(stack, "Subject", state_json={"Type": "Pass"}),
        lambda stack: made(stack, "Subject", training()),
    ],
    ids=["fan-out", "approval", "deployment", "parallel", "raw", "job"],
)
@pytest.mark.parametrize("in_a_chain", [False, True], ids=["alone", "chained"])
def test_what_is_chained_twice_names_both(stack, subject, in_a_chain):
    first = subject(stack)
    if in_a_chain:
        first = made(stack, "Before", training()).next(first)
    first.next(made(stack, "A", training()))

    with pytest.raises(InvalidInputError, match=r"it goes on to 'A' already, got 'B'; .*\[state-goes-on-already\]"):
        first.next(made(stack, "B", training()))


def test_chain_of_a_state_of_the_cdk_that_is_chained_twice_names_both(stack):
    chain = made(stack, "Train", training()).next(sfn.Pass(stack, "Pass"))
    chain.next(made(stack, "A", training()))

    with pytest.raises(InvalidInputError, match="chain that ends in 'Pass': it goes on to 'A' already, got 'B'"):
        chain.next(made(stack, "B", training()))


@pytest.mark.parametrize(
    "name", ["NewField", "InputDataConfig[0].NewField", "InputDataConfig[].NewField", "InputDataConfig.NewField"]
)
def test_unknown_field_in_a_list_is_passed_by_its_name_or_its_path(app, stack, name):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}}
    channels = [{"ChannelName": "train", "DataSource": source, "NewField": 1}]
    job = made(stack, "Train", training(InputDataConfig=channels), allow_unknown_fields=[name])
    run(stack, job)

    assert job.task.to_state_json()["Parameters"]["InputDataConfig"][0]["NewField"] == 1
    assert told(app) == []


def test_field_that_is_passed_on_purpose_and_is_not_unknown_is_told_of(app, stack):
    run(stack, made(stack, "Train", training(), allow_unknown_fields=["OutputDataConfig"]))

    (text,) = told(app)
    assert text.startswith(
        "allow_unknown_fields names a field that is not unknown, got 'OutputDataConfig'; take it out"
    )


@pytest.mark.parametrize(
    ("one", "other", "rules"),
    [
        ("{% $states.input.one %}", "{% $states.input.several %}", []),
        ({"Image": IMAGE}, "{% $states.input.several %}", ["model-containers"]),
        ({"Image": IMAGE}, [{"Image": IMAGE}], ["model-containers"]),
    ],
    ids=["both late", "one late", "known"],
)
def test_fields_that_exclude_each_other_are_refused_unless_the_input_may_leave_one_empty(one, other, rules):
    request = {"ModelName": "churn", "PrimaryContainer": one, "Containers": other, "ExecutionRoleArn": OURS}

    assert [problem.rule for problem in found_in("CreateModel", request)] == rules


TYPED = {"image": IMAGE, "instance_type": "ml.m5.xlarge"}
TRAINED = {**TYPED, "output": "s3://data/m/"}
SCORED = {"model": "churn", "data": "s3://data/x/", "output": "s3://data/y/", "instance_type": "ml.m5.xlarge"}


def searched(stack, construct_id, **changes):
    request = {**POLLED_REQUESTS["createAutoMLJobV2"], **changes}
    return polled_job(stack, AUTO_ML_JOB_V2, construct_id, parameters=request)


@pytest.mark.parametrize(
    ("make", "arguments", "rules"),
    [
        (TrainingJob, {"parameters": [REQUESTS["createTrainingJob"]]}, ["argument-type"]),
        (TrainingJob, {**TYPED, "output": "s3://data/m/", "image": []}, ["model-type"]),
        (ProcessingJob, {**TYPED, "code": __file__, "inputs": {"code": "s3://data/x/"}}, ["argument-given-twice"]),
        (TrainingJob, {**TRAINED, "vpc": "vpc-1"}, ["subnets-need-vpc"]),
        (ProcessingJob, {**TYPED, "vpc": "vpc-1"}, ["subnets-need-vpc"]),
        (TrainingJob, {**TRAINED, "subnets": ["subnet-1"]}, ["vpc-needs-security-groups"]),
        (TrainingJob, {**TRAINED, "security_groups": ["sg-1"]}, ["subnets-need-vpc"]),
        (TrainingJob, {**TRAINED, "code": ["train.py"]}, ["code-place"]),
        (TrainingJob, {**TRAINED, "kms_key": "a key"}, ["model-form"]),
        (TrainingJob, {**TRAINED, "kms_key": 5}, ["model-type"]),
        (TransformJob, {**SCORED, "kms_key": "a key"}, ["model-form"]),
        (searched, {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, ["tags-differ"]),
    ],
    ids=[
        *("parameters", "image", "code", "VPC of a training", "VPC of a processing", "no groups", "no subnets"),
        *("no place", "key", "key of another type", "key of a transform", "tags of a polled job"),
    ],
)
def test_one_mistake_is_one_problem(stack, make, arguments, rules):
    assert refused(make, stack, "Job", **arguments) == rules


def test_l1_construct_in_the_place_of_a_switch_is_one_problem(stack):
    role = iam.CfnRole(stack, "CfnRole", assume_role_policy_document={})

    assert refused(JobPipeline, stack, "Pipeline", dashboard=[role]) == ["argument-type"]


def test_l1_construct_that_is_granted_something_is_refused_in_one_line(stack):
    role = iam.CfnRole(stack, "CfnRole", assume_role_policy_document={})
    pipeline = JobPipeline(stack, "Pipeline", definition=made(stack, "Train", training()))

    with pytest.raises(InvalidInputError, match=r"grantee is a CfnRole, an L1 construct; pass [^\n]*$"):
        pipeline.grant_start_execution(role)
