"""Definitions are read, judged and drawn on a machine that has neither Node nor the CDK."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import DATA, ROOT

_PROGRAM = """
import os, sys

class Unimportable:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"aws_cdk", "constructs", "jsii"}:
            raise ModuleNotFoundError(f"{name} cannot be imported here", name=name)

sys.meta_path.insert(0, Unimportable())
from constructs_sm.commands.cli import main
for arguments, code, said in eval(sys.argv[1]):
    print("\\x1e", *arguments, flush=True)
    assert main(arguments) == code, arguments
"""
COMMANDS = [
    (["rehearse", "18_plain_asl.yaml"], 0, "SUCCEEDED after 0:00:00"),
    (["rehearse", "asl.json"], 0, "SUCCEEDED after 0:00:00"),
    (["rehearse", "02_definitionstring_sub.yaml"], 0, "SUCCEEDED after 0:00:00"),
    (["permissions", "02_definitionstring_sub.yaml"], 0, "exact: nothing is missing"),
    (["drill", "02_definitionstring_sub.yaml"], 1, "throttled: one throttled call ends the execution"),
    (["diagram", "02_definitionstring_sub.yaml"], 0, "flowchart TB"),
    (["actions"], 0, "createTrainingJob"),
    (["rules"], 0, "asl-unreachable-state"),
    (["init", "{folder}"], 0, "app.py"),
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The text that each command prints, all of one process without Node on its PATH."""
    folder = str(tmp_path_factory.mktemp("project"))
    commands = [([folder if each == "{folder}" else each for each in given], *rest) for given, *rest in COMMANDS]
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, repr(commands)],
        cwd=DATA / "templates",
        env={"PYTHONPATH": str(ROOT), "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout.split("\x1e ")[1:]


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[" ".join(given) for given, *_ in COMMANDS])
def test_command_needs_neither_node_nor_the_cdk(printed, number):
    assert COMMANDS[number][2] in printed[number]
