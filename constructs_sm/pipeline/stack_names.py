"""Names of stacks: those that CloudFormation does not take, and those that two environments share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.late_bound import is_token
from constructs_sm.rules.argument_rules import STACK_NAME
from constructs_sm.settings import CONTEXT_KEY, ENVIRONMENT_KEY, ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk import Stack
    from constructs import IConstruct

_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PLACES = ("account", "region")
_NAMED: dict[IConstruct, dict[tuple[str, str, str], str]] = {}
"""Paths of the pipeline stacks of each app, by name, account and Region."""


def unusable_name(construct_id: str, stack_name: str | None) -> Iterator[Problem]:
    """Find a name that CloudFormation does not take: the CDK would say so when the stack is half made."""
    name, argument = (construct_id, "construct_id") if stack_name is None else (stack_name, "stack_name")
    if isinstance(name, str) and name and not is_token(name) and _STACK_NAME.fullmatch(name) is None:
        dashed = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
        use = f"pass '{dashed}'" if _STACK_NAME.fullmatch(dashed) else "begin it with a letter"
        yield Problem(f"{argument} names the stack, in letters, digits and dashes", name, use, "argument-value")


def shared_names(stack: Stack, *, environment: str | None, places: Mapping[str, Any]) -> Iterator[Problem]:
    """Find whoever else would be deployed under the name of *stack*, in its account and Region, and so replace it.

    Args:
        stack: A pipeline stack, made.
        environment: The environment of `cdk.json` that was chosen for it by argument.
        places: Its account and Region as they were given to it, and so hold for every environment.
    """
    name, path = stack.stack_name, str(stack.node.path)
    if is_token(name):
        return
    named = _NAMED.setdefault(stack.node.root, {})
    other = named.setdefault((name, stack.account, stack.region), path)
    if other != path:
        yield STACK_NAME.problem(f"'{other}' has this stack name too, and goes to the same account and Region", name)
    chosen = environment or stack.node.try_get_context(ENVIRONMENT_KEY)
    given = stack.node.try_get_context(CONTEXT_KEY) or {}
    environments = given.get(ENVIRONMENTS, {})
    if chosen not in environments or chosen.lower() in name.lower():
        return
    here, *there = [chosen, *(each for each in environments if each != chosen)]
    for each in there:
        if all(_place(given, here, kind, places) == _place(given, each, kind, places) for kind in _PLACES):
            what = f"environment '{each}' has this stack name too, and nothing says that it is of another account"
            yield STACK_NAME.problem(what, name)
            return


def _place(given: Mapping[str, Any], environment: str, kind: str, places: Mapping[str, Any]) -> object:
    return places.get(kind) or given[ENVIRONMENTS][environment].get(kind, given.get(kind))
