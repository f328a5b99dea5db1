"""Guardrails reach what goes around the nine APIs: other APIs, fields without a key, overrides, raw resources."""

from __future__ import annotations

import copy
import itertools
import sys

from constructs_sm import EndpointDeployment, Guardrails, PolledJob, ScalableTarget, acknowledge
from constructs_sm.actions import TRAINING_JOB, TRANSFORM_JOB
from constructs_sm.guardrails.further_apis import is_keyed
from constructs_sm.guardrails.rails import RAILS
from constructs_sm.polled_actions import AUTO_ML_JOB_V2, COMPILATION_JOB, POLLED_ACTIONS
from constructs_sm.requests.api_model import has_operation
from constructs_sm.task.guarding import Guarding
from constructs_sm.task.machines import machines_of

import pytest
from aws_cdk import CfnResource
from aws_cdk import aws_stepfunctions as sfn
from every_action import REQUESTS, job
from guarded import denials, machine, refused, rows, stack_in
from policy_sentry.querying.actions import get_action_data, get_actions_for_service

ROLE = "arn:aws:iam::123456789012:role/r"


def call(stack, name, api, request):
    """A state of the CDK that makes a call by the AWS SDK integration."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{api}", "Parameters": request}
    return sfn.CustomState(stack, name, state_json=state)


@pytest.mark.parametrize(
    ("line", "api", "request_", "rule"),
    [
        (
            {"instance_types": ["ml.m5.*"]},
            "sagemaker:createCluster",
            {"ClusterName": "c", "InstanceGroups": [{"InstanceType": "ml.p5.48xlarge"}]},
            "guardrail-instance-type",
        ),
        (
            {"instance_types": ["ml.m5.*"]},
            "sagemaker:createTrainingJob",
            {
                "ResourceConfig": {"InstanceType": "ml.m5.large"},
                "DebugRuleConfigurations": [{"InstanceType": "ml.p3.2xlarge"}],
            },
            "guardrail-instance-type",
        ),
        (
            {"most_instances": 2},
            "sagemaker:createDataQualityJobDefinition",
            {"JobResources": {"ClusterConfig": {"InstanceCount": 3}}},
            "guardrail-instance-count",
        ),
        (
            {"longest_runtime": 3600},
            "sagemaker:createAutoMLJob",
            {"AutoMLJobConfig": {"CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 7200}}},
            "guardrail-runtime",
        ),
        (
            {"most_endpoint_instances": 2},
            "sagemaker:updateEndpointWeightsAndCapacities",
            {
                "DesiredWeightsAndCapacities": [
                    {"VariantName": "A", "DesiredInstanceCount": 1},
                    {"VariantName": "B", "DesiredInstanceCount": 2},
                ]
            },
            "guardrail-endpoint-instances",
        ),
        (
            {"most_endpoint_instances": 2},
            "applicationautoscaling:registerScalableTarget",
            {"ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MaxCapacity": 3},
            "guardrail-endpoint-instances",
        ),
        (
            {"most_endpoint_instances": 2},
            "applicationautoscaling:registerScalableTarget",
            {"ScalableDimension.$": "$.dimension", "MaxCapacity.$": "$.most"},
            "guardrail-endpoint-instances",
        ),
        (
            {"most_endpoint_instances": 2},
            "applicationautoscaling:putScheduledAction",
            {
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ScalableTargetAction": {"MaxCapacity": 3},
            },
            "guardrail-endpoint-instances",
        ),
    ],
)
def test_calls_of_further_apis_are_judged_by_the_names_of_their_fields(app, line, api, request_, rule):
    stack = stack_in(app)
    Guardrails(**line, reason="r").apply(app)
    machine(stack, call(stack, "Call", api, request_))

    assert refused(app) == {(rule, "Call")}


@pytest.mark.parametrize(
    ("line", "api", "request_"),
    [
        (
            {"most_endpoint_instances": 2},
            "applicationautoscaling:registerScalableTarget",
            {"ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MaxCapacity": 2},
        ),
        (
            {"most_endpoint_instances": 2},
            "applicationautoscaling:registerScalableTarget",
            {"ScalableDimension": "ecs:service:DesiredCount", "MaxCapacity": 300},
        ),
        (
            {"longest_runtime": 3600},
            "sagemaker:createModelPackage",
            {"ModelPackageGroupName": "g"},
        ),
    ],
)
def test_calls_that_start_nothing_beyond_the_guardrails_are_let_be(app, line, api, request_):
    stack = stack_in(app)
    Guardrails(**line, reason="r").apply(app)
    machine(stack, call(stack, "Call", api, request_))

    assert refused(app) == set()


def test_endpoint_deployment_that_may_scale_further_is_refused(app):
    stack = stack_in(app)
    Guardrails(most_endpoint_instances=2, reason="r").apply(app)
    machine(
        stack,
        EndpointDeployment(
            stack,
            "Deploy",
            endpoint_name="churn",
            model="churn",
            instance_type="ml.m5.large",
            scaling=ScalableTarget(min_capacity=1, max_capacity=3),
        ),
    )

    assert refused(app) == {("guardrail-endpoint-instances", "Deploy: RegisterScalableTarget")}


def test_late_key_of_a_field_that_no_condition_key_is_about_is_refused(app):
    stack = stack_in(app)
    key = "arn:aws:kms:us-east-1:123456789012:key/ours"
    Guardrails(output_keys=[key], reason="r").apply(app)
    request = copy.deepcopy(REQUESTS["createTransformJob"])
    request["TransformOutput"]["KmsKeyId.$"] = "$.key"
    captured = {**copy.deepcopy(request), "DataCaptureConfig": {"DestinationS3Uri": "s3://b/c", "KmsKeyId.$": "$.key"}}
    jobs = [
        job(stack, TRANSFORM_JOB, name, parameters=sent) for name, sent in (("Out", request), ("Captured", captured))
    ]
    machine(stack, jobs[0].next(jobs[1]))

    (row,) = rows(app)
    assert (row.rule, row.state) == ("guardrail-output-key", "Captured")
    assert "DataCaptureConfig.KmsKeyId: comes later, and IAM has no condition key for it" in row.what


def test_late_values_of_polled_jobs_are_limited_where_aws_has_the_key(app):
    stack = stack_in(app)
    Guardrails(subnets=["subnet-ours"], tags=["team"], reason="r").apply(app)
    search = {
        "AutoMLJobInputDataConfig": [
            {
                "ChannelType": "training",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "y"}},
        "RoleArn": ROLE,
        "SecurityConfig": {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets.$": "$.subnets"}},
        "Tags.$": "$.tags",
    }
    compiled = {
        "InputConfig": {"S3Uri": "s3://data/m.tar.gz", "Framework": "XGBOOST"},
        "OutputConfig": {"S3OutputLocation": "s3://data/o/", "TargetDevice": "ml_m5"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": ROLE,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets.$": "$.subnets"},
        "Tags.$": "$.tags",
    }
    automl = PolledJob(stack, "Search", action=AUTO_ML_JOB_V2, parameters=search)
    compile_ = PolledJob(stack, "Compile", action=COMPILATION_JOB, parameters=compiled)
    machine(stack, automl.next(compile_))

    assert refused(app) == {("guardrail-subnet", "Compile")}
    conditions = [(each["Action"], each["Condition"]) for each in denials(app)]
    assert (
        "sagemaker:CreateAutoMLJobV2",
        {"ForAnyValue:StringNotLike": {"sagemaker:VpcSubnets": "subnet-ours"}},
    ) in [(action, _bare(condition)) for action, condition in conditions]
    assert (
        ["sagemaker:CreateAutoMLJobV2", "sagemaker:CreateCompilationJob"],
        {"Null": {"aws:RequestTag/team": "true"}},
    ) in conditions


def _bare(condition):
    return {
        operator: {
            key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in keys.items()
        }
        for operator, keys in condition.items()
    }


def test_condition_keys_of_further_apis_are_those_that_policy_sentry_knows():
    """Every key that a row of ours claims is documented for the action, and those of polled actions are all claimed."""
    operations = {name.partition(":")[2] for name in get_actions_for_service("sagemaker")}
    claimed = {
        (rail.key, operation)
        for rail in RAILS
        for operation in operations
        if rail.key and is_keyed(rail.key, operation)
    }
    assert len(claimed) > 30
    for key, operation in claimed:
        assert has_operation(operation)
        known = {each for row in get_action_data("sagemaker", operation)["sagemaker"] for each in row["condition_keys"]}
        spelled = "aws:RequestTag/${TagKey}" if key == "aws:RequestTag/" else f"sagemaker:{key}"
        assert spelled in known, (key, operation)
    for action in POLLED_ACTIONS:
        data = get_action_data("sagemaker", action.operation) or {"sagemaker": []}
        known = {each for row in data["sagemaker"] for each in row["condition_keys"]}
        if "aws:RequestTag/${TagKey}" in known:
            assert is_keyed("aws:RequestTag/", action.operation), action.operation


def test_definition_of_an_override_or_a_raw_resource_is_refused_unless_there_is_an_exception(app):
    stack = stack_in(app)
    Guardrails(instance_types=["ml.m5.*"], reason="r").apply(app)
    made = machine(stack, call(stack, "Nothing", "s3:listBuckets", {}))
    made.node.default_child.add_property_override("DefinitionString", '{"StartAt": "A", "States": {}}')
    for name in ("Raw", "Agreed"):
        properties = {"DefinitionString": "{}", "RoleArn": ROLE}
        raw = CfnResource(stack, name, type="AWS::StepFunctions::StateMachine", properties=properties)
    acknowledge(raw, "guardrail-definition", "made by another team, which checks it")

    assert [(row.rule, row.what.rpartition(", got ")[2]) for row in rows(app)] == [
        ("guardrail-definition", "'Stack/Machine/Resource'"),
        ("guardrail-definition", "'Stack/Raw'"),
    ]


def test_check_of_a_job_takes_less_than_a_fifth_of_the_python_calls_of_making_it(app):
    """Python calls, which are the same on every machine: benchmarks/guardrail_checks.py measures the time."""
    Guardrails(
        instance_types=["ml.m5.*"],
        most_instances=2,
        longest_runtime=7200,
        outputs=["s3://models/"],
        budget=90,
        rates={"ml.*": 1},
        spot=False,
        reason="r",
    ).apply(app)
    made = {}
    for jobs in (4, 24):
        stack = stack_in(app, f"Stack{jobs}")
        made[jobs] = [
            job(stack, TRAINING_JOB, f"Train{n}", parameters=REQUESTS["createTrainingJob"]) for n in range(jobs)
        ]
        for one, other in itertools.pairwise(made[jobs]):
            one.next(other)
        machine(stack, made[jobs][0])
    machines = machines_of(app)
    machines.validate()
    calls = {jobs: _calls_of(lambda jobs=jobs: _judged(machines, f"Stack{jobs}")) for jobs in made}
    making = _calls_of(lambda: job(stack, TRAINING_JOB, "One more", parameters=REQUESTS["createTrainingJob"]))

    assert (calls[24] - calls[4]) / 20 < making / 5


def _judged(machines, stack):
    guarding = Guarding()
    guarding.check([each for each in machines.guarded if each.stack.node.id == stack], {}, set())


def _calls_of(what):
    """The calls of functions of Python while *what* runs."""
    calls = 0

    def count(_, event, __):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        what()
    finally:
        sys.setprofile(None)
    return calls
