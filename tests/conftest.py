"""Fixtures. constructs_sm is imported here before anything imports aws_cdk, so that the bundled Node is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import constructs_sm
from constructs_sm.actions import ACTIONS

import pytest

# For the Node of this process alone, which aws_cdk starts: what is made here is read by the linters; by the CDK's
# validator, which takes as long as all other synthesis, the app is that people run.
os.environ["CDK_VALIDATION"] = "false"
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn

del os.environ["CDK_VALIDATION"]

assert constructs_sm

# At the lowest versions nothing is drawn, and there is no hypothesis.
if find_spec("hypothesis") is not None:
    from hypothesis import settings

    # Draws are the same in every run: a test that fails fails for all, and nothing is kept of it.
    settings.register_profile("the same draws", derandomize=True, database=None)
    settings.load_profile("the same draws")

# Somebody's own AWS configuration must not lead a test anywhere.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"


def api(action: object) -> str:
    """The name of a row of the table in the name of a test."""
    return getattr(action, "api", str(action))


every_action = pytest.mark.parametrize("action", ACTIONS, ids=api)


_IMPORT = """
import json, sys
read = []
sys.addaudithook(lambda event, arguments: read.append(str(arguments[0])) if event == "open" else None)
import constructs_sm
loaded = [name for name in sys.modules if name.startswith(("constructs_sm", "aws_cdk"))]
from constructs_sm import *
imported = list(read)
from constructs_sm.requests import model_check
from constructs_sm.actions import MODEL, TRAINING_JOB
read.clear()
model_check.problems(MODEL, {})
model_check.problems(TRAINING_JOB, {})
print(json.dumps({"loaded": loaded, "import": imported, "use": read, "modules": list(sys.modules)}))
"""


@pytest.fixture(scope="session")
def fresh() -> dict[str, list[str]]:
    """A process of its own: what is loaded by importing the package, and read by importing all of its names.

    Then what is read by the first two checks, and the modules after that. Every warning is an error there, and nothing
    else may be printed.
    """
    command = [sys.executable, "-W", "error", "-c", _IMPORT]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return dict(json.loads(ended.stdout))


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def stack(app: App) -> Stack:
    return Stack(app, "Stack")


@pytest.fixture
def machine(stack: Stack):
    """A state machine of a definition, in the stack."""

    def make(definition: sfn.IChainable, **settings: object) -> sfn.StateMachine:
        body = sfn.DefinitionBody.from_chainable(definition)
        return sfn.StateMachine(stack, "StateMachine", definition_body=body, **settings)

    return make


@pytest.fixture
def written(tmp_path):
    """Writes JSON into a file, and says where."""

    def write(name, document):
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    return write
