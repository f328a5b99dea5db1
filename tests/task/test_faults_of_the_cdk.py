"""Faults of the CDK's own SageMaker tasks (aws-cdk-lib 2.275.0), each of which this library must not have."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm import (
    CreateEndpoint,
    CreateEndpointConfig,
    CreateModel,
    InvalidInputError,
    S3Location,
    TrainingJob,
    TransformJob,
)
from constructs_sm.actions import ACTIONS, ENDPOINT, MODEL
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import CfnParameter
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import IMAGE, job
from execution_roles import PULL, granted

P = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}"


def request_of(stack, state: str) -> dict[str, Any]:
    task = definition(stack)["States"][state]
    request: dict[str, Any] = task.get("Parameters") or task["Arguments"]
    return request


def resources_of(stack, action: str) -> set[str]:
    found: set[str] = set()
    for statement in state_machine_policy(stack):
        if action in listed(statement["Action"]):
            found.update(listed(statement["Resource"]))
    return found


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def train(stack, **arguments):
    return TrainingJob(stack, "Train", **{"image": IMAGE, "instance_type": "ml.m5.xlarge", **arguments})


def test_01_inference_pipeline_has_its_containers_and_needs_no_primary_one(stack, machine):
    containers = [{"Image": IMAGE, "ModelDataUrl": f"s3://models/{name}.tar.gz"} for name in ("features", "churn")]
    machine(CreateModel(stack, "Model", parameters={"Containers": containers}))

    request = request_of(stack, "Model")
    assert request["Containers"] == containers
    assert "PrimaryContainer" not in request


def test_02_shuffling_reaches_sagemaker(stack, machine):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}}
    channel = {"ChannelName": "train", "DataSource": source, "ShuffleConfig": {"Seed": 7}}
    machine(train(stack, output="s3://models/", parameters={"InputDataConfig": [channel]}))

    assert request_of(stack, "Train")["InputDataConfig"][0]["ShuffleConfig"] == {"Seed": 7}


def test_03_name_in_jsonata_is_no_part_of_an_arn(stack, machine):
    machine(
        train(
            stack,
            output="s3://models/",
            job_name="{% $states.input.name %}",
            query_language=sfn.QueryLanguage.JSONATA,
        )
    )

    assert resources_of(stack, "sagemaker:CreateTrainingJob") == {f"{P}:training-job/*"}
    assert resources_of(stack, "sagemaker:AddTags") == {f"{P}:training-job/*"}


def test_04_token_is_not_lower_cased(stack, machine):
    name = CfnParameter(stack, "ConfigName")
    machine(CreateEndpoint(stack, "Serve", endpoint_config=name.value_as_string, job_name="Churn"))

    assert f"{P}:endpoint-config/${{ConfigName}}" in resources_of(stack, "sagemaker:CreateEndpoint")
    assert "${token[" not in json.dumps(Template.from_stack(stack).to_json()).lower()


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.takes_tags], ids=lambda action: action.api)
def test_05_tags_are_given_as_a_dict_and_may_be_added(stack, machine, action):
    machine(job(stack, action, "Job", tags={"team": "ml"}))

    assert request_of(stack, "Job")["Tags"] == [{"Key": "team", "Value": "ml"}]
    (resource,) = resources_of(stack, "sagemaker:AddTags")
    assert resource.startswith(f"{P}:{action.arn_type}/")


@pytest.mark.parametrize(
    "pattern", [sfn.IntegrationPattern.RUN_JOB, sfn.IntegrationPattern.REQUEST_RESPONSE], ids=lambda p: p.name
)
def test_06_transform_makes_no_role_passes_none_and_keeps_to_its_name(stack, machine, pattern):
    machine(
        TransformJob(
            stack,
            "Score",
            model="churn",
            data="s3://data/in/",
            output="s3://data/out/",
            instance_type="ml.m5.xlarge",
            integration_pattern=pattern,
        )
    )

    roles = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    assert [role["Properties"].get("ManagedPolicyArns") for role in roles] == [None]
    assert resources_of(stack, "iam:PassRole") == set()
    assert resources_of(stack, "sagemaker:CreateTransformJob") == {f"{P}:transform-job/score-*"}
    assert resources_of(stack, "sagemaker:AddTags") == {f"{P}:transform-job/score-*"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_07_request_response_may_neither_describe_nor_stop(stack, machine, action):
    machine(job(stack, action, integration_pattern=sfn.IntegrationPattern.REQUEST_RESPONSE))

    allowed = {name for statement in state_machine_policy(stack) for name in listed(statement["Action"])}
    assert not [name for name in allowed if name.startswith(("sagemaker:Describe", "sagemaker:Stop", "events:"))]


def test_08_image_by_its_uri_may_be_pulled_and_nothing_is_pulled_or_read_everywhere(stack, machine):
    machine(train(stack, output="s3://models/", inputs={"train": "$.data"}))

    found = granted(stack)
    assert found["arn:${AWS::Partition}:ecr:us-east-1:123456789012:repository/churn"] == PULL
    assert not [name for name in found["*"] if name.startswith(("s3:", "ecr:Batch", "ecr:GetDownload"))]


def test_09_key_serves_inputs_as_well_as_outputs(stack, machine):
    key = kms.Key(stack, "Key")
    data = S3Location.of_bucket(s3.Bucket(stack, "Bucket", encryption_key=key), "in/")
    machine(train(stack, inputs={"train": data}, output="s3://models/", kms_key=key))

    arn = f"${{{stack.get_logical_id(key.node.default_child)}.Arn}}"
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"} == granted(stack)[arn]


@pytest.mark.parametrize("action", [MODEL, ENDPOINT], ids=lambda action: action.api)
def test_10_name_with_capitals_is_granted_in_both_spellings(stack, machine, action):
    machine(job(stack, action, job_name="ChurnModel"))

    both = {f"{P}:{action.arn_type}/{name}" for name in ("ChurnModel", "churnmodel")}
    assert both <= resources_of(stack, f"sagemaker:{action.operation}")


def test_11_name_of_80_characters_is_refused(stack):
    with pytest.raises(InvalidInputError, match="job name must have 1 to 63 characters"):
        train(stack, output="s3://models/", job_name="n" * 80)


def test_11_hyperparameters_are_strings(stack, machine):
    machine(train(stack, output="s3://models/", hyperparameters={"depth": 6, "eta": 0.2, "silent": True}))

    assert request_of(stack, "Train")["HyperParameters"] == {"depth": "6", "eta": "0.2", "silent": "true"}


def test_12_data_in_a_bucket_is_an_s3_uri(stack, machine):
    bucket = s3.Bucket(stack, "Bucket")
    machine(train(stack, inputs={"train": S3Location.of_bucket(bucket, "in/")}, output=bucket))

    request, name = request_of(stack, "Train"), stack.get_logical_id(bucket.node.default_child)
    assert request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://${{{name}}}/in/"
    assert request["OutputDataConfig"]["S3OutputPath"] == f"s3://${{{name}}}/"


def test_13_writing_is_neither_deleting_nor_holding(stack, machine):
    machine(train(stack, output="s3://models/out/"))

    assert granted(stack)["arn:${AWS::Partition}:s3:::models/out/*"] == {"s3:AbortMultipartUpload", "s3:PutObject"}


def test_what_the_cdk_lacks_is_there_by_default(stack, machine):
    machine(CreateEndpointConfig(stack, "Config", model="churn", instance_type="ml.m5.xlarge"))

    assert definition(stack)["States"]["Config"]["Retry"]
