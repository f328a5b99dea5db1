"""A synthesized stack, made readable."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.source.templates import definition_of, policy_of

if TYPE_CHECKING:
    from aws_cdk import Stack

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_ASSET_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def synthesized(stack: Stack) -> dict[str, Any]:
    """The template of *stack*, as the CDK synthesizes it: the one place of this wing that imports the CDK."""
    from aws_cdk.assertions import Template  # noqa: PLC0415 - whoever has a stack has imported the CDK

    return dict(Template.from_stack(stack).to_json())


def definition(stack: Stack) -> dict[str, Any]:
    """The one state machine of *stack* as Amazon States Language, references spelled `${LogicalId.Arn}`.

    Raises:
        InvalidInputError: The stack has no state machine, or several.
    """
    _, machine = _state_machine(stack)
    return definition_of(machine)


def state_machine_policy(stack: Stack) -> list[dict[str, Any]]:
    """The statements of the role of the one state machine of *stack*, references spelled `${LogicalId.Arn}`.

    Those of its inline policies, and of the managed policies that the CDK makes where one policy is not enough.

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
    result = copy.deepcopy(synthesized(stack))
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
    resources = synthesized(stack).get("Resources", {})
    machines = [resource for resource in resources.values() if resource["Type"] == _STATE_MACHINE]
    if len(machines) != 1:
        where = f"stack '{stack.node.path}'"
        raise InvalidInputError(
            where,
            [Problem("one state machine was expected", len(machines), "test a stack of one", "source-of-rehearsal")],
        )
    return resources, machines[0]
