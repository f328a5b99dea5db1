"""Every argument of Model, Container and ModelDataSource."""

from __future__ import annotations

from constructs_sm import Container, CreateModel, ModelDataSource

from aws_cdk import Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:login"
GATED = ModelDataSource(
    data="s3://models/llm/",
    data_type="S3Prefix",
    compression_type="None",
    accept_eula=True,
    hub_content_arn="arn:aws:sagemaker:eu-west-1:123456789012:hub-content/hub/ModelReference/llm/1.0.0",
    manifest="s3://models/manifest.json",
    e_tag="0123",
    manifest_e_tag="4567",
)


def of_one_container(stack: Stack) -> CreateModel:
    """Many models under one prefix, in a private registry."""
    bucket = s3.Bucket(stack, "Bucket")
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    return CreateModel(
        stack,
        "One",
        image="registry.example.com/churn:1",
        model_data=bucket,
        additional_model_data={"draft": GATED, "tokens": "s3://models/tokens.tar.gz"},
        environment={"WORKERS": 2},
        hostname="churn",
        multi_model=True,
        model_cache=False,
        repository_access="Vpc",
        repository_credentials=lambda_.Function.from_function_arn(stack, "Login", FUNCTION),
        metrics_path="/metrics",
        metrics_frequency=Duration.seconds(30),
        tags={"team": "churn"},
        vpc=vpc,
        subnets=["subnet-1"],
        security_groups=[group],
        network_isolation=True,
    )


def of_a_package(stack: Stack) -> CreateModel:
    """What a registry knows."""
    return CreateModel(stack, "Package", model_package="churn/3", inference_specification="cpu")


def of_a_pipeline(stack: Stack) -> CreateModel:
    """Two containers that are called by name."""
    repository = ecr.Repository(stack, "Repository")
    return CreateModel(
        stack,
        "Pipeline",
        containers=[
            Container(
                image=repository,
                model_data=GATED,
                additional_model_data={"draft": GATED},
                environment={"WORKERS": 2},
                hostname="prepare",
                multi_model=True,
                model_cache=True,
                repository_access="Vpc",
                repository_credentials=FUNCTION,
                metrics_path="/metrics",
                metrics_frequency=Duration.seconds(30),
            ),
            Container(hostname="predict", model_package="churn", inference_specification="cpu"),
        ],
        inference_execution_mode="Direct",
    )
