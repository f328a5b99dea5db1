"""FailureHandler: what failed and why, in one readable message, told before the execution ends FAILED with it."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from constructs_sm.actions import ACTIONS, REUSE
from constructs_sm.grants.state_machine_role import SEND_FAILURE_GRANT
from constructs_sm.grants.statements import publish_grants
from constructs_sm.language.console import execution_link
from constructs_sm.language.error_names import ALL
from constructs_sm.language.errors import InvalidInputError, Problem, raise_all, where_of
from constructs_sm.language.flow import REDRIVEN
from constructs_sm.language.jsonata import UNCHANGED
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.language.offering import offers
from constructs_sm.language.paths import name_of
from constructs_sm.rollback import WholeOrNotMade
from constructs_sm.steps.levels import inner_starts, reachable
from constructs_sm.task.custom_states import GrantedState, OptionalState, is_chainable
from constructs_sm.task.job_task import JobTask
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.task.step import Step
from constructs_sm.task.task import SageMakerTask
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.arns import Arns

    from aws_cdk import aws_sns as sns

_Definition = TypeVar("_Definition", bound="sfn.IChainable")

_LONGEST_ID = 60
_EXPLAIN = "{}: Explain"
"""The longest name of a handler's states."""
_LONGEST_REASON = 2000
_ANSWER_SECONDS = 60
# JSONata takes a bracket behind a backslash for no bracket: not before the closing one.
_STRING = r'"\s*:\s*"([^\\"]*(?:\\.[^\\"]*)*)"'
# SageMaker's, then those of Lambda and Glue.
_REASON = f'/"(?:FailureReason|errorMessage|ErrorMessage){_STRING}/'
_ARN = f'/"(?:{"|".join(dict.fromkeys(action.arn_field for action in ACTIONS if action.sync))}){_STRING}/'


@jsii.implements(iam.IGrantable)
class FailureHandler(RunsInMachine, WholeOrNotMade, Construct):
    """Catch what fails for good: say what failed and why, tell a topic, and end the execution FAILED with that.

    Four states. `<id>: Explain` reads the error: SageMaker's FailureReason out of the description of a failed job, the
    sentence of a refused call, or the output that a job's check has refused. `<id>: Notify` publishes the message.
    `<id>` ends the execution with the message for its cause; the error is SageMaker's, with `Job.` in place of the
    `States.` that Step Functions keeps for itself. `<id>: Fail` does the same where the state before cannot.

    An execution that is redriven goes on from the job that failed. Step Functions redrives from the state that failed
    last, and a Fail state fails again; so the last state is a task that reports its own failure, and leads back to the
    job when it is redriven. Not verified on AWS: that a task may report its own failure. If it may not, `<id>: Fail`
    ends the execution a minute later with the same text, and is where a redrive would start.

    Jobs inside a Map or Parallel lead to a handler of their own, named after the first of them, `<job>: <id>`, since a
    state can only lead to one beside it: the Map or Parallel fails with their message, and a redrive goes on from the
    items that failed. In a distributed Map they do not notify, since each item might.

    Args:
        scope: Any construct in a stack.
        construct_id: What the states are called; at most 60 characters.
        topic: Who is told. Default: nobody.
        notify: What to do besides, or instead: any task or chain. Its input is
            `{"failure": {"job", "error", "reason", "message", "console", ...}, "input": ...}`; what it leaves is
            dropped, and should it fail, the execution still ends with the failure of the job. It stands in the state
            machine once, for what fails outside of a Map or Parallel.

    Raises:
        InvalidInputError: An argument is of the wrong type.

    Grants: to the state machine role, `states:SendTaskFailure`, and publishing to the topic.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic: sns.ITopic | None = None,
        notify: sfn.IChainable | None = None,
    ) -> None:
        self._where = where_of(type(self).__name__, scope, construct_id)
        raise_all(self._where, list(_mistyped(construct_id, topic, notify)))
        super().__init__(scope, construct_id)
        self._name = construct_id
        self._topic = topic
        self._notify = notify
        self._levels: list[str] = []
        explain = name_of(_EXPLAIN.format(construct_id))
        self._step = Step(self, explain, lambda: explain).is_known()

    def catch(self, definition: _Definition) -> _Definition:
        """Let every task of *definition* lead here that has no catch for `States.ALL` of its own.

        Call it when the definition is complete, before a state machine is made of it. It goes into every Map. The
        branches of a Parallel cannot be seen before: catch each as well, `parallel.branch(handler.catch(train))`. A
        pipeline does so for its jobs.

        Returns:
            The definition.

        Raises:
            InvalidInputError: It is no job, state or chain.
        """
        if not is_chainable(definition):
            raise InvalidInputError(
                self._where,
                [Problem("nothing to catch", definition, "pass a job, or a chain", "failure-nothing-to-catch")],
            )
        notify, self._notify = self._notify, None
        self._catch(definition.start_state, topic=self._topic, notify=notify, is_inner=bool(self._levels))
        self._step.is_bound = True
        if not self._levels:
            # There was nothing to catch, so that nothing leads here.
            self._step.forget()
        return definition

    def catching_branches(self) -> AbstractContextManager[None]:
        """Catch jobs in branches of a Parallel too, while a state machine is made: the CDK shows none before."""
        return JobScope.of(self).uncaught.lead_to(partial(self._level, topic=self._topic))

    def _catch(
        self, start: sfn.State, *, topic: sns.ITopic | None, notify: sfn.IChainable | None = None, is_inner: bool
    ) -> None:
        level: _Level | None = None
        for state in reachable(start):
            for inner in inner_starts(state):
                self._catch(inner, topic=None if isinstance(state, sfn.DistributedMap) else topic, is_inner=True)
            if _is_open(state):
                level = level or self._level(_name_of(state) if is_inner else "", topic=topic, notify=notify)
                level.catch(state)

    def _level(self, job: str, *, topic: sns.ITopic | None, notify: sfn.IChainable | None = None) -> _Level:
        """Make the handler of a level, named after a job in it; the outermost bears the name alone."""
        name, number = self._name, len(self._levels) + 1
        if job:
            name = f"{job[: LONGEST_STATE_NAME - len(_EXPLAIN.format(f': {self._name}'))]}: {self._name}"
        if name in self._levels:
            name = f"{self._name} {number}"
        self._levels.append(name)
        # An inner variable must not be called like an outer one.
        return _Level(self, name, "failed" if number == 1 else f"failed{number}", topic, notify)


class _Level:
    """The states of a handler among the states of one level: a state leads to states beside it only."""

    def __init__(
        self, scope: Construct, name: str, variable: str, topic: sns.ITopic | None, notify: sfn.IChainable | None
    ) -> None:
        self._variable = variable
        arns = JobScope.of(scope).arns
        # Whoever reads of a failure wants to know what of its data is of another day.
        output = _explained(variable, tells_reuse=JobScope.of(scope).kept.is_made)
        explain = _Handling(scope, _EXPLAIN.format(name), {"Type": "Pass", "Output": output})
        fail = sfn.Fail(
            scope,
            f"{name}: Fail",
            query_language=sfn.QueryLanguage.JSONATA,
            error="{% $states.input.failure.name %}",
            cause="{% $states.input.failure.message %}",
        )
        end = self._end = _End(scope, name, arns, fail)
        last: Any = explain
        if topic is not None:
            last = last.next(_told(scope, f"{name}: Notify", arns, topic, end))
        if notify is not None:
            last = last.next(_also_told(scope, f"{name}: Handle", notify, end))
        last.next(end)
        self._start = explain

    def catch(self, state: Any) -> None:
        if _in_jsonata(state):
            # The input goes along in the variable: of its tasks that are custom states, the CDK drops the Output.
            output = {"output": "{% $states.errorOutput %}", "input": UNCHANGED}
            name, settings = {"job": "{% $states.context.State.Name %}"}, {}
        else:
            output, name = {"output.$": "$"}, {"job.$": "$$.State.Name"}
            settings = {"result_path": _discard()}
        state.add_catch(self._start, assign={self._variable: {**name, **output}}, **settings)
        if isinstance(state, JobTask):
            state.lead_refusals(self._start, self._variable, self.catch)
        self._end.leads_back_to(state)


@cache
def _discard() -> str:
    """A constant of the CDK's, which it is asked for once."""
    return sfn.JsonPath.DISCARD


class _Handling(GrantedState):
    """A state of the handler: JSONata, in a state machine of either query language."""

    def __init__(
        self, scope: Construct, construct_id: str, state: dict[str, Any], grants: Sequence[Grant] = ()
    ) -> None:
        super().__init__(scope, construct_id, grants=grants, state_json={**state, "QueryLanguage": "JSONata"})


class _Notice(_Handling):
    """A task whose own failure must not hide that of the job: it goes on all the same."""

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> Any:
        state = super().to_state_json(top_level_query_language)
        catch = [{**catcher, "Output": UNCHANGED} for catcher in state["Catch"]]
        return {**state, "Catch": catch}


class _End(_Handling):
    """A task that reports its own failure: with the message; redriven, with where to go on."""

    def __init__(self, scope: Construct, construct_id: str, arns: Arns, fail: sfn.Fail) -> None:
        self._fail = fail
        self._jobs: list[sfn.State] = []
        super().__init__(
            scope,
            construct_id,
            {
                "Type": "Task",
                "Resource": arns.integration("aws-sdk:sfn:sendTaskFailure.waitForTaskToken"),
                "Arguments": {
                    "TaskToken": "{% $states.context.Task.Token %}",
                    "Error": "{% $states.context.Execution.RedriveCount > $states.input.failure.redrives"
                    f" ? '{REDRIVEN}' & $states.input.failure.job : $states.input.failure.name %}}",
                    "Cause": "{% $states.input.failure.message %}",
                },
                "TimeoutSeconds": _ANSWER_SECONDS,
            },
            [SEND_FAILURE_GRANT],
        )
        # Makes it part of the graph; which errors lead there is said below.
        self.add_catch(fail)

    def leads_back_to(self, job: sfn.State) -> None:
        self._jobs.append(job)

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> Any:
        state = super().to_state_json(top_level_query_language)
        names = list(map(_name_of, self._jobs))
        back = [
            {"ErrorEquals": [f"{REDRIVEN}{name}"], "Output": "{% $states.input.input %}", "Next": name}
            for name in names
        ]
        # Not States.ALL: the failure that is reported is meant to end the execution.
        refused = ["States.Timeout", "States.Permissions", *(f"Sfn.{error}" for error in _REFUSALS)]
        given_up = {"ErrorEquals": refused, "Output": UNCHANGED, "Next": self._fail.state_id}
        return {**{key: value for key, value in state.items() if key != "End"}, "Catch": [*back, given_up], "End": True}


_REFUSALS = ("InvalidTokenException", "SfnException", "TaskDoesNotExistException", "TaskTimedOutException")


def _told(scope: Construct, name: str, arns: Arns, topic: sns.ITopic, end: sfn.State) -> _Handling:
    key = topic.master_key
    grants = publish_grants(topic.topic_arn, None if key is None else key.key_arn)
    retry = {"ErrorEquals": [ALL], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}
    notice = _Notice(
        scope,
        name,
        {
            "Type": "Task",
            "Resource": arns.integration("sns:publish"),
            "Arguments": {
                "TopicArn": topic.topic_arn,
                "Subject": "A job failed",
                "Message": "{% $states.input.failure.message %}",
            },
            "Output": UNCHANGED,
            "Retry": [retry],
        },
        grants,
    )
    notice.add_catch(end)
    return notice


def _also_told(scope: Construct, name: str, notify: sfn.IChainable, end: sfn.State) -> sfn.Parallel:
    around = sfn.Parallel(scope, name, query_language=sfn.QueryLanguage.JSONATA, outputs=UNCHANGED)
    return around.branch(notify).add_catch(end, outputs=UNCHANGED)


_REUSED = f"function($v, $k) {{ $exists($v.{REUSE}.From) ? $k & ' of execution ' & $v.{REUSE}.From }}"
_TOLD = " & ($count($reused) > 0 ? ' (reused: ' & $join($reused, ', ') & ')' : '')"


def _explained(variable: str, *, tells_reuse: bool) -> str:
    """JSONata: the failure, for readers and for the states that follow, beside the job's own input."""
    failed = f"${variable}"
    told = _TOLD if tells_reuse else ""
    given = f"$exists({failed}.input) ? {failed}.input : $states.input"
    console = execution_link("' & $parts[3] & '")
    return (
        "{% ("
        f"$error := {failed}.output.Error; "
        f"$cause := $type({failed}.output.Cause) = 'string' ? {failed}.output.Cause : ''; "
        f"$reasons := $match($cause, {_REASON}, 1); "
        "$reason := $count($reasons) > 0 ? $parse('\"' & $reasons[0].groups[0] & '\"') : $cause; "
        f"$reason := $substring($reason, 0, {_LONGEST_REASON}); "
        f"$arns := $match($cause, {_ARN}, 1); "
        "$execution := $states.context.Execution.Id; "
        "$parts := $split($execution, ':'); "
        f"$console := $parts[1] = 'aws' ? '{console}' & $execution : $execution; "
        "$redrives := $states.context.Execution.RedriveCount; "
        f"{f'$reused := [$each({given}, {_REUSED})]; ' if tells_reuse else ''}"
        "{'failure': {"
        f"'job': {failed}.job, "
        "'error': $error, "
        "'name': $substring($error, 0, 7) = 'States.' ? 'Job.' & $substring($error, 7) : $error, "
        "'reason': $reason, "
        "'resource': $count($arns) > 0 ? $arns[0].groups[0] : '', "
        "'execution': $execution, "
        "'console': $console, "
        f"'message': {failed}.job & ' failed with ' & $error & ($reason = '' ? '' : ': ' & $reason){told} "
        "& ' - ' & $console, "
        "'redrives': $exists($redrives) ? $redrives : 0"
        "}, "
        f"'input': {given}"
        "}) %}"
    )


def _is_open(state: sfn.State) -> bool:
    """Tell whether a state is a task, and nothing catches all its errors."""
    if isinstance(state, (_Handling, OptionalState)):
        return False
    if isinstance(state, SageMakerTask):
        return not state.catches_all
    if isinstance(state, sfn.TaskStateBase):
        given = state._render_retry_catch()  # noqa: SLF001
    elif isinstance(state, sfn.CustomState):
        given = state.to_state_json()
        if given.get("Type") != "Task":
            return False
    else:
        return False
    return not any(ALL in catcher["ErrorEquals"] for catcher in given.get("Catch") or ())


def _name_of(state: sfn.State) -> str:
    return str(state.prefixed_name if isinstance(state, SageMakerTask) else state.state_id)


def _in_jsonata(state: sfn.State) -> bool:
    if isinstance(state, SageMakerTask):
        return state.is_jsonata
    if isinstance(state, sfn.TaskStateBase):
        return is_jsonata_language(state._query_language)  # noqa: SLF001
    return is_in_jsonata(state.to_state_json())


def _mistyped(construct_id: object, topic: object, notify: object) -> Iterator[Problem]:
    yield from id_problems(construct_id, _LONGEST_ID)
    if topic is not None and not offers(topic, "topic_arn"):
        yield Problem("topic cannot be used", topic, "pass an sns.ITopic", "argument-type")
    if notify is not None and not is_chainable(notify):
        yield Problem("notify cannot be used", notify, "pass a task, or a chain", "argument-type")
