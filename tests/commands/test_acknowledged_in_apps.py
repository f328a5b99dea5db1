"""`constructs-sm check` of what an app has acknowledged: ignored with the reason, and told of where it is in vain."""

from __future__ import annotations

import re

from constructs_sm import JobName, acknowledge
from constructs_sm.commands.cli import main

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct
from every_fault import channel, made, training

ENV = Environment(account="123456789012", region="us-east-1")
WHY = "we know better"
GZIP = training(InputDataConfig=[channel(CompressionType="Gzip")])


@pytest.fixture
def app(tmp_path):
    return App(outdir=str(tmp_path))


@pytest.fixture
def stack(app):
    return Stack(app, "Stack", env=ENV)


def run(stack, scope=None):
    job = made(scope or stack, "Train", GZIP, job_name=JobName.fixed("churn"))
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))


@pytest.fixture
def check(app, capsys):
    """Check the synthesized app: exit code, what is printed, and what is said besides."""

    def checked(*options):
        app.synth()
        capsys.readouterr()
        code = main(["check", app.outdir, *options])
        return code, *capsys.readouterr()

    return checked


def ignored(printed):
    return sorted(line.split()[2] for line in printed.splitlines() if line.startswith("ignored"))


def found(printed):
    return sorted(re.findall(r"\[([a-z-]+)\]$", printed, re.MULTILINE))


@pytest.mark.parametrize("level", ["app", "stack", "construct"])
def test_finding_that_an_app_has_acknowledged_is_ignored_with_its_reason(app, stack, check, level):
    inner = Construct(stack, "Inner")
    scope = {"app": app, "stack": stack, "construct": inner}[level]
    acknowledge(scope, "gzip-needs-pipe", WHY)
    run(stack, inner)

    _, printed, _ = check("--no-grants", "--detail")

    # Of a construct around the job, no state has the name.
    assert ignored(printed) == ([] if level == "construct" else ["gzip-needs-pipe"])
    assert level == "construct" or f"Train: {WHY}" in printed


@pytest.mark.parametrize("level", ["app", "stack", "job", "machine"])
def test_rule_that_a_check_alone_asks_is_acknowledged_in_the_app(app, stack, check, level):
    acknowledge(stack, "gzip-needs-pipe", WHY)
    run(stack)
    scope = {
        "app": app,
        "stack": stack,
        "job": stack.node.find_child("Train"),
        "machine": stack.node.find_child("Machine"),
    }[level]
    for rule_id in ("job-name-fixed", "name-taken-on-retry"):
        acknowledge(scope, rule_id, WHY)

    code, printed, _ = check("--no-grants", "--detail")

    assert [str(message.entry.data) for message in app.synth().stacks[0].messages] == []
    assert ignored(printed) == ["gzip-needs-pipe", "job-name-fixed", "name-taken-on-retry"]
    assert found(printed) == []
    assert code == 0


def test_acknowledgment_of_such_a_rule_in_vain_is_told_by_the_check(app, stack, check):
    acknowledge(stack, "gzip-needs-pipe", WHY)
    acknowledge(app, "asl-eval", WHY)
    run(stack)
    assert app.synth().stacks[0].messages == []

    _, printed, besides = check()

    said = f"asl-eval is acknowledged for 'the app' ({WHY}), and nothing there breaks it; take the acknowledgment out"
    assert said in besides
    assert "job-name-fixed" in printed


def test_acknowledgment_covers_nothing_else(stack, check):
    acknowledge(stack, "gzip-needs-pipe", WHY)
    other = Construct(stack, "Other")
    acknowledge(other, "job-name-fixed", WHY)
    run(stack)

    _, printed, _ = check("--no-grants", "--detail")

    assert found(printed) == ["job-name-fixed", "name-taken-on-retry"]
