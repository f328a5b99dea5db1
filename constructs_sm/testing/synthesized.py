"""A synthesized stack, made readable."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.errors import InvalidInputError, Problem

from aws_cdk.assertions import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import Stack

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_ASSET_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def definition(stack: Stack) -> dict[str, Any]:
    """The one state machine of *stack* as Amazon States Language, references spelled `${LogicalId.Arn}`.

    Raises:
        InvalidInputError: The stack has no state machine, or several.
    """
    _, machine = _state_machine(stack)
    return definition_of(machine)


def definition_of(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The same, of a state machine resource in a template."""
    result: dict[str, Any] = json.loads(_json_text(machine["Properties"]["DefinitionString"]))
    return result


def _json_text(value: Any) -> str:
    """JSON text with references in it: one that stands for a number or a list is in no string yet, and gets its own."""
    parts = value["Fn::Join"][1] if isinstance(value, dict) and "Fn::Join" in value else [value]
    text, quotes = "", 0
    for part in parts:
        inside = quotes % 2 == 1
        text += _text(part) if isinstance(part, str) or inside else json.dumps(_text(part))
        if isinstance(part, str):
            quotes += len(_QUOTE.findall(part))
    return text


def state_machine_policy(stack: Stack) -> list[dict[str, Any]]:
    """The statements of the role of the one state machine of *stack*, references spelled `${LogicalId.Arn}`.

    Those of its inline policies, and of the managed policies that the CDK makes where one policy is not enough.

    Raises:
        InvalidInputError: The stack has no state machine, or several.
    """
    resources, machine = _state_machine(stack)
    role = machine["Properties"]["RoleArn"]
    logical_id = role["Fn::GetAtt"][0] if isinstance(role, dict) and "Fn::GetAtt" in role else ""
    documents = [
        policy["PolicyDocument"] for policy in resources.get(logical_id, {}).get("Properties", {}).get("Policies", ())
    ]
    documents += [
        resource["Properties"]["PolicyDocument"]
        for resource in resources.values()
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        and {"Ref": logical_id} in resource["Properties"].get("Roles", ())
    ]
    return [_spelled_out(statement) for document in documents for statement in document["Statement"]]


def template(stack: Stack) -> dict[str, Any]:
    """The template of *stack* for a snapshot: definitions as JSON, and without what changes when nothing has changed.

    State machine definitions stand as mappings, not as one escaped string; references in them are spelled
    `${LogicalId.Arn}`. Hashes of assets, and the CDK's own parameter, rule and metadata, are left out.
    """
    result = copy.deepcopy(Template.from_stack(stack).to_json())
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
    resources = Template.from_stack(stack).to_json().get("Resources", {})
    machines = [resource for resource in resources.values() if resource["Type"] == _STATE_MACHINE]
    if len(machines) != 1:
        where = f"stack '{stack.node.path}'"
        raise InvalidInputError(
            where, [Problem("one state machine was expected", len(machines), "test a stack of one")]
        )
    return resources, machines[0]


def _spelled_out(value: Any) -> Any:
    """*value* with every CloudFormation function in it replaced by text."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return _text(value)
        return {key: _spelled_out(item) for key, item in value.items()}
    return [_spelled_out(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    """A string or a CloudFormation function as text: `${LogicalId}`, `${LogicalId.Arn}`, `${AWS::Partition}`."""
    if isinstance(value, str):
        return value
    ((function, operand),) = value.items()
    if function == "Ref":
        return f"${{{operand}}}"
    if function == "Fn::GetAtt":
        return f"${{{'.'.join(operand)}}}"
    if function == "Fn::Join":
        separator, parts = operand
        return str(separator).join(_text(part) for part in parts)
    if function == "Fn::Sub" and isinstance(operand, str):
        return operand
    # Not quoted, since it may stand inside a JSON string.
    return f"${{{function.removeprefix('Fn::')} {re.sub(r'[^A-Za-z0-9:._ -]+', ' ', json.dumps(operand)).strip()}}}"
