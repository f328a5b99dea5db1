"""A synthesized stack, made readable."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.source.templates import definition_of, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_cdk import Stack

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_ASSET_HASH = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A stack as the CDK synthesizes it.

    Attributes:
        path: Of the stack in the app.
        template: Its template.
        account: Account that it is for; None if it may be any.
        region: Likewise.
        siblings: Synthesizes every stack of the app, for what they export.
    """

    path: str
    template: dict[str, Any]
    account: str | None
    region: str | None
    siblings: Callable[[], Iterator[dict[str, Any]]]


def synthesized(stack: Any) -> Synthesis:
    """Synthesize *stack*: the one place of this wing that imports the CDK, which whoever has a stack has imported.

    Raises:
        InvalidInputError: It is no stack.
    """
    from aws_cdk import Stack, Token  # noqa: PLC0415 - definitions are read without the CDK
    from aws_cdk.assertions import Template  # noqa: PLC0415

    if not isinstance(stack, Stack):
        use = "give a stack, a template, a definition, or the path of one"
        raise InvalidInputError(
            "rehearsal", [Problem("this is no state machine", _shown(stack), use, "source-of-rehearsal")]
        )

    def siblings() -> Iterator[dict[str, Any]]:
        for other in stack.node.root.node.find_all():
            if isinstance(other, Stack) and not other.nested:
                yield dict(Template.from_stack(other).to_json())

    account, region = (None if Token.is_unresolved(part) else part for part in (stack.account, stack.region))
    return Synthesis(stack.node.path, dict(Template.from_stack(stack).to_json()), account, region, siblings)


def _shown(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, type(None))) else type(value).__name__


def definition(stack: Stack) -> dict[str, Any]:
    """The one state machine of *stack* as Amazon States Language, references spelled `${LogicalId.Arn}`.

    Args:
        stack: The stack, which is synthesized for it.

    Raises:
        InvalidInputError: The stack has no state machine, or several.
    """
    _, machine = _state_machine(stack)
    return definition_of(machine)


def state_machine_policy(stack: Stack) -> list[dict[str, Any]]:
    """The statements of the role of the one state machine of *stack*, references spelled `${LogicalId.Arn}`.

    Those of its inline policies, and of the managed policies that the CDK makes where one policy is not enough.

    Args:
        stack: The stack, which is synthesized for it.

    Raises:
        InvalidInputError: The stack has no state machine, or several.
    """
    resources, machine = _state_machine(stack)
    return policy_of(resources, machine)


def template(stack: Stack) -> dict[str, Any]:
    """The template of *stack* for a snapshot: definitions as JSON, and without what changes when nothing has changed.

    State machine definitions stand as mappings, not as one escaped string; references in them are spelled
    `${LogicalId.Arn}`. Hashes of assets, and the CDK's own parameter, rule and metadata, are left out.
    """
    result = copy.deepcopy(synthesized(stack).template)
    for resource in result.get("Resources", {}).values():
        if resource["Type"] == _STATE_MACHINE and "DefinitionString" in resource["Properties"]:
            resource["Properties"]["DefinitionString"] = definition_of(resource)
        resource.pop("Metadata", None)
    result.get("Parameters", {}).pop("BootstrapVersion", None)
    result.get("Rules", {}).pop("CheckBootstrapVersion", None)
    result.get("Resources", {}).pop("CDKMetadata", None)
    result.get("Conditions", {}).pop("CDKMetadataAvailable", None)
    quiet: dict[str, Any] = json.loads(_ASSET_HASH.sub("<asset hash>", json.dumps(result)))
    return {section: content for section, content in quiet.items() if content}


def _state_machine(stack: Stack) -> tuple[dict[str, Any], dict[str, Any]]:
    resources = synthesized(stack).template.get("Resources", {})
    machines = [resource for resource in resources.values() if resource["Type"] == _STATE_MACHINE]
    if len(machines) != 1:
        where = f"stack '{stack.node.path}'"
        raise InvalidInputError(
            where,
            [Problem("one state machine was expected", len(machines), "test a stack of one", "source-of-rehearsal")],
        )
    return resources, machines[0]
