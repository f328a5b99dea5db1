"""Accounts of AWS that own images and Lambdas, by Region: in a stack without a Region, a mapping knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.environment import arns_of, stack_of
from constructs_sm.rollback import undone_by

from aws_cdk import CfnMapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import Stack
    from constructs import IConstruct

_MAPPED: dict[tuple[Stack, str], str] = {}


def mapped_account(scope: IConstruct, name: str, accounts: Mapping[str, str]) -> str:
    """The account in the Region that the stack around *scope* is deployed to.

    CloudFormation refuses to deploy to a Region that is not among *accounts*.

    Args:
        scope: The construct that needs the account.
        name: Of the mapping in the stack, which is made once per name.
        accounts: The account by Region.
    """
    stack = stack_of(scope)
    key = (stack, name)
    if key not in _MAPPED:
        mapping = stack.node.try_find_child(name)
        if not isinstance(mapping, CfnMapping):
            mapping = CfnMapping(stack, name, mapping={r: {"account": account} for r, account in accounts.items()})
            undone_by(lambda: stack.node.try_remove_child(name))
            undone_by(lambda: _MAPPED.pop(key, None))
        _MAPPED[key] = mapping.find_in_map(arns_of(stack).region, "account")
    return _MAPPED[key]
