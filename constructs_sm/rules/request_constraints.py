"""Rules that SageMaker enforces of a request beyond its model: fields that exclude, require or bound each other.

Each rule stands with its reason and its source in `*_rules`; here is where it holds.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from constructs_sm.rules import (
    channels,
    closed_services,
    containers,
    image_rules,
    metrics,
    processing_rules,
    serving,
    serving_rules,
    tag_rules,
    training_rules,
)
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
    from constructs_sm.rules.kinds import Constraint, Found, Structure
    from constructs_sm.rules.rule import Rule

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
        ReadOnly(training_rules.SELECTED, at, _SELECTED),
        AllOrNone(training_rules.PREFERENCES_COUNTED, at, "InstancePreferences", "InstanceCount"),
        Unique(training_rules.PREFERENCES_DIFFER, at, "InstancePreferences", "InstanceType"),
    )


def _training(definition: str = "") -> tuple[Constraint, ...]:
    """The rules of a training request, or of the definition at a path of a tuning request."""
    prefix = f"{definition}." if definition else ""
    resources = f"{prefix}ResourceConfig"
    return (
        OneOf(training_rules.ALGORITHM, f"{prefix}AlgorithmSpecification", ("TrainingImage", "AlgorithmName")),
        AtLeast(
            training_rules.WAIT_COVERS_RUNTIME,
            f"{prefix}StoppingCondition",
            "MaxWaitTimeInSeconds",
            "MaxRuntimeInSeconds",
        ),
        Needs(
            training_rules.SPOT_WAIT,
            definition,
            "StoppingCondition.MaxWaitTimeInSeconds",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Only(
            training_rules.WAIT_WITHOUT_SPOT,
            definition,
            "StoppingCondition.MaxWaitTimeInSeconds",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Excludes(training_rules.GROUPS_INSTEAD, resources, "InstanceGroups", ("InstanceType", "InstanceCount")),
        Unique(training_rules.GROUPS_DIFFER, resources, "InstanceGroups", "InstanceGroupName"),
        Judged(training_rules.CHANNELS_OF_GROUPS, definition, channels.channels_of_groups, ("InputDataConfig",)),
        Judged(training_rules.UNKNOWN_GROUP, definition, channels.unknown_groups, ("InputDataConfig",)),
        Excludes(
            training_rules.PREFERENCES_INSTEAD,
            resources,
            "InstancePreferences",
            ("InstanceType", "InstanceGroups", "InstancePlacementConfig"),
        ),
        Never(
            training_rules.PREFERENCES_WITHOUT_SPOT,
            definition,
            "ResourceConfig.InstancePreferences",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Counted(training_rules.PREFERENCES_COUNTED, resources, "InstancePreferences", "InstanceCount"),
        OneOf(
            training_rules.CHANNEL_SOURCE,
            f"{prefix}InputDataConfig[].DataSource",
            ("S3DataSource", "FileSystemDataSource", "DatasetSource"),
        ),
        Judged(training_rules.GZIP, definition, channels.compressed, ("InputDataConfig",)),
        Judged(training_rules.RECORD_WRAPPER, definition, channels.wrapped, ("InputDataConfig",)),
        Judged(training_rules.AUGMENTED_MANIFEST, definition, channels.augmented, ("InputDataConfig",)),
        Judged(
            training_rules.MANIFEST,
            f"{prefix}InputDataConfig[].DataSource.S3DataSource",
            channels.manifests,
            ("S3DataType",),
        ),
        Mounted(training_rules.FILE_SYSTEM, definition),
        Judged(training_rules.DISTRIBUTED_IN_VPC, definition, channels.instances_in_vpc, ("VpcConfig",)),
        Judged(
            training_rules.SPOT_WITHOUT_CHECKPOINTS,
            definition,
            channels.spot_without_checkpoints,
            ("EnableManagedSpotTraining",),
        ),
        Judged(training_rules.METRIC_EXPRESSION, definition, metrics.expressions),
        Judged(image_rules.INFERENCE_IMAGE, f"{prefix}AlgorithmSpecification", _trains("TrainingImage")),
        *_preferences(resources),
        NotOnLocalStorage(training_rules.NO_VOLUME_KEY, resources, _TYPES_OF_A_CLUSTER),
    )


def _container(at: str) -> tuple[Constraint, ...]:
    return (
        OneOf(serving_rules.CONTAINER, at, ("Image", "ModelPackageName"), most=2),
        Judged(image_rules.TRAINING_IMAGE, at, _serves("Image")),
        Judged(closed_services.ELASTIC_INFERENCE, at, containers.is_for_accelerators("Image"), ("Image",)),
        Only(serving_rules.REGISTRY_LOGIN, f"{at}.ImageConfig", "RepositoryAuthConfig", "RepositoryAccessMode", "Vpc"),
        Among(
            serving_rules.METRICS_INTERVAL,
            f"{at}.ContainerMetricsConfig.MetricsEndpoints[]",
            "MetricPublishFrequencyInSeconds",
            _EVERY_MINUTE_OR_SO,
        ),
    )


def _variant(at: str) -> tuple[Constraint, ...]:
    return (
        OneOf(serving_rules.VARIANT, at, ("InstanceType", "InstancePools", "ServerlessConfig"), most=3),
        Excludes(
            serving_rules.VARIANT_SERVERLESS,
            at,
            "ServerlessConfig",
            ("InstanceType", "InitialInstanceCount", "InstancePools"),
        ),
        # Required until inference components came, whose endpoints have a role instead.
        OneOf(serving_rules.VARIANT_MODEL, at, ("ModelName",), unless=("InstancePools",), lifted_by="ExecutionRoleArn"),
        Among(
            serving_rules.SERVERLESS_MEMORY, f"{at}.ServerlessConfig", "MemorySizeInMB", tuple(range(1024, 6145, 1024))
        ),
        AtLeast(
            serving_rules.SERVERLESS_CONCURRENCY, f"{at}.ServerlessConfig", "MaxConcurrency", "ProvisionedConcurrency"
        ),
        Only(
            serving_rules.PREFIX_AWARE,
            f"{at}.RoutingConfig",
            "PrefixAwareRoutingConfig",
            "RoutingStrategy",
            "PREFIX_AWARE",
        ),
        *(
            Needs(
                serving_rules.PREFIX_AWARE,
                f"{at}.RoutingConfig",
                f"PrefixAwareRoutingConfig.{field}",
                "RoutingStrategy",
                "PREFIX_AWARE",
            )
            for field in ("PrefixLength", "ConcurrencyThreshold")
        ),
        NotOnLocalStorage(serving_rules.NO_VOLUME, at, ("", "InstancePools[]"), "VolumeSizeInGB"),
        Told(closed_services.ELASTIC_INFERENCE, at, "AcceleratorType"),
    )


def _tuned(definition: str) -> tuple[Constraint, ...]:
    """The rules of a definition of a tuning request."""
    resources = f"{definition}.HyperParameterTuningResourceConfig"
    return (
        *_training(definition),
        OneOf(training_rules.TUNED_RESOURCES, definition, ("ResourceConfig", "HyperParameterTuningResourceConfig")),
        Excludes(
            training_rules.INSTANCE_CONFIGS,
            resources,
            "InstanceConfigs",
            ("InstanceType", "VolumeSizeInGB", "InstanceCount"),
        ),
        Absent(training_rules.WARM_POOL_TUNING, definition, "ResourceConfig.KeepAlivePeriodInSeconds"),
        NotOnLocalStorage(training_rules.NO_VOLUME_KEY, resources, _TYPES_OF_A_CLUSTER),
    )


def _of_the_service(rule: Rule, _: Structure, __: str) -> Found:
    yield rule.problem()


TAGS = Unique(tag_rules.TAGS, "", "Tags", "Key")
_JSON_PATH = re.compile(r"^\$")
_DEPLOYMENT = OneOf(
    serving_rules.DEPLOYMENT, "DeploymentConfig", ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"), least=0
)

CONSTRAINTS: dict[str, tuple[Constraint, ...]] = {
    "CreateTrainingJob": (
        # Required until serverless jobs came, which choose all of it themselves.
        *(
            OneOf(training_rules.TRAINING_WITHOUT, "", (needed, "ServerlessJobConfig"), most=2)
            for needed in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition")
        ),
        *_training(),
        Never(
            training_rules.WARM_POOL_SPOT,
            "",
            "ResourceConfig.KeepAlivePeriodInSeconds",
            "EnableManagedSpotTraining",
            has=True,
        ),
        Excludes(training_rules.WARM_POOL_GROUPS, "ResourceConfig", "InstanceGroups", ("KeepAlivePeriodInSeconds",)),
        Told(closed_services.DEBUGGER, "", "DebugHookConfig"),
        Told(closed_services.DEBUGGER, "", "DebugRuleConfigurations"),
        Told(closed_services.DEBUGGER, "", "ProfilerRuleConfigurations"),
        Told(closed_services.PROFILER, "", "ProfilerConfig.S3OutputPath"),
        Needs(training_rules.EVALUATION, "ServerlessJobConfig", "EvaluationType", "JobType", "Evaluation"),
    ),
    "CreateProcessingJob": (
        # InstanceType was required until InstancePreferences came, which stand in its place.
        OneOf(
            processing_rules.PROCESSING_TYPE,
            "ProcessingResources.ClusterConfig",
            ("InstanceType", "InstancePreferences"),
        ),
        *_preferences("ProcessingResources.ClusterConfig"),
        NotOnLocalStorage(training_rules.NO_VOLUME_KEY, "ProcessingResources.ClusterConfig", _TYPES_OF_A_CLUSTER),
        Judged(closed_services.CLARIFY, "AppSpecification", containers.is_of("ImageUri", "sagemaker-clarify")),
        Judged(
            closed_services.MODEL_MONITOR, "AppSpecification", containers.is_of("ImageUri", "sagemaker-model-monitor")
        ),
        Judged(processing_rules.LOCAL_PATHS_DIFFER, "", channels.local_paths),
        Judged(training_rules.MANIFEST, "ProcessingInputs[].S3Input", channels.manifests, ("S3DataType",)),
        OneOf(processing_rules.PROCESSING_INPUT, "ProcessingInputs[]", ("S3Input", "DatasetDefinition")),
        OneOf(
            processing_rules.PROCESSING_OUTPUT, "ProcessingOutputConfig.Outputs[]", ("S3Output", "FeatureStoreOutput")
        ),
        # Unless the app fetches an input by itself, SageMaker must know where to put it.
        *(
            Needs(processing_rules.LOCAL_PATH, "ProcessingInputs[]", f"{kind}.LocalPath", "AppManaged", has)
            for kind in ("S3Input", "DatasetDefinition")
            for has in (False, None)
        ),
        Only(
            processing_rules.FEATURE_STORE,
            "ProcessingOutputConfig.Outputs[]",
            "FeatureStoreOutput",
            "AppManaged",
            has=True,
        ),
        Among(training_rules.GZIP, "ProcessingInputs[].S3Input", "S3InputMode", ("Pipe",), "S3CompressionType", "Gzip"),
    ),
    "CreateTransformJob": (
        Among(processing_rules.TRANSFORM_MANIFEST, _TRANSFORMED, "S3DataType", ("ManifestFile", "S3Prefix")),
        Judged(training_rules.MANIFEST, _TRANSFORMED, channels.manifests, ("S3DataType",)),
        Form(
            processing_rules.FILTER,
            "DataProcessing",
            "InputFilter",
            _JSON_PATH,
            "write JSONPath, as $.features or $[1:]",
        ),
        Form(
            processing_rules.FILTER,
            "DataProcessing",
            "OutputFilter",
            _JSON_PATH,
            "write JSONPath, as $['id','SageMakerOutput']",
        ),
        Product(processing_rules.PAYLOAD, "", "MaxPayloadInMB", "MaxConcurrentTransforms", 100),
        NotOnLocalStorage(training_rules.NO_VOLUME_KEY, "TransformResources", _TYPES_OF_A_CLUSTER),
    ),
    "CreateHyperParameterTuningJob": (
        OneOf(training_rules.DEFINITIONS, "", ("TrainingJobDefinition", "TrainingJobDefinitions")),
        Only(training_rules.HYPERBAND, "HyperParameterTuningJobConfig", "StrategyConfig", "Strategy", "Hyperband"),
        Among(
            training_rules.HYPERBAND_STOPS,
            "HyperParameterTuningJobConfig",
            "TrainingJobEarlyStoppingType",
            ("Off",),
            "Strategy",
            "Hyperband",
        ),
        *(
            Never(
                training_rules.GRID,
                "HyperParameterTuningJobConfig",
                f"ParameterRanges.{kind}ParameterRanges",
                "Strategy",
                "Grid",
            )
            for kind in ("Integer", "Continuous")
        ),
        Judged(training_rules.METRIC_UNDEFINED, "", metrics.objectives),
        *_tuned("TrainingJobDefinition"),
        *_tuned("TrainingJobDefinitions[]"),
    ),
    "CreateLabelingJob": (
        Judged(training_rules.MANIFEST, "InputConfig.DataSource.S3DataSource", channels.manifest_of_objects),
        OneOf(processing_rules.LABELING_SOURCE, "InputConfig.DataSource", ("S3DataSource", "SnsDataSource"), most=2),
        # The template was required until AWS's own user interfaces came.
        OneOf(
            processing_rules.LABELING_INTERFACE,
            "HumanTaskConfig.UiConfig",
            ("UiTemplateS3Uri", "HumanTaskUiArn"),
            most=2,
        ),
        Form(
            processing_rules.LABEL_ATTRIBUTE,
            "",
            "LabelAttributeName",
            re.compile(r"(?<!-metadata)\Z"),
            "end it without -metadata",
        ),
    ),
    "CreateModel": (
        OneOf(serving_rules.CONTAINERS, "", ("PrimaryContainer", "Containers")),
        *_container("PrimaryContainer"),
        *_container("Containers[]"),
        AllOrNone(serving_rules.HOSTNAMES, "", "Containers", "ContainerHostname"),
    ),
    "CreateEndpointConfig": (
        *_variant("ProductionVariants[]"),
        *_variant("ShadowProductionVariants[]"),
        Single(serving_rules.SHADOW, "", ("ProductionVariants", "ShadowProductionVariants")),
        # Here a single type with local storage is enough for the call to fail.
        *(
            Judged(rule, "", serving.serverless_without(field))
            for rule, field in (
                (serving_rules.SERVERLESS_VPC, "VpcConfig"),
                (serving_rules.SERVERLESS_ISOLATION, "EnableNetworkIsolation"),
            )
        ),
        Judged(serving_rules.SERVERLESS_CAPTURE, "", serving.serverless_capture, ("DataCaptureConfig",)),
        Judged(serving_rules.SERVERLESS_ALONE, "", serving.serverless_alone),
        Told(closed_services.CLARIFY, "", "ExplainerConfig.ClarifyExplainerConfig"),
        NotOnLocalStorage(training_rules.NO_VOLUME_KEY, "", _TYPES_OF_VARIANTS, "KmsKeyId", any),
        # Serverless variants stay in their Region too, which this kind of constraint does not see.
        Excludes(serving_rules.ASYNC_REGION, "", "CrossRegionTrafficConfig", ("AsyncInferenceConfig",)),
        Among(serving_rules.METRICS_INTERVAL, "MetricsConfig", "MetricPublishFrequencyInSeconds", _EVERY_MINUTE_OR_SO),
    ),
    "CreateModelPackage": (
        *(
            Judged(image_rules.TRAINING_IMAGE, f"{specification}.Containers[]", _serves("Image"))
            for specification in ("InferenceSpecification", "AdditionalInferenceSpecifications[]")
        ),
        Excludes(serving_rules.PACKAGE_IN_GROUP, "", "ModelPackageGroupName", ("Tags", "ModelPackageName")),
        OneOf(serving_rules.PACKAGE_NAMED, "", ("ModelPackageGroupName", "ModelPackageName"), most=2),
    ),
    "CreateInferenceComponent": (
        *(
            Judged(image_rules.TRAINING_IMAGE, f"{specification}.Container", _serves("Image"))
            for specification in ("Specification", "Specifications[]")
        ),
    ),
    "CreateEndpoint": (_DEPLOYMENT,),
    "UpdateEndpoint": (_DEPLOYMENT,),
}
"""By operation."""
for _operation, _rule in closed_services.CLOSED_APIS.items():
    CONSTRAINTS[_operation] = (Judged(_rule, "", _of_the_service), *CONSTRAINTS.get(_operation, ()))
