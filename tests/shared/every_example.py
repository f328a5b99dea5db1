"""Every example, run as its reader runs it; once, whoever asks for it."""

from __future__ import annotations

import json
import os
import runpy
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk.cx_api import SynthesisMessageLevel
from conftest import ROOT

EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@cache
def example(name: str) -> dict[str, Any]:
    """What the program has made, by its own names: `app`, `stack`."""
    here = Path.cwd()
    os.chdir(tempfile.mkdtemp())
    try:
        return runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    finally:
        os.chdir(here)


def warnings_of(app: Any) -> list[str]:
    """Return what the cdk CLI would show of an app, and the findings of its checks of templates, but for words."""
    assembly = app.synth()
    shown = [message for stack in assembly.stacks for message in stack.messages]
    told = [f"{each.id}: {each.entry.data}" for each in shown if each.level is not SynthesisMessageLevel.INFO]
    report = Path(assembly.directory) / "validation-report.json"
    found = json.loads(report.read_text())["pluginReports"] if report.is_file() else []
    return [*told, *(str(violation) for plugin in found for violation in plugin["violations"])]
