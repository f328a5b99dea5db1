"""Endpoint deployments that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import (
    BlueGreenUpdatePolicy,
    EndpointDeployment,
    MetricsConfig,
    RetryPolicy,
    ScalableTarget,
    ServerlessConfig,
    Variant,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_stepfunctions as sfn


def on_instances(stack: Stack) -> EndpointDeployment:
    """One variant, moved to all at once."""
    return EndpointDeployment(
        stack,
        "Deploy",
        endpoint_name="churn",
        model="churn",
        instance_type="ml.m5.xlarge",
        instance_count=2,
        config={"metrics": MetricsConfig(enhanced_metrics=True)},
        update_policy=BlueGreenUpdatePolicy(wait_interval=Duration.minutes(5)),
        rollback_alarms=["errors"],
        update={"retain_variant_properties": True},
        tags={"team": "churn"},
        interval=Duration.minutes(1),
        timeout=Duration.hours(2),
        scaling=ScalableTarget(min_capacity=1, max_capacity=4),
        keep_counts=True,
        replace_failed=False,
        delete_old_configs=True,
        allow_unknown_fields=["Unheard"],
        retry=[RetryPolicy(errors=["SageMaker.SageMakerException"])],
        query_language=sfn.QueryLanguage.JSONATA,
    )


def without_instances(stack: Stack) -> EndpointDeployment:
    """Serverless."""
    serverless = ServerlessConfig(memory_size=Size.gibibytes(1), max_concurrency=5)
    return EndpointDeployment(stack, "Deploy", endpoint_name="churn", model="churn", serverless=serverless)


def of_variants(stack: Stack) -> EndpointDeployment:
    """Two models, side by side."""
    variants = [Variant(name=name, model=name, instance_type="ml.m5.xlarge") for name in ("A", "B")]
    scaling = [ScalableTarget(min_capacity=1, max_capacity=4, variant_name=name) for name in ("A", "B")]
    return EndpointDeployment(
        stack, "Deploy", endpoint_name="churn", variants=variants, scaling=scaling, keep_counts=False
    )
