"""Batch transforms that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import BatchDataCaptureConfig, CreateModel, ExperimentConfig, S3Location, TransformJob

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn


def everything(stack: Stack) -> TransformJob:
    """Every argument, known now."""
    return TransformJob(
        stack,
        "Everything",
        job_name="everything",
        model="churn",
        data="s3://data/test.manifest",
        s3_data_type="ManifestFile",
        content_type="text/csv",
        compression_type="Gzip",
        split_type="Line",
        batch_strategy="MultiRecord",
        max_payload=Size.mebibytes(20),
        max_concurrent_transforms=5,
        invocations_timeout=Duration.minutes(5),
        invocations_max_retries=1,
        input_filter="$[1:]",
        join_source="Input",
        output_filter="$[0,-1]",
        output=S3Location("s3://data/scores/"),
        accept="text/csv",
        assemble_with="Line",
        data_capture=BatchDataCaptureConfig(
            destination=s3.Bucket.from_bucket_name(stack, "Captured", "captured"),
            kms_key=kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:123456789012:key/1"),
            generate_inference_id=True,
        ),
        environment={"LEVEL": 3},
        instance_type=ec2.InstanceType("m5.xlarge"),
        instance_count=2,
        ami_version="al2-ami-sagemaker-batch-gpu-535",
        kms_key="alias/churn",
        volume_kms_key="alias/volumes",
        output_kms_key="alias/outputs",
        experiment=ExperimentConfig(
            experiment_name="churn", trial_name="first", trial_component_display_name="score", run_name="one"
        ),
        tags={"team": "growth"},
    )


def of_a_model(stack: Stack) -> TransformJob:
    """Of a model made before."""
    model = CreateModel(
        stack,
        "Model",
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        model_data="s3://data/model.tar.gz",
    )
    return TransformJob(
        stack,
        "OfAModel",
        model=model,
        data=s3.Bucket.from_bucket_name(stack, "Bucket", "data"),
        output="s3://data/scores/",
        data_capture="s3://captured/",
        instance_type="ml.m5.xlarge",
    )


def known_later(stack: Stack) -> TransformJob:
    """What comes with the execution."""
    return TransformJob(
        stack,
        "KnownLater",
        model="$.model",
        data="$.data",
        output="$.output",
        max_payload="$.payload",
        max_concurrent_transforms=sfn.JsonPath.number_at("$.concurrent"),
        invocations_timeout="$.seconds",
        invocations_max_retries="$.retries",
        input_filter=sfn.JsonPath.string_at("$.filter"),
        environment="$.environment",
        instance_type="$.type",
        instance_count="$.count",
    )


JOBS = (everything, of_a_model, known_later)
