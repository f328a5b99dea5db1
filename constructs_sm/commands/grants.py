"""`constructs-sm grants`: the least policy that a definition needs of its role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.checking.needed import needed_by, statements_of
from constructs_sm.checking.roles import lacking
from constructs_sm.commands.policies import ENDINGS, WRITERS
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options, machines_at

import click

if TYPE_CHECKING:
    from constructs_sm.checking.needed import Needs


@click.command("grants")
@machine_options
@click.option("--as", "language", type=click.Choice(list(WRITERS)), default="json", help="Default: json.")
@click.option("--missing-only", is_flag=True, help="Only what the role of the file lacks.")
@click.option("--detail", is_flag=True, help="Say which state needs what.")
@click.option("--output", "-o", metavar="FILE|FOLDER", help="Where to write it. Default: to the terminal.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
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

    A * stands for what comes at run time. Where the needs of a state are not known, that is said.
    """
    outcome = Outcome(as_json)
    written: set[Path] = set()

    def grants(target: Target) -> None:
        machine = target.machine
        needs = needed_by(machine)
        needed = lacking(machine, needs) if missing_only and machine.policy is not None else needs.needed
        statements, notes = statements_of(needed), _notes(needs)
        name = machine.id or Path(target.path).name.split(".")[0]
        text = WRITERS[language](statements, notes, name)
        document = {"policy": {"Version": "2012-10-17", "Statement": statements}, "unknown": dict(needs.unknown)}
        outcome.add(target, 0, document)
        if output is not None:
            path = _written(output, target, language, text, force=force, taken=written)
            click.echo(f"written to {path}")
        elif not as_json:
            click.echo(text)
        for note in notes if language == "json" else ():
            click.echo(f"note: {note}", err=True)
        if detail and not as_json:
            for one in needed:
                why = f" ({one.why})" if one.why else ""
                click.echo(f"{one.state}: {one.action} on {', '.join(one.resources)}{why}", err=True)

    return each_target(paths, outcome, grants, headings=False, read=machines_at, **options)


def _notes(needs: Needs) -> list[str]:
    """Lines on what the policy does not say."""
    notes = [f"{state}: {why}; add what it needs" for state, why in needs.unknown.items()]
    named = {one.action for one in needs.needed}
    possible = sorted(each for each in needs.possible - named if not each.endswith(":*") or each == "kms:*")
    if possible:
        notes.append(f"may be needed besides, by what the definition does not say: {', '.join(possible)}")
    return notes


def _written(output: str, target: Target, language: str, text: str, *, force: bool, taken: set[Path]) -> Path:
    path = Path(output)
    if path.is_dir() or output.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
        stem = Path(target.path).resolve().name.split(".")[0]
        name = "-".join(filter(None, (stem, target.machine.stack, target.machine.id)))
        path /= f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.{ENDINGS[language]}"
    if path in taken or (path.exists() and not force):
        use = "give a folder" if path in taken else "give another file, or --force"
        message = f"{path}: the file is there already; {use}"
        raise click.ClickException(message)
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        message = f"{path}: {error.strerror}; give a file that can be written"
        raise click.ClickException(message) from error
    taken.add(path)
    return path
