"""The condition keys of a call: what the request says, what every call has, and what is not known."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from constructs_sm.actions import ACTIONS
from constructs_sm.grants.sagemaker_keys import ROWS
from constructs_sm.grants.service_authorization import iam_action
from constructs_sm.language.arns import Arns
from constructs_sm.requests.api_model import Shape, input_shape
from constructs_sm.testing.world.call_keys import Caller, keys_of_call, keys_of_trust

import pytest

ARNS = Arns("aws", "eu-west-1", "123456789012")
AT = datetime(2026, 11, 28, 1, 2, 3, tzinfo=timezone.utc)
ROLE = "arn:aws:iam::123456789012:role/machine"
CALLER = Caller(arns=ARNS, at=AT, role=ROLE)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
JOB = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/j"
TRAINING = {
    "ResourceConfig": {
        "InstanceGroups": [{"InstanceType": "ml.m5.large"}, {"InstanceType": "ml.p4d.24xlarge"}],
        "VolumeKmsKeyId": KEY,
        "KeepAlivePeriodInSeconds": 60,
    },
    "InputDataConfig": [
        {
            "DataSource": {
                "FileSystemDataSource": {
                    "FileSystemId": "fs-1",
                    "FileSystemType": "EFS",
                    "FileSystemAccessMode": "ro",
                    "DirectoryPath": "/a",
                }
            }
        }
    ],
    "OutputDataConfig": {"KmsKeyId": "alias/mine"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1", "sg-2"]},
    "EnableNetworkIsolation": True,
    "RemoteDebugConfig": {"EnableRemoteDebug": True},
}
OF_TRAINING = {
    "sagemaker:InstanceTypes": ("ml.m5.large", "ml.p4d.24xlarge"),
    "sagemaker:VolumeKmsKey": KEY,
    "sagemaker:VolumeKmsKeyArn": KEY,
    "sagemaker:FileSystemId": "fs-1",
    "sagemaker:FileSystemType": "EFS",
    "sagemaker:FileSystemAccessMode": "ro",
    "sagemaker:FileSystemDirectoryPath": "/a",
    "sagemaker:MaxRuntimeInSeconds": "3600",
    "sagemaker:VpcSubnets": ("subnet-1",),
    "sagemaker:VpcSecurityGroupIds": ("sg-1", "sg-2"),
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:InterContainerTrafficEncryption": "false",
}


def keys(action: str, request: Any, resource: str | None = JOB, **more: Any) -> Any:
    return keys_of_call(action, resource, request, CALLER, **more)


def test_training_job_says_all_its_keys() -> None:
    found = keys("sagemaker:CreateTrainingJob", TRAINING)

    expected = {**OF_TRAINING, "sagemaker:KeepAlivePeriod": "60", "sagemaker:EnableRemoteDebug": "true"}
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("within", ["TrainingJobDefinition", "TrainingJobDefinitions"])
def test_tuning_job_says_them_in_its_definitions(within: str) -> None:
    request = {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxRuntimeInSeconds": 9}},
        within: [TRAINING] if within.endswith("s") else TRAINING,
    }

    found = keys("sagemaker:CreateHyperParameterTuningJob", request)

    assert {key: found.get(key) for key in OF_TRAINING} == OF_TRAINING


def test_definitions_that_differ_leave_a_key_of_one_value_unknown_and_join_one_of_several() -> None:
    other = {"ResourceConfig": {"InstanceType": "ml.c5.large"}, "StoppingCondition": {"MaxRuntimeInSeconds": 1}}

    found = keys("sagemaker:CreateHyperParameterTuningJob", {"TrainingJobDefinitions": [TRAINING, other]})

    assert found.get("sagemaker:InstanceTypes") == ("ml.c5.large", "ml.m5.large", "ml.p4d.24xlarge")
    assert not found.is_known("sagemaker:MaxRuntimeInSeconds")


@pytest.mark.parametrize(
    ("action", "request_", "expected"),
    [
        (
            "CreateProcessingJob",
            {
                "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": KEY}},
                "ProcessingOutputConfig": {"KmsKeyId": KEY},
                "NetworkConfig": {"EnableNetworkIsolation": True, "VpcConfig": {"Subnets": ["s"]}},
                "StoppingCondition": {"MaxRuntimeInSeconds": 5},
            },
            {
                "InstanceTypes": ("ml.m5.large",),
                "VolumeKmsKey": KEY,
                "OutputKmsKey": KEY,
                "NetworkIsolation": "true",
                "InterContainerTrafficEncryption": "false",
                "VpcSubnets": ("s",),
                "VpcSecurityGroupIds": None,
                "MaxRuntimeInSeconds": "5",
                "KeepAlivePeriod": None,
            },
        ),
        (
            "CreateTransformJob",
            {
                "ModelName": "M",
                "TransformResources": {"InstanceType": "ml.m5.large"},
                "TransformOutput": {"KmsKeyId": KEY},
            },
            {
                "ModelArn": "arn:aws:sagemaker:eu-west-1:123456789012:model/m",
                "InstanceTypes": ("ml.m5.large",),
                "OutputKmsKey": KEY,
                "NetworkIsolation": None,
            },
        ),
        (
            "CreateLabelingJob",
            {"HumanTaskConfig": {"WorkteamArn": "arn:aws:sagemaker:eu-west-1:1:workteam/private-crowd/t"}},
            {
                "WorkteamArn": "arn:aws:sagemaker:eu-west-1:1:workteam/private-crowd/t",
                "WorkteamType": "private-crowd",
                "OutputKmsKey": None,
            },
        ),
        (
            "CreateModel",
            {"EnableNetworkIsolation": False, "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}},
            {"NetworkIsolation": "false", "VpcSubnets": ("s",), "VpcSecurityGroupIds": ("g",), "ModelArn": None},
        ),
        (
            "CreateEndpointConfig",
            {
                "KmsKeyId": KEY,
                "ProductionVariants": [
                    {"ModelName": "m", "ServerlessConfig": {"MaxConcurrency": 5, "MemorySizeInMB": 2048}},
                ],
            },
            {
                "VolumeKmsKeyArn": KEY,
                "ServerlessMaxConcurrency": "5",
                "ServerlessMemorySize": "2048",
                "InstanceTypes": None,
                "ModelArn": "arn:aws:sagemaker:eu-west-1:123456789012:model/m",
            },
        ),
    ],
)
def test_request_says_the_keys_that_its_action_has(
    action: str, request_: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = keys(f"sagemaker:{action}", request_)

    assert {key: found.get(f"sagemaker:{key}") for key in expected} == expected
    assert [key for key in expected if not found.is_known(f"sagemaker:{key}")] == []


def test_key_that_a_key_of_an_id_would_be_is_unknown() -> None:
    found = keys("sagemaker:CreateTrainingJob", TRAINING)

    assert not found.is_known("sagemaker:OutputKmsKey")
    assert not found.is_known("sagemaker:DirectGatedModelAccess")


def test_every_call_says_where_when_and_who() -> None:
    found = keys("sagemaker:DescribeTrainingJob", {"TrainingJobName": "j"})

    expected = {
        "aws:RequestedRegion": "eu-west-1",
        "aws:CurrentTime": "2026-11-28T01:02:03+00:00",
        "aws:EpochTime": "1795827723",
        "aws:PrincipalAccount": "123456789012",
        "aws:PrincipalArn": ROLE,
        "aws:ResourceAccount": "123456789012",
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "aws:SourceAccount": None,
        "sagemaker:InstanceTypes": None,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert not any(found.is_known(key) for key in ("aws:ResourceTag/team", "aws:SourceIp", "aws:PrincipalOrgID"))


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "team", "Value": "ml"}],
        [{"key": "team", "value": "ml"}],
        [{"TagKey": "team", "TagValue": "ml"}],
        {"team": "ml"},
    ],
)
def test_tags_of_the_request_and_those_that_are_added_are_keys(tags: Any) -> None:
    found = keys("sagemaker:CreateModel", {"Tags": tags}, added_tags={"MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS"})

    assert found.get("aws:TagKeys") == ("team", "MANAGED_BY_AWS")
    assert found.get("aws:RequestTag/team") == "ml"
    assert found.get("aws:RequestTag/other") is None
    assert found.is_known("aws:RequestTag/other")


def test_passed_role_says_to_whom_and_not_of_what() -> None:
    found = keys("iam:PassRole", {}, ROLE, given={"iam:PassedToService": "sagemaker.amazonaws.com"})

    assert found.get("iam:PassedToService") == "sagemaker.amazonaws.com"
    assert found.is_known("iam:PassedToService")
    assert not found.is_known("iam:AssociatedResourceArn")


def test_tagging_says_what_is_tagged_for() -> None:
    found = keys("sagemaker:AddTags", {}, given={"sagemaker:TaggingAction": "CreateTrainingJob"})

    assert found.get("sagemaker:TaggingAction") == "CreateTrainingJob"


def test_other_services_say_what_is_a_field_and_no_more() -> None:
    found = keys("s3:ListBucket", {"Bucket": "b", "Prefix": "raw/"}, "arn:aws:s3:::b")

    assert found.get("s3:prefix") == "raw/"
    assert found.get("s3:delimiter") is None
    assert found.is_known("s3:delimiter")
    assert not found.is_known("s3:signatureversion")
    assert not found.is_known("aws:ResourceAccount")


def test_action_that_is_not_documented_has_no_known_keys_of_its_service() -> None:
    assert not keys("sagemaker:InventJob", {}).is_known("sagemaker:InstanceTypes")


def test_trust_is_told_for_whom() -> None:
    found = keys_of_trust(ARNS, AT, JOB)

    assert (found.get("aws:SourceAccount"), found.get("aws:SourceArn")) == ("123456789012", JOB)
    assert not found.is_known("sts:ExternalId")
    assert not keys_of_trust(ARNS, AT, None).is_known("aws:SourceArn")


UNREAD = {
    ("CreateModel", "sagemaker:DirectGatedModelAccess"),
    ("CreateTrainingJob", "sagemaker:DirectGatedModelAccess"),
}
"""What AWS documents and no field says."""


def test_every_documented_key_of_the_nine_actions_is_read_or_listed() -> None:
    read = {f"sagemaker:{name}" for row in ROWS for name in row.names}
    missing = set()
    for row in ACTIONS:
        action = iam_action(f"sagemaker:{row.operation}")
        assert action is not None
        documented = {*action.condition_keys, *(key for of in action.resource_types for key in of.condition_keys)}
        own = {key for key in documented if key.startswith("sagemaker:") and "ResourceTag" not in key}
        missing |= {(row.operation, key) for key in own - read}

    assert missing == UNREAD


def reaches(shape: Shape, path: list[str]) -> bool:
    if not path:
        return shape.type_name not in {"structure", "list", "map"}
    if path[0] == "*":
        return shape.type_name == "list" and reaches(shape.member, path[1:])
    return shape.type_name == "structure" and path[0] in shape.members and reaches(shape.members[path[0]], path[1:])


OPERATIONS = (
    *(action.operation for action in ACTIONS),
    "CreateApp",
    "CreateAutoMLJobV2",
    "CreateDataQualityJobDefinition",
    "CreateDomain",
    "CreateFeatureGroup",
    "CreateFlowDefinition",
    "CreateModelPackage",
    "CreateNotebookInstance",
    "CreatePresignedNotebookInstanceUrl",
    "CreateUserProfile",
)


def test_every_path_is_one_of_sagemakers_model() -> None:
    elsewhere = {"TargetModel", "AcceleratorTypes.*"}
    shapes = [input_shape(operation) for operation in OPERATIONS]
    shapes += [input_shape("CreateHyperParameterTuningJob").members["TrainingJobDefinition"]]

    paths = {path for row in ROWS for path in row.paths} - elsewhere
    assert sorted(path for path in paths if not any(reaches(shape, path.split(".")) for shape in shapes)) == []
