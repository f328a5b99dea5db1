"""One policy in the languages of tools: JSON, Python of the CDK, Terraform's JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import policy_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENDINGS = {"json": "json", "cdk": "py", "terraform": "tf.json"}
"""The endings of files, by language."""


def as_json(statements: Sequence[Mapping[str, Any]], notes: Sequence[str], _: str) -> str:
    """The policy document. JSON has no comments: the notes are told beside it."""
    del notes
    return json.dumps(policy_document(statements), indent=2)


def as_cdk(statements: Sequence[Mapping[str, Any]], notes: Sequence[str], name: str) -> str:
    """A module with the statements, and a function that gives them to a role."""
    lines = [f'"""The permissions that the state machine {name} needs of its role."""', ""]
    lines += ["from __future__ import annotations", "", "from typing import Any", ""]
    lines += ["from aws_cdk import aws_iam as iam", ""]
    lines += [f"# {note}" for note in notes]
    # Texts, lists and objects alone: JSON of them is Python.
    shown = json.dumps([_arguments(each) for each in statements], indent=4)
    lines += ["", f"STATEMENTS: list[dict[str, Any]] = {shown}", "", ""]
    lines += ["def grant(role: iam.IRole) -> None:", '    """Let a role do what the state machine does."""']
    lines += ["    for statement in STATEMENTS:"]
    lines += ["        role.add_to_principal_policy(iam.PolicyStatement(**statement))"]
    return "\n".join(lines)


def _arguments(statement: Mapping[str, Any]) -> dict[str, Any]:
    names = {"Action": "actions", "Resource": "resources", "Condition": "conditions"}
    return {names[key]: value for key, value in statement.items() if key in names}


def as_terraform(statements: Sequence[Mapping[str, Any]], notes: Sequence[str], name: str) -> str:
    """Terraform's JSON syntax: a policy document and a policy of it, to attach to a role."""
    label = re.sub(r"[^A-Za-z0-9_-]", "_", name).strip("-") or "state_machine"
    label = label if re.match(r"[A-Za-z_]", label) else f"_{label}"
    document: dict[str, Any] = {"statement": [_block(each) for each in statements]}
    if notes:
        document = {"//": list(notes), **document}
    policy = {"name": label, "policy": f"${{data.aws_iam_policy_document.{label}.json}}"}
    return json.dumps(
        {
            "data": {"aws_iam_policy_document": {label: document}},
            "resource": {"aws_iam_policy": {label: policy}},
        },
        indent=2,
    )


def _block(statement: Mapping[str, Any]) -> dict[str, Any]:
    conditions = [
        {"test": test, "variable": key, "values": [_literal(value)]}
        for test, tests in statement.get("Condition", {}).items()
        for key, value in tests.items()
    ]
    return {
        "effect": "Allow",
        "actions": [_literal(each) for each in statement["Action"]],
        "resources": [_literal(each) for each in statement["Resource"]],
        **({"condition": conditions} if conditions else {}),
    }


def _literal(text: str) -> str:
    """A text that Terraform puts nothing into."""
    return text.replace("${", "$${").replace("%{", "%%{")


WRITERS = {"json": as_json, "cdk": as_cdk, "terraform": as_terraform}
"""The writers, by language."""
