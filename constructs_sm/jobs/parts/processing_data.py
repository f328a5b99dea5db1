"""Inputs and outputs of a processing job: data in S3, what a query finds, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.jobs.parts.code import CODE
from constructs_sm.jobs.parts.fields import named
from constructs_sm.language.errors import Problem
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.requests.rendering import Structure
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from constructs_sm.jobs.parts.code import ProcessingCode
    from constructs_sm.jobs.parts.fields import Flag, Key
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_iam as iam

_INPUT = "/opt/ml/processing/input"
_OUTPUT = "/opt/ml/processing/output"


@dataclass(frozen=True, slots=True, kw_only=True)
class AthenaDatasetDefinition(Structure):
    """The result of an Athena query, as an input of processing.

    Attributes:
        catalog: As `AwsDataCatalog`.
        database: In the catalog.
        query_string: The SQL.
        output: Where Athena leaves what it finds, for the job to read.
        output_format: `PARQUET`, `ORC`, `AVRO`, `JSON` or `TEXTFILE`.
        output_compression: `GZIP`, `SNAPPY` or `ZLIB`.
        work_group: Where the query runs.
        kms_key: Encrypts what Athena leaves.
    """

    catalog: str
    database: str
    query_string: str
    output: S3Data
    output_format: str
    output_compression: str | None = None
    work_group: str | None = None
    kms_key: Key | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "Catalog": self.catalog,
            "Database": self.database,
            "QueryString": self.query_string,
            "WorkGroup": self.work_group,
            "OutputS3Uri": self.output,
            "OutputFormat": self.output_format,
            "OutputCompression": self.output_compression,
            "KmsKeyId": self.kms_key,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RedshiftDatasetDefinition(Structure):
    """The result of a Redshift query, as an input of processing.

    Attributes:
        cluster_id: The cluster.
        database: In the cluster.
        db_user: In the database.
        query_string: The SQL.
        cluster_role: A role that is attached to the cluster, or its ARN: by it the cluster writes to *output*.
        output: Where Redshift leaves what it finds, for the job to read.
        output_format: `PARQUET` or `CSV`.
        output_compression: `None`, `GZIP`, `BZIP2`, `ZSTD` or `SNAPPY`.
        kms_key: Encrypts what Redshift leaves.
    """

    cluster_id: str
    database: str
    db_user: str
    query_string: str
    cluster_role: iam.IRole | str
    output: S3Data
    output_format: str
    output_compression: str | None = None
    kms_key: Key | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "ClusterId": self.cluster_id,
            "Database": self.database,
            "DbUser": self.db_user,
            "QueryString": self.query_string,
            "ClusterRoleArn": self.cluster_role,
            "OutputS3Uri": self.output,
            "OutputFormat": self.output_format,
            "OutputCompression": self.output_compression,
            "KmsKeyId": self.kms_key,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingInput:
    """One input of processing: data in S3, or what a query finds; and how the container gets it.

    Attributes:
        data: In S3: a prefix or a manifest; or a query.
        local_path: Where the container finds it, under `/opt/ml/processing/`. Default:
            `/opt/ml/processing/input/<name>`, unless *app_managed*.
        input_mode: `File` or `Pipe`. Default: `File`.
        data_distribution_type: `FullyReplicated` or `ShardedByS3Key`. SageMaker's default for a query:
            `ShardedByS3Key`.
        s3_data_type: Of data in S3: `S3Prefix` or `ManifestFile`. Default: `S3Prefix`.
        s3_compression_type: Of data in S3: `None`, or `Gzip`, which goes with `Pipe` alone.
        app_managed: The container fetches the data itself. SageMaker's default: False.
    """

    data: S3Data | AthenaDatasetDefinition | RedshiftDatasetDefinition
    local_path: str | None = None
    input_mode: str | None = None
    data_distribution_type: str | None = None
    s3_data_type: str | None = None
    s3_compression_type: str | None = None
    app_managed: Flag | None = None

    def to_request(self, name: str) -> dict[str, Any]:
        """The input of that name, in SageMaker's words."""
        said = {"LocalPath": _local_path(self, _INPUT, name), "S3CompressionType": self.s3_compression_type}
        if isinstance(self.data, (AthenaDatasetDefinition, RedshiftDatasetDefinition)):
            # SageMaker calls the field as we call the class. It has no fields of S3, which SageMaker's model then says.
            definition = {
                **said,
                type(self.data).__name__: self.data,
                "InputMode": self.input_mode,
                "DataDistributionType": self.data_distribution_type,
                "S3DataType": self.s3_data_type,
            }
            return {"InputName": name, "AppManaged": self.app_managed, "DatasetDefinition": definition}
        s3_input = {
            **said,
            "S3Uri": self.data,
            "S3DataType": self.s3_data_type or "S3Prefix",
            "S3InputMode": self.input_mode or "File",
            "S3DataDistributionType": self.data_distribution_type,
        }
        return {"InputName": name, "AppManaged": self.app_managed, "S3Input": s3_input}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingOutput:
    """One output of processing, and how it gets to S3.

    Attributes:
        data: Where it goes. Default, in a `PipelineStack`: its bucket, under the job and the execution.
        local_path: Where the container leaves it, under `/opt/ml/processing/`. Default:
            `/opt/ml/processing/output/<name>`, unless *app_managed*.
        s3_upload_mode: `EndOfJob` or `Continuous`. Default: `EndOfJob`.
        app_managed: The container takes the data there itself. SageMaker's default: False.
    """

    data: S3Data | None = None
    local_path: str | None = None
    s3_upload_mode: str = "EndOfJob"
    app_managed: Flag | None = None

    def to_request(self, name: str) -> dict[str, Any]:
        """The output of that name, in SageMaker's words."""
        target = {
            "S3Uri": self.data,
            "LocalPath": _local_path(self, _OUTPUT, name),
            "S3UploadMode": self.s3_upload_mode,
        }
        return {"OutputName": name, "AppManaged": self.app_managed, "S3Output": target}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStoreOutput:
    """An output that the container writes to a feature group by itself.

    Attributes:
        feature_group_name: The group.
    """

    feature_group_name: str

    def to_request(self, name: str) -> dict[str, Any]:
        """The output of that name, in SageMaker's words."""
        # SageMaker takes no other than an app-managed one.
        target = {"FeatureGroupName": self.feature_group_name}
        return {"OutputName": name, "AppManaged": True, "FeatureStoreOutput": target}


ProcessingData: TypeAlias = Union["S3Data", AthenaDatasetDefinition, RedshiftDatasetDefinition, ProcessingInput]
"""Input of a job: data under an S3 prefix, what a query finds, or a ProcessingInput that says more."""
ProcessedData: TypeAlias = Union["S3Data", ProcessingOutput, FeatureStoreOutput]
"""Output of a job: an S3 prefix, a feature group, or a ProcessingOutput that says more."""


def _local_path(item: ProcessingInput | ProcessingOutput, folder: str, name: str) -> str | None:
    return f"{folder}/{name}" if item.local_path is None and item.app_managed is not True else item.local_path


def processing_inputs(inputs: Any, code: ProcessingCode | None, problems: list[Problem]) -> Any:
    """ProcessingInputs: one a name, and *code* as one more."""
    if isinstance(inputs, str) and not isinstance(inputs, S3Location) and is_late_bound(inputs):
        if code is not None:
            use = "give inputs by name, or code among them"
            problems.append(
                Problem(
                    "inputs that are known at run time cannot have code beside them", inputs, use, "code-known-late"
                )
            )
        return inputs
    items = [
        (item if isinstance(item, ProcessingInput) else ProcessingInput(data=item)).to_request(name)
        for name, item in named(inputs, "inputs", problems).items()
    ]
    if code is not None:
        if any(item["InputName"] == "code" for item in items):
            problems.append(
                Problem(
                    "input 'code' is given twice", "code", "call the other one something else", "argument-given-twice"
                )
            )
        else:
            items.append(ProcessingInput(data=code.data, local_path=CODE).to_request("code"))
    return items or None


def processing_outputs(
    outputs: Mapping[str, ProcessedData] | Sequence[str] | str | None,
    place: Callable[[str], S3Location | None],
    problems: list[Problem],
) -> dict[str, ProcessingOutput | FeatureStoreOutput]:
    """The outputs by name, as far as they are known; those that are told no other go to *place*."""
    if isinstance(outputs, str) and not isinstance(outputs, S3Location) and is_late_bound(outputs):
        return {}
    named = isinstance(outputs, (list, tuple)) and all(isinstance(name, str) for name in outputs)
    if outputs is not None and not named and not isinstance(outputs, Mapping):
        use = f"write [{outputs!r}]" if isinstance(outputs, str) else "pass a dict from names to places"
        problems.append(Problem("outputs must be a mapping, or a list of names", outputs, use, "argument-type"))
        return {}
    given: Mapping[str, Any] = outputs if isinstance(outputs, Mapping) else dict.fromkeys(outputs or ())
    found: dict[str, ProcessingOutput | FeatureStoreOutput] = {}
    homeless = []
    for name, item in given.items():
        if isinstance(item, FeatureStoreOutput):
            found[name] = item
            continue
        output = item if isinstance(item, ProcessingOutput) else ProcessingOutput(data=item)
        data = place(name) if output.data is None else output.data
        if data is None:
            homeless.append(name)
        else:
            found[name] = replace(output, data=data)
    if homeless:
        problems.append(
            Problem("outputs without a place", homeless, "map each to its s3:// prefix", "output-without-place")
        )
    return found
