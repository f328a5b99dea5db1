"""Rules that SageMaker enforces of a request beyond its model: fields that exclude, require or bound each other.

Each rule stands with its reason and its source in `request_rules`; here is where it holds.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from constructs_sm.rules import channels, containers, metrics, serving, tags
from constructs_sm.rules import request_rules as rules
from constructs_sm.rules.kinds import (
    Absent,
    AllOrNone,
    Among,
    AtLeast,
    Counted,
    Excludes,
    Form,
    Judged,
    Mounted,
    Needs,
    Never,
    NotOnLocalStorage,
    OneOf,
    Only,
    Product,
    ReadOnly,
    Single,
    Told,
    Unique,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.kinds import Constraint

_SELECTED = ("SelectedInstanceType", "SelectedInstanceCount")
_TYPES_OF_A_CLUSTER = ("", "InstanceGroups[]", "InstancePreferences[]", "InstanceConfigs[]")
_TYPES_OF_VARIANTS = tuple(f"{at}{pool}" for at in serving.VARIANTS for pool in ("", ".InstancePools[]"))
_TRANSFORMED = "TransformInput.DataSource.S3DataSource"
_trains = partial(containers.is_for, wanted="training", unwanted="inference")
_serves = partial(containers.is_for, wanted="inference", unwanted="training")
_EVERY_MINUTE_OR_SO = (10, 30, 60, 120, 180, 240, 300)


def _preferences(at: str) -> tuple[Constraint, ...]:
    """The rules of a structure that can name several instance types to choose from."""
    return (
        ReadOnly(rules.SELECTED, at, _SELECTED),
        AllOrNone(rules.PREFERENCES_COUNTED, at, "InstancePreferences", "InstanceCount"),
        Unique(rules.PREFERENCES_DIFFER, at, "InstancePreferences", "InstanceType"),
    )


def _training(definition: str = "") -> tuple[Constraint, ...]:
    """The rules of a training request, or of the definition at a path of a tuning request."""
    prefix = f"{definition}." if definition else ""
    resources = f"{prefix}ResourceConfig"
    return (
        OneOf(rules.ALGORITHM, f"{prefix}AlgorithmSpecification", ("TrainingImage", "AlgorithmName")),
        AtLeast(rules.WAIT_COVERS_RUNTIME, f"{prefix}StoppingCondition", "MaxWaitTimeInSeconds", "MaxRuntimeInSeconds"),
        Needs(
            rules.SPOT_WAIT, definition, "StoppingCondition.MaxWaitTimeInSeconds", "EnableManagedSpotTraining", has=True
        ),
        Only(
            rules.WAIT_WITHOUT_SPOT,
            definition,
            "StoppingCondition.MaxWaitTimeInSeconds",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Excludes(rules.GROUPS_INSTEAD, resources, "InstanceGroups", ("InstanceType", "InstanceCount")),
        Unique(rules.GROUPS_DIFFER, resources, "InstanceGroups", "InstanceGroupName"),
        Judged(rules.CHANNELS_OF_GROUPS, definition, channels.channels_of_groups, ("InputDataConfig",)),
        Judged(rules.UNKNOWN_GROUP, definition, channels.unknown_groups, ("InputDataConfig",)),
        Excludes(
            rules.PREFERENCES_INSTEAD,
            resources,
            "InstancePreferences",
            ("InstanceType", "InstanceGroups", "InstancePlacementConfig"),
        ),
        Never(
            rules.PREFERENCES_WITHOUT_SPOT,
            definition,
            "ResourceConfig.InstancePreferences",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Counted(rules.PREFERENCES_COUNTED, resources, "InstancePreferences", "InstanceCount"),
        OneOf(
            rules.CHANNEL_SOURCE,
            f"{prefix}InputDataConfig[].DataSource",
            ("S3DataSource", "FileSystemDataSource", "DatasetSource"),
        ),
        Judged(rules.GZIP, definition, channels.compressed, ("InputDataConfig",)),
        Judged(rules.RECORD_WRAPPER, definition, channels.wrapped, ("InputDataConfig",)),
        Judged(rules.AUGMENTED_MANIFEST, definition, channels.augmented, ("InputDataConfig",)),
        Judged(
            rules.MANIFEST, f"{prefix}InputDataConfig[].DataSource.S3DataSource", channels.manifests, ("S3DataType",)
        ),
        Mounted(rules.FILE_SYSTEM, definition),
        Judged(rules.DISTRIBUTED_IN_VPC, definition, channels.instances_in_vpc, ("VpcConfig",)),
        Judged(
            rules.SPOT_WITHOUT_CHECKPOINTS,
            definition,
            channels.spot_without_checkpoints,
            ("EnableManagedSpotTraining",),
        ),
        Judged(rules.METRIC_EXPRESSION, definition, metrics.expressions),
        Judged(rules.IMAGE_URI, f"{prefix}AlgorithmSpecification", containers.is_no_uri("TrainingImage")),
        Judged(rules.INFERENCE_IMAGE, f"{prefix}AlgorithmSpecification", _trains("TrainingImage")),
        *_preferences(resources),
        NotOnLocalStorage(rules.NO_VOLUME_KEY, resources, _TYPES_OF_A_CLUSTER),
    )


def _container(at: str) -> tuple[Constraint, ...]:
    return (
        OneOf(rules.CONTAINER, at, ("Image", "ModelPackageName"), most=2),
        Judged(rules.IMAGE_URI, at, containers.is_no_uri("Image")),
        Judged(rules.TRAINING_IMAGE, at, _serves("Image")),
        Only(rules.REGISTRY_LOGIN, f"{at}.ImageConfig", "RepositoryAuthConfig", "RepositoryAccessMode", "Vpc"),
        Among(
            rules.METRICS_INTERVAL,
            f"{at}.ContainerMetricsConfig.MetricsEndpoints[]",
            "MetricPublishFrequencyInSeconds",
            _EVERY_MINUTE_OR_SO,
        ),
    )


def _variant(at: str) -> tuple[Constraint, ...]:
    return (
        OneOf(rules.VARIANT, at, ("InstanceType", "InstancePools", "ServerlessConfig"), most=3),
        Excludes(
            rules.VARIANT_SERVERLESS,
            at,
            "ServerlessConfig",
            ("InstanceType", "InitialInstanceCount", "InstancePools"),
        ),
        # Required until inference components came, whose endpoints have a role instead.
        OneOf(rules.VARIANT_MODEL, at, ("ModelName",), unless=("InstancePools",), lifted_by="ExecutionRoleArn"),
        Among(rules.SERVERLESS_MEMORY, f"{at}.ServerlessConfig", "MemorySizeInMB", tuple(range(1024, 6145, 1024))),
        AtLeast(rules.SERVERLESS_CONCURRENCY, f"{at}.ServerlessConfig", "MaxConcurrency", "ProvisionedConcurrency"),
        Only(rules.PREFIX_AWARE, f"{at}.RoutingConfig", "PrefixAwareRoutingConfig", "RoutingStrategy", "PREFIX_AWARE"),
        *(
            Needs(
                rules.PREFIX_AWARE,
                f"{at}.RoutingConfig",
                f"PrefixAwareRoutingConfig.{field}",
                "RoutingStrategy",
                "PREFIX_AWARE",
            )
            for field in ("PrefixLength", "ConcurrencyThreshold")
        ),
        NotOnLocalStorage(rules.NO_VOLUME, at, ("", "InstancePools[]"), "VolumeSizeInGB"),
        Told(rules.ELASTIC_INFERENCE, at, "AcceleratorType"),
    )


def _tuned(definition: str) -> tuple[Constraint, ...]:
    """The rules of a definition of a tuning request."""
    resources = f"{definition}.HyperParameterTuningResourceConfig"
    return (
        *_training(definition),
        OneOf(rules.TUNED_RESOURCES, definition, ("ResourceConfig", "HyperParameterTuningResourceConfig")),
        Excludes(
            rules.INSTANCE_CONFIGS, resources, "InstanceConfigs", ("InstanceType", "VolumeSizeInGB", "InstanceCount")
        ),
        Absent(rules.WARM_POOL_TUNING, definition, "ResourceConfig.KeepAlivePeriodInSeconds"),
        NotOnLocalStorage(rules.NO_VOLUME_KEY, resources, _TYPES_OF_A_CLUSTER),
    )


_TAGS = Unique(rules.TAGS, "", "Tags", "Key")
_JSON_PATH = re.compile(r"^\$")
_DEPLOYMENT = OneOf(rules.DEPLOYMENT, "DeploymentConfig", ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"), least=0)

CONSTRAINTS: dict[str, tuple[Constraint, ...]] = {
    "CreateTrainingJob": (
        # Required until serverless jobs came, which choose all of it themselves.
        *(
            OneOf(rules.TRAINING_WITHOUT, "", (needed, "ServerlessJobConfig"), most=2)
            for needed in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition")
        ),
        *_training(),
        Never(
            rules.WARM_POOL_SPOT,
            "",
            "ResourceConfig.KeepAlivePeriodInSeconds",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Excludes(rules.WARM_POOL_GROUPS, "ResourceConfig", "InstanceGroups", ("KeepAlivePeriodInSeconds",)),
        Told(rules.DEBUGGER, "", "DebugHookConfig"),
        Told(rules.DEBUGGER, "", "DebugRuleConfigurations"),
        Told(rules.DEBUGGER, "", "ProfilerRuleConfigurations"),
        Told(rules.PROFILER, "", "ProfilerConfig.S3OutputPath"),
        Needs(rules.EVALUATION, "ServerlessJobConfig", "EvaluationType", "JobType", "Evaluation"),
        _TAGS,
    ),
    "CreateProcessingJob": (
        # InstanceType was required until InstancePreferences came, which stand in its place.
        OneOf(rules.PROCESSING_TYPE, "ProcessingResources.ClusterConfig", ("InstanceType", "InstancePreferences")),
        *_preferences("ProcessingResources.ClusterConfig"),
        NotOnLocalStorage(rules.NO_VOLUME_KEY, "ProcessingResources.ClusterConfig", _TYPES_OF_A_CLUSTER),
        Judged(rules.IMAGE_URI, "AppSpecification", containers.is_no_uri("ImageUri")),
        Judged(rules.CLARIFY, "AppSpecification", containers.is_of("ImageUri", "sagemaker-clarify")),
        Judged(rules.MODEL_MONITOR, "AppSpecification", containers.is_of("ImageUri", "sagemaker-model-monitor")),
        Judged(rules.LOCAL_PATHS_DIFFER, "", channels.local_paths),
        Judged(rules.MANIFEST, "ProcessingInputs[].S3Input", channels.manifests, ("S3DataType",)),
        OneOf(rules.PROCESSING_INPUT, "ProcessingInputs[]", ("S3Input", "DatasetDefinition")),
        OneOf(rules.PROCESSING_OUTPUT, "ProcessingOutputConfig.Outputs[]", ("S3Output", "FeatureStoreOutput")),
        # Unless the app fetches an input by itself, SageMaker must know where to put it.
        *(
            Needs(rules.LOCAL_PATH, "ProcessingInputs[]", f"{kind}.LocalPath", "AppManaged", has)
            for kind in ("S3Input", "DatasetDefinition")
            for has in (False, None)
        ),
        Only(rules.FEATURE_STORE, "ProcessingOutputConfig.Outputs[]", "FeatureStoreOutput", "AppManaged", has=True),
        Among(rules.GZIP, "ProcessingInputs[].S3Input", "S3InputMode", ("Pipe",), "S3CompressionType", "Gzip"),
        _TAGS,
    ),
    "CreateTransformJob": (
        Among(rules.TRANSFORM_MANIFEST, _TRANSFORMED, "S3DataType", ("ManifestFile", "S3Prefix")),
        Judged(rules.MANIFEST, _TRANSFORMED, channels.manifests, ("S3DataType",)),
        Form(rules.FILTER, "DataProcessing", "InputFilter", _JSON_PATH, "write JSONPath, as $.features or $[1:]"),
        Form(
            rules.FILTER, "DataProcessing", "OutputFilter", _JSON_PATH, "write JSONPath, as $['id','SageMakerOutput']"
        ),
        Product(rules.PAYLOAD, "", "MaxPayloadInMB", "MaxConcurrentTransforms", 100),
        NotOnLocalStorage(rules.NO_VOLUME_KEY, "TransformResources", _TYPES_OF_A_CLUSTER),
        _TAGS,
    ),
    "CreateHyperParameterTuningJob": (
        OneOf(rules.DEFINITIONS, "", ("TrainingJobDefinition", "TrainingJobDefinitions")),
        Only(rules.HYPERBAND, "HyperParameterTuningJobConfig", "StrategyConfig", "Strategy", "Hyperband"),
        Among(
            rules.HYPERBAND_STOPS,
            "HyperParameterTuningJobConfig",
            "TrainingJobEarlyStoppingType",
            ("Off",),
            "Strategy",
            "Hyperband",
        ),
        *(
            Never(
                rules.GRID,
                "HyperParameterTuningJobConfig",
                f"ParameterRanges.{kind}ParameterRanges",
                "Strategy",
                "Grid",
            )
            for kind in ("Integer", "Continuous")
        ),
        Judged(rules.METRIC_UNDEFINED, "", metrics.objectives),
        *_tuned("TrainingJobDefinition"),
        *_tuned("TrainingJobDefinitions[]"),
        _TAGS,
    ),
    "CreateLabelingJob": (
        Told(rules.GROUND_TRUTH, "", "LabelingJobName"),
        Judged(rules.MANIFEST, "InputConfig.DataSource.S3DataSource", channels.manifest_of_objects),
        OneOf(rules.LABELING_SOURCE, "InputConfig.DataSource", ("S3DataSource", "SnsDataSource"), most=2),
        # The template was required until AWS's own user interfaces came.
        OneOf(rules.LABELING_INTERFACE, "HumanTaskConfig.UiConfig", ("UiTemplateS3Uri", "HumanTaskUiArn"), most=2),
        Form(
            rules.LABEL_ATTRIBUTE, "", "LabelAttributeName", re.compile(r"(?<!-metadata)\Z"), "end it without -metadata"
        ),
        _TAGS,
    ),
    "CreateModel": (
        OneOf(rules.CONTAINERS, "", ("PrimaryContainer", "Containers")),
        *_container("PrimaryContainer"),
        *_container("Containers[]"),
        AllOrNone(rules.HOSTNAMES, "", "Containers", "ContainerHostname"),
        _TAGS,
    ),
    "CreateEndpointConfig": (
        *_variant("ProductionVariants[]"),
        *_variant("ShadowProductionVariants[]"),
        Single(rules.SHADOW, "", ("ProductionVariants", "ShadowProductionVariants")),
        # Here a single type with local storage is enough for the call to fail.
        *(
            Judged(rule, "", serving.serverless_without(field))
            for rule, field in (
                (rules.SERVERLESS_VPC, "VpcConfig"),
                (rules.SERVERLESS_ISOLATION, "EnableNetworkIsolation"),
            )
        ),
        Judged(rules.SERVERLESS_CAPTURE, "", serving.serverless_capture, ("DataCaptureConfig",)),
        Judged(rules.SERVERLESS_ALONE, "", serving.serverless_alone),
        Told(rules.CLARIFY, "", "ExplainerConfig.ClarifyExplainerConfig"),
        NotOnLocalStorage(rules.NO_VOLUME_KEY, "", _TYPES_OF_VARIANTS, "KmsKeyId", any),
        # Serverless variants stay in their Region too, which this kind of constraint does not see.
        Excludes(rules.ASYNC_REGION, "", "CrossRegionTrafficConfig", ("AsyncInferenceConfig",)),
        Among(rules.METRICS_INTERVAL, "MetricsConfig", "MetricPublishFrequencyInSeconds", _EVERY_MINUTE_OR_SO),
        _TAGS,
    ),
    "CreateModelPackage": (
        *(
            Judged(rule, f"{specification}.Containers[]", find)
            for specification in ("InferenceSpecification", "AdditionalInferenceSpecifications[]")
            for rule, find in (
                (rules.IMAGE_URI, containers.is_no_uri("Image")),
                (rules.TRAINING_IMAGE, _serves("Image")),
            )
        ),
        Excludes(rules.PACKAGE_IN_GROUP, "", "ModelPackageGroupName", ("Tags", "ModelPackageName")),
        OneOf(rules.PACKAGE_NAMED, "", ("ModelPackageGroupName", "ModelPackageName"), most=2),
    ),
    "CreateEndpoint": (_DEPLOYMENT, _TAGS),
    "UpdateEndpoint": (_DEPLOYMENT,),
}
"""By operation."""


def broken_rules(
    operation: str,
    request: Mapping[str, Any],
    structures: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]],
    *,
    arns: Arns | None = None,
    models: Sequence[Mapping[str, Any]] = (),
) -> list[Problem]:
    """List a problem for each rule of *operation* that *request* breaks, of every severity.

    Args:
        operation: As `CreateTrainingJob`.
        request: Its fields.
        structures: Every structure in it with its own path, by the path of all its like: `Containers[]`.
        arns: The Region and account of the request, where they are known.
        models: The fields of the models that it names, as far as they are known.
    """
    found: list[Problem] = []
    for at, constraints in _constraints_by_path(operation):
        for structure, path in structures.get(at, ()):
            for constraint, about in constraints:
                if about and about.isdisjoint(structure):
                    continue
                if not constraint.lifted_by or constraint.lifted_by not in request:
                    found += constraint.problems(structure, path)
    found += containers.processors_of(operation, request)
    found += tags.of_request(request)
    if arns is not None:
        found += containers.foreign(operation, request, arns)
    if models:
        found += serving.of_models(operation, request, models)
    return found


@cache
def _constraints_by_path(operation: str) -> list[tuple[str, list[tuple[Constraint, frozenset[str]]]]]:
    by_path: dict[str, list[tuple[Constraint, frozenset[str]]]] = {}
    for constraint in CONSTRAINTS.get(operation, ()):
        by_path.setdefault(constraint.at, []).append((constraint, frozenset(constraint.about)))
    return list(by_path.items())
