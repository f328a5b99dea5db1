"""Checks of state machines and their jobs that are asked when the app is synthesized, wherever either stands."""

from __future__ import annotations

from constructs_sm import CreateModel, TrainingJob

import pytest
from aws_cdk import App, Environment, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

ACCOUNT = "111122223333"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/train:1"


def training(scope, construct_id="Train", **arguments):
    return TrainingJob(
        scope, construct_id, image=IMAGE, instance_type="ml.m5.xlarge", output="s3://out/m/", **arguments
    )


def state_machine(scope, definition, **arguments):
    return sfn.StateMachine(
        scope, "Machine", definition_body=sfn.DefinitionBody.from_chainable(definition), **arguments
    )


@pytest.fixture
def app():
    return App()


def stack_in(app, construct_id, region="eu-west-1"):
    return Stack(app, construct_id, env=Environment(account=ACCOUNT, region=region))


def before_its_job(scope):
    train = training(scope)
    return CreateModel(scope, "Model", image=IMAGE, model_data=train.model_artifacts).next(train)


def test_output_before_its_job_is_refused_where_jobs_are_in_a_nested_stack(app):
    stack = stack_in(app, "S")
    state_machine(stack, before_its_job(NestedStack(stack, "Nested")))

    with pytest.raises(RuntimeError, match=r"Model uses ModelArtifacts.* \[output-is-there\]"):
        app.synth()


def test_output_before_its_job_is_refused_where_jobs_are_in_a_sibling_stack(app):
    state_machine(stack_in(app, "S"), before_its_job(stack_in(app, "Jobs")))

    with pytest.raises(RuntimeError, match=r"\[output-is-there\]"):
        app.synth()


def test_job_of_another_region_than_its_machine_is_refused(app):
    jobs = stack_in(app, "Jobs", "us-east-1")
    role = iam.Role.from_role_arn(jobs, "Role", f"arn:aws:iam::{ACCOUNT}:role/E")
    image = IMAGE.replace("eu-west-1", "us-east-1")
    job = TrainingJob(jobs, "Train", image=image, instance_type="ml.m5.xlarge", output="s3://out/m/", role=role)
    state_machine(stack_in(app, "S"), job)

    with pytest.raises(RuntimeError, match=r"us-east-1 of 111122223333.* \[job-of-another-environment\]"):
        app.synth()


def test_job_that_waits_is_refused_in_an_express_machine(app):
    stack = stack_in(app, "S")
    state_machine(stack, training(stack), state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError, match=r"state 'Train'.* \[asl-express\]"):
        app.synth()


def test_job_that_nothing_runs_is_named_and_the_other_is_not(app):
    stack = stack_in(app, "S")
    training(stack, "Other")
    state_machine(stack, training(stack))

    told = [str(message.entry.data) for message in app.synth().get_stack_by_name("S").messages]
    assert [text for text in told if "job-not-run" in text] == [
        "no state machine runs the job 'S/Other'; chain it into one, or take it out [ack: job-not-run]"
    ]


def test_role_that_cannot_be_changed_is_told_of_a_plain_state_machine(app):
    stack = stack_in(app, "S")
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/M", mutable=False)
    state_machine(stack, training(stack), role=role)

    told = [str(message.entry.data) for message in app.synth().get_stack_by_name("S").messages]
    assert sum("role-without-grants" in text for text in told) == 1
