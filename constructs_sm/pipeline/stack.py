"""PipelineStack: what `cdk deploy` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from constructs_sm.cdk_json import warn_of_unread
from constructs_sm.language.errors import InvalidInputError, Problem, raise_all, where_of
from constructs_sm.language.late_bound import is_json_path, is_jsonata
from constructs_sm.pipeline.pipeline import JobPipeline
from constructs_sm.pipeline.pipeline_base import PipelineBase
from constructs_sm.pipeline.stack_names import shared_names, unusable_name
from constructs_sm.pipeline.stack_resources import (
    data_bucket,
    encryption_key,
    encryption_of_executions,
    job_security_group,
    network_of_jobs,
    roles_boundary,
)
from constructs_sm.pipeline.triggers import unusable_triggers
from constructs_sm.rollback import WholeOrNotMade, methods_in_words, whole_or_not_done
from constructs_sm.settings import Alert, Settings, Time, unknown_settings, unusable_environment
from constructs_sm.task.guardrails import Guardrails
from constructs_sm.task.network import Connectable, connections_of
from constructs_sm.task.overruling import refuse_part, tell
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_PREFIX, slug
from constructs_sm.values.s3 import S3Location

import jsii
from aws_cdk import (
    CfnOutput,
    Duration,
    Environment,
    PermissionsBoundary,
    RemovalPolicy,
    Stack,
    Tags,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.values.inputs import Input
    from constructs_sm.values.outputs import ExecutionInput
    from constructs_sm.values.reuse import ReuseOfJobs

    from aws_cdk import IPropertyInjector, IStackSynthesizer
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_events as events
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct
    from typing_extensions import Unpack


class StackArguments(TypedDict, total=False):
    """Arguments that every stack takes: see `aws_cdk.Stack`."""

    analytics_reporting: bool | None
    cross_region_references: bool | None
    description: str | None
    env: Environment | None
    notification_arns: Sequence[str] | None
    property_injectors: Sequence[IPropertyInjector] | None
    stack_name: str | None
    suppress_template_indentation: bool | None
    synthesizer: IStackSynthesizer | None
    termination_protection: bool | None


@methods_in_words
@jsii.implements(iam.IGrantable, Connectable)
class PipelineStack(PipelineBase, WholeOrNotMade, Stack):
    """A pipeline with its data bucket, execution role, alerts and outputs, in a stack of its own.

    Make the jobs with the stack as their scope, chain them, and `run` the chain. Settings that are not given as
    arguments come from the context of `cdk.json`, under `constructs_sm`: see docs/settings.md.

    Args:
        scope: The app, or a stage of it.
        construct_id: Also the stack's name, and the beginning of the names of its jobs.
        inputs: What an execution may be started with, by name; see `input`. Default: anything.
        environment: Which of the environments in `cdk.json` the settings are of. Default: the one that
            `-c environment=...` names, or the settings of all.
        schedule: When to start an execution by itself: `rate(1 day)`, a Duration, an events.Schedule, or a list of
            these. Default: never.
        arrivals: Prefixes under which an object that arrives starts an execution: of the data bucket (`raw/`) or of
            another (`s3://bucket/prefix/`).
        alert_emails: Who is told of executions that did not succeed.
        alerts: What tells them: `executions` that have ended, with error and cause, `jobs` when they fail, `alarms`
            when they go off. Default: executions, so that each failure is one message.
        timeout: An execution that runs longer ends TIMED_OUT; longer than any of its states may wait. Default: 1 day,
            and what approvals and other states may wait that have a day or more.
        log_retention_days: How long the log of executions is kept. Default: 365.
        removal_policy: What becomes of the data bucket and the key with the stack. Default: retain.
        tags: On every resource that takes tags.
        bucket: The data bucket, or its name. Default: made here.
        key: For the data bucket, topics and the log: a kms.IKey, an ARN, or True for a new one. Default: none.
        encrypt_jobs: Whether that key is also for what jobs write and for their volumes, where a job names no key.
            Default: no.
        encrypt_executions: Whether that key is also for the definition of the state machine and for the history of its
            executions. Default: no.
        encryption_configuration: In place of that, as `sfn.StateMachine` takes it.
        tracing_enabled: Whether executions are traced in X-Ray. Default: yes.
        vpc: Where jobs run that are not told where: an ec2.IVpc, or ids. Default: in no VPC.
        permissions_boundary: The policy that bounds every role: its name, its ARN, a PermissionsBoundary.
        dashboard: Whether to make a dashboard. Default: no.
        starters: ARNs of roles of the stack's account that may start executions; `grant_start_execution` takes more
            than roles.
        account: Where the stack is deployed, in place of *env*. Default: wherever the CLI points.
        region: Likewise.
        log_level: Events of executions that are logged: `ALL`, `ERROR`, `FATAL`, `OFF`. Default: all.
        state_machine_name: The name of the state machine. Default: CloudFormation's own.
        failed_threshold: Executions failed within five minutes at which an alarm goes off. Default: 1.
        timed_out_threshold: Likewise, executions that timed out.
        versioned: Keep the versions of what is overwritten or deleted in the data bucket. Default: no.
        access_logs: The bucket, or its name, for the log of requests to the data bucket. Default: no log.
        dead_letters: Where EventBridge puts what it could not start an execution with: an sqs.IQueue, or True for one
            that is made here. Default: nowhere.
        guardrails: What its jobs may be: `Guardrails`, their lines by name, or the name of a file of them. Default:
            anything.
        reuse: Whether jobs need not run where their result is there already: all of them, or some by their construct
            ids. Default: those that say so themselves.
        run_parts: Whether an execution may run a part of the pipeline: `{"run": {"from": "Train"}}` in its input; see
            docs/reuse.md. Default: no.
        stack: What every stack takes: env, description, stack_name, synthesizer, ...

    Raises:
        InvalidInputError: A setting is unknown or of the wrong type, here or in `cdk.json`; or a trigger sends other
            inputs than there are.
    """

    _connections: ec2.Connections | None = None

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        inputs: Mapping[str, Input] | None = None,
        environment: str | None = None,
        schedule: str | Duration | events.Schedule | Sequence[str | Duration | events.Schedule] | None = None,
        arrivals: str | Sequence[str] | None = None,
        alert_emails: Sequence[str] | None = None,
        alerts: Sequence[Alert] | None = None,
        timeout: str | Time | None = None,
        log_retention_days: int | None = None,
        removal_policy: str | RemovalPolicy | None = None,
        tags: Mapping[str, str] | None = None,
        bucket: str | s3.IBucket | None = None,
        key: str | bool | kms.IKey | None = None,
        encrypt_jobs: bool | None = None,
        encrypt_executions: bool | None = None,
        encryption_configuration: sfn.EncryptionConfiguration | None = None,
        tracing_enabled: bool | None = None,
        vpc: ec2.IVpc | Mapping[str, Sequence[str]] | None = None,
        permissions_boundary: str | PermissionsBoundary | None = None,
        dashboard: bool | None = None,
        starters: Sequence[str] | None = None,
        account: str | None = None,
        region: str | None = None,
        log_level: str | sfn.LogLevel | None = None,
        state_machine_name: str | None = None,
        failed_threshold: int | None = None,
        timed_out_threshold: int | None = None,
        versioned: bool | None = None,
        access_logs: str | s3.IBucket | None = None,
        dead_letters: bool | sqs.IQueue | None = None,
        guardrails: Guardrails | Mapping[str, Any] | str | None = None,
        reuse: ReuseOfJobs | None = None,
        run_parts: bool = False,
        **stack: Unpack[StackArguments],
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        problems = unknown_settings(stack, list(StackArguments.__annotations__))
        places = {name: value for name, value in (("account", account), ("region", region)) if value is not None}
        if stack.get("env") is not None and places:
            names = " and ".join(places)
            problems.append(
                Problem(f"env stands beside {names}", places, f"put {names} into env", "argument-given-twice")
            )
        problems += unusable_name(construct_id, stack.get("stack_name"))
        raise_all(where, problems)
        warn_of_unread(scope.node)
        settings = Settings.of(
            where,
            scope.node,
            {
                "schedule": schedule,
                "arrivals": arrivals,
                "alert_emails": alert_emails,
                "alerts": alerts,
                "timeout": timeout,
                "log_retention_days": log_retention_days,
                "removal_policy": removal_policy,
                "tags": tags,
                "bucket": bucket,
                "key": key,
                "encrypt_jobs": encrypt_jobs,
                "encrypt_executions": encrypt_executions,
                "tracing_enabled": tracing_enabled,
                "vpc": vpc,
                "permissions_boundary": permissions_boundary,
                "dashboard": dashboard,
                "starters": starters,
                "account": account,
                "region": region,
                "log_level": log_level,
                "state_machine_name": state_machine_name,
                "failed_threshold": failed_threshold,
                "timed_out_threshold": timed_out_threshold,
                "versioned": versioned,
                "access_logs": access_logs,
                "dead_letters": dead_letters,
                "guardrails": guardrails,
            },
            environment=environment,
        )
        limits = None if settings.guardrails is None else Guardrails.of(settings.guardrails)
        env = stack.get("env") or Environment()
        account = env.account or settings.account
        if settings.encrypt_executions and encryption_configuration is not None:
            use = "leave one of them out"
            problems.append(
                Problem("encrypt_executions stands beside encryption_configuration", True, use, "argument-given-twice")
            )
        problems += [*unusable_environment(env.account, env.region), *_of_what_is_not_here(settings)]
        raise_all(where, problems)
        unusable = [*unusable_triggers(settings, inputs), *_foreign_starters(settings.starters, account)]
        refuse_part(where, scope, construct_id, unusable)
        if settings.account or settings.region:
            stack["env"] = Environment(account=account, region=env.region or settings.region)
        super().__init__(scope, construct_id, permissions_boundary=roles_boundary(settings), **stack)
        given = {"account": env.account or places.get("account"), "region": env.region or places.get("region")}
        tell(self, list(shared_names(self, environment=environment, places=given)))
        for name, value in (settings.tags or {}).items():
            Tags.of(self).add(name, value)
        if limits is not None:
            limits.apply(self)
        self.key = encryption_key(self, settings)
        self.bucket = data_bucket(self, settings, self.key)
        self._data = S3Location.of_bucket(self.bucket)
        network = settings.vpc
        self._security_group = (
            None if network is None or isinstance(network, Mapping) else job_security_group(self, network)
        )
        self._vpc = network_of_jobs(network, self._security_group)
        self._jobs = JobScope(
            self,
            name_prefix=slug(construct_id, LONGEST_PREFIX),
            data=self._data,
            vpc=self._vpc,
            security_group=self._security_group,
        )
        self._jobs.key = self.key
        self._jobs.kept.removal = settings.removal()
        self._jobs.job_key = self.key.key_arn if self.key is not None and settings.encrypt_jobs else None
        self.pipeline = JobPipeline(
            self,
            "Pipeline",
            inputs=inputs,
            timeout=settings.timeout_duration(),
            alert_emails=settings.alert_emails,
            alerts=settings.alerts,
            dashboard=settings.dashboard,
            log_retention=settings.retention(),
            key=self.key,
            encryption_configuration=encryption_of_executions(settings, self.key) or encryption_configuration,
            tracing_enabled=settings.tracing_enabled,
            log_level=settings.level(),
            state_machine_name=settings.state_machine_name,
            failed_threshold=settings.failed_threshold,
            timed_out_threshold=settings.timed_out_threshold,
            dead_letters=settings.dead_letters,
            reuse=reuse,
            run_parts=run_parts,
        )
        self.node.default_child = self.pipeline
        for each in settings.event_schedules():
            self.pipeline.start_on_schedule(each)
        for place in settings.arrival_places():
            self.pipeline.start_on_arrival(place if place.startswith("s3://") else self.data(place))
        self._starters = settings.starters
        CfnOutput(self, "DataBucketName", value=self.bucket.bucket_name, description="Where the jobs read and write")
        CfnOutput(self, "TopicArn", value=self.topic.topic_arn, description="Tells of what did not succeed")

    def run(self, definition: sfn.IChainable) -> sfn.StateMachine:
        """Make the state machine of *definition*.

        Raises:
            InvalidInputError: The stack runs something already.
        """
        with whole_or_not_done(self):
            machine = self.pipeline.run(definition)
            for number, arn in enumerate(self._starters):
                self.grant_start_execution(iam.Role.from_role_arn(self, f"Starter{number}", arn))
            CfnOutput(self, "StateMachineArn", value=machine.state_machine_arn, description="What to start")
        return machine

    def input(self, name: str, *, query_language: sfn.QueryLanguage | None = None) -> ExecutionInput:
        """An input of the execution, for jobs and states of the CDK: `inputs={"train": stack.input("dataset")}`.

        See `JobPipeline.input`.

        Raises:
            InvalidInputError: There is no such input.
        """
        return self.pipeline.input(name, query_language=query_language)

    def data(self, prefix: str) -> S3Location:
        """A prefix of the data bucket, to read or to write: the execution role is granted that prefix.

        Raises:
            InvalidInputError: It is known at run time only.
        """
        if is_json_path(prefix) or is_jsonata(prefix):
            use = "pass the whole URI as an input of the execution, and grant the execution role to read it"
            where = where_of(type(self).__name__, self)
            raise InvalidInputError(
                where, [Problem("a prefix of the data bucket is known at synthesis", prefix, use, "data-prefix-known")]
            )
        return self._data.under(prefix)

    @property
    def state_machine(self) -> sfn.StateMachine:
        """The state machine, once the stack runs something."""
        return self.pipeline.state_machine

    @property
    def connections(self) -> ec2.Connections:
        """The security groups of jobs that are not told where they run.

        Raises:
            InvalidInputError: The stack has no VPC.
        """
        if self._connections is None:
            ids = [] if self._vpc is None else self._vpc["SecurityGroupIds"]
            self._connections = connections_of(self, ids, [self._security_group] if self._security_group else [])
        return self._connections

    @property
    def role(self) -> iam.IRole:
        """The state machine role, once the stack runs something."""
        return self.pipeline.role

    def add_to_role_policy(self, statement: iam.PolicyStatement) -> None:
        """Let the state machine do more, once the stack runs something."""
        self.pipeline.add_to_role_policy(statement)

    @property
    def log_group(self) -> logs.LogGroup:
        """The log of executions, once the stack runs something."""
        return self.pipeline.log_group

    @property
    def alarms(self) -> tuple[cloudwatch.Alarm, ...]:
        """The alarms, once the stack runs something."""
        return self.pipeline.alarms

    @property
    def topic(self) -> sns.ITopic:
        """Tells of executions that did not succeed."""
        return self.pipeline.topic

    @property
    def execution_role(self) -> iam.Role:
        """The role SageMaker runs the jobs under that were given none."""
        return self._jobs.execution_role()


def _foreign_starters(starters: Sequence[str], account: str | None) -> Iterator[Problem]:
    # The CDK grants nothing to a role of another account, and says nothing of it.
    foreign = [arn for arn in starters if account is not None and arn.split(":")[4] != account]
    if foreign:
        yield Problem(
            "starters are of another account",
            foreign,
            f"name roles of {account}, which they may assume",
            "starters-of-another-account",
        )


def _of_what_is_not_here(settings: Settings) -> Iterator[Problem]:
    for name in ("encrypt_jobs", "encrypt_executions"):
        if getattr(settings, name) and not settings.key:
            yield Problem(f"{name} is with the key of the stack", settings.key, "pass key=True", "setting-value")
    for name in ("versioned", "access_logs"):
        if settings.bucket is not None and getattr(settings, name):
            use = f"say {name} where the bucket is made"
            yield Problem(f"{name} is of a bucket that is made here", getattr(settings, name), use, "setting-value")
