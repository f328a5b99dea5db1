"""SageMaker's condition keys: where in a request each of them is.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html for the keys,
botocore's model for the fields. Which of them an action has, the reference says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_sm.language.arns import Arns

_Read = Callable[[str, "Arns"], str | None]


def _as_it_is(value: str, _: Arns) -> str | None:
    return value


def _arn_alone(value: str, _: Arns) -> str | None:
    """The ARN of a key; what SageMaker makes of an id or an alias is not known."""
    return value if value.startswith("arn:") and ":alias/" not in value else None


def _model_arn(name: str, arns: Arns) -> str | None:
    return name if name.startswith("arn:") else arns.of("sagemaker", f"model/{name.lower()}")


def _kind_of_team(arn: str, _: Arns) -> str | None:
    kinds = [kind for kind in ("private-crowd", "vendor-crowd", "public-crowd") if f":workteam/{kind}/" in arn]
    return kinds[0] if kinds else None


@dataclass(frozen=True, slots=True)
class Row:
    """Place of one condition key.

    Attributes:
        names: The key, and the other spelling of it in AWS's data.
        paths: Fields of requests, `*` for each item of a list. Of a training job; a tuning job has them in its
            definitions.
        several: Whether the key has several values.
        read: Makes the value of the key of that of the field; None where it cannot be known.
        absent: The value where the request has no such field; empty if the key is absent then.
        only: The APIs whose fields these are, where others have a field of the same path that is something else.
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]
    several: bool = False
    read: _Read = _as_it_is
    absent: str = ""
    only: tuple[str, ...] = ()


_CHANNEL = "InputDataConfig.*.DataSource.FileSystemDataSource"
_VARIANTS = ("ProductionVariants.*", "ShadowProductionVariants.*")
_ONLINE, _OFFLINE = "OnlineStoreConfig", "OfflineStoreConfig"
_NOTEBOOKS = ("CreateNotebookInstance", "UpdateNotebookInstance")

ROWS: tuple[Row, ...] = (
    Row(
        ("InstanceTypes",),
        (
            "ResourceConfig.InstanceType",
            "ResourceConfig.InstanceGroups.*.InstanceType",
            "ResourceConfig.InstancePreferences.*.InstanceType",
            "HyperParameterTuningResourceConfig.InstanceType",
            "HyperParameterTuningResourceConfig.InstanceConfigs.*.InstanceType",
            "ProcessingResources.ClusterConfig.InstanceType",
            "ProcessingResources.ClusterConfig.InstancePreferences.*.InstanceType",
            "TransformResources.InstanceType",
            "JobResources.ClusterConfig.InstanceType",
            "DebugRuleConfigurations.*.InstanceType",
            "ProfilerRuleConfigurations.*.InstanceType",
            *(f"{variant}.InstanceType" for variant in _VARIANTS),
            *(f"{variant}.InstancePools.*.InstanceType" for variant in _VARIANTS),
            "InstanceType",
        ),
        several=True,
    ),
    Row(
        ("AcceleratorTypes",), (*(f"{each}.AcceleratorType" for each in _VARIANTS), "AcceleratorTypes.*"), several=True
    ),
    Row(
        ("VpcSubnets",),
        (
            "VpcConfig.Subnets.*",
            "NetworkConfig.VpcConfig.Subnets.*",
            "SecurityConfig.VpcConfig.Subnets.*",
            "SubnetIds.*",
            "SubnetId",
        ),
        several=True,
    ),
    Row(
        ("VpcSecurityGroupIds",),
        (
            "VpcConfig.SecurityGroupIds.*",
            "NetworkConfig.VpcConfig.SecurityGroupIds.*",
            "SecurityConfig.VpcConfig.SecurityGroupIds.*",
            "SecurityGroupIds.*",
        ),
        several=True,
    ),
    Row(("MaxRuntimeInSeconds",), ("StoppingCondition.MaxRuntimeInSeconds",)),
    Row(("NetworkIsolation",), ("EnableNetworkIsolation", "NetworkConfig.EnableNetworkIsolation"), absent="false"),
    Row(
        ("InterContainerTrafficEncryption",),
        (
            "EnableInterContainerTrafficEncryption",
            "NetworkConfig.EnableInterContainerTrafficEncryption",
            "SecurityConfig.EnableInterContainerTrafficEncryption",
        ),
        absent="false",
    ),
    Row(
        ("VolumeKmsKey", "VolumeKmsKeyArn"),
        (
            "ResourceConfig.VolumeKmsKeyId",
            "HyperParameterTuningResourceConfig.VolumeKmsKeyId",
            "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
            "JobResources.ClusterConfig.VolumeKmsKeyId",
            "SecurityConfig.VolumeKmsKeyId",
            "TransformResources.VolumeKmsKeyId",
            "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId",
        ),
        read=_arn_alone,
    ),
    Row(
        ("VolumeKmsKey", "VolumeKmsKeyArn"),
        ("KmsKeyId",),
        read=_arn_alone,
        only=("CreateEndpointConfig", *_NOTEBOOKS),
    ),
    Row(
        ("OutputKmsKey", "OutputKmsKeyArn"),
        (
            "OutputDataConfig.KmsKeyId",
            "ProcessingOutputConfig.KmsKeyId",
            "TransformOutput.KmsKeyId",
            "OutputConfig.KmsKeyId",
        ),
        read=_arn_alone,
    ),
    Row(("KeepAlivePeriod",), ("ResourceConfig.KeepAlivePeriodInSeconds",)),
    Row(("EnableRemoteDebug",), ("RemoteDebugConfig.EnableRemoteDebug",), absent="false"),
    Row(("FileSystemId",), (f"{_CHANNEL}.FileSystemId",)),
    Row(("FileSystemType",), (f"{_CHANNEL}.FileSystemType",)),
    Row(("FileSystemAccessMode",), (f"{_CHANNEL}.FileSystemAccessMode",)),
    Row(("FileSystemDirectoryPath",), (f"{_CHANNEL}.DirectoryPath",)),
    Row(("ModelArn",), ("ModelName",), read=_model_arn, only=("CreateTransformJob",)),
    Row(("ModelArn",), tuple(f"{variant}.ModelName" for variant in _VARIANTS), read=_model_arn),
    Row(("ServerlessMaxConcurrency",), tuple(f"{each}.ServerlessConfig.MaxConcurrency" for each in _VARIANTS)),
    Row(("ServerlessMemorySize",), tuple(f"{each}.ServerlessConfig.MemorySizeInMB" for each in _VARIANTS)),
    Row(("WorkteamArn",), ("HumanTaskConfig.WorkteamArn", "HumanLoopConfig.WorkteamArn")),
    Row(
        ("WorkteamType",),
        ("HumanTaskConfig.WorkteamArn", "HumanLoopConfig.WorkteamArn"),
        read=_kind_of_team,
    ),
    Row(("RootAccess",), ("RootAccess",), only=_NOTEBOOKS),
    Row(("DirectInternetAccess",), ("DirectInternetAccess",), only=_NOTEBOOKS),
    Row(
        ("MinimumInstanceMetadataServiceVersion",),
        ("InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion",),
    ),
    Row(("AppNetworkAccessType",), ("AppNetworkAccessType",)),
    Row(("AuthMode",), ("AuthMode",)),
    Row(("DomainId",), ("DomainId",)),
    Row(("HomeEfsFileSystemKmsKey",), ("HomeEfsFileSystemKmsKeyId",), read=_arn_alone),
    Row(("UserProfileName",), ("UserProfileName",)),
    Row(("TargetModel",), ("TargetModel",)),
    Row(("ModelApprovalStatus",), ("ModelApprovalStatus",)),
    Row(("FeatureGroupEnableOnlineStore",), (f"{_ONLINE}.EnableOnlineStore",)),
    Row(
        ("FeatureGroupOnlineStoreKmsKey", "FeatureGroupOnlineStoreKmsKeyArn"),
        (f"{_ONLINE}.SecurityConfig.KmsKeyId",),
        read=_arn_alone,
    ),
    Row(
        ("FeatureGroupOfflineStoreKmsKey", "FeatureGroupOfflineStoreKmsKeyArn"),
        (f"{_OFFLINE}.S3StorageConfig.KmsKeyId",),
        read=_arn_alone,
    ),
    Row(("FeatureGroupOfflineStoreS3Uri",), (f"{_OFFLINE}.S3StorageConfig.S3Uri",)),
    Row(("FeatureGroupDisableGlueTableCreation",), (f"{_OFFLINE}.DisableGlueTableCreation",)),
)
"""One row a key, or two where the same key is read in two ways."""
DEFINITIONS = {"CreateHyperParameterTuningJob": ("TrainingJobDefinition", "TrainingJobDefinitions.*")}
"""APIs whose request has whole training jobs in it, and where."""
SPELLINGS: dict[str, tuple[str, ...]] = {
    f"sagemaker:{name}".lower(): tuple(f"sagemaker:{each}" for each in row.names) for row in ROWS for name in row.names
}
"""The spellings of a key, by each of them in lower case."""


def paths_of(row: Row, operation: str) -> Iterator[str]:
    """The fields of a request of *operation* that a key is read from."""
    for path in row.paths:
        for within in DEFINITIONS.get(operation, ("",)):
            yield f"{within}.{path}" if within else path


def at(value: Any, path: list[str]) -> Iterator[Any]:
    """Everything that stands at *path*."""
    if not path:
        if value is not None:
            yield value
    elif path[0] == "*":
        if isinstance(value, list):
            for item in value:
                yield from at(item, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from at(value[path[0]], path[1:])
