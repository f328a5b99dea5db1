"""AWS CDK constructs for SageMaker jobs on Step Functions: default retries, checked results, least-privilege grants."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from constructs_sm import node

node.provide()

_NAMES = {
    "approval": ("Approval",),
    "conditions": ("Condition", "Number"),
    "deployment": ("EndpointDeployment",),
    "errors": ("InvalidInputError",),
    "failures": ("FailureHandler",),
    "fan_out": ("FanOut",),
    "gates": ("EvaluationReport", "QualityGate"),
    "input_guard": ("InputGuard",),
    "inputs": ("Input",),
    "job": ("SageMakerJob",),
    "jobs.channels": ("Channel", "FileSystemDataSource"),
    "jobs.containers": ("Container", "ModelDataSource"),
    "jobs.debugger": (
        "DebugHookConfig",
        "DebugRuleConfiguration",
        "ProfilerConfig",
        "ProfilerRuleConfiguration",
        "TensorBoardOutputConfig",
    ),
    "jobs.definitions": ("CheckpointConfig",),
    "jobs.deployment": ("BlueGreenUpdatePolicy", "CapacitySize", "RollingUpdatePolicy"),
    "jobs.endpoint": ("Endpoint", "EndpointConfig", "EndpointUpdate"),
    "jobs.fields": ("ExperimentConfig",),
    "jobs.labeling": ("LabelingJob",),
    "jobs.model": ("Model",),
    "jobs.processing": ("ProcessingJob",),
    "jobs.processing_data": (
        "AthenaDatasetDefinition",
        "FeatureStoreOutput",
        "ProcessingInput",
        "ProcessingOutput",
        "RedshiftDatasetDefinition",
    ),
    "jobs.ranges": ("AutoParameter", "CategoricalParameterRange", "ContinuousParameterRange", "IntegerParameterRange"),
    "jobs.resources": (
        "InstanceGroup",
        "InstancePlacementConfig",
        "InstancePreference",
        "PlacementSpecification",
        "TuningInstanceConfig",
    ),
    "jobs.serving": (
        "AsyncInferenceConfig",
        "ClarifyExplainerConfig",
        "ClarifyInferenceConfig",
        "ClarifyShapConfig",
        "CrossRegionTrafficConfig",
        "DataCaptureConfig",
        "MetricsConfig",
    ),
    "jobs.training": (
        "MlflowConfig",
        "ModelPackageConfig",
        "ServerlessJobConfig",
        "TrainingImageConfig",
        "TrainingJob",
    ),
    "jobs.transform": ("BatchDataCaptureConfig", "TransformJob"),
    "jobs.tuning": ("HyperbandStrategyConfig", "TuningJob", "TuningJobCompletionCriteria", "TuningJobWarmStartConfig"),
    "jobs.tuning_definition": ("TuningDefinition",),
    "jobs.variants": (
        "InstancePool",
        "ManagedInstanceScaling",
        "PrefixAwareRoutingConfig",
        "ServerlessConfig",
        "Variant",
    ),
    "jobs.workers": ("PublicWorkteam",),
    "names": ("JobName",),
    "outputs": ("JobOutput",),
    "parallel": ("ParallelJobs",),
    "pipeline": ("SageMakerPipeline",),
    "polled_job": ("PolledJob",),
    "registry": ("ModelPackage",),
    "retry": ("RetryPolicy",),
    "s3": ("S3Location",),
    "s3_items": ("S3Items",),
    "stack": ("PipelineStack",),
    "task": ("SageMakerTask",),
    "validation": ("OutputCheck",),
}
"""The public names by module, which is loaded when one of them is asked for. Type checkers read `__init__.pyi`."""
_MODULES = ("images", "polled_actions", "retry")
"""Those that are public themselves."""
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [*sorted(_HOME), *_MODULES]  # noqa: PLE0604  (strings, all of them)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
