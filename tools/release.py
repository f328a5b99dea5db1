"""Try a release before it is one: build it, check its metadata, and use it on every Python that is here.

The sdist is built first, and the wheel from it. Each Python gets the wheel twice, with the lowest and with the newest
dependencies that pyproject.toml admits, in an environment of its own, and runs a program as a user would.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
OLDEST, NEWEST = 10, 14
"""Minor versions of Python 3 that pyproject.toml names."""
EXTRAS = "cli,node,testing"
PROGRAM = """
import json

from constructs_sm import PipelineStack, TrainingJob, images
from constructs_sm.testing import Failed, Rehearsal, definition

from aws_cdk import App

app = App(outdir="cdk.out")
stack = PipelineStack(app, "Smoke", schedule="rate(1 day)")
train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
)
stack.run(train)
app.synth()
with Rehearsal.of(stack) as rehearsal:
    rehearsal.script("Train", Failed("no rows"))
    failed = rehearsal.start()
with Rehearsal.of(stack) as rehearsal:
    done, exact = rehearsal.start().status, rehearsal.permissions().exact
print(json.dumps([done, exact, failed.error, sorted(definition(stack)["States"])[-1]]))
"""
EXPECTED = ["SUCCEEDED", True, "Job.TaskFailed", "Train: ValidateOutput"]


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command to its end; what it prints."""
    ended = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ended.stdout}")
    return ended.stdout


def built() -> Path:
    """Build the sdist, and the wheel from it; the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST)
    run(sys.executable, "-m", "twine", "check", "--strict", *DIST.iterdir())
    (wheel,) = DIST.glob("*.whl")
    return wheel


def pythons() -> Iterator[tuple[str, str]]:
    """Every Python on this machine that a release is for: its version and its program."""
    for minor in range(OLDEST, NEWEST + 1):
        found = shutil.which(f"python3.{minor}")
        # The name may be that of a shim with nothing behind it.
        if found and not subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
            yield f"3.{minor}", found


def lowest() -> str:
    """Constraints to the lowest versions that pyproject.toml admits."""
    named = re.findall(r'"([a-z][a-z-]*)>=([0-9.]+)', (ROOT / "pyproject.toml").read_text())
    floors = {name: f"{name}=={version}" for name, version in named if name not in {"setuptools", "sfnx"}}
    floors["boto3"] = floors["botocore"].replace("botocore", "boto3")
    return "\n".join(floors.values())


def tried(python: str, wheel: Path, folder: Path, constraints: str) -> str:
    """Install the wheel into an environment of its own, and use it there; what is installed of the CDK."""
    environment = folder / "venv"
    run(python, "-m", "venv", environment)
    constrained = folder / "constraints.txt"
    constrained.write_text(constraints)
    inside = environment / "bin"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    run(inside / "python", "-m", "pip", "install", *quiet, "--constraint", constrained, f"{wheel}[{EXTRAS}]")
    (folder / "app.py").write_text(PROGRAM)
    said = json.loads(run(inside / "python", "app.py", folder=folder).splitlines()[-1])
    if said != EXPECTED:
        sys.exit(f"{python}: {said} in place of {EXPECTED}")
    run(inside / "constructs-sm", "check", "cdk.out", folder=folder)
    listed = json.loads(run(inside / "python", "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"))
    versions = {package["name"]: package["version"] for package in listed}
    return f"aws-cdk-lib {versions['aws-cdk-lib']}, botocore {versions['botocore']}"


def main() -> None:
    """Try everything, and say what was tried."""
    wheel = built()
    print(f"{wheel.name} and its sdist: metadata and description are sound")
    found = dict(pythons())
    for version, python in found.items():
        for name, constraints in (("lowest", lowest()), ("newest", "")):
            with tempfile.TemporaryDirectory() as folder:
                print(f"Python {version}, {name}: {tried(python, wheel, Path(folder), constraints)}", flush=True)
    absent = [f"3.{minor}" for minor in range(OLDEST, NEWEST + 1) if f"3.{minor}" not in found]
    if absent:
        print(f"not on this machine: Python {', '.join(absent)}")


if __name__ == "__main__":
    main()
