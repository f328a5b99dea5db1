"""Task states: what they call, and how long they wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter import steps
from constructs_sm.interpreter.calls import Call, TaskError, Waiting
from constructs_sm.interpreter.state_errors import DATA_LIMIT, QUERY, RUNTIME, TIMEOUT, StateError
from constructs_sm.interpreter.values import as_json, compact
from constructs_sm.language.machines import LARGEST_PAYLOAD

if TYPE_CHECKING:
    from constructs_sm.interpreter.branches import Branch
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import State
    from constructs_sm.interpreter.resources import Resource

FOREVER: Final = 99_999_999
"""Seconds that a task may take that has no TimeoutSeconds."""


def attempt(execution: Execution, branch: Branch, state: State) -> None:
    """Call what a task calls."""
    value = steps.effective(execution, branch, state)
    scope = execution.scope(branch, value)
    if state.arguments is None:
        execution.reads.note()
    request = value if state.arguments is None else state.arguments(scope)
    if execution.weigh(request, "parameters", state.name) > LARGEST_PAYLOAD:
        told = f"The state/task '{state.name}' has an input with a size exceeding"
        raise StateError(DATA_LIMIT, f"{told} the maximum number of bytes service limit.")
    resource = state.resource
    assert resource is not None  # noqa: S101 - each task has one
    branch.call = Call(
        state=state.name,
        service=resource.service,
        api=resource.api,
        request=_request(resource, as_json(request, f"the request of state {state.name!r}")),
        region=execution.setting.region,
        account=execution.setting.account,
        at=execution.time,
        pattern=resource.pattern,
        sdk=resource.sdk,
        role=_role(branch, state, scope),
        timeout_seconds=steps.number(execution, branch, "TimeoutSeconds", least=1, scope=scope),
        heartbeat_seconds=steps.number(execution, branch, "HeartbeatSeconds", least=1, scope=scope),
        attempt=branch.attempt,
        execution=str(branch.execution["Id"]),
        iterations=() if branch.parent is None else _iterations(branch),
    )
    execution.count(branch, 2)
    # Behind what begins beside it: a call that is refused at once ends no branch before it has begun.
    execution.soon("play", branch, first=False)


def _iterations(branch: Branch) -> tuple[int, ...]:
    numbers: list[int] = []
    one = branch
    while one.parent is not None:
        if one.parent.group is not None and one.parent.group.is_map:
            numbers.append(one.index)
        one = one.parent
    return tuple(reversed(numbers))


def _request(resource: Resource, request: Any) -> Any:
    return {"FunctionName": resource.arn, "Payload": request} if resource.is_function else request


def _role(branch: Branch, state: State, scope: Any) -> str | None:
    if "Credentials" not in state.fields:
        return None
    credentials = state.fields["Credentials"](scope)
    role = credentials.get("RoleArn") if isinstance(credentials, dict) else None
    if not isinstance(role, str):
        where = branch.state.name if branch.state else ""
        told = f"The RoleArn of the Credentials of state '{where}' is a text, but was {compact(role)}"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return role


def play(execution: Execution, branch: Branch) -> None:
    """Let the player answer the call of a branch, or begin to work on it."""
    call = branch.call
    assert call is not None  # noqa: S101 - it was made
    try:
        answer = execution.player.begin(call)
    except TaskError as error:
        raise StateError(error.error, error.cause) from None
    if not isinstance(answer, Waiting):
        _done(execution, branch, answer)
        return
    if call.pattern:
        execution.count(branch, 1)
    branch.waiting = answer
    limit: float = FOREVER if call.timeout_seconds is None else call.timeout_seconds
    if not answer.beats and call.heartbeat_seconds is not None:
        limit = min(limit, call.heartbeat_seconds)
    if answer.seconds is not None and answer.seconds <= limit:
        execution.plan(execution.now + answer.seconds, "ended", branch, turn=branch.turn)
    else:
        execution.plan(execution.now + limit, "timeout", branch, turn=branch.turn)


def ended(execution: Execution, branch: Branch) -> None:
    """Let the player say what a task has come to that took a while."""
    call, waiting = branch.call, branch.waiting
    assert call is not None  # noqa: S101 - it was begun
    assert waiting is not None  # noqa: S101
    branch.waiting = None
    try:
        answer = execution.player.end(call, waiting)
    except TaskError as error:
        raise StateError(error.error, error.cause) from None
    _done(execution, branch, answer)


def timed_out(execution: Execution, branch: Branch) -> None:
    """Give up on a task that takes too long."""
    give_up(execution, branch)
    raise StateError(TIMEOUT)


def give_up(execution: Execution, branch: Branch) -> None:
    """Tell the player that nobody waits for a task any longer."""
    if branch.call is not None and branch.waiting is not None:
        call, waiting = branch.call, branch.waiting
        branch.waiting = None
        execution.player.give_up(call, waiting)


def _done(execution: Execution, branch: Branch, answer: Any) -> None:
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    result = as_json(answer, f"the result of state {state.name!r}")
    execution.fit(branch, result)
    execution.count(branch, 1)
    execution.history.succeeded(state.name)
    steps.finish(execution, branch, result)
