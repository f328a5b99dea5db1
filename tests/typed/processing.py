"""Processing jobs that use, between them, every argument there is."""

from __future__ import annotations

from pathlib import Path

from constructs_sm import (
    AthenaDatasetDefinition,
    ExperimentConfig,
    FeatureStoreOutput,
    InstancePreference,
    ProcessingInput,
    ProcessingJob,
    ProcessingOutput,
    RedshiftDatasetDefinition,
    S3Location,
    images,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as sfn

HERE = Path(__file__)


def everything(stack: Stack) -> ProcessingJob:
    """On machines of one type, with every kind of input and output."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "data")
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:123456789012:key/1")
    return ProcessingJob(
        stack,
        "Everything",
        job_name="everything",
        image=images.sklearn("1.2-1"),
        code=HERE,
        command_arguments=["--rows", 1000, "--share", 0.5, "--shuffle", True],
        inputs={
            "raw": bucket,
            "more": S3Location("s3://data/more/"),
            "streamed": ProcessingInput(
                data="s3://data/manifest.json",
                local_path="/opt/ml/processing/streamed",
                input_mode="Pipe",
                data_distribution_type="ShardedByS3Key",
                s3_data_type="ManifestFile",
                s3_compression_type="Gzip",
                app_managed=False,
            ),
            "customers": AthenaDatasetDefinition(
                catalog="AwsDataCatalog",
                database="sales",
                query_string="SELECT * FROM customers",
                output=bucket,
                output_format="PARQUET",
                output_compression="SNAPPY",
                work_group="churn",
                kms_key=key,
            ),
            "calls": ProcessingInput(
                data=RedshiftDatasetDefinition(
                    cluster_id="sales",
                    database="dev",
                    db_user="churn",
                    query_string="SELECT * FROM calls",
                    cluster_role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/redshift"),
                    output="s3://data/redshift/",
                    output_format="CSV",
                    output_compression="GZIP",
                    kms_key="alias/redshift",
                )
            ),
        },
        outputs={
            "train": bucket,
            "logs": ProcessingOutput(
                data="s3://data/logs/",
                local_path="/opt/ml/processing/logs",
                s3_upload_mode="Continuous",
                app_managed=False,
            ),
            "features": FeatureStoreOutput(feature_group_name="customers"),
        },
        environment={"LEVEL": 3, "VERBOSE": True},
        instance_type=ec2.InstanceType("m5.xlarge"),
        instance_count=2,
        volume_size=Size.gibibytes(50),
        max_runtime=Duration.hours(2),
        subnets=["subnet-1"],
        security_groups=["sg-1"],
        network_isolation=True,
        inter_container_traffic_encryption=True,
        kms_key=key,
        volume_kms_key="alias/volumes",
        output_kms_key="alias/outputs",
        experiment=ExperimentConfig(
            experiment_name="churn", trial_name="first", trial_component_display_name="prepare", run_name="one"
        ),
        tags={"team": "growth"},
    )


def folder(stack: Stack) -> ProcessingJob:
    """Code in a folder, on machines of the first type there is, in a VPC of the CDK's."""
    vpc = ec2.Vpc(stack, "Vpc")
    return ProcessingJob(
        stack,
        "Folder",
        image=images.spark("3.5"),
        code=str(HERE.parent),
        entrypoint="processing.py",
        instance_preferences=[
            InstancePreference(instance_type="ml.m5.xlarge", instance_count=2),
            InstancePreference(instance_type=ec2.InstanceType("m4.xlarge"), instance_count=3),
        ],
        vpc=vpc,
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        security_groups=[ec2.SecurityGroup(stack, "Group", vpc=vpc)],
        outputs={"train": "s3://data/train/"},
    )


def asset(stack: Stack) -> ProcessingJob:
    """Code that has become an asset elsewhere, run by a command."""
    return ProcessingJob(
        stack,
        "Asset",
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        code=s3_assets.Asset(stack, "Code", path=str(HERE.parent)),
        entrypoint=["python3", "processing.py"],
        instance_type="ml.m5.xlarge",
    )


def known_later(stack: Stack) -> ProcessingJob:
    """What comes with the execution."""
    return ProcessingJob(
        stack,
        "KnownLater",
        image="$.image",
        code="$.code",
        entrypoint="States.Array('python3', $.script)",
        command_arguments=["--rows", "$.rows"],
        inputs={"raw": ProcessingInput(data="$.raw", app_managed="$.own")},
        outputs="$.outputs",
        environment="$.environment",
        instance_type="$.type",
        instance_count=sfn.JsonPath.number_at("$.count"),
        volume_size="$.size",
        max_runtime="$.seconds",
        network_isolation="$.isolated",
        kms_key="$.key",
    )


def in_jsonata(stack: Stack) -> ProcessingJob:
    """The same in JSONata."""
    return ProcessingJob(
        stack,
        "InJsonata",
        image="{% $states.input.image %}",
        entrypoint="{% $states.input.command %}",
        command_arguments="{% $states.input.arguments %}",
        inputs="{% $states.input.inputs %}",
        instance_type="{% $states.input.type %}",
        query_language=sfn.QueryLanguage.JSONATA,
    )


JOBS = (everything, folder, asset, known_later, in_jsonata)
