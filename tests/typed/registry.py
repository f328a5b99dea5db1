"""Versions in the registry, their approval, and jobs that are looked at, with every argument there is."""

from __future__ import annotations

from constructs_sm import (
    Approval,
    CreateModel,
    CreateModelPackage,
    FindModelPackage,
    JobName,
    OutputCheck,
    PolledJob,
    RetryPolicy,
)
from constructs_sm.language.errors import Problem
from constructs_sm.polled_actions import COMPILATION_JOB

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn


def approved_version(stack: Stack) -> sfn.Chain:
    """A version that somebody must let pass."""
    version = CreateModelPackage(
        stack,
        "Register",
        group="churn",
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        model_data="s3://models/model.tar.gz",
        environment={"WORKERS": 2},
        content_types=["text/csv"],
        response_types=["text/csv"],
        instance_types=["ml.m5.xlarge"],
        transform_instance_types=["ml.m5.xlarge"],
        metrics="s3://models/metrics.json",
        approval_status="PendingManualApproval",
        description="Churn",
        metadata={"commit": "0123"},
        create_group=True,
        interval=Duration.seconds(30),
        timeout=Duration.hours(1),
    )
    return version.next(
        Approval(
            stack,
            "Ask",
            notify=["ml@example.com"],
            about={"auc.$": "$.auc"},
            model_package=version,
            subject="A version of churn",
            timeout=Duration.days(7),
            otherwise=sfn.Succeed(stack, "Not this time"),
            query_language=sfn.QueryLanguage.JSON_PATH,
        )
    )


def newest_version(stack: Stack) -> sfn.Chain:
    """A version that is there, and the model of it."""
    newest = FindModelPackage(
        stack,
        "Newest",
        group="churn",
        approval_status="PendingManualApproval",
        retry=[RetryPolicy(errors=["SageMaker.SageMakerException"])],
        query_language=sfn.QueryLanguage.JSONATA,
    )
    model = CreateModel(
        stack, "Model", model_package=newest.model_package_arn, query_language=sfn.QueryLanguage.JSONATA
    )
    return sfn.Chain.start(newest).next(model)


def compiled(stack: Stack) -> PolledJob:
    """An API without .sync."""
    return PolledJob(
        stack,
        "Compile",
        action=COMPILATION_JOB,
        interval=Duration.minutes(1),
        timeout=Duration.hours(1),
        keep=["ModelArtifacts"],
        given={"InputConfig": {"S3Uri": "s3://models/model.tar.gz", "Framework": "XGBOOST"}},
        defaults=lambda _: {"StoppingCondition": {"MaxRuntimeInSeconds": 900}},
        problems=list[Problem](),
        parameters={"OutputConfig": {"S3OutputLocation": "s3://models/compiled/", "TargetDevice": "ml_c5"}},
        job_name=JobName.unique("compile"),
        role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/compile"),
        retry=[RetryPolicy(errors=["SageMaker.SageMakerException"])],
        query_language=sfn.QueryLanguage.JSON_PATH,
        comment="For an older device",
        task_timeout=Duration.minutes(1),
        input_path="$.compile",
        credentials=iam.Role.from_role_arn(stack, "Caller", "arn:aws:iam::210987654321:role/caller"),
        state_name="Compile the model",
        output_check=OutputCheck.completed(),
        passed_roles=["arn:aws:iam::123456789012:role/compile"],
        reads=["s3://models/"],
        allow_unknown_fields=["Unheard"],
    )
