"""Statements about the table of kept results.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html for the key, as
the CDK's own grants of a table have it.
"""

from __future__ import annotations

from constructs_sm.grants.statements import Grant


def kept_result_grants(table_arn: str, key_arn: str | None, *, parts: bool = False) -> tuple[Grant, ...]:
    """Let the state machine role look results up and keep them, one at a time; of parts, find several."""
    actions = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem")
    used = (
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    )
    table = Grant(actions if parts else actions[1:], (table_arn,))
    return (table,) if key_arn is None else (table, Grant(used, (key_arn,)))
