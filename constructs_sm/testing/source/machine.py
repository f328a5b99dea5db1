"""The state machines to rehearse, wherever they come from."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.language.definition_shape import checked
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.language.machines import machines_in, states_of
from constructs_sm.rules.rule import ACKNOWLEDGED, ACKNOWLEDGED_STATES
from constructs_sm.testing.source import assemblies, roles, terraform
from constructs_sm.testing.source.definitions import definition_in
from constructs_sm.testing.source.documents import Document, document_at, document_of, template_at
from constructs_sm.testing.source.evaluation import Template
from constructs_sm.testing.source.referring import Referring
from constructs_sm.testing.source.resource_names import Place
from constructs_sm.testing.source.synthesized import synthesized
from constructs_sm.testing.source.templates import STATE_MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""Region and account of a state machine of which nothing says where it runs."""
_LOG_ACTIONS = (
    "CreateLogDelivery",
    "CreateLogStream",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutLogEvents",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)
_KEY_ACTIONS = ("Decrypt", "DescribeKey", "GenerateDataKey")
_TRACE_ACTIONS = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
_REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""A Region of each partition but the usual one, for ARNs that name none."""
_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z]{2}[a-z-]*-\d)?:(\d{12})?:(?!layer:)")
_PLACED_ARN = re.compile(
    r"arn:(?:\$\{(?P<partition>[^{}]+)\}|[\w-]+):\w+:(?:\$\{(?P<region>[^{}]+)\}|[^:$]*):"
    r"(?:\$\{(?P<account>[^{}]+)\}|[^:$]*):"
)
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:._-]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One state machine, with references resolved."""

    definition: dict[str, Any]
    name: str = "Rehearsal"
    id: str = ""
    """The logical id, or the address in Terraform's JSON; empty of a definition alone."""
    stack: str = ""
    """The stack of a cloud assembly that it is in."""
    arn: str = ""
    policy: list[Any] | None = None
    """The statements of its role; None where nothing says what it may, so that it may all."""
    role: str = ""
    """The ARN of its role; empty where the template does not have it."""
    trusts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The trust policy of each role of the template, by ARN."""
    others: Mapping[str, roles.Permitted] = field(default_factory=dict)
    """Permissions of each role of the template, by ARN, where a state has Credentials."""
    boundary: list[Any] | None = None
    """The statements of its role's permissions boundary; None where there is none, or it cannot be read."""
    unread_boundary: str = ""
    """The name of a permissions boundary that is not in the template."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The key that each topic, queue and bucket of the template is encrypted with: ARNs, by ARN; empty if with none."""
    made_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ARNs that CloudFormation may give resources without names, by those that are taken for them here."""
    own_actions: frozenset[str] = frozenset()
    """The actions that Step Functions does as this role for itself: logs, traces, its key, redrives of Map runs."""
    unread_policies: tuple[str, ...] = ()
    """The policies of its role that the template names without their statements."""
    express: bool = False
    """True of an Express workflow."""
    acknowledged: tuple[tuple[str, str, str], ...] = ()
    """The rules that its app has acknowledged: path of the construct, rule, and the reason."""
    acknowledged_states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The states that the construct at each path covers, or `*` for all."""
    region: str = REGION
    """The Region that it runs in."""
    account: str = ACCOUNT


def machine_of(source: Any, **options: Any) -> Machine:
    """The one state machine in *source*.

    Args:
        source: As of `machines_of`.
        **options: As of `machines_of`.

    Raises:
        InvalidInputError: There is none, or not only one.
    """
    found = list(machines_of(source, **options))
    if len(found) == 1:
        return found[0]
    where = _where(source)
    if not found:
        problem = Problem("one state machine was expected", 0, "give a template that has one", "source-of-rehearsal")
        raise InvalidInputError(where, [problem])
    stacks = sorted({each.stack for each in found if each.stack})
    use = f"name one of {', '.join(each.id for each in found)}"
    if len(stacks) > 1:
        use = f"name one stack of {', '.join(stacks)}"
    raise InvalidInputError(where, [Problem("one state machine was expected", len(found), use, "source-of-rehearsal")])


def machines_of(
    source: Any,
    *,
    stack: str | None = None,
    machine: str | None = None,
    region: str | None = None,
    account: str | None = None,
    parameters: Mapping[str, str] | None = None,
    references: bool = False,
) -> Iterator[Machine]:
    """Every state machine in *source*.

    Args:
        source: A stack, a template, a definition or Terraform's JSON (as a mapping, as text, or the path of a file),
            or the path of a cloud assembly (`cdk.out`); or a `Machine`.
        stack: The stack of a cloud assembly. Default: every one that has a state machine.
        machine: Logical id of a state machine. Default: every one.
        region: The Region that it is to run in. Default: its stack's, or else the one that its ARNs name, or else
            us-east-1.
        account: Likewise; 123456789012.
        parameters: Values for the parameters of a template, or for the placeholders of a definition.
        references: Leave references and placeholders in definitions as they are: `${LogicalId.Arn}`.

    Raises:
        InvalidInputError: The source cannot be read.
    """
    if isinstance(source, Machine):
        yield source
        return
    try:
        for found in _documents(source, stack):
            place = found.at(account, region)
            yield from _machines(found, machine, place, parameters or {}, references=references)
    except RecursionError as error:
        problem = Problem(
            "nested too deeply", "more levels than can be followed", "nest it less", "source-of-rehearsal"
        )
        raise InvalidInputError(_where(source), [problem]) from error


def _where(source: Any) -> str:
    is_path = isinstance(source, os.PathLike) or (isinstance(source, str) and not source.lstrip().startswith("{"))
    return str(source) if is_path else "the document"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A document with state machines, what is known of where it runs, and the templates beside it."""

    document: Document
    account: str | None = None
    region: str | None = None
    stack: str = ""
    siblings: Callable[[], Iterable[Mapping[str, Any]]] = tuple

    def at(self, account: str | None, region: str | None) -> Place:
        """The account and the Region asked for, or those of the stack, or those that most ARNs name."""
        named = places_named(self.document.content)
        return Place(
            account=account or self.account or named[0] or ACCOUNT,
            region=region or self.region or named[1] or named[2],
        )


def places_named(content: Any) -> tuple[str | None, str | None, str]:
    """The account and the Region that most ARNs in a document name, and a Region of their partition."""
    arns = _ARN.findall(json.dumps(content, default=str))
    accounts = Counter(arn[3] for arn in arns if arn[3])
    regions = Counter(arn[2] for arn in arns if arn[2])
    partition = next((_REGIONS[arn[0]] for arn in arns if arn[0] in _REGIONS), REGION)
    return _most_common(accounts), _most_common(regions), partition


def _most_common(counted: Counter[str]) -> str | None:
    return counted.most_common(1)[0][0] if counted else None


def _documents(source: Any, stack: str | None) -> Iterator[_Found]:
    if isinstance(source, Mapping) or (isinstance(source, str) and source.lstrip().startswith("{")):
        yield _Found(document=document_of("the document", source))
    elif not isinstance(source, (str, os.PathLike)):
        made = synthesized(source)
        document = Document(f"stack '{made.path}'", made.template)
        yield _Found(document=document, account=made.account, region=made.region, siblings=made.siblings)
    elif _is_folder(path := Path(source)):
        yield from _in_assembly(path, stack)
    else:
        document, of = document_at(path), assemblies.stack_of(path)
        yield _of_stack(of, document) if of else _Found(document=document)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name too long for any file; whoever opens it says so.
        return False


def _in_assembly(folder: Path, stack: str | None) -> Iterator[_Found]:
    found = assemblies.stacks_in(folder)
    if stack is not None and not any(stack in each.names for each in found):
        use = f"name one stack of {', '.join(sorted(each.names[0] for each in found))}"
        raise InvalidInputError(
            str(folder), [Problem("the cloud assembly has no such stack", stack, use, "source-of-rehearsal")]
        )
    for each in found:
        if stack is None or stack in each.names:
            yield _of_stack(each, template_at(each.template))


def _of_stack(stack: assemblies.Stack, document: Document) -> _Found:
    return _Found(
        document=document,
        account=stack.account,
        region=stack.region,
        stack=stack.names[0],
        siblings=lambda: assemblies.templates_beside(stack.template),
    )


def _machines(
    found: _Found, machine: str | None, place: Place, parameters: Mapping[str, str], *, references: bool
) -> Iterator[Machine]:
    document = found.document
    if document.is_terraform:
        yield from _of_terraform(document, machine, place, parameters)
    elif document.is_definition:
        yield _of_definition(document, place, parameters, references=references)
    else:
        yield from _of_template(found, machine, place, parameters, references=references)


def _of_definition(document: Document, place: Place, parameters: Mapping[str, str], *, references: bool) -> Machine:
    definition = checked(document.where, document.content)
    known = set(_PLACEHOLDER.findall(json.dumps(definition)))
    for name in parameters:
        if name not in known:
            near = choose_from(sorted(known), name)
            raise InvalidInputError(
                document.where, [Problem("the definition has no such placeholder", name, near, "source-of-rehearsal")]
            )
    called = {
        name: f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{name.partition('.')[0]}"
        for _, state in states_of(definition)
        for name in _PLACEHOLDER.findall(str(state.get("Resource")))
        if str(state["Resource"]) == f"${{{name}}}"
    }
    placed = {**dict(_places_in(definition, place)), **called}
    return Machine(
        definition=_with(definition, {**({} if references else placed), **parameters}),
        region=place.region,
        account=place.account,
    )


def _places_in(definition: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    """The placeholders that stand for partition, Region or account in the Resource of a task, with their values."""
    for _, state in states_of(definition):
        if (found := _PLACED_ARN.match(str(state.get("Resource")))) is not None:
            for what in ("partition", "region", "account"):
                if found[what]:
                    yield found[what], getattr(place, what)


def _with(definition: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A definition with some of its placeholders filled; what is in no template has no other substitutions."""

    def text(found: re.Match[str]) -> str:
        return json.dumps(values[found[1]])[1:-1] if found[1] in values else found[0]

    filled: dict[str, Any] = json.loads(_PLACEHOLDER.sub(text, json.dumps(definition)))
    return filled


def _of_template(
    found: _Found, machine: str | None, place: Place, parameters: Mapping[str, str], *, references: bool
) -> Iterator[Machine]:
    document = found.document
    imports: dict[str, Any] = {}
    siblings = list(found.siblings()) if "Fn::ImportValue" in json.dumps(document.content, default=str) else []
    for sibling in siblings:
        imports |= Template(document.where, sibling, place=place).exports()
    template = Template(document.where, document.content, place=place, parameters=parameters, imports=imports)
    of_definitions = template
    if references:
        of_definitions = Referring(document.where, document.content, place=place, parameters=parameters)
    machines = list(template.of_type(*STATE_MACHINES))
    if machine is not None and machine not in machines:
        use = choose_from(machines, machine, verb="name")
        raise InvalidInputError(
            document.where, [Problem("there is no such state machine", machine, use, "source-of-rehearsal")]
        )
    trusts = roles.trusts_of(template) if machines else {}
    keys: dict[str, str] = {}
    beside = [Template(document.where, sibling, place=place, imports=imports) for sibling in siblings]
    for each in (*beside, template) if machines else ():
        keys |= roles.keys_of(each)
    made_up = dict(template.made_up()) if machines else {}
    for logical_id in [machine] if machine else machines:
        definition = definition_in(of_definitions, logical_id, document.folder)
        assumes = any("Credentials" in state for _, state in states_of(definition))
        properties = template.properties(logical_id)
        policies = roles.policies_of(template, logical_id)
        limit = roles.boundary_of(template, logical_id)
        is_read = limit is not None and limit.document is not None
        yield Machine(
            definition=definition,
            name=template.resource(logical_id).name(),
            id=logical_id,
            stack=found.stack,
            arn=template.arn(logical_id),
            policy=None if policies is None else roles.statements_of(template, policies),
            role=roles.role_arn_of(template, logical_id),
            trusts=trusts,
            others=roles.permitted(template) if assumes else {},
            boundary=roles.statements_of(template, [limit]) if limit is not None and is_read else None,
            unread_boundary="" if limit is None or is_read else limit.name,
            keys=keys,
            made_up=made_up,
            own_actions=frozenset(_own_actions(properties, definition)),
            unread_policies=tuple(policy.name for policy in policies or () if policy.document is None),
            express=properties.get("StateMachineType", properties.get("Type")) == "EXPRESS",
            acknowledged=tuple(_acknowledged(document.content.get("Metadata"))),
            acknowledged_states=dict(_covered(document.content.get("Metadata"), logical_id)),
            region=place.region,
            account=place.account,
        )


def _of_terraform(
    document: Document, machine: str | None, place: Place, parameters: Mapping[str, str]
) -> Iterator[Machine]:
    if parameters:
        use = "give them to Terraform with -var, and show the plan again"
        raise InvalidInputError(
            document.where,
            [Problem("Terraform's JSON has no parameters", list(parameters), use, "source-of-rehearsal")],
        )
    for found in terraform.machines_in_plan(document, place, machine):
        definition = checked(f"{document.where}: {found.address}", found.definition)
        yield Machine(
            definition=definition,
            name=found.name,
            id=found.address,
            arn=found.arn,
            policy=found.statements,
            role=found.role,
            trusts=found.trusts,
            boundary=found.boundary,
            unread_boundary=found.unread_boundary,
            own_actions=frozenset(_own_actions(found.own, definition)),
            unread_policies=found.unread,
            express=found.express,
            region=found.place.region,
            account=found.place.account,
        )


def _acknowledged(metadata: Any) -> Iterator[tuple[str, str, str]]:
    """The rules that are acknowledged in the metadata of a template, as this library writes them."""
    paths = metadata.get(ACKNOWLEDGED) if isinstance(metadata, Mapping) else None
    for path, reasons in (paths if isinstance(paths, Mapping) else {}).items():
        if isinstance(reasons, Mapping):
            yield from ((str(path), str(rule), str(reason)) for rule, reason in reasons.items())


def _covered(metadata: Any, logical_id: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The states of a state machine that each path covers, as this library writes them."""
    paths = metadata.get(ACKNOWLEDGED_STATES) if isinstance(metadata, Mapping) else None
    for path, machines in (paths if isinstance(paths, Mapping) else {}).items():
        states = machines.get(logical_id) if isinstance(machines, Mapping) else None
        yield str(path), tuple(map(str, states)) if isinstance(states, list) else (str(states),)


def _own_actions(properties: Mapping[str, Any], definition: Mapping[str, Any]) -> Iterator[str]:
    if _has_distributed_map(definition):
        yield "states:RedriveExecution"
    encryption = properties.get("EncryptionConfiguration")
    if isinstance(encryption, Mapping) and encryption.get("KmsKeyId"):
        yield from (f"kms:{action}" for action in _KEY_ACTIONS)
    logging, tracing = (properties.get(key) for key in ("LoggingConfiguration", "TracingConfiguration"))
    logged = [properties.get("Logging"), logging]
    if any(isinstance(each, Mapping) and each.get("Destinations") for each in logged):
        yield from (f"logs:{action}" for action in _LOG_ACTIONS)
    traced = [properties.get("Tracing"), tracing]
    if any(isinstance(each, Mapping) and each.get("Enabled") for each in traced):
        yield from (f"xray:{action}" for action in _TRACE_ACTIONS)


def _has_distributed_map(definition: Mapping[str, Any]) -> bool:
    configs = [inner.get("ProcessorConfig") for _, state in states_of(definition) for inner in machines_in(state)]
    return any(isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED" for config in configs)
