"""Describing: the states of a job that read what its output does not hold, when a later state asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.actions import DESCRIBED
from constructs_sm.language.jsonata import jsonata_of, merged_at, object_of, quoted
from constructs_sm.language.late_bound import LATE, Computed
from constructs_sm.language.paths import keys_in
from constructs_sm.retry import SDK
from constructs_sm.task.custom_states import JsonataTask, always, describing, holds

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.retry import RetryPolicy
    from constructs_sm.task.output_check import Output
    from constructs_sm.task.task_state import TaskState

    from constructs import Construct

_DESCRIBE = "{}: Describe"
_CHECK = "{}: ValidateFields"
_MISSING = "{}: MissingField"
STATES = (_DESCRIBE, _CHECK, _MISSING)
"""Names of the states, behind that of the job."""


class Describing:
    """Read the fields of a job that later states use and its output is not known to hold: one call for all of them.

    `<id>: Describe` stands between the task and the check of its output. It calls the Describe of the job's API by the
    AWS SDK integration, under the same role as the task, is retried as it is, and keeps what is asked for alone, in the
    job's own result. If a state uses a field that does not say itself what is wrong without it, as a `QualityGate`
    does, `<id>: ValidateFields` checks that it is there, and `<id>: MissingField` says that it is not.

    Args:
        job: The fragment of the job.
        name: The beginning of the names.
        state: The task.
        retried: Whether calls of the job are retried.

    Attributes:
        task: The call.
        error: The name of the error where the description has no field, or metric, that a later state uses.
    """

    error: ClassVar[str] = "MissingField"

    def __init__(self, job: Construct, name: str, state: TaskState, *, retried: bool) -> None:
        output = state.output
        assert output is not None  # noqa: S101  (what is not kept cannot be asked for)
        self._job, self._name, self._description = job, name, state.identity.description
        self._place = f"{output.expression}.{DESCRIBED}"
        self._output = output
        self._describe = state.action.describe
        self.task = JsonataTask(
            job,
            _DESCRIBE.format(name),
            **call_beside(state, state.action.describe, _identification(state, output), SDK if retried else ()),
            Output=self._kept(output),
        )
        unmet = self._description.unmet
        self._choice = sfn.Choice(job, _CHECK.format(name), query_language=sfn.QueryLanguage.JSONATA) if unmet else None
        if self._choice is not None:
            self.task.next(self._choice)

    def _kept(self, output: Output) -> str:
        selected = self._description.selected
        keys = keys_in(output.path)
        if not keys:
            return f"{{% $merge([$states.input, {object_of({DESCRIBED: selected})}]) %}}"
        return merged_at((*keys, DESCRIBED), selected)

    @property
    def made(self) -> list[sfn.State]:
        """The states, as far as they lead to each other."""
        return [self.task] if self._choice is None else [self.task, self._choice]

    def lead_to(self, state: sfn.State, *, accepted: str | None = None) -> None:
        """Let it go on to *state*.

        Args:
            state: What follows.
            accepted: Condition, in JSONata, on the output of a job that has ended well. Another goes on whatever it
                has: the check that follows says what is wrong with it.
        """
        if self._choice is None:
            self.task.next(state)
            return
        there = self._description.are_there(self._place)
        self._choice.when(holds(there if accepted is None else f"{accepted} ? {there} : true"), state)

    def turn_away(self) -> sfn.State | None:
        """Make the Fail for a field that is missing."""
        if self._choice is None:
            return None
        failure = self._failure(f"{self._name}: ")
        fail = sfn.Fail(self._job, _MISSING.format(self._name), query_language=sfn.QueryLanguage.JSONATA, **failure)
        self._choice.otherwise(fail)
        return fail

    def hand_over(self, handler: sfn.State, variable: str, job: str) -> None:
        """Let a field that is missing lead to the handler of failures, which finds job, error and cause in *variable*.

        Args:
            handler: Its first state.
            variable: What it reads.
            job: The name of the job's state.
        """
        if self._choice is not None:
            failure = self._failure("")
            output = {"Error": failure["error"], "Cause": failure["cause"]}
            self._choice.when(always(), handler, assign={variable: {"job": job, "output": output}})

    def _failure(self, beginning: str) -> dict[str, str]:
        missing = self._description.missing(self._place)
        text = quoted(f"{beginning}{self._describe} has no ")
        return {
            "error": self.error,
            "cause": f"{{% {text} & {missing} & '; of what is asked for it has ' & $string({self._place}) %}}",
        }


def call_beside(
    state: TaskState,
    operation: str,
    arguments: Mapping[str, str],
    retries: Sequence[RetryPolicy],
    *,
    integration: str = "aws-sdk:sagemaker",
) -> dict[str, Any]:
    """Make the fields of a further call about a task's job, in JSONata, under the same role."""
    api = f"{operation[0].lower()}{operation[1:]}"
    call = describing(state.scope.arns.integration(f"{integration}:{api}"), arguments, retries)
    credentials = state.json.get("Credentials")
    if credentials is None:
        return call
    ((key, role),) = credentials.items()
    return {**call, "Credentials": {"RoleArn": f"{{% {jsonata_of(role)} %}}" if key.endswith(LATE) else role}}


def _identification(state: TaskState, output: Output) -> dict[str, str]:
    name = state.action.name_field
    literal = state.request.get(name)
    if literal is None or isinstance(literal, Computed):
        return {name: f"{{% {output.expression}.{name} %}}"}
    return {name: str(literal)}
