"""State machines for the tests of rehearsals, and the smallest requests that SageMaker takes."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.actions import ACTIONS
from constructs_sm.testing import Rehearsal, Run, Step

ROLE = "arn:aws:iam::123456789012:role/Execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
S3_INPUT = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}

TRAINING_DEFINITION = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": CLUSTER,
    "RoleArn": ROLE,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:label"
REQUESTS: dict[str, dict[str, Any]] = {
    "createTrainingJob": {"TrainingJobName": "Nightly", **TRAINING_DEFINITION},
    "createProcessingJob": {
        "ProcessingJobName": "Nightly",
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
    },
    "createTransformJob": {
        "TransformJobName": "Nightly",
        "ModelName": "model",
        "TransformInput": {"DataSource": S3_INPUT},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    },
    "createHyperParameterTuningJob": {
        "HyperParameterTuningJobName": "Nightly",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinition": TRAINING_DEFINITION,
    },
    "createLabelingJob": {
        "LabelingJobName": "Nightly",
        "LabelAttributeName": "label",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://bucket/manifest"}}},
        "OutputConfig": {"S3OutputPath": "s3://bucket/out"},
        "RoleArn": ROLE,
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
            "UiConfig": {"UiTemplateS3Uri": "s3://bucket/template"},
            "PreHumanTaskLambdaArn": LAMBDA,
            "TaskTitle": "Label",
            "TaskDescription": "Label",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 600,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": LAMBDA},
        },
    },
    "createModel": {"ModelName": "Nightly", "PrimaryContainer": {"Image": IMAGE}, "ExecutionRoleArn": ROLE},
    "createEndpointConfig": {
        "EndpointConfigName": "Nightly",
        "ProductionVariants": [
            {"VariantName": "All", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        ],
    },
    "createEndpoint": {"EndpointName": "Nightly", "EndpointConfigName": "Config"},
    "updateEndpoint": {"EndpointName": "Nightly", "EndpointConfigName": "Config"},
}
APIS = {action.api: action for action in ACTIONS}
WAITING = [action.api for action in ACTIONS if action.sync]

UNIQUE = "States.Format('nightly-{}', States.UUID())"
THROTTLING = {"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "IntervalSeconds": 2, "BackoffRate": 3}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]


def task(api: str = "createProcessingJob.sync", **fields: Any) -> dict[str, Any]:
    ending = {} if "Next" in fields else {"End": True}
    request = REQUESTS[api.removesuffix(".sync")]
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{api}",
        **({} if "Arguments" in fields else {"Parameters": request}),
        **fields,
        **ending,
    }


def named(expression: str) -> dict[str, Any]:
    request = dict(REQUESTS["createProcessingJob"])
    del request["ProcessingJobName"]
    return {**request, "ProcessingJobName.$": expression}


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """The given states, the first of them first, and where one leads to it a Succeed state for what is caught."""
    targets = json.dumps(states)
    caught = {"Caught": {"Type": "Succeed"}} if '"Caught"' in targets else {}
    return {"StartAt": next(iter(states)), "States": {**states, **caught}}


def rehearsed(definition: dict[str, Any], execution_input: Any = None, **script: list[Step]) -> Run:
    with Rehearsal() as rehearsal:
        for state, steps in script.items():
            rehearsal.script(state, *steps)
        return rehearsal.run(definition, execution_input)


def computed(expression: str, execution_input: Any = None) -> Any:
    state = {"Type": "Pass", "Parameters": {"value.$": expression}, "End": True}
    return rehearsed(machine(Compute=state), execution_input).output["value"]


def jsonata(**states: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **machine(**states)}


CHECK = {
    "Type": "Choice",
    "Choices": [
        {
            "And": [
                {"Variable": "$.job.ProcessingJobArn", "IsPresent": True},
                {"Variable": "$.job.ProcessingJobStatus", "IsPresent": True},
                {"Variable": "$.job.ProcessingJobStatus", "StringEquals": "Completed"},
            ],
            "Next": "Caught",
        }
    ],
    "Default": "Bad",
}
BAD = {"Type": "Fail", "Error": "NotCompleted", "CausePath": "States.JsonToString($.job)"}
SOUND_RETRY = [{**THROTTLING, "MaxAttempts": 3}]


def guarded(**changes):
    """A job that stands whatever happens to it, with *changes*."""
    fields = {"Parameters": named(UNIQUE), "Retry": SOUND_RETRY, "TimeoutSeconds": 3600, "ResultPath": "$.job"}
    return machine(Job=task(**{**fields, **changes}, Next="Check"), Check=CHECK, Bad=BAD)


SOUND = guarded()
"""A machine that stands every drill."""
