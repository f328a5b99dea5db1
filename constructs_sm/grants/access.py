"""Data, images, keys and interfaces that SageMaker needs to serve a request: found by the names of its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.marketplace import is_bought
from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.language.paths import INDEX
from constructs_sm.requests.model_check import fields_below
from constructs_sm.values.s3 import S3Location, bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.actions import Action
    from constructs_sm.requests.request import Fields, Request

_S3 = re.compile(r"(S3Uri|S3OutputPath|S3OutputLocation|S3FailurePath|ModelDataUrl|ShapBaselineUri)$")
_IMAGE = re.compile(r"(^|\.)(TrainingImage|ImageUri|Image|RuleEvaluatorImage)$")
_KEY = re.compile(r"KmsKeyId$")
_VPC = re.compile(r"(^|\.)VpcConfig(\.|$)")
_WRITTEN = re.compile(r"Output|Destination|Failure|Checkpoint|DataCapture")
# Ground Truth consolidates what it has written to its output.
_READ_BACK = re.compile(r"Checkpoint|AthenaDataset|RedshiftDataset|^OutputConfig\.S3OutputPath$")
_LOCATED = re.compile(r"^(InputConfig\.DataSource\.S3DataSource|OutputConfig)\.|AthenaDataset")
"""Fields of buckets whose Region is asked for first."""
_OF_THE_CALLER = re.compile(r"^KmsKeyId$")
"""An endpoint's volumes: whoever calls the API makes the grant on the key."""
_OF_THE_CONTAINER = re.compile(r"^(.*\.)?(Environment|HyperParameters|StaticHyperParameters)\.")
"""Fields that the user's code reads: what it makes of a value like an S3 URI is not known."""
_CODE = re.compile(r"\.(sagemaker_submit_directory|SAGEMAKER_SUBMIT_DIRECTORY)$")
"""But this the containers of AWS fetch, under the execution role."""
_PLAN = re.compile(r"(^|\.)TrainingPlanArns?(\[\d+\])?$")
_SHOWN_ELSEWHERE = re.compile(
    r"(^|\.)(AlgorithmSpecification\.AlgorithmName|ModelPackageName|ModelPackageGroupArn|SourceModelPackageArn"
    r"|BaseModelArn|EvaluatorArn|MlflowResourceArn|DatasetArn)$"
)
"""Names of resources that hold images, data or models of their own: what those need, the request does not show."""
_HAS_IMAGES = re.compile(r"(AlgorithmName|ModelPackageName)$")
_PASSES_ITSELF = re.compile(r"^LabelingJobAlgorithmsConfig\.LabelingJobAlgorithmSpecificationArn$")
"""Automated labeling trains and predicts in jobs that run under the labeling job's role."""


class Use(Enum):
    """Uses that SageMaker makes of a resource that a field names, apart from data, images and keys."""

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
    read_back: list[S3Location] = field(default_factory=list)
    """Folders that are written and read."""
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
    plans: list[str] = field(default_factory=list)
    """Training plans, `*` for one that comes at run time: the caller needs them, not the execution role."""
    unknown: list[str] = field(default_factory=list)

    def is_shown(self, path: str, elsewhere: Access) -> None:
        """Take what a field names from the request that has made it, as a model package of the same pipeline."""
        self.unknown.remove(path)
        self.reads += elsewhere.reads
        self.images += elsewhere.images
        self.repository_arns += elsewhere.repository_arns

    def is_said(self, places: Sequence[S3Location]) -> None:
        """Take the places that fields known at run time lead to, as somebody has said them."""
        self.reads += places
        if places:
            self.unknown = [path for path in self.unknown if not _is_read(path)]


def _is_read(path: str) -> bool:
    kind = _kind(path)
    return kind is _Kind.CODE or (kind is _Kind.S3 and not _WRITTEN.search(path))


def access_of(action: Action, request: Request) -> Access:
    """Find what SageMaker needs access to for *request*, indexed, to *action*."""
    access = Access()
    operation, name_field = action.operation, action.name_field
    for path, value in request.leaves.items():
        late = isinstance(value, Computed)
        known = request.objects.get(path)
        kind = _kind(path)
        needed = late or kind is not None or known is not None
        if not needed or kind is _Kind.OF_THE_CONTAINER or not isinstance(value, str):
            continue
        if late and path != name_field and _holds_access(operation, path):
            access.unknown.append(path)
        elif kind is _Kind.CODE:
            _code(access, path, value, known)
        elif isinstance(known, S3Location) or kind is _Kind.S3:
            _s3(access, path, known or S3Location(value, None if late else value))
        elif kind is not None:
            _leaf(access, path, kind, value, known)
    _sources(access, request)
    return access


class _Kind(Enum):
    """Kinds of what a field names, in the order in which they are asked."""

    CODE = _CODE
    OF_THE_CONTAINER = _OF_THE_CONTAINER
    S3 = _S3
    IMAGE = _IMAGE
    KEY = _KEY
    VPC = _VPC
    PASSES_ITSELF = _PASSES_ITSELF
    USE = re.compile("|".join(f"(?:{use.value.pattern})" for use in Use))
    PLAN = _PLAN
    SHOWN_ELSEWHERE = _SHOWN_ELSEWHERE


@lru_cache(4096)
def _kind(path: str) -> _Kind | None:
    """Tell what a field names that is needed. Most jobs have the same fields, so it is asked once."""
    return next((kind for kind in _Kind if kind.value.search(path)), None)


@lru_cache(4096)
def named_at(operation: str, path: str) -> frozenset[str]:
    """Tell what a field names: `image` of what runs itself, `read` and `written` of places in S3.

    Of a structure, what its fields name.
    """
    below = fields_below(operation, path)
    if below:
        return frozenset(each for field_path in below for each in named_at(operation, field_path))
    kind = _kind(path)
    if kind is _Kind.IMAGE or (kind is _Kind.SHOWN_ELSEWHERE and _HAS_IMAGES.search(path)):
        return frozenset({"image"})
    if kind not in {_Kind.S3, _Kind.CODE}:
        return frozenset()
    written = _WRITTEN.search(path) is not None
    read = not written or _READ_BACK.search(path) is not None
    return frozenset((*(["read"] if read else ()), *(["written"] if written else ())))


def _leaf(access: Access, path: str, kind: _Kind, value: Any, known: Any) -> None:
    late = isinstance(value, Computed)
    if kind is _Kind.IMAGE:
        _image(access, path, value, known)
    elif kind is _Kind.KEY:
        if not late:
            _keys(access, path).append(value)
    elif kind is _Kind.VPC:
        access.in_vpc = True
    elif kind is _Kind.PASSES_ITSELF:
        access.passes_itself = True
    elif kind is _Kind.PLAN:
        access.plans.append("*" if late else value)
    elif kind is _Kind.USE and not late:
        access.uses.append((next(use for use in Use if use.value.search(path)), value))
    elif not is_bought(value):
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
        access.writes.append(location.folder())
    if not written or _READ_BACK.search(path):
        (access.read_back if written else access.reads).append(location)
    if _LOCATED.search(path):
        access.located.append(location)


def _code(access: Access, path: str, value: str, known: Any) -> None:
    # As a hyperparameter it may stand in quotes.
    uri = value.strip('"')
    if isinstance(known, S3Location):
        _s3(access, path, known)
    elif isinstance(value, Computed) or (is_token(uri) and not uri.startswith("/") and bucket_and_prefix(uri) is None):
        access.unknown.append(path)
    elif bucket_and_prefix(uri) is not None:
        _s3(access, path, S3Location(uri, uri))


def _image(access: Access, path: str, value: str, repository: Any) -> None:
    if repository is not None:
        access.repository_arns.append(repository.repository_arn)
    elif isinstance(value, Computed) or (is_token(value) and ".dkr.ecr." not in value):
        access.unknown.append(path)
    else:
        access.images.append(value)


def _sources(access: Access, request: Request) -> None:
    found = [
        (structure, path, Source(name))
        for at, structures in request.structures.items()
        if (name := at.rpartition(".")[2]) in _SOURCES
        for structure, path in structures
    ]
    # In the order of the request, which has sources of several kinds in one list.
    for structure, path, source in sorted(found, key=lambda one: [int(index) for index in INDEX.findall(one[1])]):
        _source(access, path, source, structure)


def _source(access: Access, path: str, source: Source, structure: Fields) -> None:
    known = {name: value for name, value in structure.items() if not isinstance(value, Computed)}
    named = _NAMED_BY[source]
    access.unknown += [f"{path}.{name}" for name in named if name in structure and name not in known]
    if all(name in known for name in named):
        access.sources.append((source, known))


_SOURCES = {source.value for source in Source}
_NAMED_BY = {
    Source.FILE_SYSTEM: ("FileSystemId", "FileSystemType"),
    Source.ATHENA: ("Database",),
    Source.REDSHIFT: ("ClusterId", "Database", "DbUser"),
}
_NEEDED = (_S3, _IMAGE, _KEY, _PASSES_ITSELF, re.compile(r"VpcConfig\."), *(use.value for use in Use))


@lru_cache(1024)
def _holds_access(operation: str, path: str) -> bool:
    """Tell whether a field known at run time only is a structure with something in it that is needed."""
    return any(pattern.search(leaf) for leaf in fields_below(operation, path) for pattern in _NEEDED)
