"""The states that an acknowledgment covers, said in the templates of their state machines for whoever reads these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.rules.rule import ACKNOWLEDGED_STATES, EVERY_STATE, EVERYWHERE
from constructs_sm.task.overruling import keep, kept_for

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.task.machines import Machine, Machines

    from aws_cdk import Stack
    from constructs import IConstruct


def keep_covered(stage: IConstruct, machines: Machines) -> None:
    """Keep, with each state machine, what is acknowledged around it and around states of it."""
    of_stacks: dict[Stack, dict[str, dict[str, list[str] | str]]] = {}
    for scope, reasons in kept_for(stage):
        path = str(scope.node.path)
        for machine, states in _covered(scope, path, machines) if reasons else ():
            for rule, reason in reasons.items():
                keep(machine.stack, scope, rule, reason)
            logical_id = str(machine.stack.resolve(machine.construct.logical_id))
            of_stacks.setdefault(machine.stack, {}).setdefault(path or EVERYWHERE, {})[logical_id] = states
    for stack, covered in of_stacks.items():
        stack.add_metadata(ACKNOWLEDGED_STATES, covered)


def _covered(scope: IConstruct, path: str, machines: Machines) -> Iterator[tuple[Machine, list[str] | str]]:
    """The state machines in *scope*, and those with states that are made in it."""
    inside = f"{path}/" if path else ""
    left = []
    for machine in machines.readable_or_not():
        if f"{machine.construct.node.path}/".startswith(inside):
            yield machine, EVERY_STATE
        else:
            left.append(machine)
    if left:
        names = [str(each.state_id) for each in scope.node.find_all() if isinstance(each, sfn.State)]
        running = {machine for task, machine in machines.of_tasks.items() if f"{task.path}/".startswith(inside)}
        # Of states of the CDK nobody knows the state machine: those of the stacks around are asked.
        around = running or {each for each in left if inside.startswith(f"{each.stack.node.path}/")}
        for machine in left:
            if machine in around and (found := [name for name in names if name in machine.states]):
                yield machine, found
