"""The role of a state machine as its template has it: its policies, and who may assume the roles there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import listed, statements_in
from constructs_sm.language.document_text import content_of
from constructs_sm.testing.source import sam
from constructs_sm.testing.source.documents import objects_in

if TYPE_CHECKING:
    from constructs_sm.testing.source.evaluation import Template

_ROLE = "AWS::IAM::Role"
_ENCRYPTED = ("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a role; *document* is None where its statements are elsewhere."""

    name: str
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """Actions that a role of a template may do.

    Attributes:
        policy: Its statements.
        unread: The names of its policies, and of its permissions boundary, whose statements are elsewhere.
        boundary: The statements of its permissions boundary; None where it has none, or it cannot be read.
    """

    policy: Sequence[Any]
    unread: tuple[str, ...] = ()
    boundary: Sequence[Any] | None = None


def permitted(template: Template) -> dict[str, Permitted]:
    """Permissions of each role of the template, by the role's ARN."""
    found: dict[str, Permitted] = {}
    for role in template.of_type(_ROLE):
        policies = list(_known(_of_role(template, role)))
        limit = _boundary(template, template.properties(role).get("PermissionsBoundary"))
        found[template.arn(role)] = Permitted(
            policy=statements_of(template, policies),
            unread=tuple(each.name for each in (*policies, *([limit] if limit else [])) if each.document is None),
            boundary=None if limit is None or limit.document is None else statements_of(template, [limit]),
        )
    return found


def policies_of(template: Template, machine: str) -> list[Policy] | None:
    """The policies of the role of a state machine; None where the template does not have the role."""
    properties = template.properties(machine)
    given = properties.get("RoleArn", properties.get("Role"))
    connected = [Policy(name, None) for name in _connectors(template, machine)]
    if given is None:
        is_sam = template.resources[machine]["Type"].startswith("AWS::Serverless::")
        return [*_known(_of_sam(template, properties)), *connected] if is_sam else None
    role = _role_at(template, str(given))
    return None if role is None else [*_known(_of_role(template, role)), *connected]


def statements_of(template: Template, policies: list[Policy]) -> list[Any]:
    """Every statement that the template has of *policies*."""
    return [
        statement
        for policy in policies
        if policy.document is not None
        for statement in _listed(template, policy.name, policy.document)
    ]


def role_arn_of(template: Template, machine: str) -> str:
    """The ARN of the role of a state machine, if the template has the role; else nothing."""
    properties = template.properties(machine)
    given = properties.get("RoleArn", properties.get("Role"))
    role = None if given is None else _role_at(template, str(given))
    return "" if role is None else template.arn(role)


def trusts_of(template: Template) -> dict[str, Mapping[str, Any]]:
    """The AssumeRolePolicyDocument of each role of the template, by the role's ARN."""
    documents = {role: template.properties(role).get("AssumeRolePolicyDocument") for role in template.of_type(_ROLE)}
    return {template.arn(role): document for role, document in documents.items() if isinstance(document, Mapping)}


def boundary_of(template: Template, machine: str) -> Policy | None:
    """The permissions boundary of the role of a state machine; None if it has none."""
    properties = template.properties(machine)
    given = properties.get("RoleArn", properties.get("Role"))
    role = None if given is None else _role_at(template, str(given))
    limit = properties.get("PermissionsBoundary")
    if role is not None:
        limit = template.properties(role).get("PermissionsBoundary")
    return _boundary(template, limit)


def _boundary(template: Template, limit: Any) -> Policy | None:
    if limit is None:
        return None
    for logical_id in template.of_type("AWS::IAM::ManagedPolicy"):
        if template.arn(logical_id) == limit:
            return Policy(logical_id, _document(template, logical_id, template.properties(logical_id)))
    return Policy(str(limit), None)


def keys_of(template: Template) -> dict[str, str]:
    """The key that each topic, queue and bucket of the template is encrypted with: ARNs, by ARN; empty if with none.

    What is no ARN is an alias, of which nothing says whose key it is: that is left out.
    """
    found: dict[str, str] = {}
    for logical_id, resource in template.resources.items():
        properties = resource.get("Properties") or {}
        encryption = properties.get("BucketEncryption", {}) if isinstance(properties, Mapping) else {}
        rules = encryption.get("ServerSideEncryptionConfiguration") if isinstance(encryption, Mapping) else ()
        given = [properties.get("KmsMasterKeyId")] if isinstance(properties, Mapping) else []
        for rule in rules if isinstance(rules, list) else ():
            default = rule.get("ServerSideEncryptionByDefault") if isinstance(rule, Mapping) else None
            given.append(default.get("KMSMasterKeyID") if isinstance(default, Mapping) else None)
        given = list(filter(None, given))
        if not given and resource.get("Type") in _ENCRYPTED:
            found[template.arn(logical_id)] = ""
        for key in given:
            logical_key = key.get("Ref") if isinstance(key, Mapping) else None
            is_own = template.resources.get(str(logical_key), {}).get("Type") == "AWS::KMS::Key"
            arn = template.arn(str(logical_key)) if is_own else str(template.value(key))
            if ":key/" in arn:
                found.setdefault(template.arn(logical_id), arn)
    return found


def _role_at(template: Template, given: str) -> str | None:
    """The logical id of the role with this ARN, or of this name."""
    for role in template.of_type(_ROLE):
        if given in {template.arn(role), template.resource(role).name()}:
            return role
    return None


def _known(policies: Iterable[Policy]) -> Iterator[Policy]:
    """*policies* as far as it is known what they are about: a parameter without a value is no ARN."""
    for policy in policies:
        statements = [] if policy.document is None else listed(policy.document.get("Statement", ()))
        unknown = {
            one: [each for each in map(str, listed(statement.get(element, ()))) if not _ARN.match(each)]
            for one, statement in enumerate(statements)
            if isinstance(statement, Mapping)
            for element in ("Resource", "NotResource")
            if element in statement
        }
        named = list(dict.fromkeys(each for found in unknown.values() for each in found))
        if not named or policy.document is None:
            yield policy
            continue
        kept = [_without(statement, unknown.get(one, ())) for one, statement in enumerate(statements)]
        yield Policy(policy.name, {**policy.document, "Statement": [each for each in kept if each is not None]})
        yield Policy(f"{policy.name} on {', '.join(map(repr, named))} (give the ARN with --set)", None)


_ARN = re.compile(r"arn:|.*[*?]")


def _without(statement: Any, unknown: Sequence[str]) -> Any:
    """*statement* without resources that are not known; None if it has no others."""
    if not unknown or "NotResource" in statement:
        return None if unknown else statement
    rest = [each for each in listed(statement["Resource"]) if str(each) not in unknown]
    return {**statement, "Resource": rest} if rest else None


def _connectors(template: Template, machine: str) -> Iterator[str]:
    """SAM's connectors from a state machine to something: they let its role what only SAM says."""
    own = template.resources[machine].get("Connectors")
    yield from (f"{machine}.Connectors.{name}" for name in (own if isinstance(own, Mapping) else ()))
    for logical_id in template.of_type("AWS::Serverless::Connector"):
        source = template.properties(logical_id).get("Source")
        if isinstance(source, Mapping) and source.get("Id") == machine:
            yield logical_id


def _of_role(template: Template, role: str) -> Iterator[Policy]:
    properties = template.properties(role)
    for policy in objects_in(properties.get("Policies")):
        yield Policy(str(policy.get("PolicyName", role)), _document(template, role, policy))
    arns = [str(arn) for arn in listed(properties.get("ManagedPolicyArns", ()))]
    name = template.resource(role).name()
    for logical_id in template.of_type(*_POLICIES):
        given = template.properties(logical_id)
        roles = [*map(str, listed(given.get("Roles", ()))), str(given.get("RoleName", ""))]
        if name in roles or template.arn(logical_id) in arns:
            yield Policy(logical_id, _document(template, logical_id, given))
    own = {template.arn(logical_id) for logical_id in template.of_type("AWS::IAM::ManagedPolicy")}
    yield from (Policy(arn, None) for arn in arns if arn not in own)


def _of_sam(template: Template, properties: Mapping[str, Any]) -> Iterator[Policy]:
    """The policies of the role that SAM makes where none is given."""
    managed = {template.arn(each): each for each in template.of_type("AWS::IAM::ManagedPolicy")}
    for index, given in enumerate(listed(properties.get("Policies", ()))):
        name = f"Policies/{index}"
        if isinstance(given, str):
            if given in managed:
                yield Policy(managed[given], _document(template, managed[given], template.properties(managed[given])))
            else:
                arn = f"arn:{template.place.partition}:iam::aws:policy/{given}"
                yield Policy(given if given.startswith("arn:") else arn, None)
        elif isinstance(given, Mapping) and "Statement" in given:
            yield Policy(name, given)
        elif isinstance(given, Mapping) and len(given) == 1:
            ((title, values),) = given.items()
            yield Policy(*sam.policy(template, title, values))
        else:
            template.refuse("this is no policy", name, "give a document, the name of one, or a policy template")
    tracing = properties.get("Tracing")
    if isinstance(tracing, Mapping) and tracing.get("Enabled"):
        yield Policy(f"arn:{template.place.partition}:iam::aws:policy/AWSXRayDaemonWriteAccess", None)


def _document(template: Template, where: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    document = properties.get("PolicyDocument")
    if isinstance(document, str):
        document = content_of(f"{template.where}: {where}", document)
    if not isinstance(document, Mapping) or "Statement" not in document:
        template.refuse("a policy needs a PolicyDocument with statements", where, "correct it")
    return document


def _listed(template: Template, where: str, document: Mapping[str, Any]) -> list[Any]:
    found = statements_in(document)
    if not all(isinstance(each, Mapping) for each in found):
        template.refuse("a statement must be an object", where, "correct it")
    return list(found)
