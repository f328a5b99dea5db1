"""A program without the cdk CLI: its settings, its summary, and a Node that is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

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


def test_argument_goes_before_cdk_json(tmp_path):
    given = "PipelineApp(context={'constructs_sm': {'schedule': 'rate(1 day)'}}, outdir='made')"
    assert ran(tmp_path, given).returncode == 0
    assert schedules(tmp_path / "made") == ["rate(1 day)"]


def test_app_of_the_cdk_says_that_settings_are_not_read(tmp_path):
    ended = ran(tmp_path, "App(outdir='made')")

    assert schedules(tmp_path / "made") == []
    assert f"settings in {tmp_path / 'cdk.json'} are not read" in ended.stderr
    assert "constructs_sm.PipelineApp()" in ended.stderr


def test_app_of_the_cdk_with_no_settings_beside_it_says_nothing(tmp_path):
    assert ran(tmp_path, "App(outdir='made')", settings=None).stderr == ""


@pytest.mark.parametrize("app", ["App()", "PipelineApp()"])
def test_under_the_cli_nothing_is_printed(tmp_path, app):
    ended = ran(tmp_path, app, CDK_OUTDIR=str(tmp_path / "made"), CDK_CONTEXT_JSON=json.dumps(SETTINGS["context"]))

    assert (ended.stdout, ended.stderr) == ("", "")
    assert schedules(tmp_path / "made") == ["rate(3 days)"]


def test_missing_node_is_said_with_what_to_do(tmp_path):
    command = [sys.executable, "-c", "from constructs_sm import TrainingJob"]
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT), "JSII_NODE": str(tmp_path / "node")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "aws_cdk found no Node to run on: pip install 'constructs-sm[node]'" in ended.stderr
