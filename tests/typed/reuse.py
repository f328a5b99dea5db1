"""Reuse of every job, of some, and of one; and runs of a part."""

from __future__ import annotations

from constructs_sm import JobPipeline, PipelineStack, Reuse, TrainingJob

from aws_cdk import App, Duration, Stack

MONTH = Reuse(
    expire_after=Duration.days(30), also={"commit": "abc", "rows": [1, 2]}, data_versions=True, check_artifacts=True
)


def stack(app: App) -> PipelineStack:
    """Every job, and runs of a part."""
    return PipelineStack(app, "Churn", reuse=MONTH, run_parts=True)


def pipeline(scope: Stack) -> JobPipeline:
    """Some jobs, and one that says so itself."""
    made = JobPipeline(scope, "Pipeline", reuse={"Train": Reuse(expire_after=3600)}, run_parts=False)
    train = TrainingJob(made, "Train", parameters={})
    never = TrainingJob(made, "Never", parameters={}, reuse=None)
    own = TrainingJob(made, "Own", parameters={}, reuse=Reuse(also="2026-11"))
    made.run(train.next(never).next(own))
    return made
