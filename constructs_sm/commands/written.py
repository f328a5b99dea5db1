"""Files that commands write: nothing that is there is overwritten without --force."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.commands.targets import Target


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where to write what it makes."""
    for option in (
        click.option("--force", is_flag=True, help="Overwrite a file that is there."),
        click.option("--output", "-o", metavar="FILE|FOLDER", help="Where to write it. Default: to the terminal."),
    ):
        command = option(command)
    return command


def place_of(output: str, target: Target, ending: str) -> Path:
    """The file that *output* means for one target: itself, or one in a folder that is made if need be.

    Raises:
        click.ClickException: The folder cannot be made.
    """
    path = Path(output)
    if not _is_folder(path) and not output.endswith("/"):
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error
    stem = Path(target.path).resolve().name.split(".")[0]
    name = "-".join(filter(None, (stem, target.machine.stack, target.machine.id)))
    return path / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.{ending}"


def write(path: Path, text: str, *, force: bool, taken: set[Path] | None = None) -> None:
    """Write a file with a line end at its end.

    Args:
        path: The file.
        text: Its content.
        force: Overwrite one that is there.
        taken: The files that this command has written already, which nothing overwrites.

    Raises:
        click.ClickException: It is there already, or cannot be written.
    """
    is_taken = taken is not None and path in taken
    try:
        if is_taken or (not force and (path.exists() or path.is_symlink())):
            use = "give a folder" if is_taken else "give another file, or --force"
            message = f"{path}: the file is there already; {use}"
            raise click.ClickException(message)
        path.write_text(f"{text.rstrip()}\n", encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error
    if taken is not None:
        taken.add(path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _not_written(path: Path, error: Exception) -> click.ClickException:
    reason = getattr(error, "strerror", None) or "no file can be called so"
    return click.ClickException(f"{path}: {reason}; give a file that can be written")
