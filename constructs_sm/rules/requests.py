"""What SageMaker enforces of a request beyond its model: fields that exclude, require or bound each other.

Each rule rests on the descriptions of the API reference, which the model carries too, or on what its comment names.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.rules.kinds import (
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
    from collections.abc import Mapping, Sequence

    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.kinds import Rule

_SELECTED = ("SelectedInstanceType", "SelectedInstanceCount")
_TYPES_OF_A_CLUSTER = ("", "InstanceGroups[]", "InstancePreferences[]", "InstanceConfigs[]")
_VARIANTS = ("ProductionVariants[]", "ShadowProductionVariants[]")
_EVERY_MINUTE_OR_SO = (10, 30, 60, 120, 180, 240, 300)


def _preferences(at: str) -> tuple[Rule, ...]:
    """The rules of a structure that can name several instance types to choose from."""
    return (
        ReadOnly(at, _SELECTED),
        # Preferences have a count each, or none has.
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
        # Spot capacity has to be waited for, and a training says how long:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
        Needs(definition, "StoppingCondition.MaxWaitTimeInSeconds", "EnableManagedSpotTraining", has=True),
        # Without spot capacity there is nothing to wait for, and the service answers with a ValidationException:
        # https://github.com/aws/sagemaker-python-sdk/issues/4140
        Only(definition, "StoppingCondition.MaxWaitTimeInSeconds", "EnableManagedSpotTraining", has=True),
        # Each group has a type and a count of its own; the service answers others with a ValidationException:
        # https://github.com/aws/sagemaker-python-sdk/pull/5564
        Excludes(resources, "InstanceGroups", ("InstanceType", "InstanceCount")),
        Excludes(resources, "InstancePreferences", ("InstanceType", "InstanceGroups", "InstancePlacementConfig")),
        Never(definition, "ResourceConfig.InstancePreferences", "EnableManagedSpotTraining", has=True),
        # Where types are to choose from, one count is for all of them, or each has its own.
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
        # A variant runs on instances or without a server.
        OneOf(at, ("InstanceType", "InstancePools", "ServerlessConfig"), most=3),
        Excludes(at, "ServerlessConfig", ("InstanceType", "InitialInstanceCount", "InstancePools")),
        # Required until inference components came, whose endpoints have a role instead:
        # https://github.com/hashicorp/terraform-provider-aws/pull/44977
        OneOf(at, ("ModelName",), unless=("InstancePools",), lifted_by="ExecutionRoleArn"),
        # Memory comes in whole GB.
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
        # One is for a type that is settled, the other for types that SageMaker chooses from.
        OneOf(definition, ("ResourceConfig", "HyperParameterTuningResourceConfig")),
        Excludes(resources, "InstanceConfigs", ("InstanceType", "VolumeSizeInGB", "InstanceCount")),
        NoVolumeKey(resources, _TYPES_OF_A_CLUSTER),
    )


_TAGS = Unique("", "Tags", "Key")
_JSON_PATH = re.compile(r"^\$")
# An update is blue/green or rolling.
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
        # InstanceType was required until InstancePreferences came, which stand in its place.
        OneOf("ProcessingResources.ClusterConfig", ("InstanceType", "InstancePreferences")),
        *_preferences("ProcessingResources.ClusterConfig"),
        NoVolumeKey("ProcessingResources.ClusterConfig", _TYPES_OF_A_CLUSTER),
        OneOf("ProcessingInputs[]", ("S3Input", "DatasetDefinition")),
        OneOf("ProcessingOutputConfig.Outputs[]", ("S3Output", "FeatureStoreOutput")),
        # Unless the app fetches an input by itself, SageMaker must know where to put it.
        *(
            Needs("ProcessingInputs[]", f"{kind}.LocalPath", "AppManaged", has)
            for kind in ("S3Input", "DatasetDefinition")
            for has in (False, None)
        ),
        Only("ProcessingOutputConfig.Outputs[]", "FeatureStoreOutput", "AppManaged", has=True),
        # Compressed data are unpacked in a pipe, not in files.
        Among("ProcessingInputs[].S3Input", "S3InputMode", ("Pipe",), "S3CompressionType", "Gzip"),
        _TAGS,
    ),
    "CreateTransformJob": (
        Form("DataProcessing", "InputFilter", _JSON_PATH, "write JSONPath, as $.features or $[1:]"),
        Form("DataProcessing", "OutputFilter", _JSON_PATH, "write JSONPath, as $['id','SageMakerOutput']"),
        # What is under way at a time has at most 100 MB.
        Product("", "MaxPayloadInMB", "MaxConcurrentTransforms", 100),
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
        # Objects come from S3, from a topic or from both.
        OneOf("InputConfig.DataSource", ("S3DataSource", "SnsDataSource"), most=2),
        # The template was required until AWS's own user interfaces came.
        OneOf("HumanTaskConfig.UiConfig", ("UiTemplateS3Uri", "HumanTaskUiArn"), most=2),
        Form("", "LabelAttributeName", re.compile(r"(?<!-metadata)\Z"), "end it without -metadata"),
        _TAGS,
    ),
    "CreateModel": (
        # A model is one container or a list of them:
        # https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/164
        OneOf("", ("PrimaryContainer", "Containers")),
        *_container("PrimaryContainer"),
        *_container("Containers[]"),
        # Once one container of a pipeline has a name, all of them need one.
        AllOrNone("", "Containers", "ContainerHostname"),
        _TAGS,
    ),
    "CreateEndpointConfig": (
        *_variant("ProductionVariants[]"),
        *_variant("ShadowProductionVariants[]"),
        # A shadow stands behind one variant, and that has no second shadow.
        Single("", ("ProductionVariants", "ShadowProductionVariants")),
        # Here a single type with local storage is enough for the call to fail.
        NoVolumeKey("", (*_VARIANTS, *(f"{variants}.InstancePools[]" for variants in _VARIANTS)), "KmsKeyId", any),
        # Asynchronous inference stays in its Region. So do serverless variants, which this kind of rule does not see.
        Excludes("", "CrossRegionTrafficConfig", ("AsyncInferenceConfig",)),
        Among("MetricsConfig", "MetricPublishFrequencyInSeconds", _EVERY_MINUTE_OR_SO),
        _TAGS,
    ),
    "CreateModelPackage": (
        # A version has the tags of its group, and its number there instead of a name.
        Excludes("", "ModelPackageGroupName", ("Tags", "ModelPackageName")),
        OneOf("", ("ModelPackageGroupName", "ModelPackageName"), most=2),
    ),
    "CreateEndpoint": (_DEPLOYMENT, _TAGS),
    "UpdateEndpoint": (_DEPLOYMENT,),
}
"""By operation."""


def broken_rules(
    operation: str, request: Mapping[str, Any], structures: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]]
) -> list[Problem]:
    """List a problem for each rule of *operation* that *request* breaks.

    Args:
        operation: As `CreateTrainingJob`.
        request: Its fields.
        structures: Every structure in it with its own path, by the path of all its like: `Containers[]`.
    """
    found: list[Problem] = []
    for at, rules in _rules_by_path(operation):
        for structure, path in structures.get(at, ()):
            for rule in rules:
                if not rule.lifted_by or rule.lifted_by not in request:
                    found += rule.problems(structure, path)
    return found


@cache
def _rules_by_path(operation: str) -> list[tuple[str, list[Rule]]]:
    # A request is walked once a path, not once a rule.
    by_path: dict[str, list[Rule]] = {}
    for rule in RULES.get(operation, ()):
        by_path.setdefault(rule.at, []).append(rule)
    return list(by_path.items())
