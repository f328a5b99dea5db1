"""Processing jobs that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import ProcessingJob

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms


def prepare(stack: Stack) -> ProcessingJob:
    """In a VPC."""
    return ProcessingJob(
        stack,
        "Prepare",
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        instance_type="ml.m5.xlarge",
        instance_count=2,
        volume_size=Size.gibibytes(50),
        inputs={"raw": "s3://data/raw/"},
        outputs={"train": "s3://data/train/"},
        entrypoint=["python", "prepare.py"],
        command_arguments=["--rows", "100"],
        environment={"DEBUG": False},
        max_runtime=Duration.hours(2),
        tags={"team": "churn"},
        vpc=ec2.Vpc(stack, "Vpc"),
        subnets=["subnet-1"],
        security_groups=["sg-1"],
        kms_key=kms.Key(stack, "Key"),
        network_isolation=True,
    )
