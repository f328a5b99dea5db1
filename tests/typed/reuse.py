"""Reuse of every job, of some, and of one; and runs of a part."""

from __future__ import annotations

from constructs_sm import JobPipeline, PipelineStack, Reuse, TrainingJob

from aws_cdk import App, Duration, Stack

MONTH = Reuse(
    expire_after=Duration.days(30), also={"commit": "abc", "rows": [1, 2]}, data_versions=True, check_artifacts=True
)
REQUEST = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        "TrainingInputMode": "File",
    },
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def stack(app: App) -> PipelineStack:
    """Every job, and runs of a part."""
    return PipelineStack(app, "Churn", reuse=MONTH, run_parts=True)


def pipeline(scope: Stack) -> JobPipeline:
    """Some jobs, and one that says so itself."""
    made = JobPipeline(scope, "Pipeline", reuse={"Train": Reuse(expire_after=3600)}, run_parts=False)
    train = TrainingJob(made, "Train", parameters=REQUEST)
    never = TrainingJob(made, "Never", parameters=REQUEST, reuse=None)
    own = TrainingJob(made, "Own", parameters=REQUEST, reuse=Reuse(also="2026-11"))
    made.run(train.next(never).next(own))
    return made
