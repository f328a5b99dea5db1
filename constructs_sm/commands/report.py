"""A summary of a synthesis: stacks, state machines, warnings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.language.machines import machines_in
from constructs_sm.testing.source.templates import definition_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk.cx_api import CloudAssembly, CloudFormationStackArtifact

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_SHOWN_MESSAGES = {"aws:cdk:warning": "warning", "aws:cdk:error": "error"}


def report(assembly: CloudAssembly) -> str:
    """The stacks of *assembly*: how much each holds, what its state machines run, what the CDK warns of, and where."""
    lines: list[str] = []
    for stack in assembly.stacks:
        lines += _of_stack(stack)
    return "\n".join([*lines, "", f"written to {_near(Path(assembly.directory))}/"])


def _of_stack(stack: CloudFormationStackArtifact) -> Iterator[str]:
    template: Mapping[str, Any] = stack.template
    resources = template.get("Resources", {})
    yield f"{stack.stack_name}: {len(resources)} resources, {Path(stack.template_full_path).stat().st_size:,} bytes"
    for logical_id, resource in resources.items():
        if resource["Type"] == _STATE_MACHINE:
            definition = definition_of(resource)
            yield f"  state machine {logical_id}: {len(definition['States'])} states"
            yield from (f"    {line}" for line in _tasks(definition))
    for message in stack.messages:
        if message.entry.type in _SHOWN_MESSAGES:
            yield f"  {_SHOWN_MESSAGES[message.entry.type]} at {message.id}: {message.entry.data}"


def _tasks(definition: Mapping[str, Any]) -> Iterator[str]:
    """The Task states, in the order of the definition, with what each calls."""
    tasks = {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}
    width = max(map(len, tasks), default=0)
    for name, state in tasks.items():
        yield f"{name:<{width}}  {state['Resource'].rpartition(':')[2]}"
    for state in definition["States"].values():
        for inner in machines_in(state):
            yield from _tasks(inner)


def _near(path: Path) -> str:
    """*path* as seen from here, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
