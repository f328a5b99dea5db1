"""`constructs-sm grants`: the least policy that a definition needs of its role."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.checking.needed import ANY, needed_by, statements_of
from constructs_sm.checking.roles import lacking
from constructs_sm.commands.output_files import OutputFiles, output_options
from constructs_sm.commands.policies import ENDINGS, WRITERS
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options, machines_at
from constructs_sm.grants.statements import policy_document

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.checking.needed import Needed, Needs


@click.command("grants")
@machine_options
@click.option("--as", "language", type=click.Choice(list(WRITERS)), default="json", help="Default: json.")
@click.option("--missing-only", is_flag=True, help="Only what the role of the file lacks.")
@click.option("--detail", is_flag=True, help="Say which state needs what.")
@output_options
def command(
    paths: tuple[str, ...],
    *,
    language: str,
    missing_only: bool,
    detail: bool,
    output: str | None,
    force: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Print the least policy that a definition needs of its role, whatever services it calls.

    A * stands for what comes at run time. Where the needs of a state are not known, that is said. Of each role that the
    Credentials of states name, the policy comes behind that of the state machine role, or in a file of its own.
    """
    outcome = Outcome(as_json)
    files = OutputFiles(output, ENDINGS[language], force=force)

    def grants(target: Target) -> None:
        machine = target.machine
        needs = needed_by(machine)
        needed = lacking(machine, needs) if missing_only and machine.policy is not None else needs.needed
        statements, notes = statements_of(needed), _notes(needs)
        name = machine.id or Path(target.path).name.split(".")[0]
        assumed = {} if missing_only else needs.assumed
        policies = {role: statements_of(found) for role, found in assumed.items()}
        document: dict[str, Any] = {"policy": policy_document(statements), "unknown": dict(needs.unknown)}
        if policies:
            document["assumed"] = {role: policy_document(policy) for role, policy in policies.items()}
        outcome.add(target, 0, document)
        parts = {"": (name, statements, notes)}
        for role, policy in policies.items():
            said = [_assumed_by(role, assumed[role], machine.arn)]
            parts[_name_of(role)] = (f"{name}-{_name_of(role)}", policy, said)
        for part, (called, policy, said) in parts.items():
            text = WRITERS[language](policy, said, called)
            if (path := files.write(target, text, part=part)) is not None:
                click.echo(f"written to {path}")
            elif not as_json:
                click.echo(text)
            for note in said if language == "json" or part else ():
                click.echo(f"note: {note}", err=True)
        if detail and not as_json:
            for one in (*needed, *(one for found in assumed.values() for one in found)):
                why = f" ({one.why})" if one.why else ""
                click.echo(f"{one.state}: {one.action} on {', '.join(one.resources)}{why}", err=True)

    return each_target(paths, outcome, grants, headings=False, read=machines_at, **options)


def _name_of(role: str) -> str:
    """The account and the name of a role, as a part of a name."""
    return "roles-at-run-time" if role == ANY else "-".join((role.split(":")[4], role.partition("/")[2])).strip("-")


def _assumed_by(role: str, needed: Sequence[Needed], machine: str) -> str:
    """A line on whose policy it is, and whom that role has to trust."""
    states = " and ".join(f"'{state}'" for state in dict.fromkeys(one.state for one in needed))
    whose = f"the policy of {'the roles that come at run time' if role == ANY else role}"
    asked = machine or "the ARN of the state machine"
    return f"{whose}, for {states}; let it trust the state machine role, with {asked} as sts:ExternalId"


def _notes(needs: Needs) -> list[str]:
    """Lines on what the policy does not say."""
    notes = [f"{state}: {why}; add what it needs" for state, why in needs.unknown.items()]
    named = {one.action for one in needs.needed}
    possible = sorted(each for each in needs.possible - named if not each.endswith(":*") or each == "kms:*")
    if possible:
        notes.append(f"may be needed besides, by what the definition does not say: {', '.join(possible)}")
    return notes
