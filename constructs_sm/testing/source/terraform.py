"""State machines in Terraform's JSON: what `terraform show -json` prints of a plan or of a state."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import statements_in
from constructs_sm.language.document_text import refusal
from constructs_sm.language.errors import choose_from
from constructs_sm.testing.source.documents import objects_in
from constructs_sm.testing.source.resource_names import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.testing.source.documents import Document

_MACHINE = "aws_sfn_state_machine"
_ROLE = "aws_iam_role"
_UNKNOWN = "known after apply"
_ATTACHED = {"aws_iam_role_policy_attachment": "role", "aws_iam_policy_attachment": "roles"}
"""Types that attach a policy to roles, and the attribute that names them."""
_MOST_REFERENCES = 50
"""A reference that leads through more modules leads in a circle."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource of a plan or a state.

    Attributes:
        address: As `module.ml.aws_sfn_state_machine.train[0]`.
        kind: Its type.
        values: Its attributes, as far as they are known.
        references: The addresses that each attribute's expression names, in a plan.
    """

    address: str
    kind: str
    values: Mapping[str, Any]
    references: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformMachine:
    """A state machine that Terraform manages, with what it says of its role."""

    address: str
    name: str
    arn: str
    definition: Any
    place: Place
    express: bool
    statements: list[Any] | None
    unread: tuple[str, ...] = ()
    role: str = ""
    """The ARN of its role, if that is known."""
    trusts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    boundary: list[Any] | None = None
    """The statements of its role's permissions boundary, if it has one that is known."""
    unread_boundary: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Logging, tracing and encryption, as CloudFormation spells them."""


def machines_in_plan(document: Document, place: Place, machine: str | None) -> Iterator[TerraformMachine]:
    """Every state machine in the JSON of a plan or a state, child modules included.

    Raises:
        InvalidInputError: It has none, or a definition is not known before it is applied.
    """
    resources = _resources(document)
    machines = [each for each in resources if each.kind == _MACHINE]
    addresses = [each.address for each in machines]
    if not machines:
        raise refusal(document.where, f"one {_MACHINE} was expected", 0, "plan a module that has one")
    if machine is not None and machine not in addresses:
        use = choose_from(addresses, machine, verb="name")
        raise refusal(document.where, "there is no such state machine", machine, use)
    for each in machines:
        if machine in {None, each.address}:
            yield _machine(document, each, resources, place)


def _machine(document: Document, found: _Resource, resources: list[_Resource], place: Place) -> TerraformMachine:
    where = f"{document.where}: {found.address}"
    values = found.values
    place = _place(document, values, place)
    name = str(values.get("name") or found.address.rpartition(".")[2])
    role = _referred(found, "role_arn", "arn", resources, _ROLE)
    policies = list(_policies(where, role, resources)) if role else None
    title, limit = _boundary(where, role, resources) if role else ("", None)
    logging = _first(values.get("logging_configuration"))
    encryption = _first(values.get("encryption_configuration"))
    return TerraformMachine(
        address=found.address,
        name=name,
        arn=str(
            values.get("arn") or f"arn:{place.partition}:states:{place.region}:{place.account}:stateMachine:{name}"
        ),
        definition=_json(where, "definition", values.get("definition")),
        place=place,
        express=values.get("type") == "EXPRESS",
        statements=None if policies is None else [one for _, statements in policies for one in statements or ()],
        unread=tuple(title for title, statements in policies or () if statements is None),
        role=str(role.values.get("arn") or "") if role else "",
        trusts=dict(_trusts(where, resources)),
        boundary=limit,
        unread_boundary=title if limit is None else "",
        own={
            "EncryptionConfiguration": {"KmsKeyId": encryption.get("type") == "CUSTOMER_MANAGED_KMS_KEY"},
            "Logging": {"Destinations": logging.get("level") not in {None, "OFF"}},
            "Tracing": {"Enabled": bool(_first(values.get("tracing_configuration")).get("enabled"))},
        },
    )


def _policies(where: str, role: _Resource, resources: list[_Resource]) -> Iterator[tuple[str, list[Any] | None]]:
    """Title and statements of each policy of a role; None where its statements are not known."""
    for inline in objects_in(role.values.get("inline_policy")):
        if inline.get("policy"):
            yield str(inline.get("name", role.address)), _statements(where, inline["policy"])
    for arn in role.values.get("managed_policy_arns") or ():
        yield _managed(where, str(arn), resources)
    for each in resources:
        if each.kind == "aws_iam_role_policy" and _referred(each, "role", "name", resources, _ROLE) is role:
            policy = each.values.get("policy")
            yield (f"{each.address} ({_UNKNOWN})", None) if not policy else (each.address, _statements(where, policy))
        attribute = _ATTACHED.get(each.kind)
        if attribute is not None and _referred(each, attribute, "name", resources, _ROLE) is role:
            policy = _referred(each, "policy_arn", "arn", resources, "aws_iam_policy")
            yield _of(where, policy) if policy else (str(each.values.get("policy_arn") or each.address), None)


def _boundary(where: str, role: _Resource, resources: list[_Resource]) -> tuple[str, list[Any] | None]:
    """Title and statements of a role's permissions boundary; no title if it has none."""
    policy = _referred(role, "permissions_boundary", "arn", resources, "aws_iam_policy")
    if policy is not None:
        return _of(where, policy)
    given = role.values.get("permissions_boundary") or next(iter(role.references.get("permissions_boundary", ())), "")
    return str(given), None


def _managed(where: str, arn: str, resources: list[_Resource]) -> tuple[str, list[Any] | None]:
    own = [each for each in resources if each.kind == "aws_iam_policy" and each.values.get("arn") == arn]
    return _of(where, own[0]) if own else (arn, None)


def _of(where: str, policy: _Resource) -> tuple[str, list[Any] | None]:
    text = policy.values.get("policy")
    return (policy.address, _statements(where, text)) if text else (f"{policy.address} ({_UNKNOWN})", None)


def _statements(where: str, text: Any) -> list[Any]:
    document = _json(where, "a policy", text)
    statements = statements_in(document) if isinstance(document, Mapping) else [None]
    if not all(isinstance(each, Mapping) for each in statements):
        raise refusal(where, "a policy is a document with statements", f"{text!r:.60}", "correct it")
    return statements


def _trusts(where: str, resources: list[_Resource]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for role in resources:
        text, arn = role.values.get("assume_role_policy"), role.values.get("arn")
        if role.kind == _ROLE and text and arn:
            document = _json(where, "a trust policy", text)
            if not isinstance(document, Mapping):
                raise refusal(where, "a trust policy is a document with statements", f"{text!r:.60}", "correct it")
            yield str(arn), document


def _referred(resource: _Resource, attribute: str, by: str, resources: list[_Resource], kind: str) -> _Resource | None:
    """The resource of a type that an attribute names: by its value, or in a plan by its expression."""
    value = resource.values.get(attribute)
    values = value if isinstance(value, list) else [value]
    for each in resources:
        known = {text for key in (by, "id") if isinstance(text := each.values.get(key), str)}
        if each.kind == kind and any(isinstance(one, str) and one in known for one in values):
            return each
    wanted = [_without_index(reference) for reference in resource.references.get(attribute, ())]
    found = [
        each
        for each in resources
        if each.kind == kind and any(f"{one}.".startswith(f"{_without_index(each.address)}.") for one in wanted)
    ]
    # Of several that count or for_each makes, the one of its own index.
    own = [each for each in found if _indices(each.address) == _indices(resource.address)]
    return next(iter(own or found), None)


def _resources(document: Document) -> list[_Resource]:
    content = document.content
    values = next((content[key] for key in ("planned_values", "values") if isinstance(content.get(key), Mapping)), None)
    if values is None:
        use = "print it with `terraform show -json` of a plan or a state"
        raise refusal(document.where, "Terraform's JSON has no planned_values and no values", list(content)[:5], use)
    configuration = content.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, Mapping) else None
    through = dict(_through(root, ""))
    references = {
        address: {attribute: tuple(_resolved(named, through)) for attribute, named in attributes.items()}
        for address, attributes in _references(root, "")
    }
    return list(_of_module(values.get("root_module"), references))


def _through(module: Any, prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The references behind the inputs and outputs of modules: `module.ml.var.role`, `module.ml.role_arn`."""
    if not isinstance(module, Mapping):
        return
    outputs = module.get("outputs")
    if prefix and isinstance(outputs, Mapping):
        for name, output in outputs.items():
            expression = output.get("expression") if isinstance(output, Mapping) else None
            yield f"{prefix}{name}", tuple(_named_in(expression, prefix))
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, Mapping) else ():
        if isinstance(call, Mapping):
            inner = f"{prefix}module.{name}."
            given = call.get("expressions")
            for variable, expression in given.items() if isinstance(given, Mapping) else ():
                yield f"{inner}var.{variable}", tuple(_named_in(expression, prefix))
            yield from _through(call.get("module"), inner)


def _named_in(expression: Any, prefix: str) -> Iterator[str]:
    given = expression.get("references") if isinstance(expression, Mapping) else None
    yield from (f"{prefix}{each}" for each in (given if isinstance(given, list) else ()))


def _resolved(named: Iterable[str], through: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """*named* addresses, and those that stand behind inputs and outputs of modules among them."""
    waiting, seen = list(named), dict[str, None]()
    while waiting and len(seen) < _MOST_REFERENCES:
        one = waiting.pop(0)
        if one not in seen:
            seen[one] = None
            waiting += through.get(_without_index(one), ())
    yield from seen


def _of_module(module: Any, references: Mapping[str, Any]) -> Iterator[_Resource]:
    if not isinstance(module, Mapping):
        return
    for each in objects_in(module.get("resources")):
        values, address = each.get("values"), str(each.get("address", ""))
        if each.get("mode", "managed") == "managed" and isinstance(values, Mapping):
            expressions = references.get(_without_index(address), {})
            yield _Resource(address, str(each.get("type", "")), values, expressions)
    for child in objects_in(module.get("child_modules")):
        yield from _of_module(child, references)


def _references(module: Any, prefix: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    if not isinstance(module, Mapping):
        return
    for each in objects_in(module.get("resources")):
        expressions = each.get("expressions")
        named = {
            attribute: found
            for attribute, given in (expressions.items() if isinstance(expressions, Mapping) else ())
            if (found := tuple(_named_in(given, prefix)))
        }
        yield f"{prefix}{each.get('address', '')}", named
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, Mapping) else ():
        yield from _references(call.get("module") if isinstance(call, Mapping) else None, f"{prefix}module.{name}.")


_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*"|[^\]"]*)\]')
"""The part of an address that tells one of several from the others: `[0]`, `["a.b"]`."""


def _without_index(address: str) -> str:
    return _INDEX.sub("", address)


def _indices(address: str) -> list[str]:
    return _INDEX.findall(address)


def _place(document: Document, values: Mapping[str, Any], place: Place) -> Place:
    """Account and Region as the ARNs of the state machine name them, or else the provider's Region."""
    arns = [str(values.get(key, "")).split(":") for key in ("arn", "role_arn")]
    accounts = [arn[4] for arn in arns if len(arn) > 5 and arn[4]]  # noqa: PLR2004 - arn:partition:service:region:account:resource
    regions = [arn[3] for arn in arns if len(arn) > 5 and arn[3]]  # noqa: PLR2004
    configured: Any = document.content
    for key in ("configuration", "provider_config", "aws", "expressions", "region", "constant_value"):
        configured = configured.get(key) if isinstance(configured, Mapping) else None
    regions += [configured] if isinstance(configured, str) else []
    return Place(accounts[0] if accounts else place.account, regions[0] if regions else place.region)


def _json(where: str, what: str, text: Any) -> Any:
    if text is None:
        use = "apply it, and give the JSON of the state: `terraform show -json`"
        raise refusal(where, f"its {what} is not in the plan", _UNKNOWN, use)
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise refusal(where, f"{what} is no JSON", str(error), "correct it") from error


def _first(given: Any) -> Mapping[str, Any]:
    return next(iter(objects_in(given)), {})
