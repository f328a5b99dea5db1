"""The `cdk.json` beside the program that runs, for an app that is made without the cdk CLI."""

from __future__ import annotations

import json
import os
import shlex
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem

if TYPE_CHECKING:
    from constructs import Node

OUTDIR = "CDK_OUTDIR"
"""The environment variable by which the cdk CLI names the output folder."""
_SETTINGS = "cdk.json"
_LOOKED_UP = "cdk.context.json"
_TOLD: set[Path] = set()
"""The files of which it has been said that nobody reads them."""


@dataclass(frozen=True, slots=True)
class CdkJson:
    """Settings that the cdk CLI reads before it runs the program.

    Attributes:
        path: The `cdk.json`.
        context: Its context, and what the CLI has looked up before, in `cdk.context.json`.
        output: The output folder; None if it names none.
    """

    path: Path
    context: Mapping[str, Any]
    output: Path | None

    @staticmethod
    def beside() -> CdkJson | None:
        """The one of the program that runs; None if there is none.

        Raises:
            InvalidInputError: It is no JSON, or not as the CLI has it.
        """
        path = cdk_json_of_program()
        if path is None:
            return None
        settings, looked_up = _object(path), path.with_name(_LOOKED_UP)
        context = settings.get("context", {})
        if not isinstance(context, Mapping):
            raise _wrong(path, "context must be an object", context)
        output = settings.get("output")
        if output is not None and not isinstance(output, str):
            raise _wrong(path, "output must be the name of a folder", output)
        found = _object(looked_up) if looked_up.is_file() else {}
        return CdkJson(path, {**found, **context}, None if output is None else path.parent / output)


def program_folder() -> Path | None:
    """The folder of the program that runs; None if it is no file, as at a prompt and in the workers of a test run."""
    program = _program()
    return None if program is None else program.parent


def cdk_json_of_program() -> Path | None:
    """The `cdk.json` beside the program that runs, or the one here whose `app` runs it; None if there is none."""
    program = _program()
    if program is None:
        return None
    beside, here = program.with_name(_SETTINGS), Path.cwd() / _SETTINGS
    if beside.is_file():
        return beside
    return here if here.is_file() and _runs(here, program) else None


def _program() -> Path | None:
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    return None if program is None else Path(program).resolve()


def _runs(path: Path, program: Path) -> bool:
    """Tell whether the `app` of a `cdk.json` names *program*; what is no JSON may be of another app."""
    try:
        words = shlex.split(str(json.loads(path.read_text(encoding="utf-8"))["app"]))
        return program in [(path.parent / word).resolve() for word in words]
    except (ValueError, TypeError, KeyError, OSError):
        return False


def warn_of_unread(node: Node) -> None:
    """Say that the context in the `cdk.json` beside the program is not read, where nobody has passed it along."""
    found = None if OUTDIR in os.environ else CdkJson.beside()
    if found is None or found.path in _TOLD or not found.context:
        return
    known = node.get_all_context()
    unread = [key for key in found.context if key not in known]
    if unread:
        _TOLD.add(found.path)
        message = (
            f"{', '.join(unread)} in {found.path} {'is' if len(unread) == 1 else 'are'} not read: only the cdk CLI "
            "passes the context to an App. Make the app with constructs_sm.PipelineApp() in place of App(), which "
            "reads it itself"
        )
        warnings.warn(message, stacklevel=4)


def _object(path: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _wrong(path, f"it is no JSON: {error}", path.name) from error
    if not isinstance(read, Mapping):
        raise _wrong(path, "it must be a JSON object", read)
    return read


def _wrong(path: Path, what: str, got: object) -> InvalidInputError:
    return InvalidInputError(str(path), [Problem(what, got, "write it as the cdk CLI reads it", "setting-value")])
