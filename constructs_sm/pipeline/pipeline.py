"""JobPipeline: a state machine with what one needs around it to run unattended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import stack_of
from constructs_sm.grants.state_machine_role import SERVICE_GRANT
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_all, where_of
from constructs_sm.pipeline.alerts import Thresholds, alert_of_failures, alert_topic
from constructs_sm.pipeline.dashboard import dashboard as dashboard_of
from constructs_sm.pipeline.encryption import admit_logs, encrypt_topics, grant_key_of_executions
from constructs_sm.pipeline.pipeline_arguments import mistyped_arguments, schema_of
from constructs_sm.pipeline.pipeline_base import ImportedPipeline, PipelineResource
from constructs_sm.pipeline.triggers import Trigger, dead_letter_queue
from constructs_sm.rollback import WholeOrNotMade, methods_in_words, undone_by, whole_or_not_done
from constructs_sm.rules.argument_rules import REUSE_IMPOSSIBLE
from constructs_sm.settings import (
    ONE_MESSAGE,
    Alert,
    Time,
    duration_of,
    event_schedule,
    mistyped,
)
from constructs_sm.steps.failure_handler import FailureHandler
from constructs_sm.steps.input_guard import InputGuard, input_of
from constructs_sm.steps.levels import jobs_before
from constructs_sm.steps.part_run import MOST_TAKEN, PartRun
from constructs_sm.task.acknowledgments import AcknowledgedExecutions, acknowledge_wildcards
from constructs_sm.task.custom_states import is_chainable
from constructs_sm.task.machines import give_time
from constructs_sm.task.path_tokens import misplaced
from constructs_sm.task.scope import JobScope
from constructs_sm.values.input_schema import InputSchema
from constructs_sm.values.names import LONGEST_PREFIX, slug
from constructs_sm.values.outputs import TaskIdentity
from constructs_sm.values.reuse import mistyped_reuse
from constructs_sm.values.s3 import S3Location

import jsii
from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct, IValidation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.values.inputs import Input
    from constructs_sm.values.outputs import ExecutionInput
    from constructs_sm.values.reuse import ReuseOfJobs
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sqs as sqs


_GUARD = "CheckInput"


def _path_of(role: iam.Role) -> str | None:
    """The path in the name of a role, which the CDK does not find in an ARN that is known later."""
    made = role.node.default_child
    return made.path if isinstance(made, iam.CfnRole) else None


@dataclass(frozen=True, slots=True)
class _Around:
    """Constructs that a pipeline makes with its state machine."""

    log: logs.LogGroup
    handler: FailureHandler | None
    failed: cloudwatch.Alarm
    timed_out: cloudwatch.Alarm


@methods_in_words
@jsii.implements(sfn.IStateMachine)
class JobPipeline(PipelineResource, WholeOrNotMade, Construct):
    """A state machine that logs everything, is traced, ends in time, and says when it did not succeed.

    Jobs made with this construct as their scope share the beginning of their names, so that the policy of the state
    machine does not grow with their number. Jobs made elsewhere keep their own.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the beginning of the names of jobs made in this scope.
        definition: What to run; or call `run` when the jobs are there.
        inputs: What an execution may be started with: `{"rounds": Input.integer(1, 500, default=100)}`. They are
            checked before anything else runs, and stand in the comment of the state machine. Default: anything, and
            nothing is checked.
        timeout: An execution that runs longer ends TIMED_OUT; longer than any of its states may wait. Default: 1 day,
            and what approvals and other states may wait that have a day or more.
        schedule: When to start an execution by itself, with the defaults of its inputs. Default: never.
        topic: Who is told of executions that did not succeed. Default: a topic made here.
        alert_emails: Subscribed to the topic; each must confirm.
        alerts: What tells the topic: `executions` that have ended without success, with error and cause; `jobs` when
            they fail, by the `FailureHandler`, those too whose failure a Map tolerates; `alarms` when they go off.
            Default: executions, so that each failure is one message.
        explain_failures: Whether jobs that fail, and have no catch of their own for `States.ALL`, lead to a
            `FailureHandler`. Default: yes.
        dashboard: Whether to make a dashboard: executions, durations, what failed. Default: no; it has a price.
        log_retention: How long the log of executions is kept; it goes with the stack. Default: 1 year.
        key: For the log, and the topics that are made here. The policy of a key that is not of this app must admit
            CloudWatch, CloudWatch Logs and EventBridge. Default: that of the `PipelineStack` around, or none.
        encrypt_jobs: Whether that key is also for what jobs write and for their volumes, where a job names no key. In
            a `PipelineStack` say it there. Default: no.
        encryption_configuration: The key for the definition and for the history of executions: an
            `sfn.CustomerManagedEncryptionConfiguration`. Who reads or stops executions needs that key as well. Default:
            one of Step Functions' own.
        tracing_enabled: Whether executions are traced in X-Ray, which has a price. Default: yes, which cdk-nag wants.
        comment: The comment of the state machine, before its inputs. Default: those alone.
        log_level: Events that are logged. Default: all of them, which cdk-nag wants.
        state_machine_name: Default: CloudFormation's own; with a name, a change that replaces the machine fails.
        failed_threshold: Executions failed within five minutes at which an alarm goes off. Default: 1.
        timed_out_threshold: Likewise, executions that timed out.
        dead_letters: Where EventBridge puts what it could not start an execution with: an sqs.IQueue, or True for one
            that is made here. Default: nowhere.
        reuse: Whether jobs made in this scope need not run where their result is there already: all of them, or some by
            their construct ids. Default: those that say so themselves.
        run_parts: Whether an execution may run a part of the pipeline: `{"run": {"from": "Train"}}` in its input; see
            docs/reuse.md. Default: no.
        role: The state machine role. Default: made here, with what the jobs of the definition need. One that cannot be
            changed here gets a warning, and no grants.

    Raises:
        InvalidInputError: A pipeline is run twice, or a trigger sends other inputs than there are.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: sfn.IChainable | None = None,
        inputs: Mapping[str, Input] | None = None,
        timeout: Time | None = None,
        schedule: events.Schedule | Duration | None = None,
        topic: sns.ITopic | None = None,
        alert_emails: Sequence[str] = (),
        alerts: Sequence[Alert] = ONE_MESSAGE,
        explain_failures: bool = True,
        dashboard: bool = False,
        log_retention: logs.RetentionDays | None = None,
        key: kms.IKey | None = None,
        encrypt_jobs: bool = False,
        encryption_configuration: sfn.EncryptionConfiguration | None = None,
        tracing_enabled: bool = True,
        role: iam.IRole | None = None,
        comment: str | None = None,
        log_level: sfn.LogLevel | None = None,
        state_machine_name: str | None = None,
        failed_threshold: int | None = None,
        timed_out_threshold: int | None = None,
        dead_letters: bool | sqs.IQueue | None = None,
        reuse: ReuseOfJobs | None = None,
        run_parts: bool = False,
    ) -> None:
        problems = mistyped_arguments(
            definition=definition,
            timeout=timeout,
            schedule=schedule,
            topic=topic,
            alert_emails=alert_emails,
            alerts=alerts,
            log_retention=log_retention,
            key=key,
            encrypt_jobs=encrypt_jobs,
            encryption_configuration=encryption_configuration,
            tracing_enabled=tracing_enabled,
            role=role,
            comment=comment,
            log_level=log_level,
            state_machine_name=state_machine_name,
            failed_threshold=failed_threshold,
            timed_out_threshold=timed_out_threshold,
            dead_letters=dead_letters,
            run_parts=run_parts,
        )
        problems += mistyped_reuse(reuse)
        if encrypt_jobs and (key is None or JobScope.of(scope).name_prefix is not None):
            use = "pass key=, or both to the PipelineStack that the pipeline is in"
            problems.append(Problem("encrypt_jobs is with the key of the pipeline", key, use, "argument-value"))
        self._schema = schema_of(inputs, run_parts=run_parts is True, problems=problems)
        self._guard = TaskIdentity(where_of(type(self).__name__, scope, construct_id), _GUARD, "", lambda: _GUARD)
        self._triggers: list[Trigger] = []
        if schedule is not None and not problems:
            self._triggers.append(Trigger.on_schedule(event_schedule(schedule), {}))
            problems += self._triggers[0].problems(self._schema)
        raise_all(where_of(type(self).__name__, scope, construct_id), problems)
        super().__init__(scope, construct_id)
        key = JobScope.of(scope).key if key is None else key
        if JobScope.of(scope).name_prefix is None:
            jobs = JobScope(self, name_prefix=slug(construct_id, LONGEST_PREFIX))
            jobs.key, jobs.job_key = key, None if key is None or not encrypt_jobs else key.key_arn
        self._kept = JobScope.of(self).kept
        self._kept.serve(reuse, parts=run_parts, key=key)
        self._runs_parts = run_parts
        self._timeout = timeout
        self._comment = comment
        self._started_on: dict[str, int] = {}
        self._alerts = ONE_MESSAGE if alerts is None else alerts
        self._explains_failures = explain_failures
        self._has_dashboard = dashboard
        self._key = key
        self._log_retention = log_retention or logs.RetentionDays.ONE_YEAR
        self._role = role
        self._log_level = log_level or sfn.LogLevel.ALL
        self._encryption = encryption_configuration
        self._traced = tracing_enabled
        self._state_machine_name = state_machine_name
        self._thresholds = Thresholds(failed_threshold or 1, timed_out_threshold or 1)
        self._state_machine: sfn.StateMachine | None = None
        self.dead_letter_queue = dead_letter_queue(self, key) if dead_letters is True else dead_letters or None
        self.topic = topic or alert_topic(self, key)
        for email in dict.fromkeys(alert_emails or ()):
            subscription = self.topic.add_subscription(subscriptions.EmailSubscription(email))
            undone_by(partial(self.topic.node.try_remove_child, subscription.node.id))
        if definition is not None:
            self.run(definition)
        else:
            self.node.add_validation(_HasRun(self))

    @property
    def state_machine(self) -> sfn.StateMachine:
        """The state machine.

        Raises:
            InvalidInputError: The pipeline has not been run yet.
        """
        if self._state_machine is None:
            raise self._wrong("nothing runs yet", NOTHING, "call run(definition) first", "pipeline-runs-once")
        return self._state_machine

    @property
    def role(self) -> iam.IRole:
        """The state machine role, which Step Functions assumes. See `state_machine` for what is raised."""
        return self.state_machine.role

    def add_to_role_policy(self, statement: iam.PolicyStatement) -> None:
        """Let the state machine do more. See `state_machine` for what is raised."""
        self.state_machine.add_to_role_policy(statement)

    @property
    def log_group(self) -> logs.LogGroup:
        """The log of executions. See `state_machine` for what is raised."""
        return self._made_of_it().log

    @property
    def failed_alarm(self) -> cloudwatch.Alarm:
        """The alarm of executions that failed. See `state_machine` for what is raised."""
        return self._made_of_it().failed

    @property
    def timed_out_alarm(self) -> cloudwatch.Alarm:
        """The alarm of executions that timed out. See `state_machine` for what is raised."""
        return self._made_of_it().timed_out

    @property
    def alarms(self) -> tuple[cloudwatch.Alarm, ...]:
        """The alarms, which tell the topic if `alerts` says so. See `state_machine` for what is raised."""
        return (self.failed_alarm, self.timed_out_alarm)

    @property
    def failure_handler(self) -> FailureHandler | None:
        """The states that explain what failed; None with `explain_failures=False`."""
        return self._made_of_it().handler

    @staticmethod
    def from_state_machine_arn(scope: Construct, construct_id: str, arn: str) -> ImportedPipeline:
        """Name a pipeline of another app, to start and to watch it, by the ARN of its state machine."""
        return ImportedPipeline(scope, construct_id, arn=arn)

    @staticmethod
    def from_state_machine_name(scope: Construct, construct_id: str, name: str) -> ImportedPipeline:
        """Name a pipeline of another app of this account and Region by the name of its state machine."""
        return ImportedPipeline(scope, construct_id, name=name)

    def _made_of_it(self) -> _Around:
        _ = self.state_machine
        return self._around

    def run(self, definition: sfn.IChainable) -> sfn.StateMachine:
        """Make the state machine of *definition*, with its log, alarms and schedule.

        Raises:
            InvalidInputError: The pipeline runs something already. After this and any other error the pipeline is as
                it was, and can run something else; states that a state machine has been made of belong to that one.
        """
        if self._state_machine is not None:
            raise self._wrong(
                "the pipeline runs something already",
                getattr(definition, "id", definition),
                "chain it to that, or make another",
                "pipeline-runs-once",
            )
        if strangers := self._kept.strangers:
            raise self._wrong(
                "reuse names jobs that there are not", strangers, "name their construct ids", "argument-unknown"
            )
        if not is_chainable(definition):
            raise self._wrong("nothing to run", definition, "pass a job, or a chain", "pipeline-runs-once")
        with whole_or_not_done(self):
            try:
                return self._made(definition)
            except RuntimeError as error:
                problem = misplaced(error)
                if problem is None:
                    raise
                raise InvalidInputError(self._where, [problem]) from None

    def _role_here(self) -> iam.IRole | None:
        """The role that was given, so that what it is granted stands in the stack of the pipeline.

        In another stack, which the pipeline waits for, its policy would wait for the pipeline's own roles and topics.
        """
        role = self._role
        if not isinstance(role, iam.Role) or stack_of(role) == stack_of(self) or _path_of(role):
            return role
        # Inline policies of one role have names of their own, whichever stacks they are in.
        name = f"Policy{self.node.addr}"
        return iam.Role.from_role_arn(self, "StateMachineRole", role.role_arn, default_policy_name=name)

    def _made(self, definition: sfn.IChainable) -> sfn.StateMachine:
        handling: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        handler = None
        if self._explains_failures:
            handler = FailureHandler(self, "JobFailed", topic=self.topic if "jobs" in self._alerts else None)
            handler.catch(definition)
            handling = handler.catching_branches()
        if self._runs_parts:
            definition = self._of_parts(definition)
        if self._schema is not None:
            schema = self._schema
            guard = InputGuard(self, _GUARD, inputs=schema.inputs, others_allowed=schema.others_allowed)
            definition = guard.next(definition)
        log = self._log()
        with handling:
            machine = sfn.StateMachine(
                self,
                "StateMachine",
                definition_body=sfn.DefinitionBody.from_chainable(definition),
                comment=self._comment_of_machine(),
                timeout=Duration.days(1) if self._timeout is None else duration_of(self._timeout),
                tracing_enabled=self._traced,
                encryption_configuration=self._encryption,
                role=self._role_here(),
                state_machine_name=self._state_machine_name,
                logs=sfn.LogOptions(destination=log, level=self._log_level, include_execution_data=True),
            )
        if self._timeout is None:
            give_time(machine)
        self._state_machine = machine
        undone_by(partial(setattr, self, "_state_machine", None))
        plain = JobScope.of(self).plain_topics
        if self._key is not None and plain:
            encrypt_topics(self._where, machine, self._key, plain)
        grant_key_of_executions(machine, self._state_machine_name, self._encryption)
        alarms = alert_of_failures(self, machine, self.topic, self._alerts, self._thresholds)
        self._around = _Around(log, handler, alarms["failed"], alarms["timed out"])
        self.node.default_child = machine.node.default_child
        for trigger in self._triggers:
            self._start_on(trigger)
        if self._has_dashboard:
            dashboard_of(self, machine, log)
        scopes = dict.fromkeys((JobScope.of(self), JobScope.of(Stack.of(self))))
        granted = [grant for scope in scopes for grant in scope.state_machine_grants()]
        acknowledge_wildcards(machine.role, [*granted, SERVICE_GRANT])
        if any(scope.starts_executions for scope in scopes):
            self.node.add_validation(AcknowledgedExecutions(machine))
        return machine

    def _comment_of_machine(self) -> str | None:
        inputs = "" if self._schema is None else self._schema.text()
        return " ".join(text for text in (self._comment, inputs) if text) or None

    def _of_parts(self, definition: sfn.IChainable) -> sfn.IChainable:
        """The definition, behind what finds out which part of it is run."""
        before = jobs_before(definition.start_state)
        paths = {job.prefixed_name: job.kept_as for job in before if job.kept_as is not None}
        if not 0 < len(paths) <= MOST_TAKEN:
            use = f"reuse 1 to {MOST_TAKEN} jobs of the pipeline, or leave run_parts out"
            problem = REUSE_IMPOSSIBLE.problem("run_parts takes results of jobs that are reused", len(paths), use)
            raise InvalidInputError(self._where, [problem])
        names = {job.prefixed_name: [one.prefixed_name for one in earlier] for job, earlier in before.items()}
        return PartRun(self, "CheckRun", jobs=paths, before=names, kept=self._kept).next(definition)

    def input(self, name: str, *, query_language: sfn.QueryLanguage | None = None) -> ExecutionInput:
        """An input of the execution, for jobs and states of the CDK: `inputs={"train": pipeline.input("dataset")}`.

        Text is put before or behind it with `+`. A job inside a Map sees the item in place of the input: hand the input
        on by the Map's item selector; a FanOut does so by itself.

        Args:
            name: As it was declared.
            query_language: That of a state of the CDK; jobs spell it in their own. Default: JSONPath.

        Raises:
            InvalidInputError: There is no such input.
        """
        schema = self._schema or InputSchema()
        return input_of(self, schema, self._guard, name, query_language)

    def start_on_schedule(
        self, schedule: str | Duration | events.Schedule, *, inputs: Mapping[str, Any] | None = None
    ) -> None:
        """Start an execution by itself: with *inputs*, and the defaults of the others.

        Raises:
            InvalidInputError: It is no schedule, or the inputs are none that an execution may be started with.
        """
        raise_all(self._where, mistyped({"schedule": schedule}))
        self._add(Trigger.on_schedule(event_schedule(schedule), {} if inputs is None else inputs))

    def start_on_arrival(self, data: S3Data, *, inputs: Mapping[str, Any] | None = None) -> None:
        """Start an execution for every object that is created under *data*, with its `bucket` and `key` for inputs.

        The bucket must send its events to EventBridge; the data bucket of a `PipelineStack` does, when the stack is
        asked. Where the pipeline itself writes, each execution would start another.

        Args:
            data: An `s3://` URI, a bucket, an S3Location.
            inputs: What else to start it with.

        Raises:
            InvalidInputError: There is no such place, or the inputs are none that an execution may be started with.
        """
        place = S3Location.of(data)
        self._add(Trigger.on_arrival("" if place is None else place.uri, {} if inputs is None else inputs))

    def _add(self, trigger: Trigger) -> None:
        raise_all(self._where, list(trigger.problems(self._schema)))
        if self._state_machine is None:
            self._triggers.append(trigger)
        else:
            with whole_or_not_done(self):
                self._start_on(trigger)

    def _start_on(self, trigger: Trigger) -> None:
        number = self._started_on.get(trigger.name, 0) + 1
        trigger.start(self, number, self.state_machine, self.dead_letter_queue)
        self._started_on[trigger.name] = number
        undone_by(partial(self._started_on.__setitem__, trigger.name, number - 1))

    def _log(self) -> logs.LogGroup:
        # CloudWatch Logs' policy for vended logs is one for the whole account and full after some dozens of log groups,
        # unless their names begin so.
        name = f"/aws/vendedlogs/states/{self._unique_name()}"
        if self._key is not None:
            admit_logs(self._key, Stack.of(self), name)
        return logs.LogGroup(
            self,
            "Log",
            log_group_name=name,
            retention=self._log_retention,
            encryption_key=self._key,
            removal_policy=RemovalPolicy.DESTROY,
        )

    @property
    def _where(self) -> str:
        return where_of(type(self).__name__, self)

    def _unique_name(self) -> str:
        return f"{Stack.of(self).stack_name}-{self.node.id}-{self.node.addr[-8:]}"

    def _wrong(self, what: str, got: object, use: str, rule: str) -> InvalidInputError:
        return InvalidInputError(self._where, [Problem(what, got, use, rule)])


@jsii.implements(IValidation)
class _HasRun:
    def __init__(self, pipeline: JobPipeline) -> None:
        self._pipeline = pipeline

    def validate(self) -> list[str]:
        try:
            _ = self._pipeline.state_machine
        except InvalidInputError as error:
            return [str(error)]
        return []
