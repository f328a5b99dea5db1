"""Files that a command writes: one for each state machine, and none over another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.commands.targets import Target


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where it writes."""
    help_of_output = "Where to write it. Default: to the terminal."
    where: Callable[..., Any] = click.option("--output", "-o", metavar="FILE|FOLDER", help=help_of_output)
    forced: Callable[..., Any] = click.option("--force", is_flag=True, help="Overwrite a file that is there.")
    given: Callable[..., Any] = where(forced(command))
    return given


class OutputFiles:
    """The files of one command.

    Args:
        output: A file, or a folder; None: there are none.
        ending: Of the names of files in a folder, without a dot.
        force: Write over what was there before.
    """

    def __init__(self, output: str | None, ending: str, *, force: bool) -> None:
        self._output = output
        self._ending = ending
        self._force = force
        self._written: set[Path] = set()

    def write(self, target: Target, text: str) -> Path | None:
        """Write a text to the file of a target, which is returned; None where nothing is to be written.

        Raises:
            click.ClickException: The file is there, or cannot be written.
        """
        if self._output is None:
            return None
        path = self._path(self._output, target)
        if path in self._written or (path.exists() and not self._force):
            use = "give a folder" if path in self._written else "give another file, or --force"
            message = f"{path}: the file is there already; {use}"
            raise click.ClickException(message)
        try:
            path.write_text(text, encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no file can be called so"
            message = f"{path}: {reason}; give a file that can be written"
            raise click.ClickException(message) from error
        self._written.add(path)
        return path

    def _path(self, output: str, target: Target) -> Path:
        path = Path(output)
        if not path.is_dir() and not output.endswith("/"):
            return path
        path.mkdir(parents=True, exist_ok=True)
        return path / f"{file_name(target)}.{self._ending}"


def file_name(target: Target) -> str:
    """A name for a target: its file's, and its own in that file."""
    stem = Path(target.path).resolve().name.split(".")[0]
    name = "-".join(filter(None, (stem, target.machine.stack, target.machine.id)))
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
