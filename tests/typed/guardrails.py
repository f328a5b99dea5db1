"""Guardrails with every line, in every way in which it can be said."""

from __future__ import annotations

from datetime import date

from constructs_sm import Guardrails, TrainingJob, acknowledge

from aws_cdk import Duration, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def everything(stack: Stack) -> Guardrails:
    """Guardrails in which nothing is left out."""
    key = kms.Key(stack, "Key")
    return Guardrails(
        instance_types=["ml.m5.*"],
        most_instances=4,
        longest_runtime=Duration.hours(8),
        subnets=["subnet-0a1b2c3d"],
        security_groups=("sg-0a1b2c3d",),
        volume_keys=[key],
        output_keys=[key.key_arn],
        network_isolation=True,
        traffic_encryption=True,
        images=["*"],
        tags={"team": ["ml"], "owner": None},
        inputs=["s3://data/"],
        outputs=["s3://data/"],
        spot=False,
        public_work_teams=False,
        most_endpoint_instances=2,
        public_endpoints=False,
        budget=20.5,
        rates={"ml.m5.*": 0.23},
        reason="personal data",
        reasons={"instance_types": "GPU hours are booked"},
        contact="ml@example.com",
        late="warn",
    )


def small(stack: Stack) -> sfn.IChainable:
    """A job within guardrails, and an exception that ends."""
    Guardrails(longest_runtime="PT8H", tags=["team"], reason="because").apply(stack, as_of="2026-11-28")
    guardrails: Guardrails = Guardrails(longest_runtime=3600, reason="because").apply(stack, as_of=date(2026, 11, 28))
    assert guardrails.lines == ("longest_runtime",)
    found: Guardrails | None = Guardrails.from_context(stack)
    assert found is None
    job = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
    )
    acknowledge(job, "guardrail-runtime", "agreed", until=date(2026, 12, 31))
    return job
