"""Checks of state machines and their jobs that are asked when the app is synthesized, wherever either stands."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    InvalidInputError,
    JobPipeline,
    PipelineStack,
    ProcessingJob,
    TrainingJob,
    acknowledge,
)
from constructs_sm.polled_actions import POLLED_ACTIONS

import pytest
from aws_cdk import App, Duration, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_polled_action import polled_job

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


def started(scope):
    """A training that is not waited for, as an Express state machine may have."""
    return training(scope, integration_pattern=sfn.IntegrationPattern.REQUEST_RESPONSE)


def test_wait_that_an_express_machine_does_not_live_to_see_is_refused(app):
    stack = stack_in(app, "S")
    pause = sfn.Wait(stack, "Pause", time=sfn.WaitTime.duration(Duration.minutes(10)))
    state_machine(stack, started(stack).next(pause), state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError, match=r"state 'Pause'/Seconds: .* got 600; .* \[express-ends-first\]"):
        app.synth()


def test_such_a_wait_can_be_acknowledged(app):
    stack = stack_in(app, "S")
    pause = sfn.Wait(stack, "Pause", time=sfn.WaitTime.duration(Duration.minutes(10)))
    state_machine(stack, started(stack).next(pause), state_machine_type=sfn.StateMachineType.EXPRESS)
    acknowledge(stack, "express-ends-first", "the pause is a test of timeouts")

    app.synth()


def test_polled_job_in_an_express_machine_is_told(app):
    stack = stack_in(app, "S")
    job = polled_job(stack, next(action for action in POLLED_ACTIONS if action.noun == "CompilationJob"))
    state_machine(stack, job, state_machine_type=sfn.StateMachineType.EXPRESS)

    assert sum("express-polls" in text for text in told_of(app)) == 1


def test_polled_job_in_a_standard_machine_is_not(app):
    stack = stack_in(app, "S")
    state_machine(stack, polled_job(stack, next(iter(POLLED_ACTIONS))))

    assert not [text for text in told_of(app) if "express" in text]


def test_activity_in_an_express_machine_is_refused(app):
    stack = stack_in(app, "S")
    asked = tasks.StepFunctionsInvokeActivity(stack, "Ask", activity=sfn.Activity(stack, "Person"))
    state_machine(stack, started(stack).next(asked), state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError, match=r"has no activities.* \[asl-express\]"):
        app.synth()


def test_distributed_map_in_an_express_machine_is_refused(app):
    stack = stack_in(app, "S")
    each = sfn.DistributedMap(stack, "Each", map_execution_type=sfn.StateMachineType.STANDARD)
    each.item_processor(sfn.Pass(stack, "One"))
    state_machine(stack, started(stack).next(each), state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError, match=r"has no distributed Map.* \[asl-express\]"):
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


def told_of(app, stack="S"):
    return [str(message.entry.data) for message in app.synth().get_stack_by_name(stack).messages]


def test_express_machine_with_jobs_of_two_stacks_is_reported_once(app):
    stack, other = stack_in(app, "S"), stack_in(app, "Other")
    chain = training(stack).next(training(other, "Second"))
    state_machine(stack, chain, state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError) as refused:
        app.synth()
    assert str(refused.value).count("state 'Train'") == 1
    assert str(refused.value).count("state 'Second'") == 1


def test_distributed_map_of_express_executions_does_not_hold_a_job_that_waits(app):
    stack = stack_in(app, "S")
    each = sfn.DistributedMap(stack, "Each", map_execution_type=sfn.StateMachineType.EXPRESS)
    each.item_processor(training(stack), mode=sfn.ProcessorMode.DISTRIBUTED, execution_type=sfn.ProcessorType.EXPRESS)
    state_machine(stack, each)

    with pytest.raises(RuntimeError, match=r"state 'Train'.* \[asl-express\]"):
        app.synth()


def starting(scope, machine, pattern):
    return tasks.StepFunctionsStartExecution(scope, "Start", state_machine=machine, integration_pattern=pattern)


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [(sfn.IntegrationPattern.RUN_JOB, True), (sfn.IntegrationPattern.REQUEST_RESPONSE, False)],
)
def test_execution_of_an_express_machine_is_not_waited_for(app, pattern, refused):
    stack, other = stack_in(app, "S"), stack_in(app, "Other")
    quick = sfn.StateMachine(
        other,
        "Quick",
        definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(other, "Done")),
        state_machine_type=sfn.StateMachineType.EXPRESS,
    )
    state_machine(stack, training(stack).next(starting(stack, quick, pattern)))

    if refused:
        with pytest.raises(RuntimeError, match=r"state 'Start'.*none is waited for so.* \[asl-express\]"):
            app.synth()
    else:
        assert not [text for text in told_of(app) if "asl-express" in text]


def test_nested_pipeline_of_the_same_role_is_refused_by_name(app):
    stack = stack_in(app, "S")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    inner = JobPipeline(stack, "Inner", definition=training(stack), role=role)
    JobPipeline(stack, "Outer", definition=inner.task(stack, "RunInner"), role=role)

    with pytest.raises(RuntimeError, match=r"state 'RunInner': .* \[nested-pipeline-role\]"):
        app.synth()


def test_nested_pipeline_with_a_role_of_its_own_is_not(app):
    stack = stack_in(app, "S")
    inner = JobPipeline(stack, "Inner", definition=training(stack))
    JobPipeline(stack, "Outer", definition=inner.task(stack, "RunInner"))

    assert not [text for text in told_of(app) if "nested-pipeline-role" in text]


def test_job_with_credentials_of_the_other_account_may_be_made_for_it(app):
    jobs = Stack(app, "Jobs", env=Environment(account="444455556666", region="eu-west-1"))
    role = iam.Role.from_role_arn(jobs, "Role", "arn:aws:iam::444455556666:role/Call")
    state_machine(stack_in(app, "S"), training(jobs, credentials=role, role=role))

    app.synth()


def test_jobs_of_a_stage_are_judged_in_it(app):
    stage = Stage(app, "Prod", env=Environment(account=ACCOUNT, region="eu-west-1"))
    state_machine(Stack(stage, "S"), before_its_job(Stack(stage, "Jobs")))

    with pytest.raises(RuntimeError, match=r"\[output-is-there\]"):
        app.synth()


def test_third_stack_that_uses_an_output_too_early_is_refused(app):
    train = training(stack_in(app, "Jobs"))
    model = CreateModel(stack_in(app, "Models"), "Model", image=IMAGE, model_data=train.model_artifacts)
    state_machine(stack_in(app, "S"), model.next(train))

    with pytest.raises(RuntimeError, match=r"\[output-is-there\]"):
        app.synth()


def test_second_chain_names_both_jobs(app):
    stack = stack_in(app, "S")
    first = training(stack, "First")
    first.next(training(stack, "Second"))

    with pytest.raises(ValueError, match=r"it goes on to 'Second' already, got 'Third'"):
        first.next(training(stack, "Third"))


def test_stack_name_with_an_underscore_is_refused_in_words(app):
    with pytest.raises(ValueError, match=r"got 'my_stack'; pass 'my-stack'"):
        PipelineStack(app, "my_stack")


def test_code_that_is_not_there_is_one_problem(app):
    with pytest.raises(InvalidInputError) as refused:
        ProcessingJob(stack_in(app, "S"), "P", image=IMAGE, instance_type="ml.m5.xlarge", code="/not/there.py")

    assert [problem.rule for problem in refused.value.problems] == ["code-place"]
