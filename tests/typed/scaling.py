"""Inference components, and what changes the number of their copies, with every argument there is."""

from __future__ import annotations

from constructs_sm import (
    CreateInferenceComponent,
    CreateModel,
    RegisterScalableTarget,
    RetryPolicy,
    ScalableTarget,
    ScheduledAction,
    StepScaling,
    TargetTrackingScaling,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
ALARM = {
    "MetricName": "NoCapacityInvocationFailures",
    "Namespace": "AWS/SageMaker",
    "Dimensions": [{"Name": "InferenceComponentName", "Value": "churn"}],
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
METRIC = {"MetricName": "Waiting", "Namespace": "Churn", "Statistic": "Average"}


def component_from_zero(stack: Stack) -> sfn.Chain:
    """Copies of a model, down to none at night."""
    model = CreateModel(stack, "Model", image=IMAGE)
    component = CreateInferenceComponent(
        stack,
        "Component",
        endpoint_name="shared",
        variant_name="AllTraffic",
        model=model,
        copies=1,
        memory=Size.gibibytes(4),
        max_memory=Size.gibibytes(8),
        cpus=2,
        accelerators=1,
        model_download_timeout=Duration.minutes(10),
        startup_timeout=Duration.minutes(5),
        tags={"team": "churn"},
        interval=Duration.minutes(1),
        timeout=Duration.hours(2),
    )
    scaled = RegisterScalableTarget(
        stack,
        "Scale",
        inference_component=component,
        target=ScalableTarget(
            min_capacity=0,
            max_capacity=4,
            policies=[
                TargetTrackingScaling(
                    target_value=5,
                    metric="SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
                    scale_in_cooldown=Duration.minutes(10),
                    scale_out_cooldown=60,
                    disable_scale_in=False,
                    name="calls",
                ),
                TargetTrackingScaling(target_value=2.5, metric=METRIC, name="waiting"),
                StepScaling(
                    steps=[(0, 10, 1), (10, None, 2)],
                    alarm=ALARM,
                    adjustment_type="ChangeInCapacity",
                    aggregation="Maximum",
                    cooldown=Duration.minutes(1),
                    name="from-zero",
                ),
            ],
            scheduled_actions=[
                ScheduledAction(
                    name="night",
                    schedule="cron(0 20 * * ? *)",
                    min_capacity=0,
                    max_capacity=1,
                    timezone="Europe/Berlin",
                )
            ],
            variant_name="AllTraffic",
        ),
        retry=[RetryPolicy(errors=["ApplicationAutoScaling.ConcurrentUpdateException"])],
        query_language=sfn.QueryLanguage.JSON_PATH,
    )
    return model.next(component).next(scaled)


def adapter(stack: Stack) -> CreateInferenceComponent:
    """An adapter for the model of another component."""
    return CreateInferenceComponent(stack, "Adapter", endpoint_name="$.endpoint", base="churn", copies="$.copies")


def by_name(stack: Stack) -> RegisterScalableTarget:
    """A component that is there."""
    target = ScalableTarget(min_capacity=1, max_capacity=2)
    return RegisterScalableTarget(stack, "Scale", inference_component="$.component", target=target)
