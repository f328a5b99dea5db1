"""What SageMaker enforces of a request beyond its model: fields that exclude, require or bound each other.

Each rule says what the descriptions of the API reference say (the model carries them too), or quotes the service.
A rule passes over what is not known at synthesis: it never refuses a request that SageMaker might take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from constructs_sm.errors import NOTHING, Problem
from constructs_sm.instances import has_local_storage
from constructs_sm.late_bound import is_jsonata, is_token
from constructs_sm.rendering import join, spelled

_UNKNOWN = object()
Found = Iterator[Problem]


class Rule(Protocol):
    """Anything that can say what is wrong with a request."""

    def problems(self, request: Mapping[str, Any]) -> Found: ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of some fields, or as many as said, in each structure at a path (`Containers[]`: in each item)."""

    at: str
    of: tuple[str, ...]
    least: int = 1
    most: int = 1
    unless: tuple[str, ...] = ()
    """Fields of the request or of the structure that lift what is required, not what is excluded."""

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            given = [name for name in self.of if _given(structure, name)]
            if len(given) > self.most:
                shown = " and ".join(join(path, name) for name in given)
                yield Problem(f"{shown} exclude each other", given, "give one of them")
            elif len(given) < self.least and not any(spelled(request, n) or spelled(structure, n) for n in self.unless):
                shown = " or ".join(join(path, name) for name in self.of)
                yield Problem(f"{shown} is missing", NOTHING, "SageMaker requires it")


@dataclass(frozen=True, slots=True)
class Excludes:
    """A field beside which others must not stand, though they may stand together."""

    at: str
    field: str
    others: tuple[str, ...]

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            if _given(structure, self.field):
                for other in self.others:
                    if _given(structure, other):
                        what = f"{join(path, self.field)} and {join(path, other)} exclude each other"
                        yield Problem(what, [self.field, other], "give one of them")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that must not be less than another one, where both are given and known."""

    at: str
    greater: str
    less: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            greater, less = _number(structure, self.greater), _number(structure, self.less)
            if greater is not None and less is not None and greater < less:
                what = f"{join(path, self.greater)} must not be less than {self.less}"
                yield Problem(what, f"{greater} < {less}", f"pass {less} or more")


@dataclass(frozen=True, slots=True)
class Needs:
    """A field (dotted: of an inner structure, if that is there) that must be given where another has a value."""

    at: str
    field: str
    where: str
    has: object

    def problems(self, request: Mapping[str, Any]) -> Found:
        *inner, name = self.field.split(".")
        for structure, path in _each(request, self.at):
            if _value(structure, self.where) == self.has:
                for holder, place in _each(structure, ".".join(inner), path):
                    if not spelled(holder, name):
                        what = f"{join(place, name)} is missing"
                        yield Problem(what, NOTHING, f"SageMaker requires it where {self.where} is {self.has}")


@dataclass(frozen=True, slots=True)
class Only:
    """A field (dotted: of an inner structure) that may be given only where another has a value."""

    at: str
    field: str
    where: str
    has: object

    def problems(self, request: Mapping[str, Any]) -> Found:
        *inner, name = self.field.split(".")
        for structure, path in _each(request, self.at):
            if _value(structure, self.where) not in (self.has, _UNKNOWN):
                for holder, place in _each(structure, ".".join(inner), path):
                    key = spelled(holder, name)
                    if key:
                        what = f"{join(place, name)} is for {self.where} {self.has} only"
                        yield Problem(what, holder[key], f"pass {self.where} {self.has}, or leave it out")


@dataclass(frozen=True, slots=True)
class Never:
    """A field (dotted: of an inner structure) that must not be given where another has a value."""

    at: str
    field: str
    where: str
    has: object

    def problems(self, request: Mapping[str, Any]) -> Found:
        *inner, name = self.field.split(".")
        for structure, path in _each(request, self.at):
            if _value(structure, self.where) == self.has:
                for holder, place in _each(structure, ".".join(inner), path):
                    value = _value(holder, name)
                    if value is not None and value is not _UNKNOWN and value != []:
                        what = f"{join(place, name)} does not go with {self.where} {self.has}"
                        yield Problem(what, value, "give one of them")


@dataclass(frozen=True, slots=True)
class Counted:
    """A count that is said either once, beside a list, or in each item of it."""

    at: str
    items: str
    field: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            items = [spelled(item, self.field) for item, _ in _each(structure, f"{self.items}[]", path)]
            once, each = spelled(structure, self.field), any(items)
            if items and len(items) == len(structure[self.items]) and (once is not None) == each:
                what = f"{join(path, self.field)} and that of {self.items} exclude each other"
                missing = f"{join(path, self.field)} is missing"
                use = f"give it once, or in each of {self.items}"
                yield Problem(what if each else missing, structure[once] if once else NOTHING, use)


@dataclass(frozen=True, slots=True)
class Mounted:
    """File systems that are reached through a VPC."""

    at: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            for source, place in _each(structure, "InputDataConfig[].DataSource", path):
                if spelled(source, "FileSystemDataSource") and not spelled(structure, "VpcConfig"):
                    what = f"{join(place, 'FileSystemDataSource')} needs {join(path, 'VpcConfig')}"
                    yield Problem(what, NOTHING, "name the VPC of the file system")


@dataclass(frozen=True, slots=True)
class Among:
    """A field that has one of some values, where another has a given value or always."""

    at: str
    field: str
    values: tuple[object, ...]
    where: str = ""
    has: object = None

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            if self.where and _value(structure, self.where) != self.has:
                continue
            value = _value(structure, self.field)
            if value is not None and value is not _UNKNOWN and value not in self.values:
                shown = " or ".join(str(value) for value in self.values)
                beside = f" where {self.where} is {self.has}" if self.where else ""
                yield Problem(f"{join(path, self.field)} must be {shown}{beside}", value, "change it")


@dataclass(frozen=True, slots=True)
class Form:
    """A string of a form, beyond the pattern in the model."""

    at: str
    field: str
    form: re.Pattern[str]
    use: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            value = _value(structure, self.field)
            if isinstance(value, str) and not self.form.search(value):
                yield Problem(f"{join(path, self.field)} does not have the form SageMaker wants", value, self.use)


@dataclass(frozen=True, slots=True)
class AllOrNone:
    """A field that all items of a list have, or none; not of all such lists together."""

    at: str
    items: str
    field: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            items = list(_each(structure, f"{self.items}[]", path))
            having = [place for item, place in items if spelled(item, self.field)]
            for item, place in items:
                if having and not spelled(item, self.field):
                    what = f"{join(place, self.field)} is missing"
                    yield Problem(what, NOTHING, f"give it everywhere, as in {having[0]}, or nowhere")


@dataclass(frozen=True, slots=True)
class Unique:
    """A field by which the items of a list differ."""

    at: str
    items: str
    field: str

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            seen = set()
            for item, place in _each(structure, f"{self.items}[]", path):
                value = _value(item, self.field)
                if isinstance(value, str):
                    if value in seen:
                        yield Problem(f"{join(place, self.field)} is given twice", value, "give it once")
                    seen.add(value)


@dataclass(frozen=True, slots=True)
class Single:
    """Lists that have one item each, where the other is given."""

    of: tuple[str, ...]

    def problems(self, request: Mapping[str, Any]) -> Found:
        if all(spelled(request, name) for name in self.of):
            for name in self.of:
                value = _value(request, name)
                if isinstance(value, list) and len(value) > 1:
                    yield Problem(f"{name} is too long beside {' or '.join(self.of)}", len(value), "give one item")


@dataclass(frozen=True, slots=True)
class Product:
    """Numbers whose product has a maximum; one that is not given, or 0, counts as 1, as long as *of* is given."""

    of: str
    by: str
    most: int

    def problems(self, request: Mapping[str, Any]) -> Found:
        number, factor = _number(request, self.of), _number(request, self.by) or 1
        if number is not None and number * factor > self.most:
            what = f"{self.of} times {self.by} is too big"
            yield Problem(what, f"{number} x {factor}", f"stay within {self.most}")


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Fields of the model that SageMaker sets and does not take."""

    at: str
    of: tuple[str, ...]

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            for name in self.of:
                key = spelled(structure, name)
                if key:
                    yield Problem(f"{join(path, name)} is read-only", structure[key], "leave it out")


@dataclass(frozen=True, slots=True)
class NoVolumeKey:
    """A key for volumes that must not be given where the instances have local storage.

    Beside types that have none, the key may yet be for those, unless *when* says otherwise.
    """

    at: str
    types: tuple[str, ...]
    field: str = "VolumeKmsKeyId"
    when: Callable[[Iterable[bool]], bool] = all

    def problems(self, request: Mapping[str, Any]) -> Found:
        for structure, path in _each(request, self.at):
            key = spelled(structure, self.field)
            found = [_value(holder, "InstanceType") for at in self.types for holder, _ in _each(structure, at)]
            given = [value for value in found if value is not None]
            if key and given and self.when(map(has_local_storage, given)):
                local = " and ".join(dict.fromkeys(str(value) for value in given if has_local_storage(value)))
                what = f"{join(path, self.field)} is for volumes, and {local} has local storage instead"
                yield Problem(what, structure[key], "leave it out: the hardware encrypts local storage")


_SELECTED = ("SelectedInstanceType", "SelectedInstanceCount")
_TYPES_OF_A_CLUSTER = ("", "InstanceGroups[]", "InstancePreferences[]", "InstanceConfigs[]")
_VARIANTS = ("ProductionVariants[]", "ShadowProductionVariants[]")
_EVERY_MINUTE_OR_SO = (10, 30, 60, 120, 180, 240, 300)


def _preferences(at: str) -> tuple[Rule, ...]:
    """The rules of a structure that can name several instance types to choose from."""
    return (
        ReadOnly(at, _SELECTED),
        # "Either all five specify InstanceCount or none of them do."
        AllOrNone(at, "InstancePreferences", "InstanceCount"),
        Unique(at, "InstancePreferences", "InstanceType"),
    )


def _training(definition: str = "") -> tuple[Rule, ...]:
    """The rules of a training request, or of the definition at a path of a tuning request."""
    prefix = f"{definition}." if definition else ""
    resources = f"{prefix}ResourceConfig"
    return (
        OneOf(f"{prefix}AlgorithmSpecification", ("TrainingImage", "AlgorithmName")),
        AtLeast(f"{prefix}StoppingCondition", "MaxWaitTimeInSeconds", "MaxRuntimeInSeconds"),
        # "Set EnableManagedSpotTraining to True and specify the MaxWaitTimeInSeconds":
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
        Needs(definition, "StoppingCondition.MaxWaitTimeInSeconds", "EnableManagedSpotTraining", has=True),
        # ValidationException: "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is
        # set to true": https://github.com/aws/sagemaker-python-sdk/issues/4140
        Only(definition, "StoppingCondition.MaxWaitTimeInSeconds", "EnableManagedSpotTraining", has=True),
        # ValidationException: "InstanceType or InstanceCount cannot be specified with InstanceGroups":
        # https://github.com/aws/sagemaker-python-sdk/pull/5564
        Excludes(resources, "InstanceGroups", ("InstanceType", "InstanceCount")),
        Excludes(resources, "InstancePreferences", ("InstanceType", "InstanceGroups", "InstancePlacementConfig")),
        Never(definition, "ResourceConfig.InstancePreferences", "EnableManagedSpotTraining", has=True),
        # "SageMaker rejects requests ... that set it both per preference and in ResourceConfig, or that omit it in
        # both places."
        Counted(resources, "InstancePreferences", "InstanceCount"),
        OneOf(f"{prefix}InputDataConfig[].DataSource", ("S3DataSource", "FileSystemDataSource", "DatasetSource")),
        # EFS and FSx for Lustre are reached through a VPC only:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html
        Mounted(definition),
        *_preferences(resources),
        NoVolumeKey(resources, _TYPES_OF_A_CLUSTER),
    )


def _container(at: str) -> tuple[Rule, ...]:
    return (
        OneOf(at, ("Image", "ModelPackageName"), most=2),
        Only(f"{at}.ImageConfig", "RepositoryAuthConfig", "RepositoryAccessMode", "Vpc"),
        Among(
            f"{at}.ContainerMetricsConfig.MetricsEndpoints[]", "MetricPublishFrequencyInSeconds", _EVERY_MINUTE_OR_SO
        ),
    )


def _variant(at: str) -> tuple[Rule, ...]:
    return (
        # "A serverless endpoint configuration instead of an instance-based endpoint configuration."
        OneOf(at, ("InstanceType", "InstancePools", "ServerlessConfig"), most=3),
        Excludes(at, "ServerlessConfig", ("InstanceType", "InitialInstanceCount", "InstancePools")),
        # Required until inference components came, whose endpoints have a role instead:
        # https://github.com/hashicorp/terraform-provider-aws/pull/44977
        OneOf(at, ("ModelName",), unless=("ExecutionRoleArn", "InstancePools")),
        # The valid values "are in 1 GB increments".
        Among(f"{at}.ServerlessConfig", "MemorySizeInMB", tuple(range(1024, 6145, 1024))),
        AtLeast(f"{at}.ServerlessConfig", "MaxConcurrency", "ProvisionedConcurrency"),
        Only(f"{at}.RoutingConfig", "PrefixAwareRoutingConfig", "RoutingStrategy", "PREFIX_AWARE"),
        Needs(f"{at}.RoutingConfig", "PrefixAwareRoutingConfig.PrefixLength", "RoutingStrategy", "PREFIX_AWARE"),
        Needs(
            f"{at}.RoutingConfig", "PrefixAwareRoutingConfig.ConcurrencyThreshold", "RoutingStrategy", "PREFIX_AWARE"
        ),
    )


def _tuned(definition: str) -> tuple[Rule, ...]:
    """The rules of a definition of a tuning request."""
    resources = f"{definition}.HyperParameterTuningResourceConfig"
    return (
        *_training(definition),
        # "If you want ... instance type flexibility, use HyperParameterTuningResourceConfig instead."
        OneOf(definition, ("ResourceConfig", "HyperParameterTuningResourceConfig")),
        Excludes(resources, "InstanceConfigs", ("InstanceType", "VolumeSizeInGB", "InstanceCount")),
        NoVolumeKey(resources, _TYPES_OF_A_CLUSTER),
    )


_TAGS = Unique("", "Tags", "Key")
_JSON_PATH = re.compile(r"^\$")
# "Only one update policy should be used in the deployment configuration."
_DEPLOYMENT = OneOf("DeploymentConfig", ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"), least=0)

RULES: dict[str, tuple[Rule, ...]] = {
    "CreateTrainingJob": (
        # Required until serverless jobs came, which choose all of it themselves.
        OneOf("", ("AlgorithmSpecification", "ServerlessJobConfig"), most=2),
        OneOf("", ("ResourceConfig", "ServerlessJobConfig"), most=2),
        OneOf("", ("StoppingCondition", "ServerlessJobConfig"), most=2),
        *_training(),
        Needs("ServerlessJobConfig", "EvaluationType", "JobType", "Evaluation"),
        _TAGS,
    ),
    "CreateProcessingJob": (
        # InstanceType was required until InstancePreferences came, "mutually exclusive with InstanceType".
        OneOf("ProcessingResources.ClusterConfig", ("InstanceType", "InstancePreferences")),
        *_preferences("ProcessingResources.ClusterConfig"),
        NoVolumeKey("ProcessingResources.ClusterConfig", _TYPES_OF_A_CLUSTER),
        OneOf("ProcessingInputs[]", ("S3Input", "DatasetDefinition")),
        OneOf("ProcessingOutputConfig.Outputs[]", ("S3Output", "FeatureStoreOutput")),
        # The local path "is a required parameter when AppManaged is False (default)".
        *(
            Needs("ProcessingInputs[]", f"{kind}.LocalPath", "AppManaged", has)
            for kind in ("S3Input", "DatasetDefinition")
            for has in (False, None)
        ),
        Only("ProcessingOutputConfig.Outputs[]", "FeatureStoreOutput", "AppManaged", has=True),
        # "Gzip can only be used when Pipe mode is specified as the S3InputMode."
        Among("ProcessingInputs[].S3Input", "S3InputMode", ("Pipe",), "S3CompressionType", "Gzip"),
        _TAGS,
    ),
    "CreateTransformJob": (
        Form("DataProcessing", "InputFilter", _JSON_PATH, "write JSONPath, as $.features or $[1:]"),
        Form("DataProcessing", "OutputFilter", _JSON_PATH, "write JSONPath, as $['id','SageMakerOutput']"),
        # Their product "also cannot exceed 100 MB".
        Product("MaxPayloadInMB", "MaxConcurrentTransforms", 100),
        NoVolumeKey("TransformResources", _TYPES_OF_A_CLUSTER),
        _TAGS,
    ),
    "CreateHyperParameterTuningJob": (
        OneOf("", ("TrainingJobDefinition", "TrainingJobDefinitions")),
        Only("HyperParameterTuningJobConfig", "StrategyConfig", "Strategy", "Hyperband"),
        Among("HyperParameterTuningJobConfig", "TrainingJobEarlyStoppingType", ("Off",), "Strategy", "Hyperband"),
        # A grid search goes through categories, not through intervals:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
        *(
            Never("HyperParameterTuningJobConfig", f"ParameterRanges.{kind}ParameterRanges", "Strategy", "Grid")
            for kind in ("Integer", "Continuous")
        ),
        *_tuned("TrainingJobDefinition"),
        *_tuned("TrainingJobDefinitions[]"),
        _TAGS,
    ),
    "CreateLabelingJob": (
        # "You must specify at least one of the following."
        OneOf("InputConfig.DataSource", ("S3DataSource", "SnsDataSource"), most=2),
        # The template was required until AWS's own user interfaces came.
        OneOf("HumanTaskConfig.UiConfig", ("UiTemplateS3Uri", "HumanTaskUiArn"), most=2),
        Form("", "LabelAttributeName", re.compile(r"(?<!-metadata)\Z"), "end it without -metadata"),
        _TAGS,
    ),
    "CreateModel": (
        # "SageMaker expects either a single primary container, xor a list of container definitions":
        # https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/164
        OneOf("", ("PrimaryContainer", "Containers")),
        *_container("PrimaryContainer"),
        *_container("Containers[]"),
        # "You must specify a value for ... every ContainerDefinition in that pipeline."
        AllOrNone("", "Containers", "ContainerHostname"),
        _TAGS,
    ),
    "CreateEndpointConfig": (
        *_variant("ProductionVariants[]"),
        *_variant("ShadowProductionVariants[]"),
        # "You can only specify one variant for ProductionVariants and one variant for ShadowProductionVariants."
        Single(("ProductionVariants", "ShadowProductionVariants")),
        # "If you specify a value for KmsKeyId when using any nitro-based instances with local storage, the call ...
        # fails."
        NoVolumeKey("", (*_VARIANTS, *(f"{variants}.InstancePools[]" for variants in _VARIANTS)), "KmsKeyId", any),
        # "You can't specify it with serverless variants or with AsyncInferenceConfig."
        Excludes("", "CrossRegionTrafficConfig", ("AsyncInferenceConfig",)),
        Among("MetricsConfig", "MetricPublishFrequencyInSeconds", _EVERY_MINUTE_OR_SO),
        _TAGS,
    ),
    "CreateModelPackage": (
        # "If you supply ModelPackageGroupName, ... you cannot supply a tag argument." A package has a name or a group.
        Excludes("", "ModelPackageGroupName", ("Tags", "ModelPackageName")),
        OneOf("", ("ModelPackageGroupName", "ModelPackageName"), most=2),
    ),
    "CreateEndpoint": (_DEPLOYMENT, _TAGS),
    "UpdateEndpoint": (_DEPLOYMENT,),
}
"""By operation."""


def broken_rules(operation: str, request: Mapping[str, Any]) -> list[Problem]:
    """A problem for each rule of *operation* that *request* breaks."""
    return [problem for rule in RULES.get(operation, ()) for problem in rule.problems(request)]


def _given(structure: Mapping[str, Any], name: str) -> bool:
    key = spelled(structure, name)
    # A list of nothing says nothing.
    return key is not None and structure[key] != []


def _value(structure: Mapping[str, Any], name: str) -> object:
    """What a field holds; None if it is absent, `_UNKNOWN` if that is known later."""
    if name in structure:
        value = structure[name]
        return _UNKNOWN if is_token(value) or is_jsonata(value) else value
    return _UNKNOWN if spelled(structure, name) else None


def _number(structure: Mapping[str, Any], name: str) -> float | None:
    value = _value(structure, name)
    return value if isinstance(value, (int, float)) else None


@cache
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split(".")) if path else ()


def _each(structure: Any, at: str, path: str = "") -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every structure *at* a path, with its own; what is late-bound or of the wrong type leads nowhere."""
    return _walk(structure, _steps(at), path)


def _walk(structure: Any, steps: tuple[tuple[str, bool], ...], path: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    if not isinstance(structure, Mapping):
        return
    if not steps:
        yield structure, path
        return
    (name, listed), *rest = steps
    inner = structure.get(name)
    here = join(path, name)
    if not listed:
        yield from _walk(inner, tuple(rest), here)
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _walk(item, tuple(rest), f"{here}[{index}]")
