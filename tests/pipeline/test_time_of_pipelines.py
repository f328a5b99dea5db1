"""The time that a pipeline has: a day, and what its states may wait where nobody has said otherwise."""

from __future__ import annotations

import json

from constructs_sm import Approval, FanOut, JobPipeline, PipelineStack, TrainingJob
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import REQUESTS

ENV = Environment(account="123456789012", region="us-east-1")


def training(scope, construct_id="Train", **arguments):
    return TrainingJob(scope, construct_id, parameters=REQUESTS["createTrainingJob"], **arguments)


def approval(scope, construct_id="Approve", **arguments):
    return Approval(scope, construct_id, notify="ml@example.com", **arguments)


def _nothing(stack):
    return training(stack)


def _default(stack):
    return training(stack).next(approval(stack))


def _two_hours(stack):
    return training(stack).next(approval(stack, timeout=Duration.hours(2)))


def _a_day(stack):
    return approval(stack, timeout=Duration.days(1))


def _two_approvals(stack):
    return approval(stack).next(approval(stack, "Again", timeout=Duration.days(3)))


def _in_branches_and_items(stack):
    both = sfn.Parallel(stack, "Both").branch(approval(stack))
    return both.branch(FanOut(stack, "Each", approval(stack, "One"), items="$.models"))


def _long_job(stack):
    return training(stack, task_timeout=Duration.days(2))


def _own_task(stack):
    return tasks.LambdaInvoke(
        stack,
        "Ask",
        lambda_function=lambda_.Function.from_function_name(stack, "Function", "ask"),
        integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        payload=sfn.TaskInput.from_object({"token": sfn.JsonPath.task_token}),
        task_timeout=sfn.Timeout.duration(Duration.days(3)),
    )


@pytest.mark.parametrize(
    ("made", "days"),
    [
        (_nothing, 1),
        (_default, 8),
        (_two_hours, 1),
        (_a_day, 2),
        (_two_approvals, 11),
        (_in_branches_and_items, 15),
        (_long_job, 3),
        (_own_task, 4),
    ],
)
def test_time_that_nobody_has_said_counts_what_states_may_wait(app, made, days):
    stack = PipelineStack(app, "Churn", env=ENV)
    stack.run(made(stack))

    assert definition(stack)["TimeoutSeconds"] == days * 86_400


@pytest.mark.parametrize("around", [{"timeout": "P1D"}, {"timeout": Duration.days(1)}])
def test_time_that_somebody_has_said_is_refused_where_an_approval_waits_longer(app, around):
    stack = PipelineStack(app, "Churn", env=ENV, **around)
    stack.run(_default(stack))

    with pytest.raises(
        RuntimeError, match=r"'Approve: Ask' may wait more seconds than the 86400.*timeout-never-reached"
    ):
        app.synth()


def test_time_of_cdk_json_is_said_by_somebody():
    app = App(context={"constructs_sm": {"timeout": "PT6H"}})
    stack = PipelineStack(app, "Churn", env=ENV)
    stack.run(_default(stack))

    with pytest.raises(RuntimeError, match=r"than the 21600.*timeout-never-reached"):
        app.synth()


def test_plain_state_machine_whose_state_waits_longer_is_refused(app):
    stack = Stack(app, "S", env=ENV)
    body = sfn.DefinitionBody.from_chainable(_default(stack))
    sfn.StateMachine(stack, "Machine", definition_body=body, timeout=Duration.days(1))

    with pytest.raises(
        RuntimeError, match=r"state machine 'S/Machine': 'Approve: Ask' may wait.*timeout-never-reached"
    ):
        app.synth()


def times(assembly):
    """Days of the state machines of an app, by stack and in the order of the template."""
    return {
        stack.stack_name: [
            json.loads(_text(made["Properties"]["DefinitionString"])).get("TimeoutSeconds", 0) / 86_400
            for made in stack.template["Resources"].values()
            if made["Type"] == "AWS::StepFunctions::StateMachine"
        ]
        for stack in assembly.stacks
    }


def _text(value):
    return (
        value
        if isinstance(value, str)
        else "".join(part if isinstance(part, str) else "x" for part in value["Fn::Join"][1])
    )


@pytest.mark.parametrize(
    ("inner", "expected"), [(_default, {"Inner": [8], "Outer": [9]}), (_nothing, {"Inner": [1], "Outer": [1]})]
)
def test_pipeline_that_waits_for_another_counts_the_time_of_that(app, inner, expected):
    other, outer = (PipelineStack(app, name, env=ENV) for name in ("Inner", "Outer"))
    other.run(inner(other))
    outer.run(other.pipeline.task(outer, "Run"))

    assert times(app.synth()) == expected


def test_pipeline_with_a_time_of_its_own_is_not_given_that_of_another(app):
    other, outer = (
        PipelineStack(app, "Inner", env=ENV),
        PipelineStack(app, "Outer", env=ENV, timeout=Duration.hours(12)),
    )
    other.run(_default(other))
    outer.run(other.pipeline.task(outer, "Run"))

    assert times(app.synth()) == {"Inner": [8], "Outer": [0.5]}


def test_second_synthesis_gives_the_time_once(app):
    stack = Stack(app, "S", env=ENV)
    JobPipeline(stack, "Pipeline", definition=_default(stack))
    app.synth()

    assert times(app.synth(force=True)) == {"S": [8]}
