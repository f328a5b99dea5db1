"""One failure is one message by default, whatever has failed: rehearsed, with the rules that see the execution end."""

from __future__ import annotations

from constructs_sm import Approval, EndpointDeployment, FanOut, JobPipeline, PipelineStack, QualityGate, TrainingJob
from constructs_sm.polled_actions import COMPILATION_JOB
from constructs_sm.testing import (
    EndpointStatus,
    Failed,
    Metrics,
    Rehearsal,
    Stopped,
    TaskError,
    TimedOut,
)

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template
from every_action import REQUESTS
from every_polled_action import polled_job

ENV = Environment(account="123456789012", region="us-east-1")
ITEMS = {"items": [{"n": 1}, {"n": 2}]}


def training(stack):
    metric = {"Name": "validation:auc", "Regex": "auc=(.*)"}
    algorithm = {**REQUESTS["createTrainingJob"]["AlgorithmSpecification"], "MetricDefinitions": [metric]}
    request = {**REQUESTS["createTrainingJob"], "AlgorithmSpecification": algorithm}
    return TrainingJob(stack, "Train", parameters=request)


def gated(stack):
    train = training(stack)
    return train.next(QualityGate(stack, "Good", train.final_metric("validation:auc") >= 0.8))


def asked(stack):
    return training(stack).next(Approval(stack, "Approve", notify="ml@example.com"))


def deployed(stack):
    return EndpointDeployment(stack, "Deploy", endpoint_name="churn", model="churn", instance_type="ml.m5.xlarge")


def mapped(stack):
    return sfn.Map(stack, "Each", items_path="$.items").item_processor(training(stack))


def fanned_out(stack):
    return FanOut(stack, "Each", training(stack), items="$.items", distributed=True)


def beside(stack):
    return sfn.Parallel(stack, "Both").branch(training(stack)).branch(sfn.Pass(stack, "Nothing"))


def compiled(stack):
    return polled_job(stack, COMPILATION_JOB, "Compile")


def whole(stack):
    inner = JobPipeline(stack, "Inner", definition=sfn.Pass(stack, "Nothing"))
    return inner.task(stack, "Run")


def function(stack):
    invoked = lambda_.Function.from_function_name(stack, "Function", "prepare")
    return tasks.LambdaInvoke(stack, "Prepare", lambda_function=invoked, retry_on_service_exceptions=False)


# What is run, how it goes, and what answers other services.
FAILURES = {
    "job fails": (training, {"Train": [Failed("no rows")]}, {}),
    "job is stopped": (training, {"Train": [Stopped()]}, {}),
    "job times out": (training, {"Train": [TimedOut()] * 3}, {}),
    "gate is closed": (gated, {"Train": [Metrics(**{"validation:auc": 0.5})]}, {}),
    "approval is refused": (asked, {}, {"Approve: Ask": [{"Approved": False, "By": "Ada", "Comment": ""}]}),
    "approval is not answered": (asked, {}, {"Approve: Ask": [TimedOut()]}),
    "endpoint rolls back": (
        deployed,
        {
            "Deploy: FindEndpoint": [EndpointStatus("InService")],
            "Deploy: Describe": [EndpointStatus("UpdateRollbackFailed")],
        },
        {},
    ),
    "item of a map fails": (mapped, {"Train": [Failed("no rows")]}, {}),
    "item of a distributed map fails": (fanned_out, {"Train": [Failed("no rows")]}, {}),
    "branch fails": (beside, {"Train": [Failed("no rows")]}, {}),
    "polled job fails": (compiled, {"Compile": [Failed("no such framework")]}, {}),
    "pipeline in it fails": (whole, {}, {"Run": [TaskError("States.TaskFailed", "it failed")]}),
    "task of the user fails": (function, {}, {"Prepare": [TaskError("ValueError", "no rows")]}),
}


def stack_of(made, **settings):
    stack = PipelineStack(App(), "Churn", env=ENV, alert_emails=["ml@example.com"], **settings)
    stack.run(made(stack))
    return stack


def messages(stack, script, answers):
    """What tells the topic of the stack of one execution: rules that see its end, and states."""
    template = Template.from_stack(stack)
    (topic,) = (name for name in template.find_resources("AWS::SNS::Topic") if name.startswith("PipelineTopic"))
    (machine,) = (
        name for name in template.find_resources("AWS::StepFunctions::StateMachine") if name.startswith("Pipeline")
    )
    with Rehearsal.of(stack, machine=machine) as rehearsal:
        for state, steps in script.items():
            rehearsal.script(state, *steps)
        for state, given in answers.items():
            rehearsal.answer(state, *given)
        run = rehearsal.start(ITEMS)
    assert run.status in ("FAILED", "TIMED_OUT"), run
    rules = template.find_resources("AWS::Events::Rule").values()
    seen = [
        rule["Properties"]["EventPattern"]["detail"]["status"]
        for rule in rules
        if topic in str(rule["Properties"]["Targets"]) and machine in str(rule["Properties"]["EventPattern"])
    ]
    told = ["rule" for statuses in seen if run.status in statuses]
    told += [name for name, api, _ in run.calls if api.startswith("sns:publish") and name != "Approve: Ask"]
    return told


@pytest.mark.parametrize(("made", "script", "answers"), FAILURES.values(), ids=FAILURES)
def test_one_failure_is_one_message(made, script, answers):
    assert messages(stack_of(made), script, answers) == ["rule"]


def test_handler_tells_besides_where_that_is_asked_for():
    stack = stack_of(training, alerts=["executions", "jobs"])

    assert messages(stack, {"Train": [Failed("no rows")]}, {}) == ["rule", "JobFailed: Notify"]


def test_nobody_to_tell_is_as_the_default():
    stack = Stack(App(), "S")

    pipeline = JobPipeline(stack, "Quiet", definition=sfn.Pass(stack, "X"), alert_emails=None, alerts=None)

    assert Template.from_stack(stack).find_resources("AWS::SNS::Subscription") == {}
    assert pipeline.topic is not None
