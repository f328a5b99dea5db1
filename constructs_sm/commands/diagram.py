"""`constructs-sm diagram`: draw state machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from constructs_sm import diagram
from constructs_sm.commands.output_files import OutputFiles, output_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options

import click

_FORMATS = {"mermaid": "mmd", "dot": "dot", "svg": "svg"}
"""The endings of files, by format."""


@click.command("diagram")
@machine_options
@click.option("--format", "kind", type=click.Choice(list(_FORMATS)), help="Default: as --output ends; or mermaid.")
@click.option("--detail", is_flag=True, help="Draw every state and every error.")
@output_options
def command(
    paths: tuple[str, ...],
    *,
    kind: str | None,
    detail: bool,
    output: str | None,
    force: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Draw state machines: an overview, one node a job or step; with --detail every state and every error."""
    ending = Path(output or "").suffix.removeprefix(".")
    by_ending = next((name for name, each in _FORMATS.items() if each == ending), "mermaid")
    chosen = kind or by_ending
    outcome = Outcome(as_json)
    files = OutputFiles(output, _FORMATS[chosen], force=force)

    def draw(target: Target) -> None:
        text = getattr(diagram, chosen)(target.machine.definition, detail=detail)
        outcome.add(target, 0, {"format": chosen, "diagram": text})
        path = files.write(target, text)
        if not as_json:
            click.echo(f"written to {path}" if path is not None else text.rstrip("\n"))

    return each_target(paths, outcome, draw, headings=output is None, **options)
