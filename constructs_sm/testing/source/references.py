"""References of a template that is not deployed, spelled out as something a rehearsal can check."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.source.resource_names import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


def resolved(
    value: Any,
    references: Mapping[str, str] | None = None,
    *,
    region: str = "us-east-1",
    account: str = "123456789012",
) -> Any:
    """*value* (a definition, a policy) with every reference in it replaced: ``${LogicalId.Arn}``.

    Policy variables, such as ``${aws:PrincipalAccount}`` and ``${*}``, are left as they are.

    Args:
        value: Anything JSON can hold.
        references: What to put for ``LogicalId`` or ``LogicalId.Arn``; a resource that is not named here is taken for
            a role where its Arn is asked for, and for something of its own name elsewhere.
        region: For ``AWS::Region``.
        account: For ``AWS::AccountId``.
    """
    known = {
        "AWS::Partition": partition_of(region),
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::URLSuffix": "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com",
        "AWS::StackName": "stack",
        **(references or {}),
    }

    def text(reference: re.Match[str]) -> str:
        if reference[1] not in known and ":" in reference[1]:
            return reference[0]
        logical_id, _, attribute = reference[1].partition(".")
        is_arn = attribute == "Arn"
        assumed = f"arn:{known['AWS::Partition']}:iam::{account}:role/{logical_id}" if is_arn else logical_id.lower()
        return json.dumps(known.get(reference[1], assumed))[1:-1]

    return json.loads(_REFERENCE.sub(text, json.dumps(value)))
