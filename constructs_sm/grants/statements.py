"""Policy statements as plain values: equal ones are one, and none costs a message over the jsii bridge twice.

Source: the Service Authorization Reference for the resource types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.leaves import with_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_sm.language.arns import Arns


@dataclass(frozen=True, slots=True)
class Grant:
    """One Allow statement."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()
    """Operator, condition key, value."""
    wildcard: str = field(default="", compare=False)
    """Reason why a resource in it is not spelled out; empty: there is none, and it is not acknowledged."""

    def to_policy(self) -> dict[str, Any]:
        """The statement as JSON."""
        policy: dict[str, Any] = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        for operator, key, value in self.conditions:
            policy.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        return policy


def listed(element: Any) -> list[Any]:
    """Values of an element of a policy, which is a list or one alone."""
    return list(element) if isinstance(element, (list, tuple)) else [element]


INLINE_CHARACTERS = 10_240
MANAGED_CHARACTERS = 6_144
"""Characters that all inline policies of a role may have together, and a managed one, white space not counted.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

VERSION = "2012-10-17"
"""The version of the policy language in which `${...}` is a variable."""


def policy_document(statements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A policy as IAM takes it."""
    return {"Version": VERSION, "Statement": list(statements)}


def statements_in(document: Mapping[str, Any]) -> list[Any]:
    """Statements of a policy, each as it reads by itself, in version 2012-10-17.

    In an older document, or in one without a version, `${` is two characters like others.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    statements = listed(document.get("Statement", ()))
    return statements if document.get("Version") == VERSION else with_leaves(_plain, statements)


def _plain(element: Any) -> Any:
    return element.replace("${", "${$}{") if isinstance(element, str) else element


def passing_grant(role_arn: str) -> Grant:
    """To have SageMaker run something under a role."""
    to_sagemaker = ("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com")
    # Any role is a wildcard that nobody has a reason for, unless its user says one.
    return Grant(("iam:PassRole",), (role_arn,), (to_sagemaker,))


def publish_grants(topic_arn: str, key_arn: str | None = None) -> tuple[Grant, ...]:
    """To publish to a topic, and to one that is encrypted."""
    published = Grant(("sns:Publish",), (topic_arn,))
    return (published,) if key_arn is None else (published, Grant(("kms:Decrypt", "kms:GenerateDataKey"), (key_arn,)))


def alarm_grant(arns: Arns, names: Iterable[str]) -> Grant:
    """To see whether alarms ring."""
    return Grant(("cloudwatch:DescribeAlarms",), tuple(arns.of("cloudwatch", f"alarm:{name}") for name in names))
