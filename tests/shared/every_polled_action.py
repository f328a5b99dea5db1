"""For every row of the second table: the smallest request SageMaker takes, without name and role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm import PolledJob

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from every_action import IMAGE

if TYPE_CHECKING:
    from constructs_sm.polled_actions import PolledAction

REQUESTS: dict[str, dict[str, Any]] = {
    "createAutoMLJobV2": {
        "AutoMLJobInputDataConfig": [
            {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}}}
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/automl/"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "churned"}},
    },
    "createCompilationJob": {
        "InputConfig": {"S3Uri": "s3://data/models/model.tar.gz", "Framework": "XGBOOST"},
        "OutputConfig": {"S3OutputLocation": "s3://data/compiled/", "TargetDevice": "ml_m5"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
    },
    "createInferenceRecommendationsJob": {
        "JobType": "Default",
        "InputConfig": {"ModelName": "churn"},
    },
    "createOptimizationJob": {
        "ModelSource": {"S3": {"S3Uri": "s3://data/models/llama/"}},
        "DeploymentInstanceType": "ml.g5.2xlarge",
        "OptimizationConfigs": [{"ModelQuantizationConfig": {"Image": IMAGE}}],
        "OutputConfig": {"S3OutputLocation": "s3://data/optimized/"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
    "startPipelineExecution": {"PipelineName": "churn"},
    "createFeatureGroup": {
        "RecordIdentifierFeatureName": "customer",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": [
            {"FeatureName": "customer", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "Fractional"},
        ],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
    },
    "createModelPackage": {
        "ModelPackageGroupName": "churn",
        "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://data/models/model.tar.gz"}]},
    },
    "createAIBenchmarkJob": {
        "BenchmarkTarget": {"Endpoint": {"Identifier": "churn"}},
        "OutputConfig": {"S3OutputLocation": "s3://data/benchmarks/"},
        "AiWorkloadConfigIdentifier": "chat",
    },
    "createAIRecommendationJob": {
        "ModelSource": {"S3": {"S3Uri": "s3://data/models/llama/"}},
        "OutputConfig": {"S3OutputLocation": "s3://data/recommendations/"},
        "AiWorkloadConfigIdentifier": "chat",
        "PerformanceTarget": {"Constraints": [{"Metric": "ttft-ms"}]},
    },
    "createJob": {
        "JobCategory": "DataTransformation",
        "JobConfigSchemaVersion": "1.0.0",
        "JobConfigDocument": "{}",
    },
    "createInferenceComponent": {
        "EndpointName": "churn",
        "VariantName": "AllTraffic",
        "Specification": {
            "ModelName": "churn",
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
        },
        "RuntimeConfig": {"CopyCount": 1},
    },
}


def polled_job(stack: Stack, action: PolledAction, construct_id: str = "Job", **arguments: Any) -> PolledJob:
    """A job of *action* with the smallest request, under a role of its own where the API takes one."""
    arguments.setdefault("parameters", REQUESTS[action.api])
    if action.role_path and "role" not in arguments:
        arguments["role"] = iam.Role.from_role_arn(
            stack, f"{construct_id}Role", f"arn:aws:iam::{stack.account}:role/Given"
        )
    return PolledJob(stack, construct_id, action=action, **arguments)
