"""The input channels of training: data in S3, in a file system, or a data set of a hub."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.jobs.parts.fields import named, text_list
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.language.offering import offers
from constructs_sm.requests.rendering import Structure
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.fields import Flag, Numeric
    from constructs_sm.language.errors import Problem
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_efs as efs
    from aws_cdk import aws_fsx as fsx


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemDataSource(Structure):
    """A directory of a file system that is mounted into the container. The job needs a VPC that reaches it.

    Attributes:
        file_system: From the CDK, or its id.
        directory_path: As `/data`; on FSx for Lustre it begins with the mount name.
        file_system_type: `EFS` or `FSxLustre`. Default: what the CDK object is; needed with an id.
        access_mode: `ro` or `rw`.
    """

    file_system: efs.IFileSystem | fsx.IFileSystem | str
    directory_path: str
    file_system_type: str | None = None
    access_mode: str = "ro"

    def to_request(self) -> dict[str, Any]:
        system, kind = self.file_system, self.file_system_type
        if kind is None and offers(system, "file_system_id"):
            # Of the two, only those of EFS have an ARN.
            kind = "EFS" if offers(system, "file_system_arn") else "FSxLustre"
        return {
            "FileSystemId": getattr(system, "file_system_id", system),
            "FileSystemType": kind,
            "DirectoryPath": self.directory_path,
            "FileSystemAccessMode": self.access_mode,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Structure):
    """One input of training: *data* in S3, a *file_system*, or the data set of a *dataset_arn*; and how to read it.

    Attributes:
        data: In S3: a prefix or a manifest.
        file_system: A directory of EFS or FSx for Lustre.
        dataset_arn: A data set of a SageMaker hub.
        s3_data_type: `S3Prefix`, `ManifestFile`, `AugmentedManifestFile` or `Converse`. Default: `S3Prefix`, or
            `AugmentedManifestFile` with *attribute_names*.
        s3_data_distribution_type: `FullyReplicated` (SageMaker's default) or `ShardedByS3Key`.
        attribute_names: What is read of each line of an augmented manifest.
        instance_group_names: The groups of a heterogeneous cluster that get the data. SageMaker's default: all.
        accept_eula: Of the model that the data is.
        hub_content_arn: The reference in a private hub to a model of the public one.
        content_type: MIME type, as `text/csv`. Default: that of the job.
        compression_type: `None` or `Gzip`; for `Pipe` mode.
        record_wrapper_type: `None` or `RecordIO`; for `Pipe` mode.
        input_mode: `File`, `Pipe` or `FastFile`. Default: that of the job.
        shuffle_seed: Shuffle objects or lines, by this.
    """

    data: S3Data | None = None
    file_system: FileSystemDataSource | None = None
    dataset_arn: str | None = None
    s3_data_type: str | None = None
    s3_data_distribution_type: str | None = None
    attribute_names: Sequence[str] | str | None = None
    instance_group_names: Sequence[str] | str | None = None
    accept_eula: Flag | None = None
    hub_content_arn: str | None = None
    content_type: str | None = None
    compression_type: str | None = None
    record_wrapper_type: str | None = None
    input_mode: str | None = None
    shuffle_seed: Numeric | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "DataSource": {
                "S3DataSource": self._s3(),
                "FileSystemDataSource": self.file_system,
                "DatasetSource": {"DatasetArn": self.dataset_arn},
            },
            "ContentType": self.content_type,
            "CompressionType": self.compression_type,
            "RecordWrapperType": self.record_wrapper_type,
            "InputMode": self.input_mode,
            "ShuffleConfig": {"Seed": self.shuffle_seed},
        }

    def _s3(self) -> dict[str, Any]:
        usual = "AugmentedManifestFile" if self.attribute_names else "S3Prefix"
        return {
            "S3DataType": self.s3_data_type or (usual if self.data is not None else None),
            "S3Uri": self.data,
            "S3DataDistributionType": self.s3_data_distribution_type,
            "AttributeNames": text_list(self.attribute_names),
            "InstanceGroupNames": text_list(self.instance_group_names),
            "ModelAccessConfig": {"AcceptEula": self.accept_eula},
            "HubAccessConfig": {"HubContentArn": self.hub_content_arn},
        }


ChannelData: TypeAlias = Union["S3Data", Channel, FileSystemDataSource]
"""Source of a channel: data under an S3 prefix, a directory of a file system, or a Channel that says more."""


def channels(inputs: Mapping[str, ChannelData] | str | None, content_type: str | None, problems: list[Problem]) -> Any:
    """InputDataConfig: one channel a name; none at all where there is nothing to read."""
    if isinstance(inputs, str) and not isinstance(inputs, S3Location) and is_late_bound(inputs):
        return inputs
    return [
        {"ChannelName": name, **_channel(data, content_type).to_request()}
        for name, data in named(inputs, "inputs", problems).items()
    ] or None


def _channel(data: Any, content_type: str | None) -> Channel:
    if isinstance(data, FileSystemDataSource):
        return Channel(file_system=data, content_type=content_type)
    if not isinstance(data, Channel):
        return Channel(data=data, content_type=content_type)
    return data if data.content_type is not None else replace(data, content_type=content_type)
