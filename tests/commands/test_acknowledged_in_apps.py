"""`constructs-sm check` of what an app has acknowledged: ignored with the reason, and told of where it is in vain."""

from __future__ import annotations

import re

from constructs_sm import JobName, acknowledge
from constructs_sm.commands.cli import main

import pytest
from aws_cdk import App, Environment, NestedStack, Stack, Stage
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

    assert ignored(printed) == ["gzip-needs-pipe"]
    assert f"Train: {WHY}" in printed


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


class Steps(sfn.StateMachineFragment):
    """A fragment of somebody's own around a job, whose states are prefixed."""

    def __init__(self, scope, construct_id):
        super().__init__(scope, construct_id)
        self.job = job(self)

    start_state = property(lambda self: self.job.start_state)
    end_states = property(lambda self: self.job.end_states)


def job(scope):
    return made(scope, "Train", training(), job_name=JobName.fixed("churn"))


def machine(scope, definition):
    sfn.StateMachine(scope, "Machine", definition_body=sfn.DefinitionBody.from_chainable(definition))


def around_a_construct(app):
    stack = Stack(app, "Stack", env=ENV)
    outer = Construct(stack, "Outer")
    machine(stack, job(Construct(outer, "Inner")))
    return outer


def around_a_fragment(app):
    stack = Stack(app, "Stack", env=ENV)
    steps = Steps(stack, "Steps")
    machine(stack, steps.prefix_states("first: "))
    return steps


def around_a_state_in_a_map(app):
    stack = Stack(app, "Stack", env=ENV)
    inner = Construct(stack, "Inner")
    machine(stack, sfn.Map(stack, "Each").item_processor(job(inner)))
    return inner


def on_a_nested_stack(app):
    nested = NestedStack(Stack(app, "Stack", env=ENV), "Nested")
    machine(nested, job(nested))
    return nested


def on_the_stack_around_a_nested_one(app):
    stack = Stack(app, "Stack", env=ENV)
    nested = NestedStack(stack, "Nested")
    machine(nested, job(nested))
    return stack


def on_a_nested_stack_of_jobs(app):
    stack = Stack(app, "Stack", env=ENV)
    nested = NestedStack(stack, "Nested")
    machine(stack, job(nested))
    return nested


def on_a_sibling_stack_of_jobs(app):
    jobs = Stack(app, "Jobs", env=ENV)
    machine(Stack(app, "Stack", env=ENV), job(jobs))
    return jobs


def in_a_stage(app):
    return Stack(Stage(app, "Dev", env=ENV), "Stack", stack_name="churn-in-dev")


def on_a_stack_in_a_stage(app):
    stack = in_a_stage(app)
    machine(stack, job(stack))
    return stack


def on_a_stage(app):
    return on_a_stack_in_a_stage(app).node.scope


def on_an_app_of_stages(app):
    on_a_stack_in_a_stage(app)
    return app


def around_a_construct_in_a_stage(app):
    stack = in_a_stage(app)
    inner = Construct(stack, "Inner")
    machine(stack, job(inner))
    return inner


@pytest.mark.parametrize(
    "scoped",
    [
        around_a_construct,
        around_a_fragment,
        around_a_state_in_a_map,
        on_a_nested_stack,
        on_the_stack_around_a_nested_one,
        on_a_nested_stack_of_jobs,
        on_a_sibling_stack_of_jobs,
        on_a_stack_in_a_stage,
        on_a_stage,
        on_an_app_of_stages,
        around_a_construct_in_a_stage,
    ],
)
def test_check_ignores_what_is_acknowledged_wherever_around_the_job(app, check, scoped):
    scope = scoped(app)
    for rule_id in ("job-name-fixed", "name-taken-on-retry"):
        acknowledge(scope, rule_id, WHY)

    _, printed, _ = check("--no-grants", "--detail")

    assert ignored(printed) == ["job-name-fixed", "name-taken-on-retry"]
    assert found(printed) == []


def test_twin_of_a_job_in_another_stack_or_construct_is_not_covered(app, check):
    for name in ("Dev", "Test"):
        stack = Stack(app, name, env=ENV)
        inner = Construct(stack, "Inner")
        machine(stack, job(inner))
        if name == "Dev":
            acknowledge(inner, "job-name-fixed", WHY)
            acknowledge(inner, "name-taken-on-retry", WHY)

    _, printed, _ = check("--no-grants", "--detail")

    assert ignored(printed) == ["job-name-fixed", "name-taken-on-retry"]
    assert found(printed) == ["job-name-fixed", "name-taken-on-retry"]


def test_state_machine_whose_id_begins_as_another_construct_is_not_covered(app, stack, check):
    acknowledge(Construct(stack, "Ma"), "job-name-fixed", WHY)
    machine(stack, job(stack))

    _, printed, _ = check("--no-grants", "--detail")

    assert ignored(printed) == []
    assert found(printed) == ["job-name-fixed", "name-taken-on-retry"]


def test_rule_of_an_app_that_a_stage_breaks_is_not_acknowledged_in_vain(app):
    beside = Stack(app, "Beside", env=ENV)
    sfn.Pass(beside, "Pass")
    acknowledge(app, "gzip-needs-pipe", WHY)
    run(in_a_stage(app))

    assert [message.entry.data for message in app.synth().stacks[0].messages] == []


def test_acknowledgment_covers_nothing_else(stack, check):
    acknowledge(stack, "gzip-needs-pipe", WHY)
    other = Construct(stack, "Other")
    acknowledge(other, "job-name-fixed", WHY)
    run(stack)

    _, printed, _ = check("--no-grants", "--detail")

    assert found(printed) == ["job-name-fixed", "name-taken-on-retry"]
