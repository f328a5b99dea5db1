"""The command `constructs-sm`: rehearse what has been synthesized. It parses, calls and prints."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from constructs_sm.interpreter.history import Moment
    from constructs_sm.testing import Rehearsal

_WRONG = 2
"""The exit code where the command itself could not be done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Returns:
        0 if all is well; 1 if the execution does not succeed or something is found; 2 if the command cannot be done.
    """
    given = _parser().parse_args(arguments)
    try:
        code: int = given.command(given)
    except Exception as error:  # noqa: BLE001 - whatever it is, one line of it
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"constructs-sm: {text}", file=sys.stderr)
        return _WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="constructs-sm", description="Rehearse SageMaker pipelines offline.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, told in (
        ("rehearse", _rehearse, "run a state machine, and print its timeline"),
        ("drill", _drill, "let every job be throttled, fail, stop and never end, and print what is not stood"),
        ("permissions", _permissions, "print what the state machine role is missing, and what it has for nothing"),
    ):
        sub = commands.add_parser(name, help=told, description=told.capitalize())
        sub.set_defaults(command=command)
        sub.add_argument("path", metavar="PATH", help="a cdk.out, a template, or a definition")
        sub.add_argument("--stack", metavar="NAME", help="which stack of a cdk.out")
        sub.add_argument("--machine", metavar="ID", help="logical id of the state machine")
        sub.add_argument("--input", metavar="FILE|JSON", help="the execution's input; default: {}")
        sub.add_argument("--script", metavar="FILE", help="what happens, as JSON: see docs/rehearsal.md")
    return parser


def _rehearse(given: argparse.Namespace) -> int:
    def rehearse(rehearsal: Rehearsal, execution_input: Any) -> int:
        run = rehearsal.start(execution_input)
        print(run.summary)
        return 0 if run.succeeded else 1

    return _with_rehearsal(given, rehearse, watch=_print_moment)


def _drill(given: argparse.Namespace) -> int:
    def drill(rehearsal: Rehearsal, execution_input: Any) -> int:
        findings = rehearsal.drill(execution_input)
        print("\n".join(map(str, findings)) or "nothing found")
        return 1 if findings else 0

    return _with_rehearsal(given, drill)


def _permissions(given: argparse.Namespace) -> int:
    def permissions(rehearsal: Rehearsal, execution_input: Any) -> int:
        found = rehearsal.permissions(execution_input)
        print(found)
        return 0 if found.exact else 1

    return _with_rehearsal(given, permissions)


def _with_rehearsal(given: argparse.Namespace, work: Callable[[Rehearsal, Any], int], **options: Any) -> int:
    from constructs_sm.commands.scripts import play  # noqa: PLC0415
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415 - not before the arguments are right

    script = _json(given.script, "--script") if given.script else {}
    if not isinstance(script, dict):
        kind = type(script).__name__
        message = f"--script {given.script}: an object was expected, got a {kind}; see docs/rehearsal.md"
        raise TypeError(message)
    execution_input = _json(given.input, "--input") if given.input else script.get("input", {})
    with Rehearsal.of(given.path, stack=given.stack, machine=given.machine, **options) as rehearsal:
        play(rehearsal, script)
        return work(rehearsal, execution_input)


def _json(given: str, option: str) -> Any:
    """JSON from the command line itself, or from the file that it names."""
    is_text = given.lstrip()[:1] in {"{", "["}
    try:
        return json.loads(given if is_text else Path(given).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        message = f"{option} {given}: {error}"
        raise ValueError(message) from error


def _print_moment(moment: Moment) -> None:
    print(moment, flush=True)


if __name__ == "__main__":
    sys.exit(main())
