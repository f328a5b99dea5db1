"""The grants of a policy one by one: each action on each resource that a statement allows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from constructs_sm.grants.statements import listed, statements_in
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_unless
from constructs_sm.testing.world.policy_decision import excepted
from constructs_sm.testing.world.policy_grammar import read

Statement: TypeAlias = Mapping[str, Any]

_RULE = "policy-question"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a statement allows.

    Attributes:
        statement: The number of the statement in its policy, from 0.
        action: As `sagemaker:CreateTrainingJob`.
        resource: The ARN, or what stands for it.
    """

    statement: int
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def statements(policy: Any) -> list[Statement]:
    """The statements of *policy*: a document, a statement, JSON of either, or a sequence of those.

    Each reads by itself as it does in its document.
    """
    try:
        return _statements(policy)
    except RecursionError:
        use = "give a document, or a list of documents"
        raise InvalidInputError(
            "policy", [Problem("a policy holds too many lists in each other", NOTHING, use, _RULE)]
        ) from None


def _statements(policy: Any) -> list[Statement]:
    if isinstance(policy, str):
        try:
            return _statements(json.loads(policy))
        except ValueError as error:
            if isinstance(error, InvalidInputError):
                raise
            problem = Problem(f"a policy is no JSON: {error}", policy, "write it as IAM's grammar has it", _RULE)
            raise InvalidInputError("policy", [problem]) from error
    if not isinstance(policy, (Mapping, list, tuple)):
        use = "give a mapping, or the JSON of one"
        raise InvalidInputError("policy", [Problem("a policy is no document", policy, use, _RULE)])
    if isinstance(policy, Mapping):
        return statements_in(policy) if "Statement" in policy else [policy]
    return [statement for part in policy for statement in _statements(part)]


def grants(policy: Any) -> list[Grant]:
    """Every action on every resource that *policy* allows, one by one; one with NotAction or NotResource as a whole."""
    read(policy, names=True)
    return [
        Grant(index, action, resource)
        for index, statement in enumerate(statements(policy))
        if statement["Effect"] == "Allow"
        for action in _single(statement, "Action")
        for resource in _single(statement, "Resource")
    ]


def without(policy: Any, grant: Grant) -> list[Statement]:
    """Return the statements of *policy*, less one *grant*."""
    read(policy, names=True)
    raise_unless("without", grant=(grant, Grant, "a Grant, as grants() lists them"))
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
    return [excepted(listed(statement[f"Not{element}"]))]


def _singles(statement: Statement, *, excluding: Grant) -> Iterator[Statement]:
    plain = {name: value for name, value in statement.items() if name != "Sid"}
    for action in _single(statement, "Action"):
        for resource in _single(statement, "Resource"):
            if (action, resource) != (excluding.action, excluding.resource):
                said = {"Action": action, "Resource": resource}
                yield {**plain, **{name: value for name, value in said.items() if name in statement}}
