"""Which permissions a call needs, and whether a policy gives them: identity policies only, as IAM evaluates them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.apis import APIS, role_arns

if TYPE_CHECKING:
    from constructs_sm.testing.calls import Call

Statement = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource that a call cannot do without."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a statement allows."""

    statement: int
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def needs(call: Call) -> list[Need]:
    """What the state machine's role must be allowed for *call* to succeed."""
    api = APIS[call.api]
    names = _arns(call, api.kind, f"{api.noun}Name")
    own = [Need(f"sagemaker:{api.operation}", arn) for arn in names]
    if api.kind == "endpoint":
        configs = _arns(call, "endpoint-config", "EndpointConfigName")
        own += [Need(f"sagemaker:{api.operation}", arn) for arn in configs]
    return [*own, *_passed_roles(call), *_tags(call, names), *_watching(call, names)]


def stopping(call: Call) -> list[Need]:
    """What Step Functions needs to stop the job of *call* when the state gives up on it."""
    api = APIS[call.api]
    return [Need(f"sagemaker:Stop{api.noun}", arn) for arn in _arns(call, api.kind, f"{api.noun}Name")]


def describing_endpoint(call: Call) -> list[Need]:
    return [Need("sagemaker:DescribeEndpoint", arn) for arn in _arns(call, "endpoint", "EndpointName")]


def _arns(call: Call, kind: str, name_field: str) -> list[str]:
    """The ARNs under which the request's resource may be authorized.

    SageMaker folds the case of some names, and reports differ on whether before or after it asks IAM: those have to be
    allowed in both spellings.
    """
    name = call.request[name_field]
    folds_case = any(api.folds_case for api in APIS.values() if api.kind == kind)
    spellings = dict.fromkeys([name, name.lower()] if folds_case else [name])
    return [call.arn("sagemaker", f"{kind}/{spelling}") for spelling in spellings]


def _passed_roles(call: Call) -> Iterator[Need]:
    for role in role_arns(APIS[call.api].operation, call.request):
        yield Need("iam:PassRole", role, {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _tags(call: Call, arns: Sequence[str]) -> Iterator[Need]:
    """Step Functions tags whatever it creates, whether or not the request has tags."""
    api = APIS[call.api]
    if api.creates:
        for arn in arns:
            yield Need("sagemaker:AddTags", arn, {"sagemaker:TaggingAction": api.operation})


def _watching(call: Call, arns: Sequence[str]) -> Iterator[Need]:
    api = APIS[call.api]
    if not call.sync:
        return
    for arn in arns:
        yield Need(f"sagemaker:Describe{api.noun}", arn)
        yield Need("sagemaker:ListTags", arn)
    for action in ("PutTargets", "PutRule", "DescribeRule"):
        yield Need(f"events:{action}", call.arn("events", f"rule/{api.rule}"))


def statements(policy: Any) -> list[Statement]:
    """The statements of *policy*: a document, a statement, JSON of either, or a sequence of those."""
    if isinstance(policy, str):
        return statements(json.loads(policy))
    if isinstance(policy, Mapping):
        return statements(policy["Statement"]) if "Statement" in policy else [policy]
    return [statement for part in policy for statement in statements(part)]


def allows(policy: Any, need: Need) -> bool:
    """Whether a statement of *policy* allows *need* and none denies it."""
    effects = {statement["Effect"] for statement in statements(policy) if _applies(statement, need)}
    return effects == {"Allow"}


def grants(policy: Any) -> list[Grant]:
    """Every action on every resource that *policy* allows, one by one."""
    return [
        Grant(index, action, resource)
        for index, statement in enumerate(statements(policy))
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    ]


def without(policy: Any, grant: Grant) -> list[Statement]:
    """*policy*, less one grant."""
    kept: list[Statement] = []
    for index, statement in enumerate(statements(policy)):
        if index == grant.statement:
            kept += _singles(statement, excluding=grant)
        else:
            kept.append(statement)
    return kept


def _singles(statement: Statement, *, excluding: Grant) -> Iterator[Statement]:
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            if (action, resource) != (excluding.action, excluding.resource):
                yield {**statement, "Action": action, "Resource": resource}


def _applies(statement: Statement, need: Need) -> bool:
    return (
        _covers(statement, "Action", need.action.lower(), fold=str.lower)
        and _covers(statement, "Resource", need.resource, fold=str)
        and all(_holds(operator, tests, need.context) for operator, tests in statement.get("Condition", {}).items())
    )


def _covers(statement: Statement, element: str, value: str, *, fold: Callable[[str], str]) -> bool:
    negated = f"Not{element}" in statement
    patterns = _listed(statement[f"Not{element}" if negated else element])
    return any(_like(value, fold(pattern)) for pattern in patterns) != negated


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _like(value: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL) is not None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}


def _holds(operator: str, tests: Mapping[str, Any], context: Context) -> bool:
    given = {key.lower(): value for key, value in context.items()}
    return all(_key_holds(operator, given.get(key.lower()), _texts(wanted)) for key, wanted in tests.items())


def _key_holds(operator: str, value: str | Sequence[str] | None, wanted: list[str]) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    name = plain.removesuffix("IfExists")
    if value is None:
        return name != plain or quantifier == "ForAllValues" or "Not" in name
    compare = _OPERATORS.get(name.replace("Not", "", 1))
    if compare is None:
        raise NotImplementedError(f"the condition operator {operator} is not evaluated here; add it to {__name__}")
    negated = "Not" in name
    matches = (any(compare(each, one) for one in wanted) != negated for each in _texts(value))
    return all(matches) if quantifier == "ForAllValues" else any(matches)


def _texts(value: Any) -> list[str]:
    return [str(item) for item in _listed(value)]
