"""Endpoints and inference components scale: what is registered, with which rights, and what is refused."""

from __future__ import annotations

from constructs_sm import (
    CreateInferenceComponent,
    EndpointDeployment,
    InvalidInputError,
    PipelineStack,
    RegisterScalableTarget,
    ScalableTarget,
    ScheduledAction,
    ServerlessConfig,
    StepScaling,
    TargetTrackingScaling,
    Variant,
)
from constructs_sm.testing import EndpointStatus, Rehearsal, TaskError, grants, without

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from rehearsed import LANGUAGES, Rehearsed

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
NIGHT = ScheduledAction(name="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=2)
TARGET = ScalableTarget(
    min_capacity=1,
    max_capacity=4,
    policies=[TargetTrackingScaling(target_value=70, scale_in_cooldown=Duration.minutes(10))],
    scheduled_actions=[NIGHT],
)
FROM_ZERO = ScalableTarget(
    min_capacity=0,
    max_capacity=2,
    policies=[
        TargetTrackingScaling(target_value=5),
        StepScaling(
            steps=[(0, None, 1)],
            alarm={
                "MetricName": "NoCapacityInvocationFailures",
                "Namespace": "AWS/SageMaker",
                "Dimensions": [{"Name": "InferenceComponentName", "Value": "churn"}],
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            },
        ),
    ],
)
WHERE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def deployment(stack, **arguments):
    given = {"endpoint_name": "churn", "model": "churn-model", "instance_type": "ml.m5.xlarge", **arguments}
    return EndpointDeployment(stack, "Deploy", **given)


@pytest.fixture(scope="module")
def rehearsed():
    made = {}

    def of(language="JSONPath"):
        if language not in made:
            arguments = {"scaling": TARGET, "query_language": LANGUAGES[language], "delete_old_configs": True}
            made[language] = Rehearsed(lambda stack: deployment(stack, **arguments))
        return made[language]

    return of


def of_scaling(run):
    return [(state, request) for state, _api, request in run.calls]


@in_both_languages
def test_endpoint_in_service_is_registered_with_policy_and_schedule(rehearsed, language):
    run = rehearsed(language).run()

    assert run.succeeded, run.cause
    assert of_scaling(run) == [
        ("Deploy: RegisterScalableTarget", {**WHERE, "MinCapacity": 1, "MaxCapacity": 4}),
        (
            "Deploy: PutScalingPolicy",
            {
                **WHERE,
                "PolicyName": "target-tracking",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 70,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
                    "ScaleInCooldown": 600,
                },
            },
        ),
        (
            "Deploy: PutScheduledAction",
            {
                **WHERE,
                "ScheduledActionName": "night",
                "Schedule": "cron(0 20 * * ? *)",
                "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
            },
        ),
    ]
    assert set(run.output["Deploy"]) == {"EndpointName", "EndpointArn", "EndpointConfigName", "EndpointStatus"}


def test_second_run_deletes_the_old_configuration_and_registers_again(rehearsed):
    run = rehearsed().run(runs=2)

    assert run.succeeded, run.cause
    order = [state for state in run.states if state in {"Deploy: DeleteOldConfig", "Deploy: RegisterScalableTarget"}]
    assert order == ["Deploy: DeleteOldConfig", "Deploy: RegisterScalableTarget"]


def test_counts_are_kept_over_a_redeployment_and_nothing_else(rehearsed):
    run = rehearsed().run(existing=[("endpoint", "churn")])

    (update,) = [request for state, request in run.requests if state == "Deploy: EndpointUpdate"]
    assert update["RetainAllVariantProperties"] is True
    assert update["ExcludeRetainedVariantProperties"] == [
        {"VariantPropertyType": "DesiredWeight"},
        {"VariantPropertyType": "DataCaptureConfig"},
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"keep_counts": False},
        {"instance_type": None, "serverless": ServerlessConfig(memory_size=2048, max_concurrency=5)},
        {"update": {"retain_variant_properties": False}},
    ],
    ids=["not wanted", "serverless", "said otherwise"],
)
def test_counts_are_not_kept_where_there_are_none_or_it_is_not_wanted(arguments):
    run = Rehearsed(lambda stack: deployment(stack, **arguments)).run(existing=[("endpoint", "churn")])

    assert run.succeeded, run.cause
    (update,) = [request for state, request in run.requests if state == "Deploy: EndpointUpdate"]
    assert not update.get("RetainAllVariantProperties")


def test_serverless_variant_scales_its_provisioned_concurrency():
    serverless = ServerlessConfig(memory_size=2048, max_concurrency=5, provisioned_concurrency=1)
    target = ScalableTarget(min_capacity=1, max_capacity=4, policies=[TargetTrackingScaling(target_value=0.7)])
    run = Rehearsed(lambda s: deployment(s, instance_type=None, serverless=serverless, scaling=target)).run()

    assert run.succeeded, run.cause
    _, request = of_scaling(run)[1]
    assert request["ScalableDimension"] == "sagemaker:variant:DesiredProvisionedConcurrency"
    metric = request["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric == {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}


def test_several_variants_scale_each_by_itself():
    variants = [Variant(name=name, model=f"{name}-model", instance_type="ml.m5.xlarge") for name in ("a", "b")]
    targets = [ScalableTarget(min_capacity=1, max_capacity=2, variant_name=name) for name in ("a", "b")]
    run = Rehearsed(lambda s: deployment(s, model=None, instance_type=None, variants=variants, scaling=targets)).run()

    assert run.succeeded, run.cause
    assert [request["ResourceId"] for _, request in of_scaling(run)] == [
        "endpoint/churn/variant/a",
        "endpoint/churn/variant/b",
    ]


def test_endpoint_that_fails_is_not_scaled(rehearsed):
    run = rehearsed().run(script={"Deploy: Describe": [EndpointStatus("Failed", "no capacity")]})

    assert (run.status, of_scaling(run)) == ("FAILED", [])


def test_conflict_between_deployments_is_retried(rehearsed):
    busy = TaskError("ApplicationAutoScaling.ConcurrentUpdateException", "another update is in progress")
    run = rehearsed().run(answers={"Deploy: RegisterScalableTarget": [busy, {"ScalableTargetARN": "arn"}]})

    assert run.succeeded, run.cause
    assert [state for state, _ in of_scaling(run)].count("Deploy: RegisterScalableTarget") == 2


OF_SCALING = (
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:RegisterScalableTarget",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
    "iam:CreateServiceLinkedRole",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
)


@pytest.mark.parametrize("action", OF_SCALING)
def test_scaling_needs_each_of_its_permissions(rehearsed, action):
    policy = rehearsed().policy
    for grant in [one for one in grants(policy) if one.action == action]:
        policy = without(policy, grant)

    run = rehearsed().run(policy=policy)
    assert run.status == "FAILED"
    assert run.error == "ApplicationAutoScaling.ApplicationAutoScalingException"
    assert action in run.cause


def test_scaling_has_no_permission_besides(rehearsed):
    plain = Rehearsed(lambda stack: deployment(stack, delete_old_configs=True))
    more = {grant.action for grant in grants(rehearsed().policy)} - {grant.action for grant in grants(plain.policy)}

    assert more == set(OF_SCALING)
    scaled = [grant for grant in grants(rehearsed().policy) if grant.action.startswith("application-autoscaling:")]
    assert {grant.resource for grant in scaled} == {
        "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/*"
    }


def component(stack, language, name="churn"):
    made = CreateInferenceComponent(
        stack,
        "Component",
        endpoint_name="shared",
        model="churn-model",
        memory=2048,
        job_name=name,
        query_language=language,
    )
    scale = RegisterScalableTarget(stack, "Scale", inference_component=made, target=FROM_ZERO, query_language=language)
    return made.next(scale)


@in_both_languages
def test_inference_component_is_put_on_an_endpoint_and_scales_to_zero(language):
    run = Rehearsed(lambda stack: component(stack, LANGUAGES[language])).run()

    assert run.succeeded, run.cause
    ((_, created), *_) = run.requests
    assert created == {
        "InferenceComponentName": "churn",
        "EndpointName": "shared",
        "VariantName": "AllTraffic",
        "Specification": {
            "ModelName": "churn-model",
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 2048},
        },
        "RuntimeConfig": {"CopyCount": 1},
    }
    assert [state for state, _ in of_scaling(run)] == [
        "Scale: RegisterScalableTarget",
        "Scale: PutScalingPolicy",
        "Scale: PutScalingPolicy 2",
        "Scale: PutMetricAlarm 2",
    ]
    register, alarm = of_scaling(run)[0][1], of_scaling(run)[-1][1]
    assert (register["ResourceId"], register["MinCapacity"]) == ("inference-component/churn", 0)
    assert register["ScalableDimension"] == "sagemaker:inference-component:DesiredCopyCount"
    assert alarm["AlarmName"] == "Scale-steps"
    assert alarm["AlarmActions"][0].endswith("resource/sagemaker/inference-component/churn:policyName/steps")
    assert set(run.output) == {"id", "Component"}


def test_policy_of_what_is_not_registered_is_refused():
    policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:applicationautoscaling:putScalingPolicy",
        "Parameters": {**WHERE, "PolicyName": "p"},
        "End": True,
    }
    with Rehearsal(policy) as rehearsal:
        run = rehearsal.run({"StartAt": "Put", "States": {"Put": state}}, {})
    assert run.error == "ApplicationAutoScaling.ObjectNotFoundException"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: ScalableTarget(min_capacity=3, max_capacity=2), "no bounds"),
        (lambda _: ScalableTarget(min_capacity=0, max_capacity=0), "no bounds"),
        (lambda _: ScalableTarget(min_capacity=1, max_capacity=2, policies=[70]), "policies are none"),
        (lambda _: ScalableTarget(min_capacity=1, max_capacity=2, scheduled_actions=[NIGHT, NIGHT]), "share a name"),
        (lambda s: deployment(s, scaling=ScalableTarget(min_capacity=0, max_capacity=2)), "cannot scale to zero"),
        (
            lambda s: deployment(s, scaling=ScalableTarget(min_capacity=1, max_capacity=2, variant_name="b")),
            "no variant to scale",
        ),
        (lambda s: deployment(s, scaling=[TARGET, TARGET]), "a variant scales twice"),
        (lambda s: deployment(s, scaling=3), "no scalable target"),
        (lambda s: RegisterScalableTarget(s, "Scale", target=FROM_ZERO), "nothing to scale"),
    ],
)
def test_what_cannot_scale_is_refused(stack, make, said):
    with pytest.raises(InvalidInputError, match=said):
        make(stack)


@pytest.mark.parametrize("language", [None, sfn.QueryLanguage.JSONATA])
def test_bounds_and_targets_come_from_the_input(language):
    jsonata = language is not None

    def late(name):
        return f"{{% $states.input.{name} %}}" if jsonata else f"$.{name}"

    stack = PipelineStack(App(), "Serve", env=Environment(account="123456789012", region="us-east-1"))
    target = ScalableTarget(
        min_capacity=late("least"),
        max_capacity=late("most"),
        policies=[TargetTrackingScaling(target_value=late("calls"))],
        scheduled_actions=[ScheduledAction(name="night", schedule="rate(1 day)", min_capacity=late("nights"))],
    )
    deploy = EndpointDeployment(
        stack,
        "Deploy",
        endpoint_name="churn",
        model="churn-1",
        instance_type="ml.m5.large",
        scaling=target,
        query_language=language,
    )
    stack.run(deploy)

    given = {"least": 1, "most": 3, "calls": 70.5, "nights": 2}
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.exists("model", "churn-1")
        run = rehearsal.start(given)
        assert run.succeeded, run
    sent = {api: request for _, api, request in run.calls}
    registered = sent["applicationautoscaling:registerScalableTarget"]
    assert (registered["MinCapacity"], registered["MaxCapacity"]) == (1, 3)
    policy = sent["applicationautoscaling:putScalingPolicy"]["TargetTrackingScalingPolicyConfiguration"]
    assert policy["TargetValue"] == 70.5
    assert sent["applicationautoscaling:putScheduledAction"]["ScalableTargetAction"] == {"MinCapacity": 2}


def test_copies_scale_to_a_bound_of_the_input_and_of_a_parameter():
    stack = PipelineStack(App(), "Serve", env=Environment(account="123456789012", region="us-east-1"))
    most = CfnParameter(stack, "Most", type="Number", default=4).value_as_number
    scale = RegisterScalableTarget(
        stack,
        "Scale",
        inference_component="churn",
        target=ScalableTarget(min_capacity=sfn.JsonPath.number_at("$.least"), max_capacity=most),
    )
    stack.run(scale)

    with Rehearsal.of(stack, parameters={"Most": 4}) as rehearsal:
        rehearsal.exists("inference-component", "churn")
        run = rehearsal.start({"least": 0})
        assert run.succeeded, run
        assert run.output == {"least": 0}
    (registered,) = [request for _, api, request in run.calls if api.endswith("registerScalableTarget")]
    assert (registered["MinCapacity"], registered["MaxCapacity"]) == (0, 4)


@pytest.mark.parametrize("bounds", [("$.least", 0), (2, 1), ("$.least", -1), (True, 2), ("one", 2)])
def test_bounds_of_which_one_is_known_are_judged_by_that(bounds):
    with pytest.raises(InvalidInputError, match="min_capacity and max_capacity are no bounds"):
        ScalableTarget(min_capacity=bounds[0], max_capacity=bounds[1])


@pytest.mark.parametrize("value", [0, True, "many", -1])
def test_target_value_that_is_no_number_above_zero_is_refused(value):
    with pytest.raises(InvalidInputError, match="target_value must be above 0"):
        ScalableTarget(min_capacity=1, max_capacity=2, policies=[TargetTrackingScaling(target_value=value)])


def test_copies_are_bounded_where_the_execution_has_no_input():
    stack = Stack(App(), "Stack")
    scale = RegisterScalableTarget(stack, "Scale", inference_component="copies", target=FROM_ZERO)
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(scale))

    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start({})
    assert run.succeeded, run
    assert run.output == {}
