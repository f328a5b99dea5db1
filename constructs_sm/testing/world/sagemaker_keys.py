"""SageMaker's condition keys: where in a request each of them is.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html for the keys,
botocore's model for the fields. Which of them an action has, the reference says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.world.truth import Unknown, unknown

if TYPE_CHECKING:
    from constructs_sm.language.arns import Arns
    from constructs_sm.testing.world.condition_keys import Value

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
        ("VpcConfig.Subnets.*", "NetworkConfig.VpcConfig.Subnets.*", "SubnetIds.*", "SubnetId"),
        several=True,
    ),
    Row(
        ("VpcSecurityGroupIds",),
        ("VpcConfig.SecurityGroupIds.*", "NetworkConfig.VpcConfig.SecurityGroupIds.*", "SecurityGroupIds.*"),
        several=True,
    ),
    Row(("MaxRuntimeInSeconds",), ("StoppingCondition.MaxRuntimeInSeconds",)),
    Row(("NetworkIsolation",), ("EnableNetworkIsolation", "NetworkConfig.EnableNetworkIsolation"), absent="false"),
    Row(
        ("InterContainerTrafficEncryption",),
        ("EnableInterContainerTrafficEncryption", "NetworkConfig.EnableInterContainerTrafficEncryption"),
        absent="false",
    ),
    Row(
        ("VolumeKmsKey", "VolumeKmsKeyArn"),
        (
            "ResourceConfig.VolumeKmsKeyId",
            "HyperParameterTuningResourceConfig.VolumeKmsKeyId",
            "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
            "JobResources.ClusterConfig.VolumeKmsKeyId",
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
_DEFINITIONS = {"CreateHyperParameterTuningJob": ("TrainingJobDefinition", "TrainingJobDefinitions.*")}
"""APIs whose request has whole training jobs in it, and where."""
SPELLINGS: dict[str, tuple[str, ...]] = {
    f"sagemaker:{name}".lower(): tuple(f"sagemaker:{each}" for each in row.names) for row in ROWS for name in row.names
}
"""The spellings of a key, by each of them in lower case."""


def sagemaker_keys(operation: str, request: Mapping[str, Any], arns: Arns) -> dict[str, Value | Unknown | None]:
    """Read from the request of *operation* each of the keys that have a row, whether the action has the key or not.

    A key with one value, of which the request says two, is unknown: AWS does not document which of them counts. None
    means that the request has no such key.
    """
    found: dict[str, Value | Unknown | None] = {}
    for row in ROWS:
        if row.only and operation not in row.only:
            continue
        value = _value(row, operation, request, arns)
        for name in row.names:
            if found.get(f"sagemaker:{name}") is None:
                found[f"sagemaker:{name}"] = value
    return found


def _value(row: Row, operation: str, request: Mapping[str, Any], arns: Arns) -> Value | Unknown | None:
    key = f"sagemaker:{row.names[0]}"
    given = [value for path in _paths(row, operation) for value in at(request, path.split("."))]
    texts = dict.fromkeys(str(value).lower() if isinstance(value, bool) else str(value) for value in given)
    if not texts:
        return row.absent or None
    values = [row.read(text, arns) for text in texts]
    known = tuple(dict.fromkeys(value for value in values if value is not None))
    if len([value for value in values if value is not None]) < len(values):
        return unknown(key)
    if row.several:
        return known
    return known[0] if len(known) == 1 else unknown(key)


def _paths(row: Row, operation: str) -> Iterator[str]:
    for path in row.paths:
        for within in _DEFINITIONS.get(operation, ("",)):
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
