"""The pytest plugin: what it gives, what it shows beside a failure, and that it costs nobody anything."""

from __future__ import annotations

import subprocess
import sys

import constructs_sm.testing.rehearsal
import constructs_sm.testing.snapshots

import pytest

pytest_plugins = ["pytester"]
# What is imported here stays for all runs in this process: it takes a while.
assert constructs_sm

PREFACE = """
import json
import constructs_sm
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs_sm.testing import Failed, Output
from constructs_sm.testing.snapshots import DefinitionSnapshotExtension, TemplateSnapshotExtension
import pytest

@pytest.fixture
def stack():
    stack = Stack(App(), "Stack")
    train = constructs_sm.TrainingJob(
        stack, "Train", image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1", instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"}, output="s3://data/models/",
    )
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(train))
    return stack
"""


@pytest.fixture
def run(pytester):
    """Runs a test file with the plugin, in this process."""

    def run(body, *arguments):
        pytester.makepyfile(PREFACE + body)
        loaded = ["-p", "constructs_sm.testing.pytest_plugin"] if "constructs_sm" not in _entry_points() else []
        return pytester.runpytest_inprocess(*loaded, "-p", "no:cacheprovider", *arguments)

    return run


def _entry_points():
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group="pytest11").names


def test_fixtures_are_there_without_configuration(run):
    result = run(
        """
def test_it(rehearse, definition, template, stack):
    assert definition(stack)["StartAt"] == "Train"
    assert "Resources" in template(stack)
    rehearsal = rehearse(stack, job_seconds=5)
    assert rehearsal.start({}).seconds == 5
"""
    )
    result.assert_outcomes(passed=1)


def test_failure_shows_timeline_failing_state_and_request(run):
    result = run(
        """
def test_it(rehearse, stack):
    rehearsal = rehearse(stack)
    rehearsal.script("Train", Failed("AlgorithmError: no data"))
    assert rehearsal.start({}).succeeded
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- rehearsal: FAILED -*",
            "*0:01:00  Train  TrainingJob Failed",
            "*FAILED after 0:01:00: States.TaskFailed: AlgorithmError: no data",
            "Train failed with States.TaskFailed: AlgorithmError: no data",
            "its request: {",
            '  "TrainingJobName": "*',
        ]
    )


def test_failure_shows_nothing_that_another_test_rehearsed(run):
    result = run(
        """
def test_first(rehearse, stack):
    rehearse(stack).start({})

def test_second():
    assert False
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*rehearsal: *")


def test_snapshots_are_of_templates_and_definitions(run):
    body = """
def test_it(snapshot, stack):
    assert stack == snapshot(name="template", extension_class=TemplateSnapshotExtension)
    assert stack == snapshot(name="definition", extension_class=DefinitionSnapshotExtension)
"""
    assert run(body, "--snapshot-update").ret == 0
    assert run(body).ret == 0


def test_plugin_imports_only_the_packages_that_it_is_in():
    program = (
        "import sys, constructs_sm.testing.pytest_plugin\n"
        "packages = {'constructs_sm', 'aws_cdk', 'botocore', 'jlens'}\n"
        "print(*[name for name in sys.modules if name.split('.')[0] in packages])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(ended.stdout.split()) == {
        "constructs_sm",
        "constructs_sm.node",
        "constructs_sm.testing",
        "constructs_sm.testing.pytest_plugin",
    }


def test_library_without_rehearsals_does_without_what_they_need():
    program = """
import sys
for module in ("constructs_sm", "constructs_sm.testing", "constructs_sm.testing.source.synthesized"):
    __import__(module)
from constructs_sm.testing import definition
print(*[name for name in sys.modules if name.split(".")[0] in {"jlens", "syrupy", "botocore"}])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


@pytest.mark.parametrize(
    ("missing", "source", "told"),
    [
        (
            "jlens",
            '{"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": "{% 1 %}", "End": true}}}',
            "JSONata needs jlens",
        ),
        ("yaml", "Resources: {}", "a template in YAML needs PyYAML"),
    ],
)
def test_missing_extra_is_a_clear_error(missing, source, told, tmp_path):
    program = """
import json, sys
sys.modules[sys.argv[1]] = None
from constructs_sm.testing import Rehearsal
try:
    Rehearsal.of(sys.argv[2])
except ImportError as error:
    print(error)
"""
    path = tmp_path / "machine"
    path.write_text(source.replace('"StartAt"', '"QueryLanguage": "JSONata", "StartAt"'))
    ended = subprocess.run([sys.executable, "-c", program, missing, path], capture_output=True, text=True, check=True)
    assert ended.stdout == f"{told}; install it with: pip install 'constructs-sm[testing]'\n"


def test_rehearsal_of_a_definition_needs_neither_the_cdk_nor_an_aws_client():
    program = """
import json, sys
from constructs_sm.testing import Rehearsal
with Rehearsal.of({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}) as rehearsal:
    assert rehearsal.start().succeeded
print(*[name for name in ("aws_cdk", "jsii", "moto", "boto3", "botocore.client") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""
