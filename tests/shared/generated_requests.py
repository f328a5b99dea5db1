"""Requests made from SageMaker's own model: valid ones, and valid ones with one fault or with values known later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from constructs_sm.actions import ACTIONS
from constructs_sm.requests.api_model import input_shape

import instance_types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TOKEN = "${Token[TOKEN.12]}"
LIST_TOKEN = ["#{Token[TOKEN.13]}"]
NUMBER_TOKEN = -1.8881545897087626e289
JSONATA = "{% $states.input.value %}"
_HUGE = 2**31 - 1

# Where drawing from the model's pattern would not do: Unicode classes, which re lacks, and lengths it rarely meets.
_STRINGS = {
    "TagKey": st.text(st.characters(categories=["L", "N", "Z"], include_characters="_.:/=+-@"), min_size=1, max_size=9),
    "TagValue": st.text(st.characters(categories=["L", "N", "Z"], include_characters="_.:/=+-@"), max_size=9),
    "AthenaCatalog": st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn"]), min_size=1),
    "TrainingPlanArn": st.from_regex(r"arn:aws:sagemaker:us-east-1:[0-9]{12}:training-plan/[a-z]{4,9}", fullmatch=True),
    "TrainingRepositoryCredentialsProviderArn": st.from_regex(
        r"arn:aws-cn:lambda:[a-z0-9-]{1,9}:[0-9]{12}:function:\w{1,9}", fullmatch=True
    ),
    "JsonPath": st.from_regex(r"\$(\.[a-z]{1,5}|\[[0-9]\])?", fullmatch=True),
    "LabelAttributeName": st.from_regex(r"[a-z]{1,9}(-ref)?", fullmatch=True),
}

Fields = set[str]
Draw = Callable[[Any], Any]


@cache
def _known() -> Fields:
    """The names of all fields: a model that is older lacks the newest."""
    found: dict[str, Any] = {}
    open_shapes = [input_shape(action.operation) for action in ACTIONS]
    while open_shapes:
        shape = open_shapes.pop()
        if shape.name not in found:
            found[shape.name] = shape
            inner = {"structure": lambda of: [*of.members.values()], "list": lambda of: [of.member]}
            open_shapes += inner.get(shape.type_name, lambda _: [])(shape)
    return {name for shape in found.values() if shape.type_name == "structure" for name in shape.members}


def _drawn_of(draw: Draw, names: Sequence[str]) -> str:
    chosen: str = draw(st.sampled_from([name for name in names if name in _known()]))
    return chosen


# The rules beyond the model, as choices: what SageMaker says excludes or requires each other, said a second time.


def _one(*names: str) -> Callable[[Draw, Fields], Fields]:
    return lambda draw, fields: (fields - set(names)) | {_drawn_of(draw, names)}


def _at_least_one(*names: str) -> Callable[[Draw, Fields], Fields]:
    return lambda draw, fields: fields if fields & set(names) else fields | {_drawn_of(draw, names)}


def _at_most_one(*names: str) -> Callable[[Draw, Fields], Fields]:
    return lambda draw, fields: _one(*names)(draw, fields) if len(fields & set(names)) > 1 else fields


def _without(*names: str) -> Callable[[Draw, Fields], Fields]:
    return lambda _draw, fields: fields - set(names)


def _training(draw: Draw, fields: Fields) -> Fields:
    return fields if "ServerlessJobConfig" in fields else fields | {"ResourceConfig", "StoppingCondition"}


def _cluster(draw: Draw, fields: Fields) -> Fields:
    return fields - {"SelectedInstanceType", "SelectedInstanceCount"}


def _resources(draw: Draw, fields: Fields) -> Fields:
    chosen = _drawn_of(draw, ["InstanceType", "InstanceGroups", "InstancePreferences"])
    beside = {
        "InstanceType": {"InstanceGroups", "InstancePreferences"},
        "InstanceGroups": {"InstanceType", "InstanceCount", "InstancePreferences"},
        "InstancePreferences": {"InstanceType", "InstanceGroups", "InstancePlacementConfig"},
    }
    counted = {"InstanceCount"} if chosen == "InstancePreferences" else set()
    return (_cluster(draw, fields) - beside[chosen]) | {chosen} | counted


def _tuning_resources(draw: Draw, fields: Fields) -> Fields:
    return fields - {"InstanceType", "VolumeSizeInGB", "InstanceCount"} if "InstanceConfigs" in fields else fields


def _variant(draw: Draw, fields: Fields) -> Fields:
    fields = _one("InstanceType", "InstancePools", "ServerlessConfig")(draw, fields) | {"ModelName"}
    return fields - {"InitialInstanceCount"} if "ServerlessConfig" in fields else fields


def _endpoint_config(draw: Draw, fields: Fields) -> Fields:
    return _at_most_one("CrossRegionTrafficConfig", "AsyncInferenceConfig")(draw, fields)


_CHOICES: dict[str, list[Callable[[Draw, Fields], Fields]]] = {
    "CreateTrainingJobRequest": [_at_least_one("AlgorithmSpecification", "ServerlessJobConfig"), _training],
    "AlgorithmSpecification": [_one("TrainingImage", "AlgorithmName")],
    "HyperParameterAlgorithmSpecification": [_one("TrainingImage", "AlgorithmName")],
    "ServerlessJobConfig": [lambda _draw, fields: fields | {"EvaluationType"}],
    "DataSource": [_one("S3DataSource", "FileSystemDataSource", "DatasetSource")],
    "ResourceConfig": [_resources],
    "InstancePreference": [_without("InstanceCount")],
    "ProcessingInstancePreference": [_without("InstanceCount")],
    "ProcessingClusterConfig": [_one("InstanceType", "InstancePreferences"), _cluster],
    "ProcessingInput": [_one("S3Input", "DatasetDefinition")],
    "ProcessingS3Input": [lambda _draw, fields: fields | {"LocalPath"}],
    "DatasetDefinition": [lambda _draw, fields: fields | {"LocalPath"}],
    "ProcessingOutput": [_one("S3Output", "FeatureStoreOutput")],
    "CreateHyperParameterTuningJobRequest": [_one("TrainingJobDefinition", "TrainingJobDefinitions")],
    "HyperParameterTrainingJobDefinition": [_one("ResourceConfig", "HyperParameterTuningResourceConfig")],
    "HyperParameterTuningResourceConfig": [_tuning_resources],
    "LabelingJobDataSource": [_at_least_one("S3DataSource", "SnsDataSource")],
    "UiConfig": [_at_least_one("UiTemplateS3Uri", "HumanTaskUiArn")],
    "CreateModelInput": [_one("PrimaryContainer", "Containers")],
    "ContainerDefinition": [_at_least_one("Image", "ModelPackageName"), _without("ContainerHostname")],
    "CreateEndpointConfigInput": [_endpoint_config],
    "ProductionVariant": [_variant],
    "PrefixAwareRoutingConfig": [lambda _draw, fields: fields | {"PrefixLength", "ConcurrencyThreshold"}],
    "DeploymentConfig": [_at_most_one("BlueGreenUpdatePolicy", "RollingUpdatePolicy")],
}


def _trained(value: dict[str, Any]) -> None:
    _spot(value)
    _channels(value)
    resources = value.get("ResourceConfig", {})
    if value.get("EnableManagedSpotTraining") or "InstanceGroups" in resources or "RoleArn" not in value:
        resources.pop("KeepAlivePeriodInSeconds", None)
    value.get("AlgorithmSpecification", {}).pop("MetricDefinitions", None)
    if any("FileSystemDataSource" in channel["DataSource"] for channel in value.get("InputDataConfig", [])):
        value.setdefault("VpcConfig", {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]})


def _tuned(value: dict[str, Any]) -> None:
    _trained(value)
    value.get("ResourceConfig", {}).pop("KeepAlivePeriodInSeconds", None)


def _channels(value: dict[str, Any]) -> None:
    groups = [group["InstanceGroupName"] for group in value.get("ResourceConfig", {}).get("InstanceGroups", [])]
    for channel in value.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})
        source.pop("InstanceGroupNames", None)
        if groups and source:
            source["InstanceGroupNames"] = groups[:1]
        packed = channel.get("CompressionType") == "Gzip" or channel.get("RecordWrapperType") == "RecordIO"
        if packed or source.get("S3DataType") == "AugmentedManifestFile":
            channel["InputMode"] = "Pipe"


def _serves(value: dict[str, Any]) -> None:
    _hosted_volumes(value)
    variants = [*value["ProductionVariants"], *value.get("ShadowProductionVariants", [])]
    if any("ServerlessConfig" in variant for variant in variants):
        for name in ("VpcConfig", "EnableNetworkIsolation", "DataCaptureConfig", "ShadowProductionVariants"):
            value.pop(name, None)
        del value["ProductionVariants"][1:]
        # Whatever is left may be the one without a server, or not.
    for variant in variants:
        if any(instance_types.has_local_storage(host) for host in _hosts(variant)):
            variant.pop("VolumeSizeInGB", None)


def _hosts(variant: dict[str, Any]) -> list[str]:
    found = [variant, *variant.get("InstancePools", [])]
    return [host["InstanceType"] for host in found if "InstanceType" in host]


def _local_paths(value: dict[str, Any]) -> None:
    items = [*value.get("ProcessingInputs", []), *value.get("ProcessingOutputConfig", {}).get("Outputs", [])]
    for number, item in enumerate(items):
        for kind in ("S3Input", "DatasetDefinition", "S3Output"):
            if kind in item:
                item[kind]["LocalPath"] = f"/opt/ml/processing/{number}"


def _spot(value: dict[str, Any]) -> None:
    condition = value.get("StoppingCondition")
    if "InstancePreferences" in value.get("ResourceConfig", {}):
        value.pop("EnableManagedSpotTraining", None)
    if value.get("EnableManagedSpotTraining"):
        longest = condition.get("MaxRuntimeInSeconds", 1) if condition is not None else 1
        value["StoppingCondition"] = {**(condition or {}), "MaxWaitTimeInSeconds": longest}
    elif condition:
        condition.pop("MaxWaitTimeInSeconds", None)


def _transformed(value: dict[str, Any]) -> None:
    if value["S3DataType"] not in {"ManifestFile", "S3Prefix"}:
        value["S3DataType"] = "S3Prefix"


def _transform(value: dict[str, Any]) -> None:
    if "MaxPayloadInMB" in value:
        value["MaxPayloadInMB"] %= 101
        value.pop("MaxConcurrentTransforms", None)


def _tuning(value: dict[str, Any]) -> None:
    if value["Strategy"] == "Hyperband":
        value.pop("TrainingJobEarlyStoppingType", None)
    else:
        value.pop("StrategyConfig", None)
    if value["Strategy"] == "Grid":
        for kind in ("Integer", "Continuous"):
            value.get("ParameterRanges", {}).pop(f"{kind}ParameterRanges", None)


def _output(value: dict[str, Any]) -> None:
    if "FeatureStoreOutput" in value:
        value["AppManaged"] = True


def _processed(value: dict[str, Any]) -> None:
    if value.get("S3CompressionType") == "Gzip" and "S3InputMode" in value:
        value["S3InputMode"] = "Pipe"


def _routing(value: dict[str, Any]) -> None:
    if value["RoutingStrategy"] != "PREFIX_AWARE":
        value.pop("PrefixAwareRoutingConfig", None)


def _image(value: dict[str, Any]) -> None:
    if value["RepositoryAccessMode"] != "Vpc":
        value.pop("RepositoryAuthConfig", None)


def _serverless(value: dict[str, Any]) -> None:
    value["MemorySizeInMB"] -= value["MemorySizeInMB"] % 1024
    value["MaxConcurrency"] = max(value["MaxConcurrency"], value.get("ProvisionedConcurrency", 1))


def _shadow(value: dict[str, Any]) -> None:
    if "ShadowProductionVariants" in value:
        for name in ("ProductionVariants", "ShadowProductionVariants"):
            del value[name][1:]


def _model(value: dict[str, Any]) -> None:
    if value.get("Containers") == []:
        value["Containers"] = [{"Image": "registry.example.com/image"}]


def _metrics(value: dict[str, Any]) -> None:
    if "MetricPublishFrequencyInSeconds" in value:
        value["MetricPublishFrequencyInSeconds"] = 30


def _volumes(value: dict[str, Any]) -> None:
    lists = ("InstanceGroups", "InstancePreferences", "InstanceConfigs")
    clusters = [value, *(item for name in lists for item in value.get(name, []))]
    local = [instance_types.has_local_storage(c["InstanceType"]) for c in clusters if "InstanceType" in c]
    if local and all(local):
        value.pop("VolumeKmsKeyId", None)


def _hosted_volumes(value: dict[str, Any]) -> None:
    _shadow(value)
    variants = [*value["ProductionVariants"], *value.get("ShadowProductionVariants", [])]
    hosts = [*variants, *(pool for variant in variants for pool in variant.get("InstancePools", []))]
    if any(instance_types.has_local_storage(host["InstanceType"]) for host in hosts if "InstanceType" in host):
        value.pop("KmsKeyId", None)


_REPAIRS: dict[str, Callable[[dict[str, Any]], None]] = {
    "CreateTrainingJobRequest": _trained,
    "HyperParameterTrainingJobDefinition": _tuned,
    "CreateTransformJobRequest": _transform,
    "HyperParameterTuningJobConfig": _tuning,
    "ProcessingOutput": _output,
    "CreateProcessingJobRequest": _local_paths,
    "TransformS3DataSource": _transformed,
    "ProcessingS3Input": _processed,
    "ProductionVariantRoutingConfig": _routing,
    "ImageConfig": _image,
    "ProductionVariantServerlessConfig": _serverless,
    "CreateModelInput": _model,
    "CreateEndpointConfigInput": _serves,
    "ResourceConfig": _volumes,
    "ProcessingClusterConfig": _volumes,
    "TransformResources": _volumes,
    "HyperParameterTuningResourceConfig": _volumes,
    "MetricsConfig": _metrics,
    "MetricsEndpoint": _metrics,
}
_UNIQUE = {
    "InstanceGroups": "InstanceGroupName",
    "TagList": "Key",
    "InstancePreferenceList": "InstanceType",
    "ProcessingInstancePreferenceList": "InstanceType",
}


def valid(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests that SageMaker's model takes, and the rules beyond it."""
    return _strategy(shape_of(operation).name, shape_of(operation), 0)


def shape_of(operation: str) -> Any:
    """The model of the request of an operation."""
    return input_shape(operation)


_made: dict[tuple[str, int], st.SearchStrategy[Any]] = {}


def _strategy(name: str, shape: Any, depth: int) -> st.SearchStrategy[Any]:
    if (name, depth) not in _made:
        _made[name, depth] = _make(shape, depth)
    return _made[name, depth]


def _make(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    least, most = shape.metadata.get("min") or 0, shape.metadata.get("max")
    kind = shape.type_name
    if kind == "structure":
        made = _structure(shape, depth)
    elif kind == "list":
        made = _list(_strategy(shape.member.name, shape.member, depth + 1), least, most, _UNIQUE.get(shape.name))
    elif kind == "map":
        key = _strategy(shape.key.name, shape.key, depth + 1)
        value = _strategy(shape.value.name, shape.value, depth + 1)
        made = _list(st.tuples(key, value), least, most, None).map(dict)
    elif kind == "string":
        made = st.sampled_from(texts(shape))
    elif kind == "boolean":
        made = st.booleans()
    else:
        numbers = st.integers if kind in {"integer", "long"} else st.floats
        made = numbers(least, _HUGE if most is None else most)
    return made


def _structure(shape: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    required = set(shape.required_members)
    optional = sorted(set(shape.members) - required)
    members = {name: _strategy(member.name, member, depth + 1) for name, member in shape.members.items()}
    # The deeper, the fewer: a request with everything in it is as rare as it is slow. One draw is all it may take.
    most = min(len(optional), max(1, 6 - 2 * depth))
    seeds = st.sampled_from(range(2**16)) if optional else st.just(0)

    @st.composite
    def build(draw: Draw) -> dict[str, Any]:
        chance = Random(draw(seeds))
        fields = required | set(chance.sample(optional, chance.randint(0, most)))
        for choice in _CHOICES.get(shape.name, []):
            fields = choice(draw, fields)
        value = {name: draw(members[name]) for name in sorted(fields)}
        _REPAIRS.get(shape.name, lambda _: None)(value)
        return value

    return build()


def _list(item: st.SearchStrategy[Any], least: int, most: int | None, unique: str | None) -> st.SearchStrategy[Any]:
    lengths = st.integers(least, min(least + 2, most or 2))

    @st.composite
    def build(draw: Draw) -> list[Any]:
        items = [draw(item) for _ in range(draw(lengths))]
        return list({item[unique]: item for item in items}.values()) if unique else items

    return build()


def strings(shape: Any) -> st.SearchStrategy[str]:
    """All strings that the model allows for a shape."""
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 9)
    pattern = shape.metadata.get("pattern", ".*")
    if shape.name in _STRINGS:
        return _STRINGS[shape.name]
    return (
        st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
        .filter(lambda text: least <= len(text) <= most)
        # A name that ends so is not a name: its value is JSONPath.
        .filter(lambda text: not text.endswith(".$"))
    )


_texts: dict[str, list[str]] = {}


def _drawn(shape: Any) -> list[str]:
    found: list[str] = []

    @settings(max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strings(shape))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def texts(shape: Any) -> list[str]:
    """Some strings for a shape, drawn once: a regular expression is by far the slowest thing to draw."""
    if getattr(shape, "enum", None):
        return list(shape.enum)
    if shape.name not in _texts:
        _texts[shape.name] = _drawn(shape)
    return _texts[shape.name]


# Places in a request.

Step = str | int


@dataclass(frozen=True)
class Place:
    """A value in a request: where it stands, and what the model says of it."""

    steps: tuple[Step, ...]
    value: Any
    shape: Any
    required: bool = False

    @property
    def path(self) -> str:
        """As problems spell it: `Tags[0].Key`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps).removeprefix(".")


def places(value: Any, shape: Any, steps: tuple[Step, ...] = (), *, required: bool = True) -> Iterator[Place]:
    """Every value in a request, the request itself first."""
    yield Place(steps, value, shape, required)
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                needed = name in shape.required_members
                yield from places(member, shape.members[name], (*steps, name), required=needed)
        case "list":
            for index, item in enumerate(value):
                yield from places(item, shape.member, (*steps, index), required=False)
        case "map":
            for name, item in value.items():
                yield from places(item, shape.value, (*steps, name), required=False)


def changed(request: Any, steps: tuple[Step, ...], change: Callable[[Any, Step], None]) -> Any:
    """A copy of *request* in which *change* was done to what holds the value at *steps*, and its last step."""
    step, *rest = steps
    copy = dict(request) if isinstance(request, dict) else list(request)
    if rest:
        copy[step] = changed(copy[step], tuple(rest), change)
    else:
        change(copy, step)
    return copy


def with_value(request: Any, steps: tuple[Step, ...], value: Any) -> Any:
    """A copy of *request* with another value at *steps*."""
    return changed(request, steps, lambda holder, step: holder.__setitem__(step, value)) if steps else value


def without(request: Any, steps: tuple[Step, ...]) -> Any:
    """A copy of *request* without the value at *steps*."""
    return changed(request, steps, lambda holder, step: holder.__delitem__(step))


# Values that the rules beyond the model bind to others: changing one alone may break a rule.
_BOUND = {
    *(
        "AppManaged",
        "EnableManagedSpotTraining",
        "InstanceType",
        "JobType",
        "Key",
        "MaxConcurrency",
        "MaxConcurrentTransforms",
    ),
    *("MaxPayloadInMB", "MaxRuntimeInSeconds", "MaxWaitTimeInSeconds", "MemorySizeInMB"),
    *("MetricPublishFrequencyInSeconds", "ProvisionedConcurrency", "RepositoryAccessMode", "RoutingStrategy"),
    *("S3CompressionType", "S3InputMode", "Strategy", "TrainingJobEarlyStoppingType"),
    *(
        "CompressionType",
        "RecordWrapperType",
        "InputMode",
        "TrainingInputMode",
        "S3DataType",
        "KeepAlivePeriodInSeconds",
    ),
    *("InstanceGroupName", "InstanceGroupNames", "LocalPath"),
}


def neighbours(request: dict[str, Any], operation: str) -> Iterator[dict[str, Any]]:
    """*request* with one value replaced by another valid one: the least, the greatest, the longest, any other."""
    for place in places(request, shape_of(operation)):
        if place.steps and not {*_BOUND, "InstancePreferences"} & set(place.steps):
            yield from (with_value(request, place.steps, value) for value in _others(place.shape))


def _others(shape: Any) -> list[Any]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", _HUGE)
    match shape.type_name:
        case "string":
            chosen = texts(shape)
            return [min(chosen, key=len), max(chosen, key=len), chosen[len(chosen) // 2]]
        case "boolean":
            return [True, False]
        case "integer" | "long" | "float" | "double":
            return [least, most]
    return []


# Faults.

_WRONG_TYPE: dict[str, tuple[Any, ...]] = {
    "structure": ("text", [], 1),
    "list": ("text", {}, 1),
    "map": ("text", [], 1),
    "string": (1, True, ["text"], {}, None),
    "integer": ("1", 1.5, True, [1]),
    "long": ("1", 1.5, True, [1]),
    "float": ("1", True, [1.0]),
    "double": ("1", True, [1.0]),
    "boolean": ("true", 1, 0, None),
}


@dataclass(frozen=True)
class Fault:
    """A request with one thing wrong, and where."""

    kind: str
    path: str
    request: Any


def faults(request: dict[str, Any], operation: str) -> Iterator[Fault]:
    """*request* with one fault, for each that any of its values can have."""
    for place in places(request, shape_of(operation)):
        if place.required and place.steps:
            yield Fault("missing", place.path, without(request, place.steps))
        for kind, path, value in _spoiled(place):
            yield Fault(kind, path, with_value(request, place.steps, value))


def _spoiled(place: Place) -> Iterator[tuple[str, str, Any]]:
    shape, value, path = place.shape, place.value, place.path
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    kind = shape.type_name
    if place.steps:
        yield from (("type", path, wrong) for wrong in _WRONG_TYPE[kind])
    if kind == "structure":
        yield "unknown", f"{path}.Unheard".removeprefix("."), {**value, "Unheard": 1}
    elif kind == "string":
        yield from ((fault, path, text) for fault, text in _spoiled_text(shape, value, least, most))
    elif kind in {"list", "map"}:
        if least:
            yield "too few", path, value[: least - 1] if kind == "list" else {}
        if most is not None:
            yield "too many", path, _crowd(shape, value, most + 1)
    elif kind != "boolean":
        if "min" in shape.metadata:
            yield "too small", path, least - 1
        if most is not None:
            yield "too big", path, most + 1


def _crowd(shape: Any, value: Any, number: int) -> Any:
    if shape.type_name == "list":
        return [value[0] if value else _least(shape.member)] * number
    return dict.fromkeys((f"k{index}" for index in range(number)), next(iter(value.values()), _least(shape.value)))


def _spoiled_text(shape: Any, value: str, least: int, most: int | None) -> Iterator[tuple[str, str]]:
    if getattr(shape, "enum", None):
        yield "enum", f"{value}-not"
        return
    if least:
        yield "too short", value[: least - 1]
    if most is not None:
        yield "too long", value + "a" * (most + 1 - len(value))
    wrong = _unmatched(shape.name, shape.metadata.get("pattern"), least, most or least + 1)
    if wrong is not None:
        yield "pattern", wrong


@cache
def _unmatched(name: str, pattern: str | None, least: int, most: int) -> str | None:
    if pattern is None:
        return None
    if r"\p{" in pattern or r"\uD800" in pattern:
        return "!" * max(least, 1) if name in {"TagKey", "TagValue"} else "\x00" * max(least, 1)
    for text in ("\N{ARABIC-INDIC DIGIT ONE}", "?", " ", "\n", "-", "\x00"):
        padded = text * max(least, 1)
        if len(padded) <= most and not re.fullmatch(pattern, padded, re.ASCII):
            return padded
    return None


def _least(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return {name: _least(shape.members[name]) for name in shape.required_members}
        case "list":
            return []
        case "map":
            return {}
        case "string":
            return "a"
    return shape.metadata.get("min", 1)


# Values known later.


def late(request: dict[str, Any], operation: str) -> Iterator[dict[str, Any]]:
    """*request* with one value replaced by one that is known later, for each value and each way to say so."""
    for place in places(request, shape_of(operation)):
        if not place.steps:
            continue
        for value in (TOKEN, f"s3://{TOKEN}/key", JSONATA, *_typed_tokens(place.shape.type_name)):
            yield with_value(request, place.steps, value)
        if isinstance(place.steps[-1], str):
            for value in ("$.input.value", "$$.Execution.Id", "States.Format('{}', $.x)"):
                yield changed(request, place.steps, lambda holder, key, value=value: _rename(holder, key, value))


def _typed_tokens(kind: str) -> tuple[Any, ...]:
    if kind == "list":
        return (LIST_TOKEN,)
    return (NUMBER_TOKEN,) if kind in {"integer", "long", "float", "double"} else ()


def _rename(holder: dict[str, Any], key: Step, value: str) -> None:
    del holder[key]
    holder[f"{key}.$"] = value
