"""`constructs-sm history`: the script of a real execution, for a rehearsal that goes as it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from constructs_sm.commands.error_lines import told
from constructs_sm.commands.output_files import output_options, write
from constructs_sm.commands.recorded import recorded
from constructs_sm.language.document_limits import MAX_HISTORY_BYTES
from constructs_sm.language.document_text import text_at, text_piped
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.source.histories import events_of

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIVE: Final = "give what `aws stepfunctions get-execution-history` prints"


@click.command("history")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--from", "start_at", metavar="STATE", help="Start the rehearsal at this state, with what it was given.")
@output_options
def command(files: tuple[str, ...], *, start_at: str | None, output: str | None, force: bool) -> int:
    """Make a script of a real execution, so that a rehearsal goes as it went.

    FILE is what `aws stepfunctions get-execution-history` prints, or - for what it pipes; several are the pages of one
    history.
    """
    try:
        found = recorded(files[0], events_of(list(_pages(files))), start_at=start_at)
    except InvalidInputError as error:
        raise click.ClickException(told(files[0], error)) from error
    text = json.dumps(found.script, indent=2)
    if output is None:
        click.echo(text)
    else:
        write(Path(output), text, force=force)
        click.echo(f"written to {output}")
    click.echo(f"the execution ended: {' '.join(found.ended.split())}", err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if output is not None:
        click.echo(f"next: constructs-sm rehearse PATH --script {output}", err=True)
    return 0


def _pages(files: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (name, text_piped(name, most=MAX_HISTORY_BYTES, use=_GIVE))
        if name == "-"
        else (name, text_at(Path(name), most=MAX_HISTORY_BYTES, use=_GIVE))
        for name in files
    ]
