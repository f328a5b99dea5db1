"""References of a template that is not deployed, spelled out as something a rehearsal can check."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from constructs_sm.language.arns import partition_of
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_unless

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
    said = {"region": region, "account": account}
    raise_unless("resolved", **{name: (each, str, "a text") for name, each in said.items()})
    raise_unless("resolved", references=({} if references is None else references, Mapping, "a mapping"))
    try:
        spelled = json.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        problem = Problem(f"the value is none of JSON: {error}", NOTHING, "pass what JSON can hold", "argument-type")
        raise InvalidInputError("resolved", [problem]) from error
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

    return json.loads(_REFERENCE.sub(text, spelled))
