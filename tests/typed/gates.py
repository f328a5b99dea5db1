"""Gates of everything that can be compared, in every way."""

from __future__ import annotations

from constructs_sm import (
    Condition,
    EvaluationReport,
    JobOutput,
    Number,
    ProcessingJob,
    QualityGate,
    S3Location,
    TrainingJob,
    TuningJob,
)

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def metrics(stack: Stack) -> sfn.Chain:
    """What a training job measured, against a number of the input."""
    train = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
        keep=["BillableTimeInSeconds"],
    )
    auc = train.final_metric("validation:auc")
    wanted: Condition = auc >= Number(path="$.minimum_auc")
    plausible: Condition = (auc != 1) & ~(auc == 0.5)
    seconds: JobOutput = train.output_field("BillableTimeInSeconds")
    gate = QualityGate(
        stack,
        "Good",
        condition=(wanted & plausible) | (seconds < 60),
        otherwise=sfn.Succeed(stack, "KeepTheOld"),
    )
    return train.next(gate)


def objective(stack: Stack) -> sfn.Chain:
    """What a tuning job found."""
    tune = TuningJob(
        stack,
        "Tune",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
        objective="validation:auc",
        ranges={"max_depth": (3, 10)},
        max_jobs=4,
        max_parallel_jobs=2,
    )
    return tune.next(QualityGate(stack, "Good", tune.best_objective > 0.8))


def reports(stack: Stack) -> sfn.Chain:
    """What a processing job wrote, against what an earlier one had written."""
    evaluate = ProcessingJob(
        stack,
        "Evaluate",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        outputs={"report": "s3://data/reports/"},
    )
    report = EvaluationReport(place=evaluate.output("report"), file="evaluation.json")
    old = EvaluationReport(S3Location.of_bucket(s3.Bucket(stack, "Data"), "reports/old.json"))
    fixed = EvaluationReport("s3://data/limits.json")
    better: Condition = report["metrics.auc.value"] >= old["metrics.auc.value"]
    small: Condition = report["folds[0].loss"] <= fixed["loss"]
    return evaluate.next(QualityGate(stack, "Better", better & small))
