"""What a CloudFormation template says of a state machine, made readable. Works without the CDK."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import listed

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


def looked_up(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """A template with what it finds in its mappings by pseudo parameters of known value: the image of a Region."""
    mappings = document.get("Mappings", {})

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::FindInMap"}:
            found: Any = mappings
            for key in value["Fn::FindInMap"]:
                known = parameters.get(key.get("Ref", ""), key) if isinstance(key, dict) else key
                found = found.get(known) if isinstance(found, dict) and isinstance(known, str) else None
            return value if found is None else found
        return {key: walk(item) for key, item in value.items()}

    return {section: content if section == "Mappings" else walk(content) for section, content in document.items()}


def with_imports(value: Any, exports: Mapping[str, str]) -> Any:
    """A template, with what it imports by names that are known."""
    if isinstance(value, list):
        return [with_imports(item, exports) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::ImportValue"}:
        return exports.get(text_of(value["Fn::ImportValue"]), value)
    return {key: with_imports(item, exports) for key, item in value.items()}


def role_of(machine: Mapping[str, Any]) -> str:
    """The logical id of a state machine's role; empty if the role is not in the template."""
    properties = machine["Properties"]
    role = properties.get("RoleArn", properties.get("Role", ""))
    attribute = role.get("Fn::GetAtt", [""]) if isinstance(role, dict) else [""]
    return str(attribute.partition(".")[0] if isinstance(attribute, str) else attribute[0])


def policy_of(resources: Mapping[str, Any], machine: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a state machine's role, references spelled `${LogicalId.Arn}`."""
    documents = [document for _, document in _policies(resources, role_of(machine)) if document]
    return [spelled_out(statement) for document in documents for statement in listed(document["Statement"])]


def unread_policies(resources: Mapping[str, Any], machine: Mapping[str, Any]) -> list[str]:
    """The policies of a state machine's role whose statements the template does not have."""
    return [name for name, document in _policies(resources, role_of(machine)) if not document]


def _policies(resources: Mapping[str, Any], role: str) -> Iterator[tuple[str, Any]]:
    """Name and document of each policy of a role: its own, those that name it, and those it names."""
    properties = resources.get(role, {}).get("Properties", {})
    for policy in properties.get("Policies", ()):
        yield text_of(policy.get("PolicyName", "")), policy["PolicyDocument"]
    named = [arn.get("Ref") for arn in properties.get("ManagedPolicyArns", ()) if isinstance(arn, dict)]
    for logical_id, resource in resources.items():
        if resource["Type"] in _POLICIES:
            given = resource["Properties"]
            if {"Ref": role} in given.get("Roles", ()) or logical_id in named:
                yield logical_id, given["PolicyDocument"]
    for arn in properties.get("ManagedPolicyArns", ()):
        if not (isinstance(arn, dict) and arn.get("Ref") in resources):
            yield text_of(arn), None


def trusts(resources: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The services that may assume each role of the template, by its logical id."""
    found: dict[str, tuple[str, ...]] = {}
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            document = spelled_out(resource["Properties"]["AssumeRolePolicyDocument"])
            allowed = [one for one in listed(document["Statement"]) if one["Effect"] == "Allow"]
            principals = [one.get("Principal", {}) for one in allowed]
            services = [listed(each.get("Service", ())) for each in principals if isinstance(each, dict)]
            found[logical_id] = tuple(str(service) for several in services for service in several)
    return found


def encryption_keys(resources: Mapping[str, Any]) -> dict[str, str]:
    """The key that each topic, queue and bucket of the template is encrypted with, by its logical id."""
    found: dict[str, str] = {}
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        encryption = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", ())
        rules = [rule.get("ServerSideEncryptionByDefault", {}) for rule in encryption]
        given = [properties.get("KmsMasterKeyId"), *(rule.get("KMSMasterKeyID") for rule in rules)]
        if key := next((key for key in given if key), None):
            known = isinstance(key, dict) and resources.get(key.get("Ref", ""), {}).get("Type") == "AWS::KMS::Key"
            found[logical_id] = f"${{{key['Ref']}.Arn}}" if known else text_of(key)
    return found


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
