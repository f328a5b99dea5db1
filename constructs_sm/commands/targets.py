"""The state machines that a command is for: from files, folders and globs, with the options that all commands share."""

from __future__ import annotations

import glob
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.commands.cli import WRONG
from constructs_sm.commands.error_lines import told
from constructs_sm.language.document_limits import MAX_HISTORY_BYTES
from constructs_sm.language.document_text import text_at, text_piped
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.numbers import json_in
from constructs_sm.testing.source.documents import document_at
from constructs_sm.testing.source.machine import REGION, Machine, machines_of, places_named

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PLACE_DIGITS = 12
UNKNOWN_ACCOUNT = "*"
"""The account of a definition of which nothing says where it runs: in a policy, any."""


@dataclass(frozen=True, slots=True)
class Target:
    """One state machine, and the file that it is in."""

    path: str
    machine: Machine

    @property
    def name(self) -> str:
        """The target in messages: its file, and its logical id where it has one."""
        return " ".join(filter(None, (self.path, self.machine.stack, self.machine.id)))


@dataclass(slots=True)
class Outcome:
    """The outcome of a command so far: its exit code, and what it prints as JSON."""

    as_json: bool = False
    code: int = 0
    documents: list[dict[str, Any]] = field(default_factory=list)

    def add(self, target: Target, code: int, document: dict[str, Any]) -> None:
        self.code = max(self.code, code)
        self.documents.append({"file": target.path, "machine": target.machine.id or None, **document})

    def fail(self, path: str, error: Exception) -> None:
        """Tell of what could not be done, in one line; the JSON has it besides."""
        self.code = WRONG
        message = told(path, error)
        script = getattr(error, "script", None)
        self.documents.append({"file": path, "error": message, **({"script": script} if script else {})})
        click.echo(f"constructs-sm: {message}", err=True)
        if script and not self.as_json:
            click.echo(json.dumps(script, indent=2))

    def end(self) -> int:
        if self.as_json:
            click.echo(json.dumps(self.documents, indent=2, default=str))
        return self.code


def machine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the paths and options that say which state machines it is for."""
    for option in reversed(
        (
            click.argument("paths", metavar="PATH...", nargs=-1, required=True),
            click.option("--stack", metavar="NAME", help="Stack of a cdk.out. Default: each that has a state machine."),
            click.option("--machine", metavar="ID", help="Logical id of a state machine. Default: each."),
            click.option("--account", metavar="ID", callback=_account, help="Account. Default: as its ARNs say."),
            click.option("--region", metavar="NAME", callback=_region, help="Region. Default: as its ARNs say."),
            click.option(
                "--set",
                "parameters",
                metavar="NAME=VALUE",
                multiple=True,
                callback=_parameters,
                help="Value of a template's parameter, or of a placeholder in a definition.",
            ),
            click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        )
    ):
        command = option(command)
    return command


def each_target(
    paths: Sequence[str],
    outcome: Outcome,
    work: Callable[[Target], None],
    *,
    headings: bool = True,
    read: Callable[..., Iterator[tuple[Machine, str]]] | None = None,
    **options: Any,
) -> int:
    """Do *work* with every state machine at *paths*, and tell of those that it cannot be done with.

    Args:
        paths: Files, folders and globs.
        outcome: Told how it goes.
        work: Done with each.
        headings: Print the name of each before it, where there are several.
        read: Reads the state machines of a file; `machines_at` takes definitions as they are written.
        **options: As of `machines_of`.
    """
    files = files_of(paths, outcome)
    several = len(files) > 1
    for path in files:
        with _told_at(path, outcome):
            machines = [each for each, _ in read(path, **options)] if read else list(machines_of(path, **options))
            if not machines:
                use = "give a template that has one"
                raise InvalidInputError(
                    path, [Problem("there is no state machine", "a template without", use, "source-of-rehearsal")]
                )
            several = several or len(machines) > 1
            for machine in machines:
                target = Target(path, machine)
                if several and headings and not outcome.as_json:
                    click.echo(f"== {target.name}")
                with _told_at(path, outcome):
                    work(target)
    return outcome.end()


@contextmanager
def _told_at(path: str, outcome: Outcome) -> Iterator[None]:
    try:
        yield
    except (BrokenPipeError, click.ClickException, click.exceptions.Exit):
        raise
    except Exception as error:
        # Whatever it is: one line of it. An error without a file is of the output, which is not at this path.
        if (isinstance(error, OSError) and error.errno and error.filename is None) or os.environ.get(
            "CONSTRUCTS_SM_DEBUG"
        ):
            raise
        outcome.fail(path, error)


def files_of(paths: Sequence[str], outcome: Outcome) -> list[str]:
    """The files that *paths* name, globs that the shell has left included."""
    found: list[str] = []
    for path in paths:
        if not glob.has_magic(path) or _exists(path):
            found.append(path)
            continue
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - a pattern may begin anywhere
        if not matches:
            problem = Problem(
                "nothing matches", path, "give a template, a definition or a cdk.out", "source-of-rehearsal"
            )
            outcome.fail(path, InvalidInputError(path, [problem]))
        found += matches
    return list(dict.fromkeys(found))


def machines_at(path: str, **options: Any) -> Iterator[tuple[Machine, str]]:
    """The state machines at a path, each with the text of its file; empty of a folder's.

    A definition is taken as it is written: what has the wrong shape is a finding, not a failure.
    """
    if Path(path).is_dir():
        yield from _some(path, ((machine, "") for machine in machines_of(path, **options)))
        return
    text = text_at(Path(path))
    document = document_at(Path(path))
    if document.is_definition and not options.get("parameters"):
        account, region = _place(document.content, options)
        yield Machine(definition=dict(document.content), account=account, region=region), text
        return
    yield from _some(path, ((machine, text) for machine in machines_of(path, **options)))


def _place(content: Any, options: dict[str, Any]) -> tuple[str, str]:
    """Account and Region as the options or the ARNs of a definition say, each as far as they do."""
    if (options.get("account") and options.get("region")) or "arn:aws" not in str(content):
        named: tuple[str | None, str | None, str] = None, None, REGION
    else:
        named = places_named(content)
    account = options.get("account") or named[0] or UNKNOWN_ACCOUNT
    return account, options.get("region") or named[1] or named[2]


def _some(path: str, machines: Iterator[tuple[Machine, str]]) -> Iterator[tuple[Machine, str]]:
    found = False
    for each in machines:
        found = True
        yield each
    if not found:
        use = "give a template that has one"
        raise InvalidInputError(
            path, [Problem("there is no state machine", "a template without", use, "source-of-rehearsal")]
        )


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def json_option(given: str | None, option: str) -> Any:
    """JSON from the command line itself, or from the file that it names; None if it is not given.

    Raises:
        click.UsageError: It is no JSON, or the file cannot be read.
    """
    if given is None:
        return None
    shown = given if len(given) <= 80 else f"{given[:77]}..."  # noqa: PLR2004 - a line of a terminal
    use = "give JSON, or a file of it"
    try:
        if given == "-":
            text = text_piped(given, most=MAX_HISTORY_BYTES, use=use)
        elif given.lstrip()[:1] in {"{", "["}:
            text = given
        else:
            text = text_at(Path(given), most=MAX_HISTORY_BYTES, use=use)
        return json_in(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        message = f"{option} {shown}: this is no JSON, at {place}: {error.msg}; correct it there"
    except InvalidInputError as error:
        message = f"{option} {shown}: {'; '.join(problem.sentence for problem in error.problems)}"
    except ValueError as error:
        message = f"{option} {shown}: this cannot be read as JSON: {error}; correct it there"
    raise click.UsageError(message)


def _account(_: Any, __: Any, value: str | None) -> str | None:
    if value is not None and not (len(value) == _PLACE_DIGITS and value.isdigit() and value.isascii()):
        message = f"--account {value}: an account has 12 digits"
        raise click.UsageError(message)
    return value


def _region(_: Any, __: Any, value: str | None) -> str | None:
    parts = (value or "").split("-")
    if value is not None and not (len(parts) in {3, 4} and parts[-1].isdigit() and value.isascii()):
        message = f"--region {value}: a Region is called like eu-west-1"
        raise click.UsageError(message)
    return value


def _parameters(_: Any, __: Any, values: Sequence[str]) -> dict[str, str]:
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            message = f"--set {value}: write it as Name=value"
            raise click.UsageError(message)
        found[name] = text
    return found
