"""The permissions that a definition needs of its role, as far as the definition says."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.actions import ACTIONS
from constructs_sm.checking.scene import Scene
from constructs_sm.grants.call_permissions import Permission, permissions_of_call
from constructs_sm.grants.data_access import key_needs
from constructs_sm.grants.resource_arns import LEFT_OUT, arns_of
from constructs_sm.grants.service_authorization import iam_action
from constructs_sm.grants.state_machine_role import polled_grants, state_machine_grants
from constructs_sm.integrations import RULE_ACTIONS
from constructs_sm.language.arns import Arns, partition_of
from constructs_sm.language.late_bound import Computed
from constructs_sm.language.leaves import with_leaves
from constructs_sm.polled_actions import POLLED_ACTIONS, PolledAction
from constructs_sm.requests.role_fields import are_late_bound, named_roles
from constructs_sm.values.names import arn_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from constructs_sm.checking.scene import Located
    from constructs_sm.grants.statements import Grant
    from constructs_sm.requests.called import Called
    from constructs_sm.testing.source.machine import Machine

ANY: Final = "*"
_FUNCTION: Final = re.compile(r"arn:[\w-]+:lambda:.*")
_KEY_FIELD: Final = re.compile(r"Kms|KMS|EncryptionKey|SSEKMS")
_POLLED: Final = {
    operation: row for row in POLLED_ACTIONS for operation in (row.operation, row.describe, row.stop) if operation
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One action that a state needs.

    Attributes:
        state: Its name.
        action: As IAM spells it.
        resources: The ARNs, with * for what comes at run time.
        context: What the call says under condition keys.
        why: The reason of a * in the resources; empty where there is none.
        certain: False where AWS lists the resources for the action and the request does not name them, or where AWS
            documents the action and a call may do without.
    """

    state: str
    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict, hash=False)
    why: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything that a definition needs.

    Attributes:
        needed: Each action of each state.
        possible: Patterns of actions that may be needed besides.
        unknown: Why the needs of a state are not known, by state.
        assumed: Each action that a role needs which Credentials of states name, by its ARN; under `*` what the roles
            need that come at run time.
    """

    needed: tuple[Needed, ...]
    possible: frozenset[str]
    unknown: Mapping[str, str]
    assumed: Mapping[str, tuple[Needed, ...]] = field(default_factory=dict)


def needs_of(scene: Scene, arns: Arns, *, machine: str = "", keys: Mapping[str, str] | None = None) -> Needs:
    """List what a definition needs of its role.

    Args:
        scene: The state machine.
        arns: Where it runs.
        machine: Its ARN; empty where it is not known.
        keys: The ARN of the key by that of what it encrypts; empty where that is known not to be encrypted.
    """
    needed: list[Needed] = []
    possible: set[str] = set()
    unknown: dict[str, str] = {}
    assumed: dict[str, list[Needed]] = {}
    for located in scene.states:
        needed += _distributed(located, arns, machine)
        called = located.called
        if called is None:
            if located.kind == "Task" and "${" in str(located.state.get("Resource")):
                needed.append(Needed(state=located.name, action="lambda:InvokeFunction", resources=(ANY,), why=_PLACED))
            continue
        if (role := _assumed(located)) is not None:
            needed.append(Needed(state=located.name, action="sts:AssumeRole", resources=(role,)))
            there = replace(arns, account=_account_of(role))
            of_role = _of_call(located, called, arns=there, machine=machine, possible=set(), unknown=unknown)
            # For a role that it assumes Step Functions polls, and needs no rule of EventBridge:
            # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cross-acct-sync-pattern.html
            assumed.setdefault(role, []).extend(one for one in of_role if one.action not in RULE_ACTIONS)
            continue
        own = list(_of_call(located, called, arns=arns, machine=machine, possible=possible, unknown=unknown))
        needed += [*own, *_of_keys(own, keys or {}, possible)]
        if "Alarms" in str(located.state.get(located.request_field)):
            possible.add("cloudwatch:DescribeAlarms")
        if _KEY_FIELD.search(str(located.state.get(located.request_field))):
            possible.add("kms:*")
    by_role = {role: tuple(dict.fromkeys(found)) for role, found in assumed.items()}
    return Needs(tuple(dict.fromkeys(needed)), frozenset(possible), unknown, by_role)


def needed_by(machine: Machine) -> Needs:
    """List what a state machine needs of its role, where it runs."""
    arns = Arns(partition_of(machine.region), machine.region, machine.account)
    return needs_of(Scene(machine.definition, machine.express), arns, machine=machine.arn, keys=machine.keys)


def statements_of(needed: Iterable[Needed]) -> list[dict[str, Any]]:
    """List the statements of a policy that allows what is needed and nothing else, those of one resource as one."""
    grouped: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for one in needed:
        key = (one.resources, tuple(sorted(one.context.items())))
        grouped.setdefault(key, []).append(one.action)
    merged: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for (resources, context), actions in grouped.items():
        merged.setdefault((tuple(sorted(set(actions))), context), []).extend(resources)
    return [
        statement_of(list(actions), sorted(set(resources)), dict(context))
        for (actions, context), resources in merged.items()
    ]


def statement_of(actions: list[str], resources: Sequence[str], context: Mapping[str, str]) -> dict[str, Any]:
    """One Allow statement."""
    conditions = {"Condition": {"StringEquals": dict(context)}} if context else {}
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources), **conditions}


_PLACED: Final = "the function is put into the definition when it is deployed"
_LATE: Final = "the name comes at run time"
_UNSAID: Final = "the request does not name the resource"


def _assumed(located: Located) -> str | None:
    given = located.state.get("Credentials")
    if not isinstance(given, dict):
        return None
    role = given.get("RoleArn")
    return role if isinstance(role, str) and role.startswith("arn:") else ANY


def _account_of(role: str) -> str:
    """The account of a role, or * where it is known at run time."""
    return role.split(":")[4] if role.count(":") > 4 else ANY  # noqa: PLR2004 - the parts of an ARN


def _of_call(
    located: Located, called: Called, *, arns: Arns, machine: str, possible: set[str], unknown: dict[str, str]
) -> Iterator[Needed]:
    name = located.name
    resource = str(located.state.get("Resource"))
    if _FUNCTION.fullmatch(resource):
        yield Needed(state=name, action="lambda:InvokeFunction", resources=(resource,))
        return
    fields = located.request.fields if located.request is not None else {}
    action = called.action
    if called.is_sagemaker and action is not None and (not called.sdk or isinstance(action, PolledAction)):
        roles = [_role(role, arns) for role in named_roles(fields, action.role_path)]
        if are_late_bound(fields, action.role_path) or (located.request is None and action.role_path):
            roles.append(ANY)
        grants = (
            polled_grants(action, fields, roles, arns)
            if isinstance(action, PolledAction)
            else state_machine_grants(action, fields, roles, arns, sync=called.pattern == "sync")
        )
        for grant in grants:
            yield from _granted(name, grant)
        return
    request = {key: with_leaves(_shown, value) for key, value in fields.items()}
    needs = permissions_of_call(
        called.service, called.api, request, arns, sdk=called.sdk, pattern=called.pattern, machine=machine or None
    )
    possible |= {*needs.possible}
    if needs.unknown or needs.absent:
        unknown[name] = needs.unknown or needs.absent
        possible.add(f"{called.service}:*")
        return
    for one in needs.needed:
        yield from _permitted(name, called, one, request, arns)


_WITHOUT_KEYS: Final = frozenset({"events", "iam", "lambda", "sagemaker"})
"""Services whose calls use no key with the rights of the caller, but for what a request says."""


def _of_keys(own: Iterable[Needed], keys: Mapping[str, str], possible: set[str]) -> Iterator[Needed]:
    """The needs of the keys that encrypt what a call is about; where it is not known if one does, they are possible."""
    for one in own:
        for resource in one.resources:
            for action, key, context in key_needs(one.action, resource, keys):
                yield Needed(state=one.state, action=action, resources=(key,), context=context)
            if resource.partition("/")[0] not in keys and one.action.partition(":")[0] not in _WITHOUT_KEYS:
                possible.add("kms:*")


def _permitted(name: str, called: Called, one: Permission, request: Mapping[str, Any], arns: Arns) -> Iterator[Needed]:
    """A permission of a call, on the ARNs that the request names, or on those that it may be about."""
    resources, why = one.resources, ""
    if resources is None:
        resources, why = _widened(called, one.action, request, arns), _UNSAID
    elif any(ANY in each for each in resources):
        why = _LATE
    if called.is_sagemaker:
        resources = tuple(dict.fromkeys(spelled for each in resources for spelled in _spellings(each)))
    yield Needed(state=name, action=one.action, resources=resources, context=one.context, why=why, certain=one.certain)
    if resources_left := _unnamed(one.action, resources, arns):
        yield Needed(state=name, action=one.action, resources=resources_left, why=_UNSAID, certain=False)


def _widened(called: Called, name: str, request: Mapping[str, Any], arns: Arns) -> tuple[str, ...]:
    """The ARNs of an action, with * for what the request does not say; * alone where nothing is known."""
    action = iam_action(name)
    if action is None:
        return (ANY,)
    polled = _POLLED.get(called.api[:1].upper() + called.api[1:]) if called.is_sagemaker else None
    if polled is not None and isinstance(said := request.get(polled.name_field), str) and not polled.under:
        return (arns.named("sagemaker", polled.arn_type, said),)
    required = [of for of in action.resource_types if of.required]
    found = arns_of(action, request, arns, begun=True)
    return found if found and len(required) <= 1 and len(action.resource_types) <= 1 else found or (ANY,)


_OF_NO_CALL: Final = frozenset({("batch", "job")})
"""Types that AWS lists as required for an action and that no call of it is about before it has made one."""


def _unnamed(name: str, resources: tuple[str, ...], arns: Arns) -> tuple[str, ...]:
    """The ARNs of the types that an action is authorized on too, and that the request does not name."""
    action = iam_action(name)
    if action is None or ANY in resources or name.startswith("sagemaker:"):
        return ()
    service = name.partition(":")[0]
    found = []
    for of in action.resource_types:
        if of.required and (service, of.name) not in _OF_NO_CALL | LEFT_OUT and len(action.resource_types) > 1:
            whole = of.arn.replace("${Partition}", arns.partition).replace("${Region}", arns.region)
            pattern = _VARIABLE.sub(ANY, whole.replace("${Account}", arns.account))
            open_to_all = _VARIABLE.sub(ANY, of.arn)
            if not any(fnmatch.fnmatchcase(each, open_to_all) for each in resources):
                found.append(pattern)
    return tuple(found)


_VARIABLE: Final = re.compile(r"\$\{\w+\}")


def _shown(value: Any) -> Any:
    """A leaf of a request, or * for what comes at run time."""
    if isinstance(value, Computed):
        return arn_suffix(str(value), run_time=True) if not value.startswith("${") else ANY
    return value


_LOWER_CASED: Final = frozenset(action.arn_type for action in (*ACTIONS, *POLLED_ACTIONS) if action.lower_cases_arn)


def _spellings(arn: str) -> list[str]:
    """An ARN, and the one that SageMaker may have made of it: reports differ on which of them IAM is asked for."""
    beginning, _, name = arn.partition("/")
    return [arn, f"{beginning}/{name.lower()}"] if beginning.rpartition(":")[2] in _LOWER_CASED else [arn]


def _role(role: Any, arns: Arns) -> str:
    if isinstance(role, Computed) or not isinstance(role, str) or "${" in role:
        return ANY
    return role if role.startswith("arn:") else f"arn:{arns.partition}:iam::{arns.account}:role/{role}"


def _granted(state: str, grant: Grant) -> Iterator[Needed]:
    context = {key: value for _, key, value in grant.conditions}
    why = grant.wildcard if any(ANY in each for each in grant.resources) else ""
    for action in grant.actions:
        yield Needed(state=state, action=action, resources=grant.resources, context=context, why=why)


def _distributed(located: Located, arns: Arns, machine: str) -> Iterator[Needed]:
    """The needs of a distributed Map: its children are executions, and its items and results may be in S3.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    processor = located.state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    if not isinstance(config, dict) or config.get("Mode") != "DISTRIBUTED":
        return
    why = "" if machine else "the name of the state machine is not known here"
    own = machine or arns.of("states", "stateMachine:*")
    yield Needed(state=located.name, action="states:StartExecution", resources=(own,), why=why)
    children = f"{own.replace(':stateMachine:', ':execution:')}:*"
    for verb in ("DescribeExecution", "StopExecution"):
        yield Needed(state=located.name, action=f"states:{verb}", resources=(children,), why=why)
    for field_name, actions in _IN_S3.items():
        given = located.state.get(field_name)
        if isinstance(given, dict):
            request = given.get("Arguments" if located.jsonata else "Parameters")
            verbs = ("ListBucket",) if str(given.get("Resource")).endswith("listObjectsV2") else actions
            for verb in verbs:
                yield _object(located.name, verb, request if isinstance(request, dict) else {}, arns)


_IN_S3: Final = {
    "ItemReader": ("GetObject",),
    "ResultWriter": ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload"),
}


def _object(state: str, verb: str, request: Mapping[str, Any], arns: Arns) -> Needed:
    bucket = request.get("Bucket", ANY)
    known = isinstance(bucket, str) and not bucket.startswith(("$", "{%"))
    arn = arns.of_bucket(bucket if known else ANY)
    if verb != "ListBucket":
        key = request.get("Key") or (
            f"{request['Prefix'].rstrip('/')}/*" if isinstance(request.get("Prefix"), str) else ANY
        )
        arn = f"{arn}/{ANY if str(key).startswith(('$', '{%')) else key}"
    return Needed(state=state, action=f"s3:{verb}", resources=(arn,), why="" if known else _LATE)
