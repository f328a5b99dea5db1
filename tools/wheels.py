"""Ask pip if all that the package needs can be installed without a compiler, on each Python that jsii supports.

Nothing is installed. It asks the index that pip is set up for, so it is not a part of `make check`.

    python tools/wheels.py    # on Python 3.11 or later
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import tomllib

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "any")
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needed(extra: str) -> list[str]:
    """The requirements of an extra; of the package itself if it has no name."""
    return list(PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"])


def installs(requirements: list[str], python: str) -> str:
    """What pip says of wheels for *python*; empty if there are all."""
    with tempfile.TemporaryDirectory() as folder:
        platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
        # Without the wheels themselves, where the index tells what they need.
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check"]
        command += ["--only-binary", ":all:", "--python-version", python, *platforms, "--target", folder]
        ended = subprocess.run([*command, *requirements], capture_output=True, text=True, check=False)
    return "" if ended.returncode == 0 else ended.stderr.strip().splitlines()[-1]


def main() -> int:
    """Print a line for each Python and extra; 1 if a wheel is missing."""
    failed = False
    for python in PYTHONS:
        for extra in ("", "node", "testing", "cli"):
            problem = installs(needed(extra), python)
            failed = failed or bool(problem)
            sys.stdout.write(f"{python}  {extra or 'core':8} {problem or 'all wheels'}\n")
            sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
