"""Fields that the requests of several jobs have, from the types a CDK user has at hand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.late_bound import (
    TOKEN,
    Computed,
    is_json_path,
    is_jsonata,
    is_late_bound,
    is_token,
    unmarked,
)
from constructs_sm.language.offering import offers
from constructs_sm.requests.rendering import Structure, Verbatim
from constructs_sm.task.network import OwnSecurityGroup
from constructs_sm.values.outputs import JobOutput

from aws_cdk import Duration, Size, SizeRoundingBehavior, Token
from aws_cdk.aws_stepfunctions import JsonPath, QueryLanguage

if TYPE_CHECKING:
    from constructs_sm.images import SageMakerImage
    from constructs_sm.task.job import JobArguments

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_ecr_assets as ecr_assets
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sns as sns

Image: TypeAlias = Union[str, "SageMakerImage", "ecr.IRepository", "ecr_assets.DockerImageAsset"]
"""A container image: its URI, one of `images`, a repository (its `latest`), or an image built from a folder. ECR pull
follows from it."""
InstanceType: TypeAlias = Union[str, "ec2.InstanceType"]
"""An instance type in SageMaker's spelling (`ml.m5.xlarge`) or the CDK's; late-bound strings too."""
Key: TypeAlias = Union[str, "kms.IKey"]
Function: TypeAlias = Union[str, "lambda_.IFunction"]
"""A Lambda function, or its ARN."""
Topic: TypeAlias = Union[str, "sns.ITopic"]
"""An SNS topic, or its ARN."""
Scalar: TypeAlias = str | int | float | bool | Verbatim
"""A text, number or boolean; `Verbatim` is a text that Step Functions would read, and is not to."""
Numeric: TypeAlias = int | float | str
"""A number; late-bound as a string, or as a number token of the CDK, which is a float."""
Flag: TypeAlias = bool | str
"""A boolean; a string is late-bound."""
Time: TypeAlias = Union["Duration", str]
"""A string is late-bound, and holds the number the API wants: seconds, mostly."""
Storage: TypeAlias = Union["Size", str]
"""A string is late-bound, and holds GiB."""
Texts: TypeAlias = Mapping[str, Scalar] | str
"""Scalars by name: SageMaker gets strings. A string is late-bound, and holds them all."""
HyperParameters: TypeAlias = Mapping[str, Scalar | Sequence[Any] | Mapping[str, Any]] | str
"""The same; with code of one's own also lists and mappings, which the script gets as JSON."""
TextList: TypeAlias = Sequence[Scalar] | str
"""Scalars: SageMaker gets strings. Each may be late-bound; so may all, as one string: `States.Array('--rows', $.rows)`,
`$.arguments`, JSONata."""
Subnets: TypeAlias = Union["ec2.SubnetSelection", Sequence[Union[str, "ec2.ISubnet"]]]
SecurityGroups: TypeAlias = Sequence[Union[str, "ec2.ISecurityGroup"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentConfig(Structure):
    """The experiment that a job is a trial component of.

    Attributes:
        experiment_name: One that exists.
        trial_name: One that exists. SageMaker's default: a new one.
        trial_component_display_name: SageMaker's default: the name of the trial component.
        run_name: The run of the experiment.
    """

    experiment_name: str | None = None
    trial_name: str | None = None
    trial_component_display_name: str | None = None
    run_name: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "ExperimentName": self.experiment_name,
            "TrialName": self.trial_name,
            "TrialComponentDisplayName": self.trial_component_display_name,
            "RunName": self.run_name,
        }


def texts(values: Any) -> Any:
    """Scalars as the strings the API wants: `True` is `true`, numbers as Python writes them."""
    return {name: _text(value) for name, value in values.items()} if isinstance(values, Mapping) else values


def _text(value: Any) -> Any:  # noqa: PLR0911  (one for each kind of value)
    if isinstance(value, JobOutput):
        return value.as_text()
    if value is None:
        # It would be left out unseen.
        return NOTHING
    if isinstance(value, float) and not math.isfinite(value):
        # The API has no spelling for it, which is said when the request is made.
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_token(value):
        # What comes later may be a number.
        text = token_text(value)
        if text is None:
            return value
        # Within a longer text a path cannot stand, which is said when the request is checked.
        whole = TOKEN.fullmatch(text) is not None
        return JsonPath.format("{}", text) if whole and JsonPath.is_encoded_json_path(text) else text
    if is_jsonata(value):
        return f"{{% $string({unmarked(value)}) %}}"
    if isinstance(value, str):
        return f"States.Format('{{}}', {value})" if is_json_path(value) and value.startswith("$") else value
    return str(value) if isinstance(value, (int, float)) else value


def token_text(value: Any) -> str | None:
    """Spell a token as a text; None if it is a number that Python has made of one, which the request refuses."""
    if isinstance(value, str):
        return value
    try:
        return Token.as_string(value)
    except RuntimeError:
        return None


def text_list(values: TextList | None) -> Any:
    """Scalars as the strings the API wants, in a list; what is no list as it is."""
    if not isinstance(values, (list, tuple)) or is_token(values):
        return values
    return [_text(value) for value in values]


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    """Tags as SageMaker lists them; of an output, which may be a number, the text."""
    if not isinstance(tags, Mapping):
        return tags
    said = {key: value.as_text() if isinstance(value, JobOutput) else value for key, value in tags.items()}
    return [{"Key": key, "Value": value} for key, value in said.items()]


def named(values: Any, argument: str, problems: list[Problem]) -> Mapping[str, Any]:
    """*values*, or a problem if they are no mapping."""
    if values is None or isinstance(values, Mapping):
        return values or {}
    problems.append(
        Problem(f"{argument} must be a mapping", values, "pass a dict from names to values", "argument-type")
    )
    return {}


def instance(instance_type: Any) -> Any:
    """The instance type in SageMaker's spelling."""
    if instance_type is None or isinstance(instance_type, str) or not offers(instance_type, "architecture"):
        return instance_type
    return f"ml.{instance_type.to_string()}"


def seconds(duration: Any) -> Any:
    """A Duration in seconds; anything else as it is, for SageMaker's model to judge."""
    if not isinstance(duration, Duration):
        return duration
    found = seconds_of(duration)
    return _converted(duration, "to_seconds") if found is None else found


def milliseconds(duration: Any) -> Any:
    """A Duration in milliseconds; anything else as it is, for SageMaker's model to judge."""
    return _converted(duration, "to_milliseconds") if isinstance(duration, Duration) else duration


def gibibytes(size: Any) -> Any:
    """A Size in GiB; anything else as it is, for SageMaker's model to judge."""
    return _converted(size, "to_gibibytes") if isinstance(size, Size) else size


def mebibytes(size: Any) -> Any:
    """A Size in MiB, which SageMaker calls MB; anything else as it is, for SageMaker's model to judge."""
    return _converted(size, "to_mebibytes") if isinstance(size, Size) else size


def minutes(duration: Any) -> Any:
    """A Duration in minutes; anything else as it is, for SageMaker's model to judge."""
    return _converted(duration, "to_minutes") if isinstance(duration, Duration) else duration


def switch(value: Any, on: str, off: str) -> Any:
    """A boolean as SageMaker spells it in this field; anything else as it is, for SageMaker's model to judge."""
    return {True: on, False: off}[value] if isinstance(value, bool) else value


def each(values: Any, field: str) -> Any:
    """A list of structures of one field; anything else as it is, for SageMaker's model to judge."""
    return [{field: value} for value in values] if isinstance(values, (list, tuple)) else values


def listed(values: Any) -> Any:
    """Items of a list; none of what is no list, for SageMaker's model to judge."""
    return values if isinstance(values, (list, tuple)) else ()


def cluster(
    instance_type: InstanceType | None, instance_count: Numeric | None, volume_size: Storage | None, key: Key | None
) -> dict[str, Any]:
    """The fields of a cluster of one instance type: ResourceConfig, ClusterConfig."""
    return {
        "InstanceType": instance(instance_type),
        "InstanceCount": instance_count,
        "VolumeSizeInGB": gibibytes(volume_size),
        "VolumeKmsKeyId": key,
    }


CLUSTER = {"InstanceCount": 1, "VolumeSizeInGB": 30}
"""Defaults of a cluster."""
STOPPING = {"MaxRuntimeInSeconds": 3600}
"""Defaults of a StoppingCondition: a job that hangs costs an hour."""


def first(*values: Any) -> Any:
    """The first value that is given."""
    return next((value for value in values if value is not None), None)


@lru_cache(1024)
def _converted(value: Any, conversion: str) -> Any:
    """Convert an amount. Asked once of an amount that many jobs have, since it goes over the bridge."""
    convert = getattr(value, conversion)
    try:
        return convert()
    except RuntimeError:
        # Not whole: SageMaker's model says so of the number.
        return convert(**_IN_PART[type(value)])


_IN_PART: dict[type, dict[str, Any]] = {Duration: {"integral": False}, Size: {"rounding": SizeRoundingBehavior.NONE}}


def vpc_config(
    vpc: ec2.IVpc | None, subnets: Subnets | None, security_groups: SecurityGroups | None, problems: list[Problem]
) -> dict[str, Any] | None:
    """VpcConfig; its subnets are the private ones of *vpc*, a selection of its, or the ones listed.

    Where no groups are given, a group of the job's own stands there, which the job makes once nothing is wrong.
    """
    if vpc is None and subnets is None and security_groups is None:
        return None
    if vpc is not None and not offers(vpc, "select_subnets"):
        problems.append(_no_vpc(vpc))
        return None
    # What is no list is left for SageMaker's model to judge.
    groups: Any = [] if security_groups is None else security_groups
    if security_groups is None and vpc is not None:
        groups = [OwnSecurityGroup(vpc)]
    elif not security_groups:
        problems.append(
            Problem(
                "a job in a VPC needs security groups",
                security_groups,
                "pass security_groups=[...], or vpc= for a group of its own",
                "vpc-needs-security-groups",
            )
        )
        groups = REFUSED
    return {"SecurityGroupIds": groups, "Subnets": _subnets(vpc, subnets, problems)}


def _subnets(vpc: ec2.IVpc | None, subnets: Subnets | None, problems: list[Problem]) -> Any:
    if is_json_path(subnets) or is_jsonata(subnets):
        return subnets
    if isinstance(subnets, Sequence) and not isinstance(subnets, str):
        return list(subnets)
    if vpc is None:
        problems.append(_no_vpc(subnets))
        return REFUSED
    selection = {name: getattr(subnets, name, None) for name in _SELECTION}
    return list(vpc.select_subnets(**selection).subnet_ids)


def may_be_key(key: object) -> bool:
    """Tell whether a value can name a key, now or later."""
    if isinstance(key, str):
        return is_late_bound(key) or _KEY.fullmatch(key) is not None
    return offers(key, "key_arn")


def _no_vpc(got: Any) -> Problem:
    use = "pass vpc, an ec2.IVpc, or a list of subnets"
    return Problem("subnets of no VPC", got, use, "subnets-need-vpc")


_KEY = re.compile(r"[a-zA-Z0-9:/_-]*")
"""As SageMaker's model has it."""
REFUSED = Computed()
"""In place of what has been refused: SageMaker's model judges it no further."""
_SELECTION = ("availability_zones", "one_per_az", "subnet_filters", "subnet_group_name", "subnets", "subnet_type")


def asks_for_jsonata(arguments: JobArguments) -> bool:
    """Tell whether the job is to be written in JSONata."""
    return arguments.get("query_language") is QueryLanguage.JSONATA
