"""A state that waits for longer than its execution may run: it is cut short, and what was to follow never does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.errors import InvalidInputError, Problem
from constructs_sm.nested import states_of
from constructs_sm.scope import definition_of

import jsii
from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import IValidation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAY = 86_400


@jsii.implements(IValidation)
class WithinTimeout:
    """Asked by the CDK when it synthesizes: whether every state may wait as long as it says.

    Args:
        where: What a user calls the state machine.
        machine: The state machine.
    """

    def __init__(self, where: str, machine: sfn.StateMachine) -> None:
        self._where = where
        self._machine = machine

    def validate(self) -> list[str]:
        resource = self._machine.node.default_child
        if not isinstance(resource, sfn.CfnStateMachine):
            return []
        definition = definition_of(Stack.of(resource).resolve(resource.definition_string))
        problems = list(cut_short(definition or {}))
        return [str(InvalidInputError(self._where, problems))] if problems else []


def cut_short(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """The states of *definition* whose timeout is never reached, since the execution ends before."""
    limit = definition.get("TimeoutSeconds")
    if limit is None:
        return
    for name, state in states_of(definition):
        seconds = state.get("TimeoutSeconds")
        if isinstance(seconds, int) and seconds >= limit:
            what = f"'{name}' may wait more seconds than the {limit} after which the execution ends"
            use = f"pass timeout=Duration.days({seconds // _DAY + 1}) to the pipeline, or let the state wait less"
            yield Problem(what, seconds, use)
