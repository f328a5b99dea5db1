"""PipelineBase: what can be done with a pipeline that is there, of this app or of another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem, raise_all, where_of
from constructs_sm.language.jsonata import UNCHANGED, merged, object_of
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.pipeline.alerts import Thresholds, alert_of_failures
from constructs_sm.rollback import WholeOrNotMade, methods_in_words, whole_or_not_done
from constructs_sm.settings import ONE_MESSAGE, Alert, are_alerts, is_state_machine_name
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems

import jsii
from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_stepfunctions_tasks as tasks
    from aws_cdk.interfaces import ResourceEnvironment
    from aws_cdk.interfaces.aws_stepfunctions import StateMachineReference


_OF_AN_EXECUTION = {"ExecutionArn": sfn.JsonPath.string_at, "Output": sfn.JsonPath.object_at}
"""Fields that are kept of an execution that another has waited for, each with what it is."""


@methods_in_words
class PipelineBase:
    """A pipeline to start, to watch and to grant: in all that, as `sfn.IStateMachine`.

    A pipeline of this app has to run something first; if not, an InvalidInputError says so.
    """

    @property
    @abstractmethod
    def state_machine(self) -> sfn.IStateMachine:
        """The state machine.

        Raises:
            InvalidInputError: The pipeline has not been run yet.
        """

    @property
    def state_machine_arn(self) -> str:
        """The ARN of the state machine. See `state_machine` for what is raised."""
        return self.state_machine.state_machine_arn

    @property
    def state_machine_name(self) -> str:
        """The name of the state machine. See `state_machine` for what is raised."""
        machine = self.state_machine
        if isinstance(machine, sfn.StateMachine):
            return machine.state_machine_name
        parts = Stack.of(machine).split_arn(machine.state_machine_arn, ArnFormat.COLON_RESOURCE_NAME)
        return str(parts.resource_name)

    @property
    def grants(self) -> sfn.StateMachineGrants:
        """Grants by newer names: `pipeline.grants.start_execution(role)`. See `state_machine` for what is raised."""
        return sfn.StateMachineGrants.from_state_machine(self.state_machine)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The state machine role, for grants: `bucket.grant_read(pipeline)`."""
        return self.state_machine.grant_principal

    def task(
        self,
        scope: Construct,
        construct_id: str,
        *,
        input: Mapping[str, Any] | None = None,  # noqa: A002  (Step Functions' name)
        result_path: str | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> tasks.StepFunctionsStartExecution:
        """A state of another pipeline that runs this one and waits for its end: a plain state to chain and to catch.

        Where one state machine would be too large, or a part of it is of use to several. Each may stand in a stack of
        its own. An execution that does not succeed fails the state with `States.TaskFailed`.

        Args:
            scope: Any construct in a stack.
            construct_id: Also the name of the state, and the key of its result.
            input: What the execution is started with; values may be of `sfn.JsonPath`. Default: the state's input.
            result_path: Where the execution's ARN and its output go in the state's input, as `ExecutionArn` and
                `Output`. What is in a state may have 256 KiB: with `sfn.JsonPath.DISCARD` it is not kept. Default:
                `$.<construct id>`, which in JSONata it always is.
            query_language: That of the state machine. Default: JSONPath.

        Raises:
            InvalidInputError: The pipeline does not run anything yet.

        Grants: to the state machine role of the other pipeline StartExecution of this one, DescribeExecution and
            StopExecution of its executions, and the managed rule.
        Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
        """
        machine = self.state_machine
        problems = list(id_problems(construct_id, LONGEST_STATE_NAME))
        if not isinstance(scope, Construct):
            problems.append(
                Problem("scope is no construct", scope, "pass the stack, or what is in it", "argument-type")
            )
        if input is not None and not isinstance(input, Mapping):
            problems.append(Problem("input must be a mapping", input, "give its fields by name", "argument-type"))
        jsonata = is_jsonata_language(query_language)
        if jsonata and result_path is not None:
            use = "leave it out: the result stands under the construct id"
            problems.append(Problem("a state in JSONata has no result_path", result_path, use, "argument-value"))
        raise_all(where_of("task of a pipeline", scope, construct_id), problems)
        # The module is large, and most apps do without.
        from aws_cdk import aws_stepfunctions_tasks as tasks  # noqa: PLC0415

        make: Any = tasks.StepFunctionsStartExecution
        whole = sfn.TaskInput.from_json_path_at("$")
        selected = {name: at(f"$.{name}") for name, at in _OF_AN_EXECUTION.items()}
        kept: dict[str, Any] = {"result_selector": selected, "result_path": result_path or path_of(construct_id)}
        if jsonata:
            result = object_of({name: f"$states.result.{name}" for name in _OF_AN_EXECUTION})
            make, whole = make.jsonata, sfn.TaskInput.from_text(UNCHANGED)
            kept = {"outputs": merged(key_of(construct_id), result)}
        with whole_or_not_done(scope):
            started: tasks.StepFunctionsStartExecution = make(
                scope,
                construct_id,
                state_machine=machine,
                integration_pattern=sfn.IntegrationPattern.RUN_JOB,
                input=sfn.TaskInput.from_object(dict(input)) if input is not None else whole,
                # Shown in the console as started by the other; the CDK puts it into an input that is an object.
                associate_with_parent=input is not None,
                **kept,
            )
        JobScope.of(scope).starts_executions = True
        return started

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* start executions."""
        return self.state_machine.grant_start_execution(grantee)

    def grant_start_sync_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* start executions of an express machine and wait for their ends."""
        return self.state_machine.grant_start_sync_execution(grantee)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* list and describe executions and read their histories."""
        return self.state_machine.grant_read(grantee)

    def grant_redrive_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* redrive executions."""
        return self.state_machine.grant_redrive_execution(grantee)

    def grant_task_response(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* send the results of tasks that wait for a token."""
        return self.state_machine.grant_task_response(grantee)

    def grant_execution(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let *grantee* do *actions* with executions."""
        return self.state_machine.grant_execution(grantee, *actions)

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let *grantee* do *actions* with the state machine."""
        return self.state_machine.grant(grantee, *actions)

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:
        """A metric that Step Functions has of the state machine, as `ExecutionsFailed`.

        Args:
            metric_name: Its name in the namespace `AWS/States`.
            options: `statistic`, `period`, `label`, ... as `cloudwatch.Metric` takes them.
        """
        return self.state_machine.metric(metric_name, **options)

    def metric_started(self, **options: Any) -> cloudwatch.Metric:
        """Executions that were started."""
        return self.state_machine.metric_started(**options)

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """Executions that succeeded."""
        return self.state_machine.metric_succeeded(**options)

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """Executions that failed."""
        return self.state_machine.metric_failed(**options)

    def metric_aborted(self, **options: Any) -> cloudwatch.Metric:
        """Executions that were stopped."""
        return self.state_machine.metric_aborted(**options)

    def metric_timed_out(self, **options: Any) -> cloudwatch.Metric:
        """Executions that timed out."""
        return self.state_machine.metric_timed_out(**options)

    def metric_throttled(self, **options: Any) -> cloudwatch.Metric:
        """Executions that were throttled."""
        return self.state_machine.metric_throttled(**options)

    def metric_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from the start of an execution to its end."""
        return self.state_machine.metric_time(**options)


@methods_in_words
class PipelineResource(PipelineBase):
    """A pipeline as an `sfn.IStateMachine`, for whatever of the CDK takes one: a rule of EventBridge, a schedule."""

    @property
    def env(self) -> ResourceEnvironment:
        """The account and Region of the state machine."""
        return self.state_machine.env

    @property
    def stack(self) -> Stack:
        """The stack that the pipeline is in."""
        return self.state_machine.stack

    @property
    def state_machine_ref(self) -> StateMachineReference:
        """The reference to the state machine, as L1 constructs take it."""
        return self.state_machine.state_machine_ref

    def apply_removal_policy(self, policy: RemovalPolicy) -> None:
        """Say what becomes of the state machine when it leaves its stack. Its log goes with the stack all the same."""
        self.state_machine.apply_removal_policy(policy)


@methods_in_words
@jsii.implements(sfn.IStateMachine)
class ImportedPipeline(PipelineResource, WholeOrNotMade, Construct):
    """A pipeline of another app: started with `task`, granted, watched by its metrics, and by `alert`.

    Made by `JobPipeline.from_state_machine_arn` and `from_state_machine_name`.

    Args:
        scope: Any construct in a stack.
        construct_id: Its id.
        arn: The ARN of its state machine.
        name: In place of that, the name of a state machine of this account and Region.

    Raises:
        InvalidInputError: There can be no such state machine.
    """

    def __init__(self, scope: Construct, construct_id: str, *, arn: str = "", name: str = "") -> None:
        problems = []
        if not name and not (isinstance(arn, str) and (is_token(arn) or ":stateMachine:" in arn)):
            use = "pass 'arn:aws:states:...:stateMachine:...'"
            problems.append(Problem("an imported pipeline needs the ARN of a state machine", arn, use, "argument-type"))
        if name and not is_state_machine_name(name):
            use = "pass a name of 1 to 80 letters, digits, - and _"
            problems.append(Problem("no state machine has this name", name, use, "argument-type"))
        raise_all(where_of("JobPipeline", scope, construct_id), problems)
        super().__init__(scope, construct_id)
        named = sfn.StateMachine.from_state_machine_name
        self._state_machine = (
            named(self, "StateMachine", name)
            if name
            else sfn.StateMachine.from_state_machine_arn(self, "StateMachine", arn)
        )

    @property
    def state_machine(self) -> sfn.IStateMachine:
        """The state machine."""
        return self._state_machine

    def alert(
        self,
        topic: sns.ITopic,
        *,
        alerts: Sequence[Alert] = ONE_MESSAGE,
        failed_threshold: int = 1,
        timed_out_threshold: int = 1,
    ) -> tuple[cloudwatch.Alarm, ...]:
        """Tell *topic* of executions that did not succeed, and make two alarms, as a pipeline of this app does.

        Args:
            topic: Who is told.
            alerts: What tells it: `executions` that have ended, `alarms` when they go off. Default: executions.
            failed_threshold: Executions failed within five minutes at which the alarm goes off.
            timed_out_threshold: Likewise, executions that timed out.

        Raises:
            InvalidInputError: Something else is to tell it: the jobs of another app are what they are.
        """
        if not are_alerts(alerts) or "jobs" in alerts:
            problem = Problem(
                "of another app's pipeline, its executions tell and its alarms",
                alerts,
                "list some of executions, alarms",
                "argument-value",
            )
            raise_all(where_of("JobPipeline", self), [problem])
        with whole_or_not_done(self):
            thresholds = Thresholds(failed_threshold, timed_out_threshold)
            return tuple(alert_of_failures(self, self._state_machine, topic, alerts, thresholds).values())
