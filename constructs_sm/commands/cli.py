"""The command `constructs-sm`: one module a command, loaded when it is asked for."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG = 2
"""The exit code where a command could not be done."""
_INTERRUPTED = 130
_COMMANDS = {
    "actions": "list the SageMaker APIs there are jobs for",
    "adopt": "write Python that builds the same state machine with jobs of this library and states of the CDK",
    "ask": "ask AWS's TestState about each state that a rehearsal enters (needs credentials)",
    "check": "find what is wrong with a state machine: refused, going wrong when it runs, or of its role",
    "completion": "print the script that completes this command in a shell",
    "diagram": "draw a state machine: Mermaid, DOT or SVG",
    "drill": "let everything be throttled, fail and never end, and print the failures it does not survive",
    "grants": "print the least policy that a definition needs: JSON, Python of the CDK, or Terraform",
    "history": "make a script of a real execution, so that a rehearsal goes as it went",
    "init": "make a project with an app, tests and CI that pass",
    "permissions": "print the permissions that the state machine role is missing, and the grants it does not need",
    "report": "write one page about state machines: picture, states, findings, rehearsals, permissions, quotas",
    "rehearse": "run a state machine offline, and print its timeline",
    "reuse": "print the commands of the AWS CLI that show and clear what is kept of jobs that are reused",
    "rules": "list every rule, and say why one is",
}
"""The commands, each in a module of its name; the help is here, so that none is loaded to list them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Returns:
        0 if all is well; 1 if the execution does not succeed or something is found; 2 if a command cannot be done.
    """
    try:
        import click  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        print(
            "constructs-sm: the command line needs click; install it with: pip install 'constructs-sm[cli]'",
            file=sys.stderr,
        )
        return WRONG
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name of a state may have characters that the terminal has not.
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            # Of a mistake that Step Functions takes: a line, as errors are.
            warnings.filterwarnings("once", "Step Functions takes it")
            warnings.showwarning = _warned  # type: ignore[assignment]
            result = _group(click).main(
                None if arguments is None else list(arguments), prog_name="constructs-sm", standalone_mode=False
            )
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        message = " ".join(error.format_message().split()).rstrip(".")
        print(f"constructs-sm: {message}{_hint(click, error)}", file=sys.stderr)
        return WRONG
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"constructs-sm: the output cannot be written: {error.strerror}; write it elsewhere", file=sys.stderr)
        # Python would say so once more when it ends.
        sys.stdout = None
        return WRONG
    return result if isinstance(result, int) else 0


def _warned(message: Warning | str, *_: Any) -> None:
    print(f"constructs-sm: warning: {' '.join(str(message).split())}", file=sys.stderr)


def _hint(click: Any, error: Any) -> str:
    """Say where the usage is told that an error is of; empty for another error."""
    if not isinstance(error, click.UsageError):
        return ""
    path = error.ctx.command_path if error.ctx is not None else "constructs-sm"
    return f"; see {path} --help"


def _group(click: Any) -> Any:
    class Commands(click.Group):  # type: ignore[misc]
        def list_commands(self, _: Any) -> list[str]:
            return sorted(_COMMANDS)

        def get_command(self, _: Any, name: str) -> Any:
            if name not in _COMMANDS:
                return None
            return import_module(f"constructs_sm.commands.{name}").command

        def format_commands(self, _: Any, formatter: Any) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(sorted(_COMMANDS.items()))

    group = Commands(
        name="constructs-sm",
        help="Rehearse, judge and draw state machines that run SageMaker jobs, offline.",
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(version_of(), prog_name="constructs-sm", message="%(prog)s %(version)s")(group)


def version_of() -> str:
    try:
        return version("constructs-sm")
    except PackageNotFoundError:
        return "of a checkout that is not installed"


if __name__ == "__main__":
    sys.exit(main())
