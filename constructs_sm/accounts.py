"""AWS's own accounts, which differ by Region: in a stack without a Region, a mapping knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.scope import JobScope

from aws_cdk import CfnMapping, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct

_MAPPED: dict[tuple[JobScope, str], str] = {}


def mapped_account(scope: IConstruct, name: str, accounts: Mapping[str, str]) -> str:
    """The account in the Region that the stack around *scope* is deployed to.

    CloudFormation refuses to deploy to a Region that is not among *accounts*.

    Args:
        scope: Who asks.
        name: Of the mapping in the stack; whoever asks for the same shares it.
        accounts: The account by Region.
    """
    job_scope = JobScope.of(scope)
    key = (job_scope, name)
    if key not in _MAPPED:
        stack = Stack.of(scope)
        mapping = stack.node.try_find_child(name)
        if not isinstance(mapping, CfnMapping):
            mapping = CfnMapping(stack, name, mapping={r: {"account": account} for r, account in accounts.items()})
        _MAPPED[key] = mapping.find_in_map(job_scope.arns.region, "account")
    return _MAPPED[key]
