"""The real sagemaker-training toolkit: what a framework container of AWS does with a request, on this machine.

It pins numpy, protobuf and others, so it lives in a virtual environment by itself, as a container has it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PYTHON = ROOT / ".venv-toolkit" / "bin" / "python"
_HOST = "localhost"
"""The toolkit waits for the name of every host to be known."""


@dataclass(frozen=True)
class Training:
    """What a container left behind, as SageMaker finds it.

    Attributes:
        exit_code: 0: SageMaker calls the job Completed.
        failure: The reason of the failure, if the container gave one.
        model: What becomes model.tar.gz.
        output: What becomes output.tar.gz.
        log: What goes to CloudWatch.
    """

    exit_code: int
    failure: str | None
    model: Path
    output: Path
    log: str


def train(
    base: Path,
    hyperparameters: Mapping[str, str],
    inputs: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Training:
    """Run the toolkit as the container of a training job under *base*, in the place of /opt/ml.

    Args:
        base: A folder that is there, and empty.
        hyperparameters: As the request has them; sagemaker_submit_directory is a tar.gz on this machine.
        inputs: A folder for each channel, copied into its place.
        environment: Of the container.
    """
    if not PYTHON.exists():
        message = f"{PYTHON} is not there: run `make toolkit`"
        raise FileNotFoundError(message)
    config = base / "input" / "config"
    for folder in (config, base / "model", base / "output" / "data"):
        folder.mkdir(parents=True)
    for name, source in (inputs or {}).items():
        shutil.copytree(source, base / "input" / "data" / name)
    for name, content in _configuration(hyperparameters, inputs or {}).items():
        (config / name).write_text(json.dumps(content))
    done = subprocess.run(
        [PYTHON, "-m", "sagemaker_training.cli.train"],
        env={
            "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
            "SAGEMAKER_BASE_DIR": str(base),
            "AWS_REGION": "eu-west-1",
            "TRAINING_JOB_NAME": "job",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    failure = base / "output" / "failure"
    return Training(
        done.returncode,
        failure.read_text() if failure.exists() else None,
        base / "model",
        base / "output" / "data",
        done.stdout + done.stderr,
    )


def served(script: Path, expression: str) -> str:
    """What an expression comes to in the container's Python, with all names of a script: as text."""
    program = f"import runpy\nglobals().update(runpy.run_path({str(script)!r}))\nprint({expression})"
    done = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.strip()


def _configuration(hyperparameters: Mapping[str, str], inputs: Mapping[str, Path]) -> dict[str, Any]:
    """What SageMaker writes into input/config."""
    return {
        "hyperparameters.json": dict(hyperparameters),
        "inputdataconfig.json": {name: {"TrainingInputMode": "File"} for name in inputs},
        "resourceconfig.json": {
            "current_host": _HOST,
            "hosts": [_HOST],
            "current_instance_type": "ml.m5.large",
            "current_group_name": "homogeneousCluster",
            "instance_groups": [
                {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": [_HOST]}
            ],
            "network_interface_name": "eth0",
        },
    }
