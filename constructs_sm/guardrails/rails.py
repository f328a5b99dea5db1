"""The table: one row a rail, with the fields that it reads, its limit, and the condition key that AWS has for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from constructs_sm.actions import ACTIONS
from constructs_sm.grants.sagemaker_keys import ROWS, paths_of
from constructs_sm.guardrails.costs import costs
from constructs_sm.guardrails.further_apis import is_keyed, named
from constructs_sm.guardrails.kinds import FREE, REQUIRED, Among, AtMost, Flag, Kind, Place, Tags, There, Without
from constructs_sm.guardrails.reading import found, parts
from constructs_sm.rules import guardrail_rules as rules
from constructs_sm.rules.instances import has_local_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.grants.sagemaker_keys import Row
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.guardrails.patterns import Spelling
    from constructs_sm.guardrails.reading import Part
    from constructs_sm.rules.rule import Rule

_OURS: Final = frozenset(action.operation for action in ACTIONS)
_DAY: Final = 86_400
_CONFIG: Final = "CreateEndpointConfig"
_DEFINITIONS: Final = ("TrainingJobDefinition", "TrainingJobDefinitions.*")
_VARIANTS: Final = ("ProductionVariants.*", "ShadowProductionVariants.*")
_LABELING: Final = "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rail:
    """One rail.

    Attributes:
        rule: The rule that is broken beyond it, by whose id exceptions are made.
        kind: What it makes of a value.
        key: The condition key that IAM limits it by, without its prefix; empty if AWS has none.
        paths: Fields that it reads besides those of the key, `*` for each item of a list.
        names: In place of paths: all fields that name an `image`, or a place that is `read` or `written`.
        absent: The value that AWS takes where the field is absent, `REQUIRED` or `FREE`.
        excused: Tells if a structure without the field is within the limit nevertheless; None where that comes later.
        unless: By API, another key: with it, a call without the first is not beyond the limit.
        total: Values that count together: those of the instance `groups` of a job, or the largest of each of the
            `variants`.
        derived: Makes the values of several fields, in place of reading one.
        only: The APIs that it is for; empty: all that have the fields.
    """

    rule: Rule
    kind: Kind
    key: str = ""
    paths: tuple[str, ...] = ()
    names: str = ""
    absent: Any = REQUIRED
    excused: Callable[[Mapping[str, Any]], bool | None] | None = None
    unless: tuple[tuple[str, str], ...] = ()
    total: Literal["", "groups", "variants"] = ""
    derived: Callable[[Limits, str, Mapping[str, Any], Spelling], Iterator[tuple[str, Any]]] | None = None
    only: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The line of the guardrails that it is of."""
        return self.kind.line

    def is_enforced(self, operation: str) -> bool:
        """Tell if AWS has the condition key for *operation*."""
        return any(part.keyed for part in fields_of(self, operation))

    def condition_key(self) -> str:
        """The condition key with its prefix; of tags, the beginning of the keys."""
        return self.key if ":" in self.key else f"sagemaker:{self.key}"


@cache
def fields_of(rail: Rail, operation: str) -> tuple[Part, ...]:
    """The fields of a request that a rail reads."""
    if rail.names or not _is_asked(rail, operation):
        return ()
    of_key = _fields_of_key(rail, operation)
    if operation in _OURS or rail.derived is not None:
        return parts(operation, of_key, rail.paths)
    if is_keyed(rail.key, operation):
        return parts(operation, of_key, rail.paths, named(rail.line, operation))
    return parts(operation, (), (*of_key, *rail.paths), named(rail.line, operation))


def _fields_of_key(rail: Rail, operation: str) -> tuple[str, ...]:
    if not rail.key:
        return ()
    if rail.key not in _ROWS:
        return rail.paths
    rows = [row for row in _ROWS[rail.key] if not row.only or operation in row.only]
    return tuple(path for row in rows for path in paths_of(row, operation))


def _is_asked(rail: Rail, operation: str) -> bool:
    return not rail.only or operation in rail.only


_ROWS: Final[dict[str, list[Row]]] = {}
for _row in ROWS:
    _ROWS.setdefault(_row.names[0], []).append(_row)


def _of_trainings(*paths: str) -> tuple[str, ...]:
    """Fields of a training job, and of each definition of a tuning job."""
    return tuple(f"{within}{path}" for path in paths for within in ("", *(f"{each}." for each in _DEFINITIONS)))


def _is_version(package: Mapping[str, Any]) -> bool:
    """Tell if a package is a version of a group, whose tags it has; it may not name any."""
    return "ModelPackageGroupName" in package


def _is_serverless(variant: Mapping[str, Any]) -> bool:
    return "ServerlessConfig" in variant


def _names_models(config: Mapping[str, Any]) -> bool | None:
    """Tell if every variant has a model of its own, which says in which network it runs."""
    variants = [variant for name in _VARIANTS for _, variant in found(config, tuple(name.split(".")))]
    known = [variant for variant in variants if not isinstance(variant, str)]
    if not variants or any("ModelName" not in variant for variant in known):
        return False
    return True if len(known) == len(variants) else None


def _on_local_storage(part: Mapping[str, Any]) -> bool:
    """Tell if all instances of a job or endpoint have local storage, for which SageMaker takes no key."""
    paths = [path for row in _ROWS["InstanceTypes"] for path in row.paths if "RuleConfigurations" not in path]
    steps = [tuple(path.split(".")) for path in paths]
    types = [value for each in steps for _, value in found(part, each)]
    return bool(types) and all(map(has_local_storage, types))


_NETWORK: Final[dict[str, Any]] = {"excused": _names_models, "unless": ((_CONFIG, "ModelArn"),)}
RAILS: Final = (
    Rail(
        rule=rules.TYPES,
        kind=Among("instance_types", several=True),
        key="InstanceTypes",
        paths=("InputConfig.EndpointConfigurations.*.InstanceType", "DeploymentInstanceType"),
        excused=_is_serverless,
        unless=((_CONFIG, "ServerlessMaxConcurrency"),),
    ),
    Rail(
        rule=rules.COUNT,
        kind=AtMost("most_instances", "instances"),
        paths=(
            *_of_trainings(
                "ResourceConfig.InstanceCount",
                "ResourceConfig.InstanceGroups.*.InstanceCount",
                "ResourceConfig.InstancePreferences.*.InstanceCount",
                "HyperParameterTuningResourceConfig.InstanceCount",
                "HyperParameterTuningResourceConfig.InstanceConfigs.*.InstanceCount",
            ),
            "ProcessingResources.ClusterConfig.InstanceCount",
            "ProcessingResources.ClusterConfig.InstancePreferences.*.InstanceCount",
            "TransformResources.InstanceCount",
        ),
        absent=1,
        total="groups",
    ),
    Rail(
        rule=rules.RUNTIME,
        kind=AtMost("longest_runtime", "seconds"),
        key="MaxRuntimeInSeconds",
        absent=_DAY,
    ),
    Rail(
        rule=rules.SUBNETS,
        kind=Among("subnets", several=True),
        key="VpcSubnets",
        paths=(f"{_LABELING}.VpcConfig.Subnets.*",),
        **_NETWORK,
    ),
    Rail(
        rule=rules.GROUPS,
        kind=Among("security_groups", several=True),
        key="VpcSecurityGroupIds",
        paths=(f"{_LABELING}.VpcConfig.SecurityGroupIds.*",),
        **_NETWORK,
    ),
    Rail(
        rule=rules.VOLUME_KEY,
        kind=Among("volume_keys", operator="ArnNotLike"),
        key="VolumeKmsKey",
        excused=_on_local_storage,
    ),
    Rail(
        rule=rules.OUTPUT_KEY,
        kind=Among("output_keys", operator="ArnNotLike"),
        key="OutputKmsKey",
        paths=(
            "DataCaptureConfig.KmsKeyId",
            "AsyncInferenceConfig.OutputConfig.KmsKeyId",
            *(f"{variant}.CoreDumpConfig.KmsKeyId" for variant in _VARIANTS),
        ),
    ),
    Rail(
        rule=rules.ISOLATION,
        kind=Flag("network_isolation", "EnableNetworkIsolation"),
        key="NetworkIsolation",
        absent=False,
        **_NETWORK,
    ),
    Rail(
        rule=rules.ENCRYPTION,
        kind=Flag("traffic_encryption", "EnableInterContainerTrafficEncryption"),
        key="InterContainerTrafficEncryption",
        absent=False,
    ),
    Rail(rule=rules.IMAGES, kind=Among("images"), names="image", absent=FREE),
    Rail(rule=rules.TAGS, kind=Tags(), key="aws:RequestTag/", paths=("Tags",), excused=_is_version),
    Rail(rule=rules.INPUTS, kind=Place("inputs"), names="read", absent=FREE),
    Rail(rule=rules.OUTPUTS, kind=Place("outputs", folder=True), names="written", absent=FREE),
    Rail(
        rule=rules.SPOT,
        kind=Flag("spot", "EnableManagedSpotTraining"),
        paths=_of_trainings("EnableManagedSpotTraining"),
        absent=False,
    ),
    Rail(
        rule=rules.TEAMS,
        kind=Without("public_work_teams", ":workteam/public-crowd/", "public-crowd", "use a team of your own"),
        key="WorkteamType",
        absent=FREE,
    ),
    Rail(
        rule=rules.ENDPOINT_COUNT,
        kind=AtMost("most_endpoint_instances", "instances"),
        paths=(
            *(f"{variant}.InitialInstanceCount" for variant in _VARIANTS),
            *(f"{variant}.ManagedInstanceScaling.MaxInstanceCount" for variant in _VARIANTS),
            "DesiredWeightsAndCapacities.*.DesiredInstanceCount",
            "ModelVariants.*.InfrastructureConfig.RealTimeInferenceConfig.InstanceCount",
            "MaxCapacity",
            "ScalableTargetAction.MaxCapacity",
        ),
        absent=FREE,
        total="variants",
    ),
    Rail(
        rule=rules.ENDPOINT_VPC,
        kind=There("public_endpoints", there=True, fix="give it a VpcConfig"),
        key="VpcSubnets",
        only=("CreateModel", _CONFIG),
        **_NETWORK,
    ),
    Rail(
        rule=rules.SERVERLESS,
        kind=There("public_endpoints", there=False, fix="give the variant instances"),
        key="ServerlessMaxConcurrency",
        only=(_CONFIG,),
        absent=FREE,
    ),
    Rail(
        rule=rules.BUDGET,
        kind=AtMost("budget", "by your rates, instances times longest runtime; each type needs a rate"),
        paths=(*_of_trainings("StoppingCondition"), "ProcessingResources.ClusterConfig"),
        derived=costs,
        absent=FREE,
        only=("CreateTrainingJob", "CreateProcessingJob", "CreateHyperParameterTuningJob"),
    ),
)
