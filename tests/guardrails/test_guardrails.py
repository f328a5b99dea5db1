"""Guardrails beyond the matrix: where values come from, which scopes hold, exceptions, and what others say of them."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import warnings
from dataclasses import fields
from pathlib import Path

from constructs_sm import (
    CreateEndpointConfig,
    FanOut,
    Guardrails,
    InvalidInputError,
    JobName,
    PipelineStack,
    PolledJob,
    ProcessingJob,
    TrainingJob,
    TuningJob,
    acknowledge,
    images,
)
from constructs_sm.polled_actions import COMPILATION_JOB
from constructs_sm.testing import Rehearsal

import pytest
from aws_cdk import App, CfnCondition, CfnParameter, Duration, Fn, Stack, Stage, Tags, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from cdk_nag import AwsSolutionsChecks
from constructs import Construct
from every_action import IMAGE, REQUESTS
from guarded import denials, machine, refused, rows, stack_in, template
from policy_sentry.querying.actions import get_action_data

with warnings.catch_warnings():
    # It leaves its data files open, and finds them with what setuptools has deprecated.
    warnings.simplefilter("ignore")
    import parliament

TRAINING = REQUESTS["createTrainingJob"]
SMALL = Guardrails(instance_types=["ml.m5.*"], reason="hours are booked", contact="ml@example.com")
SHORT = Guardrails(longest_runtime=7200, reason="it has hung")
WHOLE = {"QueryLanguage": "JSONata", "Arguments": "{% $states.input %}"}
DENIED = "SageMaker.AmazonSageMakerException"
ALL = Guardrails(
    instance_types=["ml.m5.*"],
    most_instances=4,
    longest_runtime=Duration.hours(8),
    subnets=["subnet-ours"],
    security_groups=["sg-ours"],
    volume_keys=["arn:aws:kms:us-east-1:123456789012:key/*"],
    output_keys=["arn:aws:kms:us-east-1:123456789012:key/*"],
    network_isolation=True,
    traffic_encryption=True,
    images=["*.dkr.ecr.*/*"],
    tags={"team": ["ml", "risk"], "owner": None},
    inputs=["s3://data/*"],
    outputs=["s3://data/*"],
    spot=False,
    public_work_teams=False,
    most_endpoint_instances=4,
    public_endpoints=False,
    budget=100,
    rates={"ml.m5.*": 1},
    reason="because",
    late="warn",
)


def training(scope, name="Train", request=None, /, **changes):
    """A training job of a request in which fields are changed: `ResourceConfig.InstanceType`, or that and `$`."""
    sent = copy.deepcopy(TRAINING if request is None else request)
    for path, value in changes.items():
        *outer, last = path.split("__")
        holder = sent
        for step in outer:
            holder = holder.setdefault(step, {})
        late = isinstance(value, str) and value.startswith("$.")
        if late:
            holder.pop(last, None)
        holder[f"{last}.$" if late else last] = value
    return TrainingJob(scope, name, parameters=sent)


def ends(app, value, name="Stack", machine_id=None):
    """The error that an execution ends with, given a value; None where it succeeds."""
    with Rehearsal.of(template(app, name), machine=machine_id) as rehearsal:
        run = rehearsal.start(value)
        return None if run.succeeded else run.failure.error


def state(resource, arguments, **more):
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **arguments, **more}


def test_report_says_state_field_value_limit_reason_and_contact(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    SHORT.apply(stack)
    machine(
        stack, training(stack, ResourceConfig__InstanceType="ml.c5.xlarge", StoppingCondition__MaxRuntimeInSeconds=9000)
    )

    first, second = rows(app)
    assert (
        first.what == "state 'Train': ResourceConfig.InstanceType: an instance type is not allowed, got 'ml.c5.xlarge'"
    )
    assert first.fix == "use ml.m5.*: hours are booked (ask ml@example.com)"
    assert (
        second.what
        == "state 'Train': StoppingCondition.MaxRuntimeInSeconds: a job may run longer than is allowed, got 9000"
    )
    assert second.fix == "use at most 7200 seconds: it has hung"


def test_absent_runtime_is_a_day(app):
    stack = stack_in(app)
    SHORT.apply(stack)
    request = {name: value for name, value in TRAINING.items() if name != "StoppingCondition"}
    machine(
        stack,
        training(
            stack,
            "Train",
            {**request, "StoppingCondition": {"MaxWaitTimeInSeconds": 90_000}, "EnableManagedSpotTraining": True},
        ),
    )
    machine(stack, ProcessingJob(stack, "Process", parameters=REQUESTS["createProcessingJob"]), "Other")

    assert refused(app) == {("guardrail-runtime", "Train"), ("guardrail-runtime", "Process")}


def test_limit_of_a_day_lets_an_absent_runtime_be(app):
    stack = stack_in(app)
    Guardrails(longest_runtime="P1D", reason="r").apply(stack)
    late = {"StoppingCondition": {"MaxRuntimeInSeconds.$": "$.seconds"}}
    jobs = [
        ProcessingJob(stack, "Process", parameters=REQUESTS["createProcessingJob"]),
        ProcessingJob(stack, "Late", parameters={**REQUESTS["createProcessingJob"], **late}),
    ]
    machine(stack, jobs[0].next(jobs[1]))

    assert refused(app) == set()
    assert ends(app, {"seconds": 86_400}) is None
    assert ends(app, {"seconds": 86_401}) == DENIED


@pytest.mark.parametrize(
    ("cluster", "is_refused"),
    [
        (
            {
                "InstanceGroups": [
                    {"InstanceGroupName": n, "InstanceType": "ml.m5.large", "InstanceCount": 2} for n in "ab"
                ]
            },
            False,
        ),
        (
            {
                "InstanceGroups": [
                    {"InstanceGroupName": n, "InstanceType": "ml.m5.large", "InstanceCount": 3} for n in "ab"
                ]
            },
            True,
        ),
        ({"InstancePreferences": [{"InstanceType": f"ml.m5.{n}large", "InstanceCount": 4} for n in ("", "x")]}, False),
        ({"InstancePreferences": [{"InstanceType": "ml.m5.large", "InstanceCount": 5}]}, True),
    ],
)
def test_instances_of_groups_count_together_and_those_to_choose_from_do_not(app, cluster, is_refused):
    stack = stack_in(app)
    Guardrails(most_instances=4, reason="r").apply(stack)
    machine(stack, training(stack, "Train", {**TRAINING, "ResourceConfig": {"VolumeSizeInGB": 10, **cluster}}))

    assert bool(refused(app)) is is_refused


def test_every_instance_type_of_groups_and_definitions_is_judged(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    types = [
        {"InstanceGroupName": kind, "InstanceType": f"ml.{kind}.xlarge", "InstanceCount": 1} for kind in ("m5", "c5")
    ]
    config = REQUESTS["createHyperParameterTuningJob"]["HyperParameterTuningJobConfig"]
    definitions = [
        {
            **TRAINING,
            "DefinitionName": kind,
            "TuningObjective": config["HyperParameterTuningJobObjective"],
            "ResourceConfig": {**TRAINING["ResourceConfig"], "InstanceType": f"ml.{kind}.xlarge"},
        }
        for kind in ("m5", "c5")
    ]
    limits = {name: value for name, value in config.items() if name != "HyperParameterTuningJobObjective"}
    tune = TuningJob(
        stack, "Tune", parameters={"HyperParameterTuningJobConfig": limits, "TrainingJobDefinitions": definitions}
    )
    grouped = {**TRAINING, "ResourceConfig": {"VolumeSizeInGB": 10, "InstanceGroups": types}}
    machine(stack, training(stack, "Train", grouped).next(tune))

    assert {row.what.partition(": an")[0] for row in rows(app)} == {
        "state 'Train': ResourceConfig.InstanceGroups[1].InstanceType",
        "state 'Tune': TrainingJobDefinitions[1].ResourceConfig.InstanceType",
    }


def test_whole_structures_that_come_later_are_limited_where_iam_can(app):
    stack = stack_in(app)
    Guardrails(instance_types=["ml.m5.*"], volume_keys=["arn:aws:kms:*:123456789012:key/ours"], reason="r").apply(stack)
    machine(stack, training(stack, ResourceConfig="$.cluster"))

    assert refused(app) == set()
    cluster = TRAINING["ResourceConfig"]
    ours = {**cluster, "VolumeKmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/ours"}
    assert ends(app, {"cluster": ours}) is None
    assert ends(app, {"cluster": cluster}) == DENIED
    assert ends(app, {"cluster": {**ours, "InstanceType": "ml.c5.xlarge"}}) == DENIED


def test_whole_request_that_comes_later_is_limited_by_iam_alone(app):
    stack = stack_in(app)
    Guardrails(public_endpoints=False, reason="r").apply(stack)
    made = machine(stack, sfn.CustomState(stack, "Model", state_json=state("sagemaker:createModel", WHOLE)))
    made.role.add_to_principal_policy(iam.PolicyStatement(actions=["sagemaker:*", "iam:PassRole"], resources=["*"]))
    request = {**REQUESTS["createModel"], "ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"}
    network = {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}

    assert refused(app) == set()
    assert ends(app, {**request, **network}) is None
    assert ends(app, request) == DENIED


def test_whole_request_that_comes_later_is_refused_where_iam_has_no_key(app):
    stack = stack_in(app)
    Guardrails(images=["x"], most_instances=1, spot=False, budget=1, rates={"*": 1}, reason="r").apply(stack)
    machine(stack, sfn.CustomState(stack, "Train", state_json=state("sagemaker:createTrainingJob", {})))

    rails = {"guardrail-image", "guardrail-instance-count", "guardrail-spot", "guardrail-budget"}
    assert refused(app) == {(rail, "Train") for rail in rails}


def test_overrides_and_the_tasks_of_the_cdk_and_states_by_hand_are_judged(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    overridden = training(stack, "Overridden")
    overridden.task.add_parameter_override("ResourceConfig.InstanceType", "ml.c5.xlarge")
    cdk = tasks.SageMakerCreateTransformJob(
        stack,
        "Cdk",
        model_name="m",
        transform_job_name="t",
        transform_input=tasks.TransformInput(
            transform_data_source=tasks.TransformDataSource(
                s3_data_source=tasks.TransformS3DataSource(s3_uri="s3://a/b")
            )
        ),
        transform_output=tasks.TransformOutput(s3_output_path="s3://a/c"),
        transform_resources=tasks.TransformResources(instance_count=1, instance_type=ec2.InstanceType("c5.xlarge")),
    )
    by_hand = {"ResourceConfig": {"InstanceType": "ml.c5.xlarge"}}
    hand = sfn.CustomState(
        stack, "Hand", state_json=state("aws-sdk:sagemaker:createTrainingJob", {"Parameters": by_hand})
    )
    items = sfn.Map(stack, "Map").item_processor(training(stack, "Inside", ResourceConfig__InstanceType="ml.c5.xlarge"))
    machine(stack, overridden.next(cdk).next(hand).next(items))

    assert refused(app) == {("guardrail-instance-type", name) for name in ("Overridden", "Cdk", "Hand", "Inside")}


def test_what_the_tasks_of_the_cdk_take_from_the_input_is_denied_too(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    made = machine(
        stack,
        sfn.CustomState(
            stack,
            "Train",
            state_json=state(
                "sagemaker:createTrainingJob",
                {
                    "Parameters": {
                        **{name: value for name, value in TRAINING.items() if name != "ResourceConfig"},
                        "TrainingJobName.$": "$$.Execution.Name",
                        "RoleArn": "arn:aws:iam::123456789012:role/r",
                        "ResourceConfig": {"InstanceType.$": "$.type", "InstanceCount": 1, "VolumeSizeInGB": 10},
                    }
                },
            ),
        ),
    )
    made.role.add_to_principal_policy(iam.PolicyStatement(actions=["sagemaker:*", "iam:PassRole"], resources=["*"]))

    assert refused(app) == set()
    assert (ends(app, {"type": "ml.m5.large"}), ends(app, {"type": "ml.c5.xlarge"})) == (None, DENIED)


def test_jobs_of_a_fan_out_are_judged(app):
    stack = PipelineStack(app, "Stack")
    SMALL.apply(app)
    one = training(stack, "One", ResourceConfig__InstanceType="ml.c5.xlarge")
    each = FanOut(stack, "Each", one, items=[{"id": "a"}])
    stack.run(each)

    assert refused(app) == {("guardrail-instance-type", "One")}


def test_polled_jobs_are_judged_and_refused_where_values_come_later(app):
    stack = stack_in(app)
    Guardrails(outputs=["s3://data/ours/"], longest_runtime=600, reason="r").apply(stack)
    request = {
        "InputConfig": {"S3Uri": "s3://data/m.tar.gz", "Framework": "XGBOOST"},
        "OutputConfig": {"S3OutputLocation": "s3://data/theirs/", "TargetDevice": "ml_m5"},
        "StoppingCondition": {"MaxRuntimeInSeconds.$": "$.seconds"},
        "RoleArn": "arn:aws:iam::123456789012:role/r",
    }
    machine(stack, PolledJob(stack, "Compile", action=COMPILATION_JOB, parameters=request))

    assert refused(app) == {("guardrail-output-place", "Compile"), ("guardrail-runtime", "Compile")}


def test_tags_of_constructs_around_a_job_count(app):
    stack = stack_in(app)
    Guardrails(tags={"team": ["ml"]}, reason="r").apply(stack)
    Tags.of(stack).add("team", "ml")
    machine(stack, training(stack))

    assert refused(app) == set()


def test_branches_of_a_condition_are_all_judged(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    production = CfnCondition(stack, "Production", expression=Fn.condition_equals("a", "b"))
    chosen = Fn.condition_if("Production", "ml.m5.large", "ml.c5.xlarge").to_string()
    right = Fn.condition_if("Production", "ml.m5.large", "ml.m5.xlarge").to_string()
    machine(
        stack,
        training(stack, "Wrong", ResourceConfig__InstanceType=chosen).next(
            training(stack, "Right", ResourceConfig__InstanceType=right)
        ),
    )

    assert production
    assert refused(app) == {("guardrail-instance-type", "Wrong")}
    assert denials(app) == []


def test_value_of_the_deployment_is_limited_by_iam(app):
    stack = stack_in(app)
    SMALL.apply(stack)
    kind = CfnParameter(stack, "Type", default="ml.m5.large")
    machine(stack, training(stack, ResourceConfig__InstanceType=kind.value_as_string))

    assert refused(app) == set()
    assert [statement["Action"] for statement in denials(app)] == ["sagemaker:CreateTrainingJob"] * 2


def test_keys_of_the_app_are_known_by_what_they_are(app):
    stack = stack_in(app)
    ours, theirs = kms.Key(stack, "Ours"), kms.Key(stack, "Theirs")
    Guardrails(volume_keys=[ours], reason="r").apply(stack)
    machine(
        stack,
        training(stack, "Right", ResourceConfig__VolumeKmsKeyId=ours.key_arn).next(
            training(stack, "Late", ResourceConfig__VolumeKmsKeyId="$.key")
        ),
    )

    assert refused(app) == set()
    (statement,) = denials(app)
    assert statement["Condition"] == {"ArnNotLike": {"sagemaker:VolumeKmsKey": [stack.resolve(ours.key_arn)]}}
    assert theirs


def test_places_that_a_pipeline_makes_are_known_as_far_as_they_are_written(app):
    stack = PipelineStack(app, "Stack", bucket="acme-ml")
    Guardrails(outputs=["s3://acme-ml/"], inputs=["s3://acme-ml/train/"], reason="r").apply(app)
    right = TrainingJob(
        stack,
        "Right",
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.large",
        inputs={"train": stack.data("train/")},
    )
    wrong = TrainingJob(
        stack,
        "Wrong",
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.large",
        inputs={"train": stack.data("other/")},
    )
    stack.run(right.next(wrong))

    assert refused(app) == {("guardrail-input-place", "Wrong")}


@pytest.mark.parametrize(
    ("place", "taken"),
    [
        ("s3://data/ours", False),
        ("s3://data/ours/", True),
        ("s3://data/ours/x", True),
        ("s3://data/ours-not/x", False),
        ("https://s3.us-east-1.amazonaws.com/data/ours/x", True),
        ("s3://data/", False),
    ],
)
def test_place_to_read_is_below_an_allowed_one(app, place, taken):
    stack = stack_in(app)
    Guardrails(inputs=["s3://data/ours/"], reason="r").apply(app)
    channel = {"ChannelName": "a", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": place}}}
    machine(stack, training(stack, "Train", {**TRAINING, "InputDataConfig": [channel]}))

    assert (refused(app) == set()) is taken


def test_known_beginning_of_a_late_place_is_enough(app):
    stack = stack_in(app)
    Guardrails(outputs=["s3://data/ours/"], reason="r").apply(app)
    jobs = []
    for name, place in (("Right", "s3://data/ours/{}"), ("Wrong", "s3://data/theirs/{}"), ("Open", "s3://data/{}")):
        request = copy.deepcopy(TRAINING)
        request["OutputDataConfig"] = {"S3OutputPath.$": f"States.Format('{place}', $.x)"}
        jobs.append(TrainingJob(stack, name, parameters=request))
    machine(stack, jobs[0].next(jobs[1]).next(jobs[2]))

    found = {row.state: row.what.partition(": ")[2] for row in rows(app)}
    assert found.keys() == {"Wrong", "Open"}
    assert "is not allowed" in found["Wrong"]
    assert "comes later, and IAM has no condition key for it" in found["Open"]


def test_guardrails_of_outer_and_inner_scopes_both_hold_whenever_they_are_applied(app):
    stack = stack_in(app)
    inner = Construct(stack, "Inner")
    inside = training(
        inner, "Inside", ResourceConfig__InstanceType="ml.c5.xlarge", StoppingCondition__MaxRuntimeInSeconds=9000
    )
    outside = training(
        stack, "Outside", ResourceConfig__InstanceType="ml.c5.xlarge", StoppingCondition__MaxRuntimeInSeconds=9000
    )
    SHORT.apply(inner)
    SMALL.apply(app)
    machine(stack, inside.next(outside))

    assert refused(app) == {
        ("guardrail-instance-type", "Inside"),
        ("guardrail-runtime", "Inside"),
        ("guardrail-instance-type", "Outside"),
    }


def test_narrower_guardrails_limit_their_jobs_alone(app):
    stack = stack_in(app)
    inside = training(stack, "Inside", ResourceConfig__InstanceType="$.inside")
    outside = training(stack, "Outside", ResourceConfig__InstanceType="$.outside")
    Guardrails(instance_types=["ml.m5.large"], reason="r").apply(inside)
    SMALL.apply(app)
    machine(stack, inside.next(outside))

    assert refused(app) == set()
    assert ends(app, {"inside": "ml.m5.large", "outside": "ml.m5.xlarge"}) is None
    assert ends(app, {"inside": "ml.m5.xlarge", "outside": "ml.m5.xlarge"}) == DENIED
    assert ends(app, {"inside": "ml.m5.large", "outside": "ml.c5.xlarge"}) == DENIED


def test_excepted_job_is_not_denied_what_others_are(app):
    stack = stack_in(app)
    SMALL.apply(app)
    excepted = training(stack, "Benchmark", ResourceConfig__InstanceType="$.benchmark")
    known = training(stack, "Known", ResourceConfig__InstanceType="ml.c5.xlarge")
    late = training(stack, "Late", ResourceConfig__InstanceType="$.late")
    for job in (excepted, known):
        acknowledge(job, "guardrail-instance-type", "agreed")
    machine(stack, excepted.next(known).next(late))

    assert refused(app) == set()
    assert ends(app, {"benchmark": "ml.c5.xlarge", "late": "ml.m5.large"}) is None
    assert ends(app, {"benchmark": "ml.c5.xlarge", "late": "ml.c5.xlarge"}) == DENIED


def test_late_value_is_refused_if_iam_cannot_tell_the_job_from_an_excepted_one(app):
    stack = stack_in(app)
    SMALL.apply(app)
    excepted = TrainingJob(stack, "Benchmark", job_name=JobName.from_input("$.name"), parameters=late_type())
    late = training(stack, "Late", ResourceConfig__InstanceType="$.late")
    acknowledge(excepted, "guardrail-instance-type", "agreed")
    machine(stack, excepted.next(late))

    (row,) = [row for row in rows(app) if row.severity == "error"]
    assert (row.rule, row.state) == ("guardrail-instance-type", "Late")
    assert "IAM cannot tell its calls from those of another job" in row.what


def late_type():
    request = copy.deepcopy(TRAINING)
    request["ResourceConfig"]["InstanceType.$"] = "$.type"
    del request["ResourceConfig"]["InstanceType"]
    return request


def test_job_without_the_field_is_not_denied_because_another_has_it(app):
    stack = stack_in(app)
    Guardrails(output_keys=["arn:aws:kms:us-east-1:123456789012:key/ours"], reason="r").apply(app)
    process = REQUESTS["createProcessingJob"]
    output = {"S3Uri": "s3://data/o/", "LocalPath": "/opt/ml/o", "S3UploadMode": "EndOfJob"}
    outputs = {"KmsKeyId.$": "$.key", "Outputs": [{"OutputName": "o", "S3Output": output}]}
    jobs = [
        ProcessingJob(stack, "Nothing", parameters=process),
        ProcessingJob(stack, "Something", parameters={**process, "ProcessingOutputConfig": outputs}),
    ]
    machine(stack, jobs[0].next(jobs[1]))

    assert refused(app) == set()
    assert ends(app, {"key": "arn:aws:kms:us-east-1:123456789012:key/ours"}) is None
    assert ends(app, {"key": "arn:aws:kms:us-east-1:123456789012:key/theirs"}) == DENIED


def test_late_values_that_iam_cannot_limit_are_warned_of_if_the_team_says_so(app):
    stack = stack_in(app)
    Guardrails(most_instances=1, reason="r", late="warn").apply(app)
    machine(stack, training(stack, ResourceConfig__InstanceCount="$.count"))

    assert refused(app) == set()
    metadata = json.dumps(json.loads((Path(app.outdir) / "Stack.metadata.json").read_text()))
    assert "ResourceConfig.InstanceCount: comes later, and IAM has no condition key for it" in metadata


def test_calls_with_other_credentials_and_imported_roles_are_not_limited_and_so_refused(app):
    stack = stack_in(app)
    SMALL.apply(app)
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/machine", mutable=False)
    elsewhere = iam.Role.from_role_arn(stack, "Else", "arn:aws:iam::210987654321:role/else")
    other = TrainingJob(stack, "Other", parameters=late_type(), credentials=sfn.TaskRole.from_role(elsewhere))
    machine(stack, training(stack, "Imported", ResourceConfig__InstanceType="$.type"), "Imported machine", role=role)
    machine(stack, other, "Other machine")

    whys = {row.state: row.what for row in rows(app)}
    assert "the role of the state machine takes no statements from here" in whys["Imported"]
    assert "the call is made with other credentials" in whys["Other"]


def test_exception_ends_on_its_day_if_somebody_says_what_day_it_is(app):
    for name, as_of in (("Before", "2026-12-31"), ("After", "2027-01-01"), ("Never", None)):
        stack = stack_in(app, name)
        SMALL.apply(stack, as_of=as_of)
        job = training(stack, name, ResourceConfig__InstanceType="ml.c5.xlarge")
        acknowledge(job, "guardrail-instance-type", "agreed", until="2026-12-31")
        machine(stack, job)

    found = {row.state: (row.severity, row.fix) for row in rows(app)}
    assert found["Before"] == ("info", "there is an exception for 'Before/Before': agreed (until 2026-12-31)")
    assert found["Never"][0] == "info"
    assert found["After"] == (
        "error",
        "use ml.m5.*: hours are booked (ask ml@example.com); the exception ended on 2026-12-31",
    )
    kept = {"Never/Never": {"guardrail-instance-type": "agreed (until 2026-12-31)"}}
    assert template(app, "Never")["Metadata"]["constructs-sm:acknowledged"] == kept


def test_context_says_what_day_it_is(tmp_path):
    app = App(outdir=str(tmp_path), context={"guardrails_as_of": "2027-01-01"})
    stack = stack_in(app)
    SMALL.apply(app)
    acknowledge(stack, "guardrail-instance-type", "agreed", until="2026-12-31")
    machine(stack, training(stack, ResourceConfig__InstanceType="ml.c5.xlarge"))

    assert refused(app) == {("guardrail-instance-type", "Train")}


def test_only_exceptions_from_guardrails_end(app):
    with pytest.raises(InvalidInputError, match="only exceptions from guardrails end on a date"):
        acknowledge(stack_in(app), "gzip-needs-pipe", "unpacked by us", until="2026-12-31")


def test_day_that_is_none_is_refused(app):
    with pytest.raises(InvalidInputError, match="until is no day, got 'soon'"):
        acknowledge(stack_in(app), "guardrail-image", "agreed", until="soon")
    with pytest.raises(InvalidInputError, match="as_of is no day, got '2026-13-01'"):
        SMALL.apply(app, as_of="2026-13-01")


def test_stages_are_judged_each_once_with_jobs_and_without(app):
    SMALL.apply(app)
    ours, foreign = Stage(app, "Ours"), Stage(app, "Foreign")
    stack = stack_in(ours)
    machine(stack, training(stack, ResourceConfig__InstanceType="ml.c5.xlarge"))
    other = stack_in(foreign)
    by_hand = state("sagemaker:createTrainingJob", {"Parameters": {"ResourceConfig": {"InstanceType": "ml.c5.xlarge"}}})
    machine(other, sfn.CustomState(other, "Hand", state_json=by_hand))

    assert sorted((row.state, row.severity) for row in rows(app)) == [("Hand", "error"), ("Train", "error")]


def test_second_synthesis_gives_nothing_twice(app):
    stack = stack_in(app)
    SMALL.apply(app)
    machine(stack, training(stack, ResourceConfig__InstanceType="$.type"))

    assert rows(app) == []
    first = denials(app)
    assert rows(app) == []
    assert denials(app) == first


def test_budget_multiplies_rate_instances_and_longest_runtime(app):
    stack = stack_in(app)
    Guardrails(budget=3, rates={"ml.m5.*": 1, "ml.m5.xlarge": 0.5}, reason="r").apply(app)
    jobs = [
        training(stack, "Half rate", ResourceConfig__InstanceCount=3, StoppingCondition__MaxRuntimeInSeconds=7200),
        training(stack, "Too many", ResourceConfig__InstanceCount=7, StoppingCondition__MaxRuntimeInSeconds=3600),
        training(stack, "No rate", ResourceConfig__InstanceType="ml.c5.xlarge"),
        TuningJob(stack, "Search", parameters=REQUESTS["createHyperParameterTuningJob"]),
        training(
            stack,
            "A day",
            "x"
            and {**TRAINING, "StoppingCondition": {"MaxWaitTimeInSeconds": 90_000}, "EnableManagedSpotTraining": True},
        ),
    ]
    machine(stack, jobs[0].next(jobs[1]).next(jobs[2]).next(jobs[3]).next(jobs[4]))

    got = {row.state: re.search(r"got (.*)", row.what)[1] for row in rows(app)}
    # 7 at 0.5 for an hour; four trainings of an hour at 0.5 are 2; a day at 0.5.
    assert got == {"Too many": "3.5", "No rate": "'ml.c5.xlarge'", "A day": "12.0"}


def test_endpoint_counts_all_variants_and_what_they_scale_to(app):
    stack = stack_in(app)
    Guardrails(most_endpoint_instances=3, reason="r").apply(app)
    variant = REQUESTS["createEndpointConfig"]["ProductionVariants"][0]
    scaling = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3}
    configs = [
        CreateEndpointConfig(
            stack,
            "Right",
            parameters={"ProductionVariants": [variant, {**variant, "VariantName": "B", "InitialInstanceCount": 2}]},
        ),
        CreateEndpointConfig(
            stack,
            "Wrong",
            parameters={
                "ProductionVariants": [variant, {**variant, "VariantName": "B", "ManagedInstanceScaling": scaling}]
            },
        ),
    ]
    machine(stack, configs[0].next(configs[1]))

    (row,) = rows(app)
    assert (row.state, re.search(r"got (.*)", row.what)[1]) == ("Wrong", "4")


def test_required_volume_key_lets_local_storage_be(app):
    stack = stack_in(app)
    Guardrails(volume_keys=["arn:aws:kms:us-east-1:123456789012:key/ours"], reason="r").apply(app)
    local = {**TRAINING, "ResourceConfig": {**TRAINING["ResourceConfig"], "InstanceType": "ml.g5.xlarge"}}
    machine(
        stack, training(stack, "Local", local).next(training(stack, "Late", ResourceConfig__VolumeKmsKeyId="$.key"))
    )

    assert refused(app) == set()
    assert ends(app, {"key": "arn:aws:kms:us-east-1:123456789012:key/ours"}) is None


def everything(app):
    """All nine actions with requests that come later, under all rails."""
    stack = stack_in(app)
    ALL.apply(app)
    first, *others = [sfn.CustomState(stack, api, state_json=state(f"sagemaker:{api}", WHOLE)) for api in REQUESTS]
    chain = first
    for each in others:
        chain = chain.next(each)
    machine(stack, chain)


def test_parliament_and_policy_sentry_accept_every_condition_key_for_its_action(app):
    everything(app)
    assert refused(app) == set()
    found = denials(app)
    keys = {}
    for statement in found:
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            for conditions in statement["Condition"].values():
                keys.setdefault(action, set()).update(conditions)
    assert keys["sagemaker:CreateTrainingJob"] == {
        "aws:RequestTag/owner",
        "aws:RequestTag/team",
        "sagemaker:InstanceTypes",
        "sagemaker:InterContainerTrafficEncryption",
        "sagemaker:MaxRuntimeInSeconds",
        "sagemaker:NetworkIsolation",
        "sagemaker:OutputKmsKey",
        "sagemaker:VolumeKmsKey",
        "sagemaker:VpcSecurityGroupIds",
        "sagemaker:VpcSubnets",
    }
    assert len(keys) == 8
    for action, named in keys.items():
        known = {
            key
            for row in get_action_data("sagemaker", action.partition(":")[2])["sagemaker"]
            for key in row["condition_keys"]
        }
        assert {re.sub("RequestTag/.*", "RequestTag/${TagKey}", key) for key in named} <= known, action
    policy = parliament.analyze_policy_string(json.dumps({"Version": "2012-10-17", "Statement": found}))
    assert [
        (finding.issue, finding.detail) for finding in policy.findings if finding.issue != "RESOURCE_EFFECTIVELY_STAR"
    ] == []


def test_cdk_nag_finds_nothing_new(tmp_path):
    def found(guardrails):
        app = App(outdir=str(tmp_path / str(len(guardrails))))
        stack = stack_in(app)
        for each in guardrails:
            each.apply(app)
        machine(
            stack,
            training(stack, ResourceConfig__InstanceType="$.type", StoppingCondition__MaxRuntimeInSeconds="$.seconds"),
        )
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        with contextlib.suppress(RuntimeError):
            app.synth(force=True)
        reports = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
        return {row["ruleName"] for each in reports for row in each["violations"]}

    assert found([SMALL, SHORT]) == found([])


def pipeline_of(app, jobs):
    """A pipeline in which all that IAM can limit comes later, of every job."""
    stack = PipelineStack(app, f"Jobs{jobs}", bucket="acme-ml")
    chain = None
    for number in range(jobs):
        job = training(
            stack,
            f"Train{number}",
            ResourceConfig__InstanceType="$.type",
            ResourceConfig__VolumeKmsKeyId="$.key",
            OutputDataConfig__KmsKeyId="$.key",
            StoppingCondition__MaxRuntimeInSeconds="$.seconds",
            VpcConfig="$.vpc",
            EnableNetworkIsolation="$.isolated",
            EnableInterContainerTrafficEncryption="$.encrypted",
            Tags="$.tags",
        )
        chain = job if chain is None else chain.next(job)
    stack.run(chain)


def test_policy_of_400_jobs_with_all_rails_is_at_most_half_as_long_again_as_that_of_one(app):
    ALL.apply(app)
    for jobs in (1, 400):
        pipeline_of(app, jobs)
    assert refused(app) == set()
    sizes = {
        jobs: sum(
            len(json.dumps(resource["Properties"]["PolicyDocument"]))
            for name, resource in template(app, f"Jobs{jobs}")["Resources"].items()
            if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
            and name.startswith("PipelineStateMachine")
        )
        for jobs in (1, 400)
    }
    assert sizes[1] > 2_000
    assert sizes[400] <= 1.5 * sizes[1]


def test_example_file_in_cdk_json_is_applied(tmp_path):
    lines = {"instance_types": ["ml.m5.*"], "reason": "r"}
    for given in (lines, str(write(tmp_path, json.dumps(lines)))):
        app = App(context={"constructs_sm": {"guardrails": given}})
        stack = PipelineStack(app, "Stack")
        stack.run(training(stack, ResourceConfig__InstanceType="ml.c5.xlarge"))
        assert refused(app) == {("guardrail-instance-type", "Train")}
        assert Guardrails.from_context(app) == Guardrails(**lines)


def test_guardrails_of_an_environment_are_those_of_the_one_that_is_chosen():
    prod = {"instance_types": ["ml.m5.*"], "reason": "r"}
    context = {"constructs_sm": {"environments": {"dev": {}, "prod": {"guardrails": prod}}}}
    assert Guardrails.from_context(App(context={**context, "environment": "prod"})) == Guardrails(**prod)
    assert Guardrails.from_context(App(context={**context, "environment": "dev"})) is None


def write(folder, text, name="guardrails.json"):
    path = folder / name
    path.write_text(text)
    return path


def test_file_is_json_or_yaml_and_says_the_same(tmp_path):
    made = Guardrails(
        instance_types=["ml.m5.*"],
        longest_runtime=21_600,
        tags={"team": ["a"]},
        reasons={"instance_types": "a", "longest_runtime": "b", "tags": "c"},
    )
    text = (
        "instance_types: [ml.m5.*]\nlongest_runtime: PT6H\ntags: {team: [a]}\n"
        "reasons: {instance_types: a, longest_runtime: b, tags: c}\n"
    )
    assert Guardrails.from_file(write(tmp_path, text, "g.yaml")) == made
    as_json = {
        "instance_types": ["ml.m5.*"],
        "longest_runtime": 21600,
        "tags": {"team": ["a"]},
        "reasons": {"instance_types": "a", "longest_runtime": "b", "tags": "c"},
    }
    assert Guardrails.from_file(write(tmp_path, json.dumps(as_json))) == made
    assert hash(made) == hash(Guardrails.from_file(write(tmp_path, json.dumps(as_json))))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1]", r"guardrails are a mapping, got \[1\]"),
        ('{"instance_type": ["a"]}', "guardrails have no such line, got 'instance_type'; did you mean instance_types?"),
        ("{", "this is no JSON"),
        ('{"instance_types": ["a"]}', r"a line has no reason, got \['instance_types'\]"),
    ],
)
def test_file_that_is_none_is_refused_with_its_name(tmp_path, text, problem):
    path = write(tmp_path, text)
    with pytest.raises(InvalidInputError, match=problem) as error:
        Guardrails.from_file(path)
    assert str(path) in str(error.value)
    assert {each.rule for each in error.value.problems} == {"guardrail-value"}


class _Array:
    """As the arrays of libraries: neither equal to anything nor true, but item by item."""

    __hash__ = None

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")


@pytest.mark.parametrize("name", [each.name for each in fields(Guardrails)])
def test_array_in_place_of_a_limit_is_refused_in_words(name):
    with pytest.raises(InvalidInputError, match=name):
        Guardrails(**{"reason": "the platform says so", "most_instances": 4, name: _Array()})


def test_all_that_is_wrong_with_guardrails_is_said_at_once():
    with pytest.raises(InvalidInputError) as error:
        Guardrails(
            instance_types="ml.m5.large",
            most_instances=0,
            longest_runtime="8 hours",
            subnets=[""],
            network_isolation="yes",
            spot="always",
            tags={"team": "ml"},
            budget=-1,
            rates={},
            late="ask",
            reasons={"instance_type": "x", "images": ""},
            contact=None,
            output_keys=["alias/ours"],
        )
    said = [problem.what for problem in error.value.problems]
    assert said == [
        "instance_types must be a list of texts, of which none is empty",
        "subnets must be a list of texts, of which none is empty",
        "most_instances must be a whole number",
        "network_isolation is either true or false",
        "spot is either required or forbidden",
        "longest_runtime must be a time of whole seconds",
        "output_keys are named by their ARNs, as IAM compares them",
        "tags must name keys, and the values that each may have",
        "rates must say what an hour of an instance type costs",
        "budget must be a number above 0",
        "contact must be a text",
        "late is what becomes of values that IAM cannot limit",
        "reasons are for lines of the guardrails",
        "the reason of images must be a text",
        "a line has no reason",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            {"instance_types": ["ml.m5.*", "m5.large"]},
            r"instance_types begin with ml\., so nothing is like this, got 'm5",
        ),
        ({"subnets": ["vpc-1"]}, r"subnets begin with subnet-, so nothing is like this, got 'vpc-1'"),
        ({"security_groups": ["subnet-1"]}, "security_groups begin with sg-"),
        ({"outputs": ["ours/"]}, "outputs begin with s3://, so nothing is like this, got 'ours/'; begin it with s3://"),
        ({"instance_types": ["ml.m5.*"], "reason": " "}, r"a line has no reason, got \['instance_types'\]"),
        (
            {"instance_types": ["ml.m5.*", "ml.c5.large"], "budget": 9, "rates": {"ml.m5.*": 1}},
            r"an allowed instance type has no rate, got \['ml.c5.large'\]; add it to rates",
        ),
    ],
)
def test_patterns_that_limit_nothing_or_everything_are_refused(line, problem):
    with pytest.raises(InvalidInputError, match=problem):
        Guardrails(**{"reason": "r", **line})


def test_patterns_with_sense_are_taken():
    made = Guardrails(
        instance_types=["ml.m?.*", "*.large"],
        subnets=["*"],
        inputs=["https://s3.us-east-1.amazonaws.com/data/", "s3://a"],
        budget=9,
        rates={"*": 1},
        reason="r",
    )
    assert made.lines == ("instance_types", "subnets", "inputs", "budget")


def test_scope_that_is_no_construct_is_refused():
    with pytest.raises(InvalidInputError, match="scope is no construct, got 'app'"):
        SMALL.apply("app")


def test_images_with_the_registry_of_the_region_are_known_in_any(app):
    stack = Stack(app, "Stack")
    Guardrails(images=["*.dkr.ecr.*/sagemaker-xgboost:*"], reason="r").apply(app)
    job = TrainingJob(
        stack,
        "Train",
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.large",
        output="s3://data/models/",
        inputs={"train": "s3://data/a/"},
    )
    machine(
        stack,
        job.next(
            training(stack, "Other", AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"})
        ),
    )

    assert refused(app) == {("guardrail-image", "Other")}


def test_definition_that_stands_in_a_file_is_refused_unless_there_is_an_exception(app, tmp_path):
    path = write(tmp_path, json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}))
    for name in ("Read", "Agreed"):
        stack = stack_in(app, name)
        sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_file(str(path)))
    SMALL.apply(app)
    acknowledge(stack, "guardrail-definition", "checked in its own repository")

    (row,) = rows(app)
    assert (row.severity, row.rule) == ("error", "guardrail-definition")
    assert row.what.endswith("got 'Read/Machine/Resource'")


def test_substitutions_of_a_definition_come_later(app):
    stack = stack_in(app)
    SMALL.apply(app)
    request = {"ResourceConfig": {"InstanceType": "${Type}"}}
    text = {"StartAt": "T", "States": {"T": state("sagemaker:createTrainingJob", {"Parameters": request}, End=True)}}
    body = sfn.DefinitionBody.from_string(json.dumps(text))
    sfn.StateMachine(stack, "Machine", definition_body=body, definition_substitutions={"Type": "ml.m5.large"})

    assert refused(app) == set()
    assert len(denials(app)) == 2
