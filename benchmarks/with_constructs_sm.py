"""The same pipeline with constructs_sm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm import TrainingJob
from constructs_sm.task.scope import JobScope

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from aws_cdk import Stack

ROLE = "arn:aws:iam::123456789012:role/execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"


def build(stack: Stack, jobs: int) -> None:
    """Jobs with the default guards, in a scope that shares the beginning of their names."""
    # What a JobPipeline opens around its jobs, without its log, alarms and topic: hand-written has none either.
    JobScope(stack, name_prefix="jobs")
    role = iam.Role.from_role_arn(stack, "Role", ROLE)
    first, *rest = [_job(stack, number, role) for number in range(jobs)]
    chain = sfn.Chain.start(first) if not rest else first.next(rest[0])
    for job in rest[1:]:
        chain = chain.next(job)
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chain))


def _job(stack: Stack, number: int, role: iam.IRole) -> TrainingJob:
    return TrainingJob(
        stack,
        f"Train{number}",
        role=role,
        image=IMAGE,
        inputs={"train": "$.data"},
        output="$.output",
        instance_type="ml.m5.xlarge",
        instance_count=1,
        volume_size=Size.gibibytes(20),
        max_runtime=Duration.hours(1),
    )
