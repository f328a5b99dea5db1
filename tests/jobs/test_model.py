"""Models: what each argument comes to in the request."""

from __future__ import annotations

from constructs_sm import Container, CreateModel, InvalidInputError, ModelDataSource, TrainingJob
from constructs_sm.actions import MODEL
from constructs_sm.requests import model_check

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from rendered import ROLE, members, reached, rendered
from typed import model

LOGIN = "arn:aws:lambda:us-east-1:123456789012:function:login"
HUB = "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/ModelReference/llm/1.0.0"
BASE = {"ModelName": "job", "ExecutionRoleArn": ROLE}


def one(**fields):
    return {"PrimaryContainer": fields}


def source(uri="s3://models/llm/", **fields):
    return {"S3DataSource": {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None", **fields}}


def login(stack):
    function = lambda_.Function.from_function_arn(stack, "Login", LOGIN)
    return {"image": IMAGE, "repository_access": "Vpc", "repository_credentials": function, **IN_VPC}


def of_the_cdk(stack):
    repository = ecr.Repository.from_repository_name(stack, "Repository", "churn")
    return {"image": repository, "model_data": s3.Bucket.from_bucket_name(stack, "Bucket", "models")}


def in_a_vpc(stack):
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["a", "b"],
        private_subnet_ids=["subnet-1", "subnet-2"],
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")
    return {"image": IMAGE, "vpc": vpc, "security_groups": [group], "network_isolation": True}


IN_VPC = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
VPC = {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}
CASES = [
    ({"image": IMAGE, "model_data": "s3://models/m.tar.gz"}, one(Image=IMAGE, ModelDataUrl="s3://models/m.tar.gz")),
    (
        of_the_cdk,
        one(
            Image="123456789012.dkr.ecr.us-east-1.${AWS::URLSuffix}/churn",
            ModelDataUrl="s3://models/",
        ),
    ),
    (
        {"image": IMAGE, "model_data": ModelDataSource(data="s3://models/llm/")},
        one(Image=IMAGE, ModelDataSource=source()),
    ),
    (
        {
            "image": IMAGE,
            "model_data": ModelDataSource(
                data="s3://models/llm.tar.gz",
                data_type="S3Object",
                compression_type="Gzip",
                accept_eula=True,
                hub_content_arn=HUB,
                manifest="s3://models/manifest.json",
                e_tag="1",
                manifest_e_tag="2",
            ),
        },
        one(
            Image=IMAGE,
            ModelDataSource=source(
                "s3://models/llm.tar.gz",
                S3DataType="S3Object",
                CompressionType="Gzip",
                ModelAccessConfig={"AcceptEula": True},
                HubAccessConfig={"HubContentArn": HUB},
                ManifestS3Uri="s3://models/manifest.json",
                ETag="1",
                ManifestEtag="2",
            ),
        ),
    ),
    (
        {
            "image": IMAGE,
            "additional_model_data": {"draft": "s3://models/llm/", "tokens": ModelDataSource(data="s3://models/llm/")},
        },
        one(
            Image=IMAGE,
            AdditionalModelDataSources=[{"ChannelName": name, **source()} for name in ("draft", "tokens")],
        ),
    ),
    (
        {"image": IMAGE, "environment": {"WORKERS": 2, "DEBUG": False}, "hostname": "churn"},
        one(Image=IMAGE, Environment={"WORKERS": "2", "DEBUG": "false"}, ContainerHostname="churn"),
    ),
    (
        {"image": IMAGE, "model_data": "s3://models/", "multi_model": True, "model_cache": False},
        one(
            Image=IMAGE,
            ModelDataUrl="s3://models/",
            Mode="MultiModel",
            MultiModelConfig={"ModelCacheSetting": "Disabled"},
        ),
    ),
    (
        {"image": IMAGE, "multi_model": False, "model_cache": True},
        one(Image=IMAGE, Mode="SingleModel", MultiModelConfig={"ModelCacheSetting": "Enabled"}),
    ),
    (
        login,
        one(
            Image=IMAGE,
            ImageConfig={
                "RepositoryAccessMode": "Vpc",
                "RepositoryAuthConfig": {"RepositoryCredentialsProviderArn": LOGIN},
            },
        )
        | VPC,
    ),
    (
        {"model_package": "churn/3", "inference_specification": "cpu"},
        one(ModelPackageName="churn/3", InferenceSpecificationName="cpu"),
    ),
    (
        {"image": IMAGE, "metrics_path": "/metrics", "metrics_frequency": Duration.minutes(1)},
        one(
            Image=IMAGE,
            ContainerMetricsConfig={
                "MetricsEndpoints": [{"MetricsEndpointPath": "/metrics", "MetricPublishFrequencyInSeconds": 60}]
            },
        ),
    ),
    (
        {
            "containers": [
                Container(image=IMAGE, hostname="prepare", environment={"A": 1}),
                Container(image=IMAGE, hostname="predict", model_data=ModelDataSource(data="s3://models/llm/")),
            ],
            "inference_execution_mode": "Direct",
        },
        {
            "Containers": [
                {"Image": IMAGE, "ContainerHostname": "prepare", "Environment": {"A": "1"}},
                {"Image": IMAGE, "ContainerHostname": "predict", "ModelDataSource": source()},
            ],
            "InferenceExecutionConfig": {"Mode": "Direct"},
        },
    ),
    (
        in_a_vpc,
        one(Image=IMAGE)
        | {
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
            "EnableNetworkIsolation": True,
        },
    ),
    ({"image": IMAGE, "tags": {"team": "churn"}}, one(Image=IMAGE) | {"Tags": [{"Key": "team", "Value": "churn"}]}),
    (
        {
            "image": "$.image",
            "model_data": ModelDataSource(data="$.data", accept_eula="$.accepted"),
            "environment": {"A": "$.a"},
            "hostname": "$.host",
            "metrics_frequency": "$.seconds",
        },
        one(
            **{
                "Image.$": "$.image",
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri.$": "$.data",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                        "ModelAccessConfig": {"AcceptEula.$": "$.accepted"},
                    }
                },
                "Environment": {"A.$": "States.Format('{}', $.a)"},
                "ContainerHostname.$": "$.host",
                "ContainerMetricsConfig": {
                    "MetricsEndpoints": [
                        {"MetricsEndpointPath": "/metrics", "MetricPublishFrequencyInSeconds.$": "$.seconds"}
                    ]
                },
            }
        ),
    ),
    (
        {"containers": [Container(image="$.image", model_data="$.data")]},
        {"Containers": [{"Image.$": "$.image", "ModelDataUrl.$": "$.data"}]},
    ),
    (
        {
            "containers": [Container(image="{% $image %}", environment={"A": "{% $a %}"})],
            "query_language": sfn.QueryLanguage.JSONATA,
        },
        {"Containers": [{"Image": "{% $image %}", "Environment": {"A": "{% $string($a) %}"}}]},
    ),
]


@pytest.fixture(scope="module")
def requests_of_cases():
    return rendered(CreateModel, [given for given, _ in CASES])


@pytest.mark.parametrize("index", range(len(CASES)))
def test_arguments_make_this_request(requests_of_cases, index):
    assert requests_of_cases[index] == BASE | CASES[index][1]


def test_every_field_of_sagemaker_has_an_argument():
    makers = (model.of_one_container, model.of_a_package, model.of_a_pipeline)
    said = [make(Stack(App(), "Stack")).task.to_state_json()["Parameters"] for make in makers]

    assert members("CreateModel") - {path for one in said for path in reached(one, "CreateModel")} == set()
    assert [model_check.problems(MODEL, one) for one in said] == [[], [], []]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image": IMAGE, "containers": [Container(image=IMAGE)]},
            "PrimaryContainer and Containers exclude each other",
        ),
        ({}, "PrimaryContainer or Containers is missing"),
        ({"model_data": "s3://models/m.tar.gz"}, "PrimaryContainer.Image or PrimaryContainer.ModelPackageName"),
        ({"containers": [IMAGE]}, "Containers[0] must be a mapping"),
        ({"containers": Container(image=IMAGE)}, "Containers must be a list"),
        ({"containers": [ModelDataSource(data="s3://models/")]}, "Containers[0].S3DataSource is not a field"),
        (
            {"containers": [Container(image=IMAGE, hostname="a"), Container(image=IMAGE)]},
            "Containers[1].ContainerHostname is missing",
        ),
        (
            {"containers": [Container(image=IMAGE)], "inference_execution_mode": "direct"},
            "InferenceExecutionConfig.Mode is not a value SageMaker knows, got 'direct'; did you mean Direct?",
        ),
        ({"image": IMAGE, "multi_model": "yes"}, "multi_model must be True or False, got 'yes'"),
        ({"image": IMAGE, "additional_model_data": "s3://a/"}, "AdditionalModelDataSources must be a list"),
        ({"image": IMAGE, "metrics_frequency": Duration.seconds(7)}, "MetricPublishFrequencyInSeconds must be 10"),
        ({"image": IMAGE, "repository_credentials": LOGIN}, "ImageConfig.RepositoryAccessMode is missing"),
        ({"image": IMAGE, "network_isolaton": True}, "did you mean network_isolation?"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_model_that_cannot_work_fails_and_names_the_argument(stack, arguments, message):
    with pytest.raises(InvalidInputError) as caught:
        CreateModel(stack, "Model", **arguments)

    assert message in str(caught.value)
    assert stack.node.children == []


def test_containers_of_a_pipeline_read_what_a_training_leaves(stack, machine):
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", output="s3://data/models/")
    pipeline = CreateModel(stack, "Model", containers=[Container(image=IMAGE, model_data=train.model_artifacts)])
    machine(train.next(pipeline))

    assert pipeline.task.to_state_json()["Parameters"]["Containers"] == [
        {"Image": IMAGE, "ModelDataUrl.$": "$.Train.ModelArtifacts.S3ModelArtifacts"}
    ]
