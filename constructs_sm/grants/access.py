"""What SageMaker has to read, write, pull, call and decrypt to serve a request: found by the names of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from constructs_sm.language.fields import join, spelled
from constructs_sm.language.late_bound import LATE, is_jsonata, is_token
from constructs_sm.requests.model_check import fields_below
from constructs_sm.values.s3 import S3Location, bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.actions import Action
    from constructs_sm.requests.rendering import Rendered

_S3 = re.compile(r"(S3Uri|S3OutputPath|S3OutputLocation|S3FailurePath|ModelDataUrl|ShapBaselineUri)$")
_IMAGE = re.compile(r"(^|\.)(TrainingImage|ImageUri|Image|RuleEvaluatorImage)$")
_KEY = re.compile(r"KmsKeyId$")
_VPC = re.compile(r"(^|\.)VpcConfig(\.|$)")
_WRITTEN = re.compile(r"Output|Destination|Failure|Checkpoint|DataCapture")
# Ground Truth consolidates what it has written to its output.
_READ_BACK = re.compile(r"Checkpoint|AthenaDataset|RedshiftDataset|^OutputConfig\.S3OutputPath$")
_LOCATED = re.compile(r"^(InputConfig\.DataSource\.S3DataSource|OutputConfig)\.|AthenaDataset")
"""Where the Region of a bucket is asked for first."""
_OF_THE_CALLER = re.compile(r"^KmsKeyId$")
"""An endpoint's volumes: whoever calls the API makes the grant on the key."""
_OF_THE_CONTAINER = re.compile(r"^(.*\.)?(Environment|HyperParameters|StaticHyperParameters)\.")
"""What the user's code makes of a value that looks like an S3 URI is not known."""
_CODE = re.compile(r"\.(sagemaker_submit_directory|SAGEMAKER_SUBMIT_DIRECTORY)$")
"""But this the containers of AWS fetch, under the execution role."""
_SHOWN_ELSEWHERE = re.compile(
    r"(^|\.)(AlgorithmSpecification\.AlgorithmName|ModelPackageName|ModelPackageGroupArn|SourceModelPackageArn"
    r"|BaseModelArn|EvaluatorArn|MlflowResourceArn|DatasetArn)$"
)
"""Names of resources that hold images, data or models of their own: what those need, the request does not show."""
_PASSES_ITSELF = re.compile(r"^LabelingJobAlgorithmsConfig\.LabelingJobAlgorithmSpecificationArn$")
"""Automated labeling trains and predicts in jobs that run under the labeling job's role."""


class Use(Enum):
    """What SageMaker does with a resource that a field names, apart from data, images and keys."""

    CALL = re.compile(r"(PreHumanTaskLambdaArn|AnnotationConsolidationLambdaArn|CredentialsProviderArn)$")
    PUBLISH = re.compile(r"(SuccessTopic|ErrorTopic|^OutputConfig\.SnsTopicArn)$")
    SUBSCRIBE = re.compile(r"SnsDataSource\.SnsTopicArn$")
    PUT_RECORDS = re.compile(r"FeatureStoreOutput\.FeatureGroupName$")
    DESCRIBE_HUB_CONTENT = re.compile(r"HubContentArn$")


class Source(Enum):
    """A structure whose fields together say where data comes from, that is not S3."""

    FILE_SYSTEM = "FileSystemDataSource"
    ATHENA = "AthenaDatasetDefinition"
    REDSHIFT = "RedshiftDatasetDefinition"


@dataclass(slots=True)
class Access:
    """Everything of one request, spelled as in it; `unknown` names the fields that do not show what they need."""

    reads: list[S3Location] = field(default_factory=list)
    writes: list[S3Location] = field(default_factory=list)
    located: list[S3Location] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    repository_arns: list[str] = field(default_factory=list)
    volume_keys: list[str] = field(default_factory=list)
    output_keys: list[str] = field(default_factory=list)
    caller_keys: list[str] = field(default_factory=list)
    uses: list[tuple[Use, str]] = field(default_factory=list)
    sources: list[tuple[Source, dict[str, str]]] = field(default_factory=list)
    in_vpc: bool = False
    passes_itself: bool = False
    unknown: list[str] = field(default_factory=list)


def access_of(action: Action, rendered: Rendered) -> Access:
    """What SageMaker needs access to for *rendered*, a request to *action*."""
    access = Access()
    for path, value, late in _leaves(rendered.request, ""):
        known = rendered.objects.get(path)
        if _OF_THE_CONTAINER.match(path):
            if _CODE.search(path):
                _code(access, path, value, known, late=late)
            continue
        if late and path != action.name_field and _holds_access(action, path):
            access.unknown.append(path)
        else:
            _leaf(access, path, value, known, late=late)
    for path, source, structure in _sources(rendered.request, ""):
        _source(access, path, source, structure)
    return access


def _leaf(access: Access, path: str, value: Any, known: Any, *, late: bool) -> None:
    use = next((use for use in Use if use.value.search(path)), None)
    if _S3.search(path) or isinstance(known, S3Location):
        _s3(access, path, known or S3Location(value, None if late else value))
    elif _IMAGE.search(path):
        _image(access, path, value, known, late=late)
    elif _KEY.search(path):
        if not late:
            _keys(access, path).append(value)
    elif _VPC.search(path):
        access.in_vpc = True
    elif _PASSES_ITSELF.search(path):
        access.passes_itself = True
    elif use is not None and not late:
        access.uses.append((use, value))
    elif use is not None or _SHOWN_ELSEWHERE.search(path):
        access.unknown.append(path)


def _keys(access: Access, path: str) -> list[str]:
    if _OF_THE_CALLER.search(path):
        return access.caller_keys
    return access.volume_keys if "Volume" in path else access.output_keys


def _s3(access: Access, path: str, location: S3Location) -> None:
    if location.within is None or bucket_and_prefix(location.within) is None:
        access.unknown.append(path)
        return
    written = _WRITTEN.search(path) is not None
    if written:
        access.writes.append(location)
    if not written or _READ_BACK.search(path):
        access.reads.append(location)
    if _LOCATED.search(path):
        access.located.append(location)


def _code(access: Access, path: str, value: Any, known: Any, *, late: bool) -> None:
    # As a hyperparameter it may stand in quotes.
    uri = value.strip('"') if isinstance(value, str) else ""
    if isinstance(known, S3Location):
        _s3(access, path, known)
    elif late or (is_token(uri) and not uri.startswith("/") and bucket_and_prefix(uri) is None):
        access.unknown.append(path)
    elif bucket_and_prefix(uri) is not None:
        _s3(access, path, S3Location(uri, uri))


def _image(access: Access, path: str, value: str, repository: Any, *, late: bool) -> None:
    if repository is not None:
        access.repository_arns.append(repository.repository_arn)
    elif late or (is_token(value) and ".dkr.ecr." not in value):
        access.unknown.append(path)
    else:
        access.images.append(value)


def _source(access: Access, path: str, source: Source, structure: Mapping[str, Any]) -> None:
    known = {name: value for name, value in structure.items() if not name.endswith(LATE) and not is_jsonata(value)}
    named = _NAMED_BY[source]
    access.unknown += [join(path, name) for name in named if name not in known and spelled(structure, name)]
    if all(name in known for name in named):
        access.sources.append((source, known))


_NAMED_BY = {
    Source.FILE_SYSTEM: ("FileSystemId", "FileSystemType"),
    Source.ATHENA: ("Database",),
    Source.REDSHIFT: ("ClusterId", "Database", "DbUser"),
}


def _holds_access(action: Action, path: str) -> bool:
    """Whether the field at *path*, known at run time only, is a structure with something in it that is needed."""
    return any(pattern.search(leaf) for leaf in fields_below(action, path) for pattern in _NEEDED)


_NEEDED = (_S3, _IMAGE, _KEY, _PASSES_ITSELF, re.compile(r"VpcConfig\."), *(use.value for use in Use))


def _leaves(value: Any, path: str, *, late: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every leaf with its path, and whether Step Functions computes it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, join(path, key), late=str(key).endswith(LATE))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value, late or is_jsonata(value)


def _sources(value: Any, path: str) -> Iterator[tuple[str, Source, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            here = join(path, key)
            if isinstance(item, Mapping) and key in _SOURCES:
                yield here, Source(key), item
            else:
                yield from _sources(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _sources(item, f"{path}[{index}]")


_SOURCES = {source.value for source in Source}
