"""Map states: their items, what each iteration is given, and what becomes of the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter import groups, items, results, steps
from constructs_sm.interpreter.branches import Branch, Group
from constructs_sm.interpreter.calls import TaskError
from constructs_sm.interpreter.state_errors import QUERY, RUNTIME, StateError
from constructs_sm.interpreter.timestamps import written as written_time
from constructs_sm.interpreter.values import compact
from constructs_sm.language.numbers import is_number

if TYPE_CHECKING:
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import MapFields, State

EXPRESS_SECONDS: Final = 300
_INLINE_AT_ONCE: Final = 40
"""Iterations of an inline Map that run beside each other, however many there are."""
_DISTRIBUTED_AT_ONCE: Final = 10_000
_PERCENT: Final = 100


def begin(execution: Execution, branch: Branch, state: State) -> None:
    """Begin the iterations of a Map."""
    fields = state.map
    assert fields is not None  # noqa: S101 - each Map has them
    value = steps.effective(execution, branch, state)
    scope = execution.scope(branch, value)
    most = steps.number(execution, branch, "MaxConcurrency", scope=scope) or 0
    count, percentage = _tolerated(execution, branch, state)
    execution.count(branch, 2 if fields.distributed else 1)
    if fields.distributed:
        try:
            execution.player.map_run(state.name)
        except TaskError as error:
            raise StateError(error.error, error.cause) from None
    found, keys = items.read(execution, branch, state, value)
    at_once = _DISTRIBUTED_AT_ONCE if fields.distributed else _INLINE_AT_ONCE
    group = Group(
        inputs=found,
        machines=(fields.processor,),
        results=[],
        base=value,
        most_at_once=min(most or at_once, at_once),
        is_map=True,
        distributed=fields.distributed,
        items=found,
        keys=keys,
        count=count,
        percentage=percentage,
        run_arn=_run_arn(execution, state, fields) if fields.distributed else "",
    )
    if fields.batcher is not None:
        branch.group = group
        selected = [input_of(execution, branch, group, number) for number in range(len(found))]
        group.inputs, group.selects = items.batches(fields.batcher, selected, scope, state), False
        group.batched = True
    group.results = [None] * len(group.inputs)
    groups.begin(execution, branch, group)


def _tolerated(execution: Execution, branch: Branch, state: State) -> tuple[float, float]:
    count = steps.number(execution, branch, "ToleratedFailureCount") or 0
    if "ToleratedFailurePercentage" not in state.fields:
        return count, 0.0
    scope = execution.scope(branch, steps.effective(execution, branch, state))
    percentage = state.fields["ToleratedFailurePercentage"](scope)
    if not is_number(percentage) or not 0 <= percentage <= _PERCENT:
        told = f"The field 'ToleratedFailurePercentage' is a number from 0 to 100, but was {compact(percentage)}"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return count, float(percentage)


def _run_arn(execution: Execution, state: State, fields: MapFields) -> str:
    machine = execution.setting.machine_arn.replace(":stateMachine:", ":mapRun:")
    label = fields.label or state.name.replace(" ", "")
    return f"{machine}/{label}:{execution.new_id()}"


def item(group: Group, number: int) -> dict[str, Any]:
    """The item of an iteration, as the context object has it."""
    found: dict[str, Any] = {"Index": number, "Value": group.items[number]}
    if group.keys is not None:
        found = {"Index": number, "Key": group.keys[number], "Value": group.items[number]["Value"]}
    return found


def input_of(execution: Execution, branch: Branch, group: Group, number: int) -> Any:
    """The input of one of a group."""
    state = branch.state
    if not group.selects or state is None or state.map is None or state.map.selector is None:
        return group.inputs[number]
    return state.map.selector(execution.scope(branch, group.base, item(group, number)))


def machine_arn(group: Group) -> str:
    """The ARN that a distributed Map's child workflows have for a state machine."""
    return group.run_arn.rpartition(":")[0].replace(":mapRun:", ":stateMachine:")


def child_context(execution: Execution, branch: Branch, value: Any) -> dict[str, Any]:
    """The Execution of a child workflow."""
    group = branch.group
    assert group is not None  # noqa: S101 - it is begun
    name = execution.new_id()
    run = group.run_arn.rpartition(":")[0].replace(":mapRun:", ":execution:")
    return {
        **branch.execution,
        "Id": f"{run}:{name}",
        "Input": value,
        "Name": name,
        "StartTime": written_time(execution.time),
    }


def is_exceeded(group: Group) -> bool:
    """Return True if more have failed than may. A number or share of 0 counts as not given."""
    limits = []
    if group.count:
        limits.append(group.failed > group.count)
    if group.percentage:
        limits.append(group.failed * _PERCENT > group.percentage * len(group.items))
    return any(limits) if limits else group.failed > 0


def items_in(group: Group, number: int) -> int:
    """Count the items of a child workflow: those of its batch, or the one."""
    value = group.inputs[number]
    return len(value["Items"]) if group.batched else 1


def exceeded() -> StateError:
    """The error of a Map of which more have failed than may."""
    return StateError(
        "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
    )


def outcome(execution: Execution, branch: Branch, child: Branch) -> Any:
    """Return what a child workflow leaves in the results."""
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    assert state.map is not None  # noqa: S101
    if state.map.writer is not None:
        return results.described(execution, child)
    if child.error is None:
        return child.output
    return {"Status": "FAILED", **child.error.output}


def written(execution: Execution, branch: Branch, group: Group) -> Any:
    """The result of a Map: that of its iterations, or where it was written."""
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    assert state.map is not None  # noqa: S101
    if state.map.writer is None:
        return group.results
    return results.written(execution, branch, group, state.map.writer)
