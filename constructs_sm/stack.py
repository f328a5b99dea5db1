"""PipelineStack: what `cdk deploy` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from constructs_sm.errors import raise_all, where_of
from constructs_sm.names import slug
from constructs_sm.pipeline import SageMakerPipeline
from constructs_sm.s3 import S3Location
from constructs_sm.scope import JobScope
from constructs_sm.settings import Settings, unknown_settings

from aws_cdk import Acknowledgment, CfnOutput, Duration, RemovalPolicy, Stack, Tags, Validations
from aws_cdk import aws_s3 as s3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import Environment, IPropertyInjector, IStackSynthesizer, PermissionsBoundary
    from aws_cdk import aws_events as events
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct
    from typing_extensions import Unpack

_LONGEST_PREFIX = 16


class StackArguments(TypedDict, total=False):
    """What every stack takes: see `aws_cdk.Stack`."""

    analytics_reporting: bool | None
    cross_region_references: bool | None
    description: str | None
    env: Environment | None
    notification_arns: Sequence[str] | None
    permissions_boundary: PermissionsBoundary | None
    property_injectors: Sequence[IPropertyInjector] | None
    stack_name: str | None
    suppress_template_indentation: bool | None
    synthesizer: IStackSynthesizer | None
    termination_protection: bool | None


class PipelineStack(Stack):
    """A pipeline with its data bucket, execution role, alerts and outputs, in a stack of its own.

    Make the jobs with the stack as their scope, chain them, and `run` the chain. Settings that are not given as
    arguments come from the context of `cdk.json`, under `constructs_sm`: see `Settings` for each.

    Args:
        scope: The app, or a stage of it.
        construct_id: Also the stack's name, and the beginning of the names of its jobs.
        schedule: When to start an execution by itself: `rate(1 day)`, a Duration, an events.Schedule. Default: never.
        alert_emails: Who is told of executions that did not succeed.
        timeout: An execution that runs longer ends TIMED_OUT. Default: 1 day.
        log_retention_days: How long the log of executions is kept. Default: 365.
        removal_policy: What becomes of the data bucket with the stack. Default: retain.
        tags: On every resource that takes tags.
        stack: What every stack takes: env, description, stack_name, synthesizer, ...

    Raises:
        InvalidInputError: A setting is unknown or of the wrong type, here or in `cdk.json`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        schedule: str | Duration | events.Schedule | None = None,
        alert_emails: Sequence[str] | None = None,
        timeout: str | Duration | None = None,
        log_retention_days: int | None = None,
        removal_policy: str | RemovalPolicy | None = None,
        tags: Mapping[str, str] | None = None,
        **stack: Unpack[StackArguments],
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        raise_all(where, unknown_settings(stack, list(StackArguments.__annotations__)))
        settings = Settings.of(
            where,
            scope.node,
            {
                "schedule": schedule,
                "alert_emails": alert_emails,
                "timeout": timeout,
                "log_retention_days": log_retention_days,
                "removal_policy": removal_policy,
                "tags": tags,
            },
        )
        super().__init__(scope, construct_id, **stack)
        for name, value in (settings.tags or {}).items():
            Tags.of(self).add(name, value)
        self.bucket = s3.Bucket(
            self,
            "Data",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=settings.removal(),
            lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7))],
        )
        Validations.of(self.bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-S1",
                reason="Access logs need a bucket of their own: one for the account, not one a pipeline",
            )
        )
        self._data = S3Location.of_bucket(self.bucket)
        self._jobs = JobScope(self, name_prefix=slug(construct_id, _LONGEST_PREFIX), data=self._data)
        self.pipeline = SageMakerPipeline(
            self,
            "Pipeline",
            timeout=settings.timeout_duration(),
            schedule=settings.event_schedule(),
            alert_emails=settings.alert_emails,
            log_retention=settings.retention(),
        )
        CfnOutput(self, "DataBucketName", value=self.bucket.bucket_name, description="Where the jobs read and write")
        CfnOutput(self, "TopicArn", value=self.topic.topic_arn, description="Tells of what did not succeed")

    def run(self, definition: sfn.IChainable) -> sfn.StateMachine:
        """Make the state machine of *definition*.

        Raises:
            InvalidInputError: The stack runs something already.
        """
        machine = self.pipeline.run(definition)
        CfnOutput(self, "StateMachineArn", value=machine.state_machine_arn, description="What to start")
        return machine

    def data(self, prefix: str) -> S3Location:
        """A prefix of the data bucket, to read or to write: the execution role is granted that prefix."""
        return self._data.under(prefix)

    @property
    def state_machine(self) -> sfn.StateMachine:
        """The state machine, once the stack runs something."""
        return self.pipeline.state_machine

    @property
    def topic(self) -> sns.ITopic:
        """Tells of executions that did not succeed."""
        return self.pipeline.topic

    @property
    def execution_role(self) -> iam.Role:
        """The role SageMaker runs the jobs under that were given none."""
        return self._jobs.execution_role()
