"""`constructs-sm reuse`: commands that a shell runs, asking for what is kept and deleting it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from constructs_sm.commands.cli import main

import pytest
from every_example import example

FAKE = """\
#!{python}
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if "query" in sys.argv:
    print("latest\\nexecution 1\\nabc" if "#key" in sys.argv[sys.argv.index("--projection-expression") + 1] else "[]")
if "describe-stack-resources" in sys.argv:
    print("Table-1")
"""


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    stack = example("reuse_results")["stack"]
    template = tmp_path_factory.mktemp("template") / "template.json"
    template.write_text(json.dumps(stack.node.root.synth().get_stack_by_name("Reusing").template))
    return str(template)


@pytest.fixture
def run(tmp_path):
    """Runs lines in a shell in which `aws` takes down what it is asked."""
    log = tmp_path / "log"
    fake = tmp_path / "aws"
    fake.write_text(FAKE.format(python=sys.executable, log=str(log)))
    fake.chmod(0o755)

    def in_a_shell(lines):
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(["bash", "-euo", "pipefail", "-c", lines], env={"PATH": path}, check=True, timeout=60)
        return [json.loads(line) for line in log.read_text().splitlines()]

    return in_a_shell


def option(call, name):
    return call[call.index(name) + 1]


def test_kept_results_are_shown(assembly, run, capsys):
    assert main(["reuse", assembly, "--stack", "Reusing", "--table", "Mine"]) == 0

    calls = run(capsys.readouterr().out)
    assert [call[:2] for call in calls] == [["dynamodb", "query"]] * 5
    assert {option(call, "--table-name") for call in calls} == {"Mine"}
    jobs = [json.loads(option(call, "--expression-attribute-values"))[":job"]["S"] for call in calls]
    assert jobs == ["Reusing/Prepare", "Reusing/Profile", "Reusing/Train", "Reusing/Evaluate", "Reusing/Score"]


def test_kept_results_of_a_job_are_cleared(assembly, run, capsys):
    assert main(["reuse", assembly, "--job", "Train", "--clear"]) == 0

    table, query, *deleted = run(capsys.readouterr().out)
    assert table[:2] == ["cloudformation", "describe-stack-resources"]
    assert option(query, "--table-name") == "Table-1"
    assert [call[:2] for call in deleted] == [["dynamodb", "delete-item"]] * 3
    assert [json.loads(option(call, "--key")) for call in deleted] == [
        {"Job": {"S": "Reusing/Train"}, "Key": {"S": key}} for key in ("latest", "execution 1", "abc")
    ]


def test_job_that_is_not_reused_is_refused_with_those_that_are(assembly, capsys):
    assert main(["reuse", assembly, "--job", "Model"]) == 2

    assert "nothing is kept of Model; name one of Prepare, Profile, Train, Evaluate, Score" in capsys.readouterr().err


def test_machine_without_reuse_is_told(tmp_path, capsys):
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}))

    assert main(["reuse", str(definition)]) == 0
    assert capsys.readouterr().out == "no job of it is reused\n"


def test_commands_are_printed_as_json(assembly, capsys):
    assert main(["reuse", assembly, "--job", "Score", "--table", "T", "--json"]) == 0

    (document,) = json.loads(capsys.readouterr().out)
    assert document["jobs"] == {"Score": "Reusing/Score"}
    assert len(document["commands"]) == 3
