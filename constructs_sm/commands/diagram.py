"""`constructs-sm diagram`: draw state machines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from constructs_sm import diagram
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options

import click

_FORMATS = {"mermaid": "mmd", "dot": "dot", "svg": "svg"}
"""The endings of files, by format."""


@click.command("diagram")
@machine_options
@click.option("--format", "kind", type=click.Choice(list(_FORMATS)), help="Default: as --output ends; or mermaid.")
@click.option("--detail", is_flag=True, help="Draw every state and every error.")
@click.option("--output", "-o", metavar="FILE|FOLDER", help="Where to write it. Default: to the terminal.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
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
    written: set[Path] = set()

    def draw(target: Target) -> None:
        text = getattr(diagram, chosen)(target.machine.definition, detail=detail)
        outcome.add(target, 0, {"format": chosen, "diagram": text})
        if output is not None:
            path = _path(output, target, chosen)
            if path in written or (path.exists() and not force):
                use = "give a folder" if path in written else "give another file, or --force"
                message = f"{path}: the file is there already; {use}"
                raise click.ClickException(message)
            try:
                path.write_text(text, encoding="utf-8")
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "no file can be called so"
                message = f"{path}: {reason}; give a file that can be written"
                raise click.ClickException(message) from error
            written.add(path)
        if not as_json:
            click.echo(f"written to {path}" if output is not None else text.rstrip("\n"))

    return each_target(paths, outcome, draw, headings=output is None, **options)


def _path(output: str, target: Target, kind: str) -> Path:
    path = Path(output)
    if not path.is_dir() and not output.endswith("/"):
        return path
    path.mkdir(parents=True, exist_ok=True)
    stem = Path(target.path).resolve().name.split(".")[0]
    name = "-".join(filter(None, (stem, target.machine.stack, target.machine.id)))
    return path / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.{_FORMATS[kind]}"
