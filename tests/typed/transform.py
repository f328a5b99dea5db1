"""Transform jobs that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import TransformJob

from aws_cdk import Stack
from aws_cdk import aws_kms as kms


def score(stack: Stack) -> TransformJob:
    """A whole data set."""
    return TransformJob(
        stack,
        "Score",
        model="churn",
        data="s3://data/test/",
        output="s3://data/scores/",
        content_type="text/csv",
        split_type="Line",
        instance_type="ml.m5.xlarge",
        instance_count=1,
        environment={"DEBUG": False},
        tags={"team": "churn"},
        kms_key=kms.Key(stack, "Key"),
    )
