"""A state machine in a template, made readable: references stay, spelled `${LogicalId.Arn}`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import statements_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATE_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')


def definition_of(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The definition in a state machine resource, references spelled `${LogicalId.Arn}`."""
    properties = machine["Properties"]
    given = properties["Definition"] if "Definition" in properties else properties["DefinitionString"]
    is_mapping = isinstance(given, dict) and "States" in given
    text = json.dumps(spelled_out(given)) if is_mapping else _json_text(given)
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", text_of(value) if isinstance(value, (str, dict)) else json.dumps(value))
    result: dict[str, Any] = json.loads(text)
    return result


def _json_text(value: Any) -> str:
    """JSON text with references in it: one that stands for a number or a list is in no string yet, and gets its own."""
    if isinstance(value, dict) and "Fn::Sub" in value:
        return text_of(value)
    parts = value["Fn::Join"][1] if isinstance(value, dict) and "Fn::Join" in value else [value]
    text, quotes = "", 0
    for part in parts:
        inside = quotes % 2 == 1
        text += text_of(part) if isinstance(part, str) or inside else json.dumps(text_of(part))
        if isinstance(part, str):
            quotes += len(_QUOTE.findall(part))
    return text


def role_of(machine: Mapping[str, Any]) -> str:
    """The logical id of a state machine's role; of one that is elsewhere, whatever names it."""
    return re.sub(r"\$\{(.+)\.Arn\}", r"\1", text_of(machine["Properties"].get("RoleArn", "")))


def policy_of(resources: Mapping[str, Any], machine: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a state machine's role, references spelled `${LogicalId.Arn}`."""
    documents = _policies(resources, role_of(machine))
    return [spelled_out(statement) for document in documents for statement in statements_in(document)]


def _policies(resources: Mapping[str, Any], role: str) -> Iterator[Any]:
    """The document of each policy of a role: its own, those that name it, and those it names."""
    properties = resources.get(role, {}).get("Properties", {})
    yield from (policy["PolicyDocument"] for policy in properties.get("Policies", ()))
    named = [arn.get("Ref") for arn in properties.get("ManagedPolicyArns", ()) if isinstance(arn, dict)]
    for logical_id, resource in resources.items():
        if resource["Type"] in _POLICIES:
            given = resource["Properties"]
            if {"Ref": role} in given.get("Roles", ()) or logical_id in named:
                yield given["PolicyDocument"]


def spelled_out(value: Any) -> Any:
    """*value* with every CloudFormation function in it replaced by text."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return text_of(value)
        return {key: spelled_out(item) for key, item in value.items()}
    return [spelled_out(item) for item in value] if isinstance(value, list) else value


def text_of(value: Any) -> str:
    """A string or a CloudFormation function as text: `${LogicalId}`, `${LogicalId.Arn}`, `${AWS::Partition}`."""
    if not isinstance(value, dict):
        return str(value)
    ((function, operand),) = value.items()
    if function in {"Ref", "Fn::GetAtt"}:
        return f"${{{operand if isinstance(operand, str) else '.'.join(operand)}}}"
    if function == "Fn::Join":
        separator, parts = operand
        return str(separator).join(text_of(part) for part in parts)
    if function == "Fn::Select" and (named := _named_in_arn(operand)):
        return f"${{{named}.Name}}"
    if function == "Fn::Sub":
        text, given = (operand, {}) if isinstance(operand, str) else operand
        for name, item in given.items():
            text = text.replace(f"${{{name}}}", text_of(item))
        return str(text)
    # Not quoted, since it may stand inside a JSON string.
    return f"${{{function.removeprefix('Fn::')} {re.sub(r'[^A-Za-z0-9:._ -]+', ' ', json.dumps(operand)).strip()}}}"


def _named_in_arn(operand: Any) -> str:
    """The resource whose name a Select takes out of its ARN, as the CDK does; empty if it is another Select."""
    index, split = operand
    separator, arn = split.get("Fn::Split", ("", "")) if isinstance(split, dict) else ("", "")
    if str(index) != "6" or separator != ":" or not isinstance(arn, dict):
        return ""
    logical_id, _, attribute = text_of(arn)[2:-1].partition(".")
    return logical_id if attribute in {"", "Arn"} and arn.keys() <= {"Ref", "Fn::GetAtt"} else ""
