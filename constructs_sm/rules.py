"""What SageMaker enforces of a request beyond its model: fields that exclude, require or bound each other.

Each rule says what the descriptions of the API reference say (the model carries them too), or quotes the service.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from constructs_sm.rule_kinds import (
    AllOrNone,
    Among,
    AtLeast,
    Counted,
    Excludes,
    Form,
    Mounted,
    Needs,
    Never,
    NoVolumeKey,
    OneOf,
    Only,
    Product,
    ReadOnly,
    Single,
    Unique,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.errors import Problem
    from constructs_sm.rule_kinds import Rule

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
