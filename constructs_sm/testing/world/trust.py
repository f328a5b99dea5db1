"""The trust of a role: which service may assume it, for whom.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.world.policy_decision import Request, Statement, decided
from constructs_sm.testing.world.policy_grammar import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.testing.world.condition_keys import ConditionKeys
    from constructs_sm.testing.world.truth import Truth

ASSUME = "sts:AssumeRole"
_ACCOUNT = re.compile(r"(?P<before>arn:[^:]+:iam::)(?P<id>\d+):")


class Trust:
    """A role's AssumeRolePolicyDocument, read once.

    Args:
        document: The document, or the JSON of it.
        where: What an error begins with.

    Raises:
        InvalidInputError: All that IAM would refuse in it.
    """

    def __init__(self, document: Any, *, where: str = "AssumeRolePolicyDocument") -> None:
        self._statements = tuple(Statement(said) for said in read(document, where=where, trust=True))

    def lets(self, service: str, keys: ConditionKeys) -> Truth:
        """Tell if *service* may assume the role.

        Args:
            service: As `sagemaker.amazonaws.com`; a policy may also name it as it is in China, or with its Region.
            keys: What the service says of itself: `aws:SourceAccount`, `aws:SourceArn`.
        """
        first = re.escape(service.partition(".")[0])
        named = re.compile(rf"{first}(?:\.[a-z]+-[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?")
        return self._allows("Service", lambda name: named.fullmatch(name) is not None, keys)

    def lets_role(self, role_arn: str, keys: ConditionKeys) -> Truth:
        """Tell if the role at *role_arn* may assume the role: named itself, or with its account."""
        account = _ACCOUNT.match(role_arn)
        names = {role_arn, *((account["id"], f"{account['before']}{account['id']}:root") if account else ())}
        return self._allows("AWS", names.__contains__, keys)

    def _allows(self, kind: str, is_named: Callable[[str], bool], keys: ConditionKeys) -> Truth:
        request = Request(ASSUME, None, keys)
        return decided(
            [
                (statement.said.allows, statement.applies(request))
                for statement in self._statements
                if statement.is_about(ASSUME.lower()) and _is_about(statement, kind, is_named)
            ]
        )


def _is_about(statement: Statement, kind: str, is_named: Callable[[str], bool]) -> bool:
    # The star means everybody, services too.
    named = any(
        (of, name) == ("AWS", "*") or (of == kind and is_named(name)) for of, name in statement.said.principals or ()
    )
    return named is not statement.said.but_principals
