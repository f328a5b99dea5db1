"""Counts the Python calls within the package that making one TrainingJob takes, here and in another checkout.

usage: calls.py [<checkout>]
Prints the calls of each kind of job, and with a checkout, as of `git worktree add /tmp/before <commit>`, the ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"
PARAMETERS = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
TYPED = {
    "image": IMAGE,
    "instance_type": "ml.m5.xlarge",
    "inputs": {"train": "s3://data/train/", "validation": "s3://data/validation/"},
    "content_type": "text/csv",
    "hyperparameters": {"objective": "binary:logistic", "num_round": 200},
    "output": "s3://models/",
}
LATE = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"train": "$.data"}, "output": "$.output"}
JOBS: dict[str, Mapping[str, Any]] = {
    "typed arguments": TYPED,
    "paths of the input": LATE,
    "parameters": {"parameters": PARAMETERS},
}
_WARM_UP = 2
"""Jobs before the one that is counted: what is read once for all is not a job's."""


def counted(make: Callable[[], object], package: str) -> int:
    """Count the calls of the package's own functions while *make* runs."""
    calls = 0

    def profile(frame: Any, event: str, _: object) -> None:
        nonlocal calls
        if event == "call" and frame.f_code.co_filename.startswith(package):
            calls += 1

    sys.setprofile(profile)
    try:
        make()
    finally:
        sys.setprofile(None)
    return calls


def here() -> dict[str, int]:
    """Count the calls of the package that is imported, by kind of job, in a stack and in a pipeline stack."""
    import constructs_sm  # noqa: PLC0415  (which one, the path says)

    from aws_cdk import App, Stack  # noqa: PLC0415

    package = str(Path(constructs_sm.__file__).parent)
    app = App()
    scopes = {"a stack": Stack(app, "Stack"), "a pipeline stack": constructs_sm.PipelineStack(app, "Pipeline")}
    figures = {}
    for kind, arguments in JOBS.items():
        for where, scope in scopes.items():
            name = kind.title().replace(" ", "")
            for number in range(_WARM_UP):
                constructs_sm.TrainingJob(scope, f"{name}{number}", **arguments)
            make = partial(constructs_sm.TrainingJob, scope, f"{name}Counted", **arguments)
            figures[f"{kind}, in {where}"] = counted(make, package)
    return figures


def of(checkout: Path) -> dict[str, int]:
    """Count the calls of the package in a checkout, in a process of its own."""
    command = [sys.executable, __file__, "--here"]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(run.stdout.splitlines()[-1])
    return found


def main(arguments: list[str]) -> None:
    """Print the figures."""
    if arguments == ["--here"]:
        print(json.dumps(here()))
        return
    now, before = of(ROOT), of(Path(arguments[0]).absolute()) if arguments else None
    for kind, calls in now.items():
        ratio = f"{before[kind]:6} before{calls / before[kind]:7.2f}" if before else ""
        print(f"{kind:42}{calls:6} calls{ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
