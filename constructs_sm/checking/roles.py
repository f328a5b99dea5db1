"""Permissions that the role of a state machine lacks, has for nothing, or has too wide."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking.needed import needs_of, statement_of
from constructs_sm.grants.service_authorization import iam_action
from constructs_sm.grants.statements import listed
from constructs_sm.language.arns import spellings
from constructs_sm.rules import machine_rules as rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.checking.needed import Needed, Needs
    from constructs_sm.checking.scene import Scene
    from constructs_sm.language.arns import Arns
    from constructs_sm.rules.rule import Violation
    from constructs_sm.testing.source.machine import Machine

_MACHINE: Final = "the state machine"
_AS_DOCUMENTED: Final = frozenset({"sagemaker:listtags", "xray:*"})
"""Actions that AWS itself has on * where Step Functions needs them."""


def role(machine: Machine, scene: Scene, arns: Arns) -> Iterator[Violation]:
    """Compare what the role of a machine may with what the definition needs."""
    if machine.policy is None:
        return
    needs = needs_of(scene, arns, machine=machine.arn, keys=machine.keys)
    statements = [each for each in machine.policy if isinstance(each, dict)]
    for state, why in needs.unknown.items():
        yield rules.UNKNOWN_GRANT.broken(f"state '{state}'", what=why)
    if not machine.unread_policies:
        for one in lacking(machine, needs):
            if not _forgiven(one):
                what = f"the role lacks {one.action} on {', '.join(one.resources)}"
                fix = f"grant it: {json.dumps(statement_of([one.action], one.resources, one.context))}"
                yield rules.MISSING_GRANT.broken(f"state '{one.state}'", what=what, fix=fix)
    yield from _surplus(statements, needs, machine)


def lacking(machine: Machine, needs: Needs) -> list[Needed]:
    """List what the role of a machine does not allow of what is needed."""
    statements = [each for each in machine.policy or () if isinstance(each, dict)]
    found = []
    for one in needs.needed:
        resources = tuple(
            each
            for each in one.resources
            if not any(_allowed(statements, one, spelling) for spelling in spellings(each, machine.made_up))
        )
        if resources:
            found.append(replace(one, resources=resources))
    return found


_UNPROVEN: Final = frozenset(
    {
        "athena:stopqueryexecution",
        "batch:describejobs",
        "batch:terminatejob",
        "sagemaker:listtags",
    }
)
"""Actions that AWS's guide lists and the CDK's own tasks do not grant; whether calls need them is not verified on AWS.

`grants` has them all the same. Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
and the tasks of aws-cdk-lib 2.275.0, with which tests/checking/test_needed_by_the_cdk.py compares.
"""


def _forgiven(one: Needed) -> bool:
    return not one.certain or one.action.lower() in _UNPROVEN


def _allowed(statements: Sequence[Mapping[str, Any]], one: Needed, resource: str) -> bool:
    allowed = False
    for statement in statements:
        if not _matches(statement, "Action", one.action.lower(), fold=True):
            continue
        if statement.get("Effect") == "Deny":
            if not statement.get("Condition") and _covers(statement, resource):
                return False
        elif _matches(statement, "Resource", resource, fold=False) and _holds(statement, one.context):
            allowed = True
    return allowed


def _matches(statement: Mapping[str, Any], element: str, value: str, *, fold: bool) -> bool:
    negated = f"Not{element}" in statement
    patterns = [str(each) for each in listed(statement.get(f"Not{element}" if negated else element, ()))]
    folded = [each.lower() if fold else each for each in patterns]
    if negated:
        return not any(fnmatch.fnmatchcase(value, each) for each in folded)
    return any(overlap(each, value) for each in folded)


def _covers(statement: Mapping[str, Any], resource: str) -> bool:
    patterns = listed(statement.get("Resource", ()))
    return any(fnmatch.fnmatchcase(resource, str(each)) for each in patterns)


def _holds(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Tell if the conditions hold, as far as the definition says: what it does not say may be so."""
    known = {key.lower(): value for key, value in context.items()}
    for operator, tests in (statement.get("Condition") or {}).items():
        if operator not in {"StringEquals", "StringLike"} or not isinstance(tests, dict):
            continue
        for key, wanted in tests.items():
            value = known.get(str(key).lower())
            if value is not None and not any(overlap(str(each), value) for each in listed(wanted)):
                return False
    return True


@lru_cache(8192)
def overlap(one: str, other: str) -> bool:
    """Tell if two patterns with * and ? have a text in common."""
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        at, to = waiting.pop()
        if (at, to) in seen:
            continue
        seen.add((at, to))
        if at == len(one) and to == len(other):
            return True
        left, right = one[at : at + 1], other[to : to + 1]
        if left == "*":
            waiting += [(at + 1, to), *([(at, to + 1)] if right else [])]
        if right == "*":
            waiting += [(at, to + 1), *([(at + 1, to)] if left else [])]
        if left and right and left != "*" and right != "*" and (left == right or "?" in (left, right)):
            waiting.append((at + 1, to + 1))
    return False


def _surplus(statements: Sequence[Mapping[str, Any]], needs: Needs, machine: Machine) -> Iterator[Violation]:
    possible = [each.lower() for each in (*needs.possible, *machine.own_actions)]
    for statement in statements:
        if statement.get("Effect") != "Allow" or "NotAction" in statement or "NotResource" in statement:
            continue
        needless: dict[str, list[str]] = {}
        for action in map(str, listed(statement.get("Action", ()))):
            if any(overlap(action.lower(), each) for each in possible):
                continue
            users = [one for one in needs.needed if overlap(action.lower(), one.action.lower())]
            for resource in map(str, listed(statement.get("Resource", ()))):
                forms = _forms(resource)
                used = [
                    one
                    for one in users
                    if any(
                        overlap(form, spelling)
                        for each in one.resources
                        for spelling in spellings(each, machine.made_up)
                        for form in forms
                    )
                ]
                shown = f"{action} on {resource}"
                if not used:
                    needless.setdefault(resource, []).append(action)
                elif wide := _wide(action, resource, used):
                    yield rules.WIDE_GRANT.broken(_MACHINE, what=f"{shown} is more than is needed", fix=wide)
        of_actions: dict[tuple[str, ...], list[str]] = {}
        for resource, actions in needless.items():
            of_actions.setdefault(tuple(actions), []).append(resource)
        for named, resources in of_actions.items():
            what = f"no state needs {', '.join(named)} on {', '.join(resources)}"
            yield rules.NEEDLESS_GRANT.broken(_MACHINE, what=what)


def _forms(resource: str) -> tuple[str, ...]:
    """A resource of a grant: versions of a function count as the function, a task definition as each of its revisions.

    The tasks of the CDK grant both of each.
    """
    if ":function:" in resource:
        return (resource, resource.removesuffix(":*"))
    return (resource, f"{resource}:*") if ":task-definition/" in resource else (resource,)


def _wide(action: str, resource: str, used: Sequence[Needed]) -> str:
    """The narrower permission that would do; empty where it is narrow enough."""
    actions = sorted({one.action for one in used})
    if action == "*" or action.endswith(":*"):
        return f"name the actions: {', '.join(actions)}"
    if resource != "*" or action.lower() in _AS_DOCUMENTED:
        return ""
    known = [iam_action(each) for each in actions]
    resources = sorted({each for one in used for each in one.resources})
    if any(each is None or not each.resource_types for each in known) or "*" in resources:
        return ""
    return f"name the resources: {', '.join(resources)}"
