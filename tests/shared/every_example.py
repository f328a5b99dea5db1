"""Every example, run as its reader runs it; once, whoever asks for it."""

from __future__ import annotations

import os
import runpy
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

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
