"""The environment of a construct, as the CDK calls it: the stack around it, with its partition, Region and account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.arns import Arns
from constructs_sm.language.errors import InvalidInputError, Problem, where_of

from aws_cdk import Stack, Stage

if TYPE_CHECKING:
    from constructs import IConstruct

_STACKS: dict[IConstruct, Stack] = {}
_ARNS: dict[Stack, Arns] = {}


def refuse_no_construct(where: str, scope: object) -> None:
    """Refuse what is no construct: some values end the process in which the CDK runs, when it is asked of them."""
    if not hasattr(type(scope), "node"):
        use = "pass an app, a stack, a construct in one, or a job"
        raise InvalidInputError(where, [Problem("scope is no construct", scope, use, "argument-type")])


def stack_of(scope: IConstruct) -> Stack:
    """The stack around *scope*. Asked once per construct: it takes messages over the jsii bridge.

    Raises:
        InvalidInputError: There is none.
    """
    if not hasattr(type(scope), "node"):
        # Some values end the process in which the CDK runs, when it is asked of them.
        problem = Problem("the scope is no construct", scope, "pass a stack, or a construct in one", "argument-type")
        raise InvalidInputError(where_of("scope", scope), [problem])
    found = _STACKS.get(scope)
    if found is None:
        found = _STACKS[scope] = Stack.of(scope) if Stack.is_stack(scope) else stack_of(parent_of(scope))
    return found


def stage_of(scope: IConstruct) -> IConstruct:
    """The stage around *scope*, or the app; of a stage itself the CDK names the one around it."""
    return scope if isinstance(scope, Stage) else Stage.of(scope) or scope.node.root


def arns_of(scope: IConstruct) -> Arns:
    """Partition, Region and account of the stack around *scope*."""
    stack = stack_of(scope)
    if stack not in _ARNS:
        _ARNS[stack] = Arns(stack.partition, stack.region, stack.account)
    return _ARNS[stack]


def parent_of(scope: IConstruct) -> IConstruct:
    """The construct around *scope*.

    Raises:
        InvalidInputError: There is none, so there is no stack either.
    """
    parent = scope.node.scope
    if parent is None:
        where = where_of(type(scope).__name__, scope)
        raise InvalidInputError(
            where,
            [Problem("the scope is not inside a Stack", scope.node.path, "pass a scope in one", "scope-outside-stack")],
        )
    return parent


def reference_of(value: Any) -> str:
    """Reference of an object of the CDK: the same one may come over the bridge as several of ours."""
    return str(value.__jsii_ref__.ref)
