"""Groups of branches inside a Parallel or a Map: begun, joined, stopped, and begun again by a redrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter import catching, maps, steps, tasks
from constructs_sm.interpreter.branches import ABORTED, RUNNING, Branch, Counter, Group
from constructs_sm.interpreter.history import STOPPED

if TYPE_CHECKING:
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import State
    from constructs_sm.interpreter.state_errors import StateError


def parallel(execution: Execution, branch: Branch, state: State) -> None:
    """Begin the branches of a Parallel."""
    value = steps.effective(execution, branch, state)
    if state.arguments is not None:
        value = state.arguments(execution.scope(branch, value))
    else:
        execution.reads.note()  # what the branches do not read may be in their results
    execution.count(branch, 1)
    count = len(state.branches)
    begin(
        execution,
        branch,
        Group(
            inputs=[value] * count,
            machines=state.branches,
            results=[None] * count,
            base=value,
            most_at_once=count,
            selects=False,
        ),
    )


def begin(execution: Execution, branch: Branch, group: Group) -> None:
    """Begin a group, or join it at once where there is nothing in it."""
    branch.group = group
    group.waiting = list(range(len(group.inputs) - 1, -1, -1))
    if group.inputs:
        _queue(execution, branch, group)
    else:
        execution.soon("joined", branch)


def _queue(execution: Execution, branch: Branch, group: Group) -> None:
    if not group.queued:
        group.queued = True
        execution.soon("iterate", branch, first=False)


def iterate(execution: Execution, branch: Branch) -> None:
    """Begin one of a group, and the next behind it if as many may run."""
    group = branch.group
    assert group is not None  # noqa: S101 - it was begun
    group.queued = False
    if not group.waiting or group.running >= group.most_at_once:
        return
    number = group.waiting.pop()
    group.running += 1
    child = _child(execution, branch, group, number)
    if group.waiting and group.running < group.most_at_once:
        _queue(execution, branch, group)
    execution.go(child, child.machine.start)


def _child(execution: Execution, branch: Branch, group: Group, number: int) -> Branch:
    machine = group.machines[0] if group.is_map else group.machines[number]
    variables, context, counter = branch.variables, branch.execution, branch.counter
    value = maps.input_of(execution, branch, group, number)
    if group.distributed:
        variables, counter = {}, Counter()
        context = maps.child_context(execution, branch, value)
    elif group.is_map:
        execution.count(branch, 1)
    child = Branch(
        machine,
        value,
        variables,
        context,
        counter,
        parent=branch,
        index=number,
        item=branch.item if not group.is_map else None if group.distributed else maps.item(group, number),
        is_child=group.distributed,
        machine_arn=maps.machine_arn(group) if group.distributed else branch.machine_arn,
        express=machine.express if group.distributed else branch.express,
        begun_at=execution.now,
    )
    group.children[number] = child
    if group.distributed and machine.express:
        execution.plan(execution.now + maps.EXPRESS_SECONDS, "expire", child, turn=None)
    return child


def succeeded(execution: Execution, child: Branch) -> None:
    """Take the output of one of a group that has come to its end."""
    branch = child.parent
    assert branch is not None  # noqa: S101 - it is in a group
    group = branch.group
    assert group is not None  # noqa: S101
    if group.is_map and not group.distributed:
        execution.count(branch, 1)
    group.results[child.index] = maps.outcome(execution, branch, child) if group.distributed else child.output
    group.children.pop(child.index, None)
    _ended(execution, branch, group)


def _ended(execution: Execution, branch: Branch, group: Group) -> None:
    group.running -= 1
    group.done += 1
    if group.done == len(group.inputs):
        execution.soon("joined", branch)
    elif group.waiting:
        _queue(execution, branch, group)


def failed(execution: Execution, child: Branch, error: StateError) -> None:
    """Take the failure of one of a group: of a distributed Map it may be tolerated."""
    branch = child.parent
    assert branch is not None  # noqa: S101 - it is in a group
    group = branch.group
    if group is None or branch.status != RUNNING or group.children.get(child.index) is not child:
        return
    child.error = error
    if group.distributed:
        group.failed += maps.items_in(group, child.index)
        if not maps.is_exceeded(group):
            group.results[child.index] = maps.outcome(execution, branch, child)
            _ended(execution, branch, group)
            return
        error = maps.exceeded()
    group.running -= 1
    branch.error = error
    for other in list(group.children.values()):
        if other is not child:
            stop(execution, other)
    catching.failed(execution, branch, error)


def stop(execution: Execution, branch: Branch) -> None:
    """Stop a branch and all that runs in it."""
    waiting = [branch]
    while waiting:
        one = waiting.pop()
        if one.status != RUNNING:
            continue
        one.status = ABORTED
        one.turn += 1
        tasks.give_up(execution, one)
        steps.over(execution, one, STOPPED)
        if one.group is not None:
            waiting.extend(one.group.children.values())


def joined(execution: Execution, branch: Branch) -> None:
    """Leave a state in which all has come to its end."""
    group = branch.group
    assert group is not None  # noqa: S101 - it was begun
    execution.count(branch, 2 if group.distributed else 1)
    result: Any = maps.written(execution, branch, group) if group.is_map else group.results
    execution.fit(branch, result)
    execution.history.succeeded(branch.state.name if branch.state else "")
    steps.finish(execution, branch, result)


def resume(execution: Execution, branch: Branch) -> None:
    """Begin again what did not succeed in a branch: the state that it was in, or what ran in that."""
    waiting = [branch]
    while waiting:
        one = waiting.pop()
        one.turn += 1
        one.status, one.error = RUNNING, None
        one.attempt, one.tries = 0, {}
        if one.parent is not None and not one.is_child:
            one.execution = one.parent.execution
        elif one.is_child:
            one.execution = {**one.execution, "RedriveCount": execution.redrives}
            if one.express:  # it is not redriven, but started anew
                one.state, one.group, one.input, one.variables = None, None, one.execution["Input"], {}
                one.begun_at = execution.now
                execution.plan(execution.now + maps.EXPRESS_SECONDS, "expire", one, turn=None)
        if one.state is None:
            execution.go(one, one.machine.start)
        elif one.group is None or not (one.group.children or one.group.waiting):
            execution.go(one, one.state.name)
        else:
            group = one.group
            group.running, group.failed, group.queued = len(group.children), 0, False
            group.done = len(group.inputs) - len(group.children) - len(group.waiting)
            if group.waiting and group.running < group.most_at_once:
                _queue(execution, one, group)
            waiting.extend(group.children.values())
