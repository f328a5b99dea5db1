"""AWS CDK constructs for SageMaker jobs on Step Functions: default retries, checked results, least-privilege grants."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from constructs_sm import node

node.provide()

_NAMES = {
    "steps.approval": ("Approval",),
    "steps.artifact_check": ("ArtifactCheck",),
    "values.conditions": ("Condition", "Number"),
    "steps.endpoint_deployment": ("EndpointDeployment",),
    "language.errors": ("InvalidInputError",),
    "task.acknowledging": ("acknowledge",),
    "task.guardrails": ("Guardrails",),
    "steps.failure_handler": ("FailureHandler",),
    "steps.fan_out": ("FanOut",),
    "steps.gates": ("EvaluationReport", "QualityGate"),
    "steps.input_guard": ("InputGuard",),
    "values.inputs": ("Input",),
    "task.job": ("SageMakerJob",),
    "jobs.parts.channels": ("Channel", "FileSystemDataSource"),
    "jobs.parts.containers": ("Container", "ModelDataSource"),
    "jobs.parts.debugger": (
        "DebugHookConfig",
        "DebugRuleConfiguration",
        "ProfilerConfig",
        "ProfilerRuleConfiguration",
        "TensorBoardOutputConfig",
    ),
    "jobs.parts.definitions": ("CheckpointConfig",),
    "jobs.parts.update_policies": ("BlueGreenUpdatePolicy", "CapacitySize", "RollingUpdatePolicy"),
    "jobs.endpoint": ("CreateEndpoint", "CreateEndpointConfig", "UpdateEndpoint"),
    "jobs.parts.fields": ("ExperimentConfig",),
    "jobs.labeling": ("LabelingJob",),
    "jobs.model": ("CreateModel",),
    "jobs.processing": ("ProcessingJob",),
    "jobs.parts.processing_data": (
        "AthenaDatasetDefinition",
        "FeatureStoreOutput",
        "ProcessingInput",
        "ProcessingOutput",
        "RedshiftDatasetDefinition",
    ),
    "jobs.parts.ranges": (
        "AutoParameter",
        "CategoricalParameterRange",
        "ContinuousParameterRange",
        "IntegerParameterRange",
    ),
    "jobs.parts.resources": (
        "InstanceGroup",
        "InstancePlacementConfig",
        "InstancePreference",
        "PlacementSpecification",
        "TuningInstanceConfig",
    ),
    "jobs.parts.serving": (
        "AsyncInferenceConfig",
        "ClarifyExplainerConfig",
        "ClarifyInferenceConfig",
        "ClarifyShapConfig",
        "CrossRegionTrafficConfig",
        "DataCaptureConfig",
        "MetricsConfig",
    ),
    "jobs.training": ("TrainingJob",),
    "jobs.parts.training_config": ("MlflowConfig", "ModelPackageConfig", "ServerlessJobConfig", "TrainingImageConfig"),
    "jobs.transform": ("BatchDataCaptureConfig", "TransformJob"),
    "jobs.tuning": ("TuningJob", "TuningJobWarmStartConfig"),
    "jobs.parts.tuning_config": ("HyperbandStrategyConfig", "TuningJobCompletionCriteria"),
    "jobs.parts.tuning_definition": ("TuningDefinition",),
    "jobs.variants": (
        "InstancePool",
        "ManagedInstanceScaling",
        "PrefixAwareRoutingConfig",
        "ServerlessConfig",
        "Variant",
    ),
    "jobs.parts.workers": ("PublicWorkteam",),
    "values.names": ("JobName",),
    "values.outputs": ("JobOutput",),
    "steps.parallel_jobs": ("ParallelJobs",),
    "pipeline.pipeline": ("JobPipeline",),
    "task.polled_job": ("PolledJob",),
    "jobs.model_package": ("CreateModelPackage",),
    "retry": ("RetryPolicy",),
    "requests.rendering": ("Verbatim",),
    "values.reuse": ("Reuse",),
    "values.s3": ("S3Location",),
    "steps.s3_items": ("S3Items",),
    "steps.raw_state": ("RawState",),
    "steps.scaling": ("RegisterScalableTarget",),
    "jobs.parts.scaling": ("ScalableTarget", "ScheduledAction", "StepScaling", "TargetTrackingScaling"),
    "jobs.inference_component": ("CreateInferenceComponent",),
    "steps.deletions": (
        "DeleteEndpoint",
        "DeleteEndpointConfig",
        "DeleteInferenceComponent",
        "DeleteModel",
        "Deletion",
    ),
    "steps.find_model_package": ("FindModelPackage",),
    "steps.batches": ("ItemBatcher", "WriterConfig"),
    "pipeline.stack": ("PipelineStack",),
    "pipeline.synthesis": ("PipelineApp", "synthesize"),
    "task.task": ("SageMakerTask",),
    "task.output_check": ("OutputCheck",),
}
"""The public names by module, which is loaded when one of them is asked for. Type checkers read `__init__.pyi`."""
_MODULES = ("images", "polled_actions", "retry")
"""The modules that are public themselves."""
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [*sorted((*_HOME, *_MODULES))]  # noqa: PLE0604  (strings, all of them)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        home = import_module(f"{__name__}.{_HOME[name]}")
    except FileNotFoundError as absent:
        raise node.missing(absent) from absent
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return __all__
