"""AWS CDK constructs for SageMaker jobs on Step Functions: default retries, checked results, least-privilege grants."""

from constructs_sm import node

node.provide()

from constructs_sm import images, polled_actions, retry  # noqa: E402
from constructs_sm.approval import Approval  # noqa: E402
from constructs_sm.conditions import Condition, Number  # noqa: E402
from constructs_sm.deployment import EndpointDeployment  # noqa: E402
from constructs_sm.errors import InvalidInputError  # noqa: E402
from constructs_sm.failures import FailureHandler  # noqa: E402
from constructs_sm.fan_out import FanOut, S3Items  # noqa: E402
from constructs_sm.gates import EvaluationReport, QualityGate  # noqa: E402
from constructs_sm.input_guard import InputGuard  # noqa: E402
from constructs_sm.inputs import Input  # noqa: E402
from constructs_sm.job import SageMakerJob  # noqa: E402
from constructs_sm.jobs.channels import Channel, FileSystemDataSource  # noqa: E402
from constructs_sm.jobs.containers import Container, ModelDataSource  # noqa: E402
from constructs_sm.jobs.debugger import (  # noqa: E402
    DebugHookConfig,
    DebugRuleConfiguration,
    ProfilerConfig,
    ProfilerRuleConfiguration,
    TensorBoardOutputConfig,
)
from constructs_sm.jobs.definitions import CheckpointConfig  # noqa: E402
from constructs_sm.jobs.deployment import BlueGreenUpdatePolicy, CapacitySize, RollingUpdatePolicy  # noqa: E402
from constructs_sm.jobs.endpoint import Endpoint, EndpointConfig, EndpointUpdate  # noqa: E402
from constructs_sm.jobs.fields import ExperimentConfig  # noqa: E402
from constructs_sm.jobs.labeling import LabelingJob  # noqa: E402
from constructs_sm.jobs.model import Model  # noqa: E402
from constructs_sm.jobs.processing import ProcessingJob  # noqa: E402
from constructs_sm.jobs.processing_data import (  # noqa: E402
    AthenaDatasetDefinition,
    FeatureStoreOutput,
    ProcessingInput,
    ProcessingOutput,
    RedshiftDatasetDefinition,
)
from constructs_sm.jobs.ranges import (  # noqa: E402
    AutoParameter,
    CategoricalParameterRange,
    ContinuousParameterRange,
    IntegerParameterRange,
)
from constructs_sm.jobs.resources import (  # noqa: E402
    InstanceGroup,
    InstancePlacementConfig,
    InstancePreference,
    PlacementSpecification,
    TuningInstanceConfig,
)
from constructs_sm.jobs.serving import (  # noqa: E402
    AsyncInferenceConfig,
    ClarifyExplainerConfig,
    ClarifyInferenceConfig,
    ClarifyShapConfig,
    CrossRegionTrafficConfig,
    DataCaptureConfig,
    MetricsConfig,
)
from constructs_sm.jobs.training import (  # noqa: E402
    MlflowConfig,
    ModelPackageConfig,
    ServerlessJobConfig,
    TrainingImageConfig,
    TrainingJob,
)
from constructs_sm.jobs.transform import BatchDataCaptureConfig, TransformJob  # noqa: E402
from constructs_sm.jobs.tuning import (  # noqa: E402
    HyperbandStrategyConfig,
    TuningJob,
    TuningJobCompletionCriteria,
    TuningJobWarmStartConfig,
)
from constructs_sm.jobs.tuning_definition import TuningDefinition  # noqa: E402
from constructs_sm.jobs.variants import (  # noqa: E402
    InstancePool,
    ManagedInstanceScaling,
    PrefixAwareRoutingConfig,
    ServerlessConfig,
    Variant,
)
from constructs_sm.jobs.workers import PublicWorkteam  # noqa: E402
from constructs_sm.names import JobName  # noqa: E402
from constructs_sm.outputs import JobOutput  # noqa: E402
from constructs_sm.parallel import ParallelJobs  # noqa: E402
from constructs_sm.pipeline import SageMakerPipeline  # noqa: E402
from constructs_sm.polled_job import PolledJob  # noqa: E402
from constructs_sm.registry import ModelPackage  # noqa: E402
from constructs_sm.retry import RetryPolicy  # noqa: E402
from constructs_sm.s3 import S3Location  # noqa: E402
from constructs_sm.stack import PipelineStack  # noqa: E402
from constructs_sm.task import SageMakerTask  # noqa: E402
from constructs_sm.validation import OutputCheck  # noqa: E402

__all__ = [
    "Approval",
    "AsyncInferenceConfig",
    "AthenaDatasetDefinition",
    "AutoParameter",
    "BatchDataCaptureConfig",
    "BlueGreenUpdatePolicy",
    "CapacitySize",
    "CategoricalParameterRange",
    "Channel",
    "CheckpointConfig",
    "ClarifyExplainerConfig",
    "ClarifyInferenceConfig",
    "ClarifyShapConfig",
    "Condition",
    "Container",
    "ContinuousParameterRange",
    "CrossRegionTrafficConfig",
    "DataCaptureConfig",
    "DebugHookConfig",
    "DebugRuleConfiguration",
    "Endpoint",
    "EndpointConfig",
    "EndpointDeployment",
    "EndpointUpdate",
    "EvaluationReport",
    "ExperimentConfig",
    "FailureHandler",
    "FanOut",
    "FeatureStoreOutput",
    "FileSystemDataSource",
    "HyperbandStrategyConfig",
    "Input",
    "InputGuard",
    "InstanceGroup",
    "InstancePlacementConfig",
    "InstancePool",
    "InstancePreference",
    "IntegerParameterRange",
    "InvalidInputError",
    "JobName",
    "JobOutput",
    "LabelingJob",
    "ManagedInstanceScaling",
    "MetricsConfig",
    "MlflowConfig",
    "Model",
    "ModelDataSource",
    "ModelPackage",
    "ModelPackageConfig",
    "Number",
    "OutputCheck",
    "ParallelJobs",
    "PipelineStack",
    "PlacementSpecification",
    "PolledJob",
    "PrefixAwareRoutingConfig",
    "ProcessingInput",
    "ProcessingJob",
    "ProcessingOutput",
    "ProfilerConfig",
    "ProfilerRuleConfiguration",
    "PublicWorkteam",
    "QualityGate",
    "RedshiftDatasetDefinition",
    "RetryPolicy",
    "RollingUpdatePolicy",
    "S3Items",
    "S3Location",
    "SageMakerJob",
    "SageMakerPipeline",
    "SageMakerTask",
    "ServerlessConfig",
    "ServerlessJobConfig",
    "TensorBoardOutputConfig",
    "TrainingImageConfig",
    "TrainingJob",
    "TransformJob",
    "TuningDefinition",
    "TuningInstanceConfig",
    "TuningJob",
    "TuningJobCompletionCriteria",
    "TuningJobWarmStartConfig",
    "Variant",
    "images",
    "polled_actions",
    "retry",
]
