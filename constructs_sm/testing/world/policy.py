"""Whether a policy allows what a call needs: identity policies only, as IAM evaluates them.

Ours, because no maintained evaluator on PyPI takes resources and conditions into account.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.grants.statements import listed
from constructs_sm.testing.world.needs import SOME

if TYPE_CHECKING:
    from constructs_sm.testing.world.needs import Context, Need

Statement: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a statement allows."""

    statement: int
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


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
    """Every action on every resource that *policy* allows, one by one; one with NotAction or NotResource as a whole."""
    return [
        Grant(index, action, resource)
        for index, statement in enumerate(statements(policy))
        if statement["Effect"] == "Allow"
        for action in _single(statement, "Action")
        for resource in _single(statement, "Resource")
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


def _single(statement: Statement, element: str) -> list[str]:
    if element in statement:
        return listed(statement[element])
    return [f"all but {', '.join(listed(statement[f'Not{element}']))}"]


def _singles(statement: Statement, *, excluding: Grant) -> Iterator[Statement]:
    for action in _single(statement, "Action"):
        for resource in _single(statement, "Resource"):
            if (action, resource) != (excluding.action, excluding.resource):
                said = {"Action": action, "Resource": resource}
                yield {**statement, **{name: value for name, value in said.items() if name in statement}}


def _applies(statement: Statement, need: Need) -> bool:
    return (
        _covers(statement, "Action", need.action.lower(), fold=str.lower)
        and (need.resource == SOME or _covers(statement, "Resource", need.resource, fold=str))
        and all(_holds(operator, tests, need.context) for operator, tests in statement.get("Condition", {}).items())
    )


def _covers(statement: Statement, element: str, value: str, *, fold: Callable[[str], str]) -> bool:
    negated = f"Not{element}" in statement
    patterns = listed(statement[f"Not{element}" if negated else element])
    return any(_like(value, fold(pattern)) for pattern in patterns) != negated


def _like(value: str, pattern: str) -> bool:
    return _wildcards(pattern).fullmatch(value) is not None


@functools.lru_cache(maxsize=4096)
def _wildcards(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}


def _holds(operator: str, tests: Mapping[str, Any], context: Context) -> bool:
    given = {key.lower(): value for key, value in context.items()}
    return all(_key_holds(operator, given.get(key.lower()), _texts(wanted)) for key, wanted in tests.items())


def _key_holds(operator: str, value: str | Sequence[str] | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return wanted == [str(value is None).lower()] or wanted == [str(value is None)]
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
    return [str(item) for item in listed(value)]
