"""What SageMaker has to read, write, pull and decrypt to serve a request: found by the names of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.late_bound import is_jsonata, is_token
from constructs_sm.rendering import LATE, join
from constructs_sm.s3 import S3Location, bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.rendering import Rendered

_S3 = re.compile(r"(S3Uri|S3OutputPath|S3FailurePath|ModelDataUrl)$")
_HOLDS_ACCESS = re.compile(
    r"(^|\.)(InputDataConfig|OutputDataConfig|AlgorithmSpecification|AppSpecification|ProcessingInputs|"
    r"ProcessingOutputConfig|TransformInput|TransformOutput|PrimaryContainer|Containers|TrainingJobDefinitions?|"
    r"InputConfig|OutputConfig|CheckpointConfig|(S3)?DataSource|S3Input|S3Output|Outputs|ModelDataSource)(\[\d+\])?$"
)
"""Structures that hold data or an image: known at run time only, they cannot be looked into."""
_IMAGE = re.compile(r"(^|\.)(TrainingImage|ImageUri|Image|RuleEvaluatorImage)$")
_KEY = re.compile(r"KmsKeyId$")
_WRITTEN = re.compile(r"Output|Destination|Failure|Checkpoint|DataCapture")
_READ_BACK = re.compile(r"Checkpoint|AthenaDataset|RedshiftDataset")
_OF_THE_CONTAINER = re.compile(r"^(.*\.)?(Environment|HyperParameters|StaticHyperParameters)\.")
"""What the user's code makes of a value that looks like an S3 URI is not known."""


@dataclass(slots=True)
class Access:
    """Everything of one request, spelled as in it; `unknown` names the fields that are known at run time only."""

    reads: list[S3Location] = field(default_factory=list)
    writes: list[S3Location] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    repository_arns: list[str] = field(default_factory=list)
    volume_keys: list[str] = field(default_factory=list)
    output_keys: list[str] = field(default_factory=list)
    in_vpc: bool = False
    unknown: list[str] = field(default_factory=list)


def access_of(rendered: Rendered) -> Access:
    """What SageMaker needs access to for *rendered*."""
    access = Access()
    for path, value, late in _leaves(rendered.request, ""):
        known = rendered.objects.get(path)
        if _OF_THE_CONTAINER.match(path):
            continue
        if late and _HOLDS_ACCESS.search(path):
            access.unknown.append(path)
        elif _S3.search(path) or isinstance(known, S3Location):
            _s3(access, path, known or S3Location(value, None if late else value))
        elif _IMAGE.search(path):
            _image(access, path, value, known, late=late)
        elif _KEY.search(path) and not late:
            (access.volume_keys if "Volume" in path else access.output_keys).append(value)
        elif "VpcConfig" in path:
            access.in_vpc = True
    return access


def _s3(access: Access, path: str, location: S3Location) -> None:
    if location.within is None or bucket_and_prefix(location.within) is None:
        access.unknown.append(path)
        return
    written = _WRITTEN.search(path) is not None
    if written:
        access.writes.append(location)
    if not written or _READ_BACK.search(path):
        access.reads.append(location)


def _image(access: Access, path: str, value: str, repository: Any, *, late: bool) -> None:
    if repository is not None:
        access.repository_arns.append(repository.repository_arn)
    elif late or (is_token(value) and ".dkr.ecr." not in value):
        access.unknown.append(path)
    else:
        access.images.append(value)


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
