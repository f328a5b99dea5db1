"""Types of states: what each makes of its input, and where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter import groups, maps, tasks, timestamps
from constructs_sm.interpreter.history import Stay
from constructs_sm.interpreter.scope import ABSENT
from constructs_sm.interpreter.state_errors import QUERY, RUNTIME, StateError
from constructs_sm.interpreter.values import compact, put, sharing
from constructs_sm.language.numbers import is_number, is_whole_number

if TYPE_CHECKING:
    from constructs_sm.interpreter.branches import Branch
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import Follow, State
    from constructs_sm.interpreter.scope import Scope

LONGEST_WAIT: Final = 99_999_999
_LONGEST_UNTIL: Final = 2**31 - 1
"""Seconds to a Timestamp, at most."""
_NO_CHOICE: Final = "States.NoChoiceMatched"


def enter(execution: Execution, branch: Branch) -> None:
    """Enter the state that a branch goes to."""
    state = branch.machine.states[branch.to]
    branch.state = state
    branch.entered_at = branch.tried_at = execution.now
    branch.attempt = 0
    branch.tries = {}
    branch.token = ""
    branch.group = None
    execution.count(branch, 1)
    branch.entered_event = branch.counter.events
    execution.history.entered(execution.now, state.name)
    execution.weigh(branch.input, "input", state.name)
    _DOES[state.kind](execution, branch, state)


def attempt(execution: Execution, branch: Branch) -> None:
    """Try the state that a branch is in once more."""
    assert branch.state is not None  # noqa: S101 - it is in one
    branch.turn += 1
    branch.tried_at = execution.now
    branch.token = ""
    branch.group = None
    _DOES[branch.state.kind](execution, branch, branch.state)


def over(execution: Execution, branch: Branch, kind: str) -> None:
    """Take down that the attempt is over which a branch is in, if it is in one."""
    if branch.state is not None and branch.tried_at is not None:
        execution.history.stays.append(Stay(branch.state.name, branch.tried_at, execution.now, kind))
        branch.tried_at = None


def effective(execution: Execution, branch: Branch, state: State) -> Any:
    """The input of a state, behind its InputPath."""
    path = state.input_path
    if path == "":
        return branch.input
    if path is None or isinstance(path, str):
        return {}
    return execution.scope(branch, branch.input).read(path, "InputPath")


def finish(execution: Execution, branch: Branch, result: Any = ABSENT, *, to: str | None = None) -> None:
    """Leave a state with a result: what it keeps of it, and hands on."""
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    raw = execution.scope(branch, branch.input)
    variables: dict[str, Any] | None = None
    if state.jsonata:
        scope = raw if result is ABSENT or not state.counts_retries else raw.with_result(result)
        output = branch.input if result is ABSENT else result
        if state.output is not None:
            output = sharing(state.output(scope), branch.input)
        if state.assign is not None:
            variables = state.assign(scope)
    else:
        if result is ABSENT:
            result = effective(execution, branch, state)
        if state.result_path is not None:
            note_place(execution, state.result_path)
        if state.selector is not None:
            result = state.selector(raw.on(result))
        if state.assign is not None:
            variables = state.assign(raw.on(result))
        output = branch.input if state.result_path is None else put(branch.input, state.result_path, result)
        output = _through_output_path(state, raw, output)
    execution.fit(branch, output)
    if variables:
        execution.assign(branch, variables)
    execution.leave(branch, output, state.next if to is None else to, kept=state.keeps_input)


def note_place(execution: Execution, places: tuple[str | int, ...]) -> None:
    """Take down which field a ResultPath is in: what was there is gone, or was read to put something into it."""
    if places:
        execution.reads.note(places[0] if isinstance(places[0], str) else None)


def _through_output_path(state: State, raw: Scope, output: Any) -> Any:
    path = state.output_path
    if path == "":
        return output
    return {} if path is None or isinstance(path, str) else raw.on(output).read(path, "OutputPath")


def _pass(execution: Execution, branch: Branch, state: State) -> None:
    if state.jsonata:
        finish(execution, branch)
        return
    value = effective(execution, branch, state)
    if state.arguments is not None:
        value = state.arguments(execution.scope(branch, value))
    elif "Result" not in state.fields and state.result_path:
        execution.reads.note()  # the whole input comes to stand elsewhere
    if "Result" in state.fields:
        value = state.fields["Result"](execution.scope(branch, value))
    finish(execution, branch, value)


def _succeed(execution: Execution, branch: Branch, state: State) -> None:
    if not state.jsonata:
        state_input = effective(execution, branch, state)
        raw = execution.scope(branch, state_input)
        execution.leave(branch, _through_output_path(state, raw, state_input), None)
        return
    finish(execution, branch)


def _fail(execution: Execution, branch: Branch, state: State) -> None:
    scope = execution.scope(branch, effective(execution, branch, state))
    told: dict[str, str | None] = {"Error": None, "Cause": None}
    for name in told:
        if name in state.fields:
            value = state.fields[name](scope)
            if not isinstance(value, str):
                kind = QUERY if state.jsonata else RUNTIME
                raise StateError(kind, f"The field '{name}' of a Fail state is a text, but was {compact(value)}")
            told[name] = value
    # Of the state itself: it has neither Retry nor Catch, and what it says is its branch's.
    raise StateError(told["Error"], told["Cause"])


def _choice(execution: Execution, branch: Branch, state: State) -> None:
    value = effective(execution, branch, state)
    scope = execution.scope(branch, value)
    for rule in state.choices:
        if rule.when is not None and rule.when(scope):
            _chosen(execution, branch, state, rule)
            return
    if state.default is None:
        raise StateError(_NO_CHOICE, f"No choice of state '{state.name}' matched, and it has no Default")
    finish(execution, branch, to=state.default)


def _chosen(execution: Execution, branch: Branch, state: State, rule: Follow) -> None:
    """Leave a Choice by one of its rules, whose Assign and Output win over the state's."""
    raw = execution.scope(branch, branch.input)
    assign = rule.assign or state.assign
    if state.jsonata:
        output_of = rule.output or state.output
        output = branch.input if output_of is None else sharing(output_of(raw), branch.input)
        variables = None if assign is None else assign(raw)
    else:
        given = effective(execution, branch, state)
        output = _through_output_path(state, raw.on(given), given)
        variables = None if assign is None else assign(raw.on(given))
    if variables:
        execution.assign(branch, variables)
    execution.leave(branch, output, rule.to)


def _wait(execution: Execution, branch: Branch, state: State) -> None:
    scope = execution.scope(branch, effective(execution, branch, state))
    if "Seconds" in state.fields:
        seconds: float = _whole_seconds(state.fields["Seconds"](scope), state)
    else:
        seconds = max(0.0, _until(state.fields["Timestamp"](scope), state) - execution.time.timestamp())
        if seconds > _LONGEST_UNTIL:
            raise StateError(QUERY if state.jsonata else RUNTIME, "Wait state delay is too long.")
    execution.history.state_waits.append(seconds)
    execution.note(state.name, f"waits {seconds:g} s")
    execution.plan(execution.now + seconds, "waited", branch, turn=branch.turn)


def waited(execution: Execution, branch: Branch) -> None:
    """Go on behind a wait."""
    finish(execution, branch)


def _whole_seconds(value: Any, state: State) -> int:
    if is_whole_number(value, least=0) and value <= LONGEST_WAIT:
        return value
    told = f"is a whole number from 0 to {LONGEST_WAIT}, but was {compact(value)}"
    raise StateError(QUERY if state.jsonata else RUNTIME, f"The field 'Seconds' of a Wait state {told}")


def _until(value: Any, state: State) -> float:
    moment = timestamps.parsed(value)
    if moment is None:
        told = f"The value {compact(value)} of the field 'Timestamp' cannot be parsed as an ISO-8601 timestamp"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return moment[0] + moment[1] / 1e9


def number(
    execution: Execution, branch: Branch, name: str, *, least: int = 0, scope: Scope | None = None
) -> int | None:
    """A whole number that a state may have; None where it has none.

    Raises:
        StateError: It is no such number.
    """
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    if name not in state.fields:
        return None
    scope = scope or execution.scope(branch, effective(execution, branch, state))
    value = state.fields[name](scope)
    if not is_number(value) or value != int(value) or value < least:
        told = f"The field '{name}' has the value {compact(value)}, which is not a valid integer"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return int(value)


_DOES: Final[dict[str, Any]] = {
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
    "Choice": _choice,
    "Wait": _wait,
    "Task": lambda execution, branch, state: tasks.attempt(execution, branch, state),  # noqa: PLW0108 - imports go in a ring
    "Parallel": lambda execution, branch, state: groups.parallel(execution, branch, state),  # noqa: PLW0108
    "Map": lambda execution, branch, state: maps.begin(execution, branch, state),  # noqa: PLW0108
}
