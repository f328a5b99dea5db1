"""`constructs-sm permissions`: what the state machine role is missing, and the grants it does not need."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.commands.progress import working
from constructs_sm.commands.rehearsals import rehearsal_of, section_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options
from constructs_sm.grants.statements import policy_document
from constructs_sm.language.errors import printable

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.commands.rehearsals import Given
    from constructs_sm.testing import Permissions
    from constructs_sm.testing.permissions import Missing


@click.command("permissions")
@machine_options
@section_options
@click.option("--missing-only", is_flag=True, help="Judge only the permissions that are missing.")
def command(
    paths: tuple[str, ...],
    given: Given,
    as_json: bool,
    missing_only: bool,
    **options: Any,
) -> int:
    """Print the permissions that the state machine role is missing, and the grants it does not need.

    Where a file has no role with its policies, the policy is printed that would do.
    """
    outcome = Outcome(as_json)

    def permissions(target: Target) -> None:
        enforced = target.machine.policy is not None
        policy: dict[str, Any] = {} if enforced else {"policy": []}
        with (
            rehearsal_of(target, given, **policy) as rehearsal,
            working(f"rehearsing {target.name}"),
        ):
            found = rehearsal.permissions(given.execution_input, **given.section)
        # Of a part nobody asks what the rest needs.
        well = not found.missing if missing_only else (replace(found, undecided=()) if given.section else found).exact
        outcome.add(target, 0 if enforced and well else 1, _document(found, enforced=enforced))
        if not as_json:
            lines = _lines(found, missing_only=missing_only) if enforced else _advice(found)
            click.echo("\n".join(lines))

    return each_target(paths, outcome, permissions, **options)


def _lines(found: Permissions, *, missing_only: bool) -> Iterator[str]:
    left_out = ("needless", "undecided") if missing_only else ()
    shown = [printable(line) for line in str(found).splitlines() if not line.startswith(left_out)]
    yield from shown or ["nothing is missing"]


_OPEN: Final = ("unknown", "unreached", "ended")
"""Beginnings of the lines that say what the policy may not have."""


def _advice(found: Permissions) -> Iterator[str]:
    yield "no policy is enforced: the file has no role with its policies; this one would do:"
    yield json.dumps(_policy(found.missing), indent=2)
    yield from (printable(line) for line in str(found).splitlines() if line.startswith(_OPEN))
    if found.unreached:
        yield "what the whole definition needs, as far as it says, prints constructs-sm grants"


def _policy(missing: Iterable[Missing]) -> dict[str, Any]:
    """One policy that gives all of *missing*: resources with the same actions and conditions share a statement."""
    resources: dict[str, dict[str, list[str]]] = {}
    for each in missing:
        if each.need.assumer or each.need.by:
            continue  # a matter of another role
        statement = each.statement
        condition = json.dumps(statement.get("Condition"), sort_keys=True)
        actions = resources.setdefault(f"{statement['Resource']}|{condition}", {"actions": [], "of": []})
        if statement["Action"] not in actions["actions"]:
            actions["actions"].append(statement["Action"])
    statements = []
    for key, found in resources.items():
        resource, _, condition = key.rpartition("|")
        extra = {} if condition == "null" else {"Condition": json.loads(condition)}
        statements.append({"Effect": "Allow", "Action": sorted(found["actions"]), "Resource": resource, **extra})
    return policy_document(statements)


def _document(found: Permissions, *, enforced: bool) -> dict[str, Any]:
    return {
        "enforced": enforced,
        "exact": enforced and found.exact,
        "missing": [
            {"state": each.state, "statement": each.statement, **({"role": each.role} if each.role else {})}
            for each in found.missing
        ],
        "needless": list(map(str, found.needless)),
        "unknown": list(map(str, found.unknown)),
        "unreached": list(found.unreached),
        "undecided": list(map(str, found.undecided)),
        "ends": list(found.ends),
        "unread": list(found.unread),
        **({} if enforced else {"policy": _policy(found.missing)}),
    }
