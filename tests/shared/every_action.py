"""For every row of the table: the class of its job, and the smallest request SageMaker takes, without name and role."""

from __future__ import annotations

from typing import Any

from constructs_sm import (
    CreateEndpoint,
    CreateEndpointConfig,
    CreateModel,
    LabelingJob,
    ProcessingJob,
    SageMakerJob,
    TrainingJob,
    TransformJob,
    TuningJob,
    UpdateEndpoint,
)
from constructs_sm.actions import ACTIONS, Action

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
_RESOURCES = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
_TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": _RESOURCES,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
_LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:ACS-TextMultiClass"

JOBS: dict[str, type[SageMakerJob]] = {
    "createTrainingJob": TrainingJob,
    "createProcessingJob": ProcessingJob,
    "createTransformJob": TransformJob,
    "createHyperParameterTuningJob": TuningJob,
    "createLabelingJob": LabelingJob,
    "createModel": CreateModel,
    "createEndpointConfig": CreateEndpointConfig,
    "createEndpoint": CreateEndpoint,
    "updateEndpoint": UpdateEndpoint,
}

REQUESTS: dict[str, dict[str, Any]] = {
    "createTrainingJob": _TRAINING,
    "createProcessingJob": {
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": {"ClusterConfig": _RESOURCES},
    },
    "createTransformJob": {
        "ModelName": "churn",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/test/"}}},
        "TransformOutput": {"S3OutputPath": "s3://data/scores/"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    },
    "createHyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        },
        "TrainingJobDefinition": _TRAINING,
    },
    "createLabelingJob": {
        "LabelAttributeName": "label",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://data/manifest.json"}}},
        "OutputConfig": {"S3OutputPath": "s3://data/labels/"},
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
            "UiConfig": {"UiTemplateS3Uri": "s3://data/ui.template"},
            "PreHumanTaskLambdaArn": _LAMBDA,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": _LAMBDA},
            "TaskTitle": "Classify",
            "TaskDescription": "Classify the text",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 300,
        },
    },
    "createModel": {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://data/models/model.tar.gz"}},
    "createEndpointConfig": {
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "ModelName": "churn",
                "InstanceType": "ml.m5.xlarge",
                "InitialInstanceCount": 1,
            }
        ]
    },
    "createEndpoint": {"EndpointConfigName": "churn"},
    "updateEndpoint": {"EndpointConfigName": "churn"},
}


def job(scope: Any, action: Action, construct_id: str = "Job", **arguments: Any) -> SageMakerJob:
    """A job of *action* with the smallest request; an endpoint to update must be named."""
    if action.verb == "Update":
        arguments.setdefault("job_name", "churn")
    arguments.setdefault("parameters", REQUESTS[action.api])
    return JOBS[action.api](scope, construct_id, **arguments)


def every_job(scope: Any, **arguments: Any) -> list[SageMakerJob]:
    """One job of each action, in the order of the table."""
    return [job(scope, action, action.operation, **arguments) for action in ACTIONS]
