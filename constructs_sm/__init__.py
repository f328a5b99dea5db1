"""AWS CDK constructs for SageMaker jobs on Step Functions: default retries, checked results, least-privilege grants."""

from constructs_sm import node

node.provide()

from constructs_sm import images, polled_actions, retry  # noqa: E402
from constructs_sm.approval import Approval  # noqa: E402
from constructs_sm.deployment import EndpointDeployment  # noqa: E402
from constructs_sm.errors import InvalidInputError  # noqa: E402
from constructs_sm.job import SageMakerJob  # noqa: E402
from constructs_sm.jobs.containers import Container, ModelDataSource  # noqa: E402
from constructs_sm.jobs.deployment import BlueGreenUpdatePolicy, CapacitySize, RollingUpdatePolicy  # noqa: E402
from constructs_sm.jobs.endpoint import Endpoint, EndpointConfig, EndpointUpdate  # noqa: E402
from constructs_sm.jobs.labeling import LabelingJob  # noqa: E402
from constructs_sm.jobs.model import Model  # noqa: E402
from constructs_sm.jobs.processing import ProcessingJob  # noqa: E402
from constructs_sm.jobs.serving import (  # noqa: E402
    AsyncInferenceConfig,
    ClarifyExplainerConfig,
    ClarifyInferenceConfig,
    ClarifyShapConfig,
    CrossRegionTrafficConfig,
    DataCaptureConfig,
    MetricsConfig,
)
from constructs_sm.jobs.training import TrainingJob  # noqa: E402
from constructs_sm.jobs.transform import TransformJob  # noqa: E402
from constructs_sm.jobs.tuning import TuningJob  # noqa: E402
from constructs_sm.jobs.variants import (  # noqa: E402
    InstancePool,
    ManagedInstanceScaling,
    PrefixAwareRoutingConfig,
    ServerlessConfig,
    Variant,
)
from constructs_sm.jobs.workers import PublicWorkteam  # noqa: E402
from constructs_sm.names import JobName  # noqa: E402
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
    "BlueGreenUpdatePolicy",
    "CapacitySize",
    "ClarifyExplainerConfig",
    "ClarifyInferenceConfig",
    "ClarifyShapConfig",
    "Container",
    "CrossRegionTrafficConfig",
    "DataCaptureConfig",
    "Endpoint",
    "EndpointConfig",
    "EndpointDeployment",
    "EndpointUpdate",
    "InstancePool",
    "InvalidInputError",
    "JobName",
    "LabelingJob",
    "ManagedInstanceScaling",
    "MetricsConfig",
    "Model",
    "ModelDataSource",
    "ModelPackage",
    "OutputCheck",
    "PipelineStack",
    "PolledJob",
    "PrefixAwareRoutingConfig",
    "ProcessingJob",
    "PublicWorkteam",
    "RetryPolicy",
    "RollingUpdatePolicy",
    "S3Location",
    "SageMakerJob",
    "SageMakerPipeline",
    "SageMakerTask",
    "ServerlessConfig",
    "TrainingJob",
    "TransformJob",
    "TuningJob",
    "Variant",
    "images",
    "polled_actions",
    "retry",
]
