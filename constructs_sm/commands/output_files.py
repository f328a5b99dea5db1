"""Files that commands write: one for each state machine, and none over what is there without --force."""

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
    for option in (
        click.option("--force", is_flag=True, help="Overwrite a file that is there."),
        click.option("--output", "-o", metavar="FILE|FOLDER", help="Where to write it. Default: to the terminal."),
    ):
        command = option(command)
    return command


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

    def write(self, target: Target, text: str, *, part: str = "") -> Path | None:
        """Write a text to the file of a target, which is returned; None where nothing is to be written.

        Args:
            target: What it is about.
            text: The content.
            part: The end of the name of a file beside that of the target; empty for that itself.

        Raises:
            click.ClickException: The file is there, or cannot be written.
        """
        if self._output is None:
            return None
        path = _place_of(self._output, target, self._ending)
        if part:
            path = path.with_name(f"{path.name.split('.')[0]}-{_in_a_name(part)}.{self._ending}")
        if path in self._written:
            raise _is_there(path, "give a folder")
        write(path, text, force=self._force)
        self._written.add(path)
        return path


def write(path: Path, text: str, *, force: bool) -> None:
    """Write a file with a line end at its end.

    Args:
        path: The file.
        text: Its content.
        force: Overwrite one that is there.

    Raises:
        click.ClickException: It is there already, or cannot be written.
    """
    refuse_if_there(path, force=force)
    try:
        path.write_text(f"{text.rstrip()}\n", encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def refuse_if_there(path: Path, *, force: bool) -> None:
    """Refuse to write over a file, before there is anything to write.

    Raises:
        click.ClickException: It is there already.
    """
    try:
        if not force and (path.exists() or path.is_symlink()):
            raise _is_there(path, "give another file, or --force")
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def _name(target: Target) -> str:
    """A name for a target: its file's, and its own in that file."""
    stem = Path(target.path).resolve().name.split(".")[0]
    name = "-".join(filter(None, (stem, target.machine.stack, target.machine.id)))
    return _in_a_name(name)


def _in_a_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)


def _place_of(output: str, target: Target, ending: str) -> Path:
    """The file that *output* means for one target: itself, or one in a folder that is made if need be."""
    path = Path(output)
    if not is_folder(path) and not output.endswith("/"):
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error
    return path / f"{_name(target)}.{ending}"


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; a name that no folder can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_there(path: Path, use: str) -> click.ClickException:
    return click.ClickException(f"{path}: the file is there already; {use}")


def _not_written(path: Path, error: Exception) -> click.ClickException:
    reason = getattr(error, "strerror", None) or "no file can be called so"
    return click.ClickException(f"{path}: {reason}; give a file that can be written")
