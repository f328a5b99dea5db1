"""Failures of states: one is tried again, or caught, or what it is in fails with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs_sm.interpreter import groups, steps
from constructs_sm.interpreter.branches import FAILED
from constructs_sm.interpreter.history import ENDED_BADLY, MAX_EVENTS, WAITED_TO_RETRY, Stay
from constructs_sm.interpreter.state_errors import QUERY, RUNTIME, StateError, first_for
from constructs_sm.interpreter.values import put

if TYPE_CHECKING:
    from constructs_sm.interpreter.branches import Branch
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import Follow

_TOLD: Final = frozenset({RUNTIME, QUERY, "States.IntrinsicFailure", "States.ResultPathMatchFailure"})
"""The errors whose cause begins with the state."""
_LONGEST_CAUSE: Final = 32_768
"""Characters; Step Functions cuts what is longer."""
_BEGIN: Final = "An error occurred while executing the state "
_WHOLE: Final = "The execution "
"""The beginning of a cause that is not of a state."""


def told(branch: Branch, error: StateError) -> StateError:
    """An error with the state that it is of, and no longer than it may be."""
    cause = error.cause or ""
    if len(cause) > _LONGEST_CAUSE:
        error = StateError(error.error, cause[:_LONGEST_CAUSE])
    if error.error not in _TOLD or branch.state is None or cause.startswith((_BEGIN, _WHOLE)):
        return error
    where = f"'{branch.state.name}' (entered at the event id #{branch.entered_event})"
    return StateError(error.error, f"{_BEGIN}{where}. {cause}")


def failed(execution: Execution, branch: Branch, error: StateError) -> None:
    """Let the state of a branch fail: it is tried again, or caught, or the branch has failed."""
    state = branch.state
    assert state is not None  # noqa: S101 - nothing fails before it is entered
    branch.turn += 1
    steps.over(execution, branch, ENDED_BADLY)
    taken_down(execution, branch, error)
    number = first_for(state.retries, error.error)
    if number is not None and branch.tries.get(number, 0) < state.retry[number].most:
        _again(execution, branch, number)
        return
    number = first_for(state.catches, error.error)
    if number is not None:
        try:
            _caught(execution, branch, state.catch[number], error)
        except StateError as broken:
            error = told(branch, broken)
        else:
            return
    _given_up(execution, branch, error)


def taken_down(execution: Execution, branch: Branch, error: StateError) -> None:
    """Put the failure of a state into the history."""
    state = branch.state
    if state is not None and (state.kind == "Task" or error.error == QUERY) and error is not branch.error:
        execution.history.failed(execution.now, state.name, error.error, error.cause)
    if state is not None and (state.counts_retries or error.error == QUERY):
        branch.counter.events = min(branch.counter.events + 1, MAX_EVENTS - 1)


def _again(execution: Execution, branch: Branch, number: int) -> None:
    assert branch.state is not None  # noqa: S101
    retrier = branch.state.retry[number]
    seconds = retrier.waits(branch.tries.get(number, 0))
    if retrier.jitters:
        seconds = execution.numbers.uniform(0, seconds)
    branch.tries[number] = branch.tries.get(number, 0) + 1
    branch.attempt += 1
    execution.history.retry_waits.append(seconds)
    execution.history.stays.append(Stay(branch.state.name, execution.now, execution.now + seconds, WAITED_TO_RETRY))
    execution.note(branch.state.name, f"waits {seconds:g} s to retry")
    execution.plan(execution.now + seconds, "again", branch, turn=branch.turn)


def _caught(execution: Execution, branch: Branch, catcher: Follow, error: StateError) -> None:
    state = branch.state
    assert state is not None  # noqa: S101
    scope = execution.scope(branch, branch.input).with_error(error.output)
    if state.jsonata:
        output = error.output if catcher.output is None else catcher.output(scope)
    else:
        if catcher.result_path is not None:
            steps.note_place(execution, catcher.result_path)
        output = branch.input if catcher.result_path is None else put(branch.input, catcher.result_path, error.output)
        scope = scope.on(error.output)
    variables = None if catcher.assign is None else catcher.assign(scope)
    execution.fit(branch, output)
    if variables:
        execution.assign(branch, variables)
    execution.leave(branch, output, catcher.to, kept=not state.jsonata and catcher.result_path != ())


def _given_up(execution: Execution, branch: Branch, error: StateError) -> None:
    """Let a branch fail, and what it is in with it."""
    branch.status, branch.error = FAILED, error
    branch.turn += 1
    if branch.parent is not None:
        groups.failed(execution, branch, error)
        return
    execution.end(FAILED, error.error, error.cause)
