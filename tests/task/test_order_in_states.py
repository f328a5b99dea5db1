"""Outputs in every field of a state that reads its input, in both languages, before and after their job."""

from __future__ import annotations

from constructs_sm import (
    Approval,
    CreateModel,
    FanOut,
    ParallelJobs,
    ProcessingJob,
    QualityGate,
    RawState,
    TrainingJob,
)

import pytest
from aws_cdk import App, Environment, NestedStack, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

ENV = Environment(account="111122223333", region="eu-west-1")
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1"
JSONATA = {"query_language": sfn.QueryLanguage.JSONATA}
THERE = r"\[output-is-there\]"


def training(scope, construct_id="Train", **arguments):
    arguments = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", **arguments}
    return TrainingJob(scope, construct_id, **arguments)


def function(stack):
    return lambda_.Function.from_function_name(stack, "Function", "f")


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "S", env=ENV)


def run(scope, definition, **arguments):
    body = sfn.DefinitionBody.from_chainable(definition)
    return sfn.StateMachine(scope, "Machine", definition_body=body, **arguments)


def _choice(stack, train):
    choice = sfn.Choice(stack, "User").when(
        sfn.Condition.string_equals(train.resource_name, "x"), sfn.Pass(stack, "Yes")
    )
    return choice.otherwise(sfn.Pass(stack, "No")).afterwards()


def _map(stack, **arguments):
    return sfn.Map(stack, "User", result_path="$.m", **arguments).item_processor(sfn.Pass(stack, "Item"))


def _raw(stack, train):
    sent = {"FunctionName": "f", "Payload": {"name.$": train.resource_name}}
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": sent, "ResultPath": "$.raw"}
    return RawState(stack, "User", state_json=state)


USERS = {
    "Parameters": lambda s, t: sfn.Pass(s, "User", parameters={"x": t.resource_name}, result_path="$.x"),
    "Assign of a Pass": lambda s, t: sfn.Pass(s, "User", assign={"x": t.resource_name}),
    "Assign of a Wait": lambda s, t: RawState(
        s, "User", state_json={"Type": "Wait", "Seconds": 1, "Assign": {"x.$": t.resource_name}}
    ),
    "InputPath": lambda s, t: sfn.Pass(s, "User", input_path=t.resource_name, result_path="$.x"),
    "Payload": lambda s, t: tasks.LambdaInvoke(
        s,
        "User",
        lambda_function=function(s),
        payload=sfn.TaskInput.from_object({"x": t.resource_name}),
        result_path="$.x",
    ),
    "Choice": _choice,
    "ItemsPath": lambda s, t: _map(s, items_path=t.resource_name),
    "ItemSelector": lambda s, t: _map(s, items_path="$.x", item_selector={"x": t.resource_name}),
    "raw state": _raw,
    "about of an approval": lambda s, t: Approval(s, "User", notify="a@example.com", about={"x": t.resource_name}),
    "environment": lambda s, t: ProcessingJob(
        s, "User", image=IMAGE, instance_type="ml.m5.xlarge", environment={"X": t.resource_name}
    ),
    "item of a FanOut": lambda s, t: FanOut(
        s, "User", sfn.Pass(s, "Item"), items="$.x", item_selector={"x": t.resource_name}
    ),
}


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_output_after_its_job_is_taken(app, stack, user):
    train = training(stack)
    run(stack, train.next(user(stack, train)))

    app.synth()


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_output_before_its_job_is_refused(app, stack, user):
    train = training(stack)
    run(stack, user(stack, train).next(train))

    with pytest.raises(RuntimeError, match=rf"uses TrainingJobName of S/Train, which does not run before it.*{THERE}"):
        app.synth()


def test_output_path_that_asks_for_an_output_too_early_is_refused(app, stack):
    train = training(stack)
    run(stack, sfn.Pass(stack, "User", output_path=train.resource_name).next(train))

    with pytest.raises(RuntimeError, match=rf"User uses TrainingJobName of S/Train.*{THERE}"):
        app.synth()


def _of_the_result(stack, **arguments):
    return tasks.LambdaInvoke(stack, "User", lambda_function=function(stack), result_path="$.x", **arguments)


OWN_RESULT = {
    "Assign": lambda s, t: _of_the_result(s, assign={"x": t.resource_name}),
    "ResultSelector": lambda s, t: _of_the_result(s, result_selector={"x": t.resource_name}),
    "Assign ": lambda s, t: sfn.Pass(s, "User", parameters={"y": 1}, assign={"x": t.resource_name}, result_path="$.y"),
}


@pytest.mark.parametrize(("field", "user"), OWN_RESULT.items())
def test_field_that_finds_the_result_of_its_own_state_is_refused(app, stack, field, user):
    train = training(stack)
    run(stack, train.next(user(stack, train)))

    said = f"the {field.strip()} of User asks for TrainingJobName of S/Train, and finds its own result"
    with pytest.raises(RuntimeError, match=said):
        app.synth()


def test_own_result_with_the_key_of_the_job_is_taken(app, stack):
    train = training(stack)
    made = {"Train": {"TrainingJobName": "other"}}
    run(stack, train.next(sfn.Pass(stack, "User", parameters=made, assign={"x": train.resource_name})))

    app.synth()


def test_variable_of_results_that_were_made_one_is_taken(app, stack):
    train = training(stack)
    both = ParallelJobs(stack, "Both", [train, training(stack, "Other")])
    run(stack, both.next(sfn.Pass(stack, "User", assign={"x": train.resource_name})))

    app.synth()


def _nested(stack, name):
    return NestedStack(stack, name)


def _nested_twice(stack, name):
    return NestedStack(NestedStack(stack, name), "Inner")


def _sibling(stack, name):
    return Stack(stack.node.root, name, env=ENV)


def _nested_in_a_sibling(stack, name):
    return NestedStack(_sibling(stack, name), "Inner")


def _construct(stack, name):
    return Construct(stack, name)


PLACES = [_nested, _nested_twice, _sibling, _nested_in_a_sibling, _construct]


@pytest.mark.parametrize("language", [{}, JSONATA], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize("of_user", PLACES)
@pytest.mark.parametrize("of_job", PLACES)
def test_order_holds_wherever_jobs_are_made(app, stack, of_job, of_user, language):
    train = training(of_job(stack, "Jobs"), **language)
    user = CreateModel(of_user(stack, "Users"), "Model", image=IMAGE, model_data=train.model_artifacts, **language)
    run(stack, user.next(train), **language)

    with pytest.raises(RuntimeError, match=rf"Model uses ModelArtifacts.*Train, which does not run before it.*{THERE}"):
        app.synth()


def _gate_before(stack):
    train = training(
        stack,
        image=IMAGE,
        parameters={"AlgorithmSpecification": {"MetricDefinitions": [{"Name": "auc", "Regex": "auc=(.*)"}]}},
    )
    return QualityGate(stack, "Gate", train.final_metric("auc") >= 0.8).next(train)


def test_gate_before_its_job_is_refused(app, stack):
    run(stack, _gate_before(stack))

    with pytest.raises(RuntimeError, match=rf"Gate.*Train.*{THERE}"):
        app.synth()
