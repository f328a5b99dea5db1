"""The proof that a program builds a definition: it is run, and what it renders is compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.equality import Difference, differences
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.source.machine import machine_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.adopting.program import Program

_LONGEST: Final = 300
"""Seconds that a program may take."""
_SHOWN: Final = 300


def unexplained(program: Program, definition: Mapping[str, Any]) -> list[Difference]:
    """Run a program, and list where its state machine differs from a definition by more than it has improved.

    Args:
        program: The program; it needs the CDK, and so Node.
        definition: The definition that it was made of.

    Raises:
        InvalidInputError: The program does not run.
    """
    rendered = rendered_by(program)
    return [each for each in differences(definition, rendered) if not program.improved.explain(each)]


def rendered_by(program: Program) -> dict[str, Any]:
    """Run a program, and return the definition that it renders, with the references of the original.

    Raises:
        InvalidInputError: The program does not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, assembly = Path(folder, "app.py"), Path(folder, "cdk.out")
        path.write_text(program.text, encoding="utf-8")
        run = subprocess.run(  # noqa: S603 - a program of ours, by the Python that runs
            [sys.executable, str(path)],
            cwd=folder,
            # The CDK's validator says nothing of the definition, and takes as long as all else.
            env={**os.environ, "CDK_OUTDIR": str(assembly), "CDK_VALIDATION": "false"},
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        if run.returncode != 0:
            last = (run.stderr.strip().splitlines() or ["nothing is said"])[-1][:_SHOWN]
            problem = Problem("the program does not run", last, "report it with the definition", "source-of-rehearsal")
            raise InvalidInputError("proof", [problem])
        return with_references(machine_of(assembly, references=True).definition, program.parameters)


def with_references(definition: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """A rendered definition in which the parameters of the program are the references that they stand for."""
    text = json.dumps(definition)
    for reference, logical_id in parameters.items():
        text = text.replace(f"${{{logical_id}}}", f"${{{reference}}}")
    result: dict[str, Any] = json.loads(text)
    return result
