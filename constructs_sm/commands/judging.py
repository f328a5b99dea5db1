"""Judging for the command line: guardrails to hold state machines against, and what somebody lives with."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking.ignoring import FORM, ignored_in, ignoring
from constructs_sm.commands.error_lines import told
from constructs_sm.guardrails.limits import Limits
from constructs_sm.language.document_text import text_at
from constructs_sm.language.errors import InvalidInputError

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from constructs_sm.checking.findings import Finding
    from constructs_sm.checking.ignoring import Ignored

IGNORE_FILE: Final = ".constructs-sm-ignore"
"""The ignore file that is read where none is named."""


@dataclass(frozen=True, slots=True)
class Judging:
    """The terms on which state machines are judged.

    Attributes:
        ignored: The lines of the ignore file.
        limits: Guardrails; None if there are none.
        as_of: The day on which ignored findings have ended or not; None: none has.
    """

    ignored: list[Ignored]
    limits: Limits | None
    as_of: date | None

    def ignoring(self, path: str, finding: Finding) -> Ignored | None:
        """The line that a finding is ignored by; None where it stands."""
        return ignoring(self.ignored, path, finding, self.as_of)


def judging_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how state machines are judged; it gets them as `judging`."""

    @functools.wraps(command)
    def with_judging(
        *arguments: Any, ignore_file: str | None, guardrails: Limits | None, as_of: datetime | None, **more: Any
    ) -> Any:
        judging = Judging(_ignored(ignore_file), guardrails, None if as_of is None else as_of.date())
        return command(*arguments, judging=judging, **more)

    made: Callable[..., Any] = with_judging
    for option in (
        click.option(
            "--as-of",
            metavar="DAY",
            type=click.DateTime(["%Y-%m-%d"]),
            help="When ignored findings have ended. Default: never.",
        ),
        click.option("--guardrails", metavar="FILE", callback=_guardrails, help="What jobs may be, in JSON or YAML."),
        click.option(
            "--ignore-file",
            metavar="FILE",
            help=f"Lines `{FORM}`. Default: {IGNORE_FILE}.",
        ),
    ):
        made = option(made)
    return made


def _guardrails(_: Any, __: Any, path: str | None) -> Limits | None:
    if path is None:
        return None
    try:
        return Limits.from_file(path)
    except (InvalidInputError, ImportError) as error:
        raise click.UsageError(told(path, error)) from error


def _ignored(named: str | None) -> list[Ignored]:
    path = Path(named or IGNORE_FILE)
    if named is None and not path.is_file():
        return []
    try:
        return ignored_in(str(path), text_at(path, use=f"give a file of lines `{FORM}`"))
    except InvalidInputError as error:
        raise click.ClickException(told(str(path), error)) from error
