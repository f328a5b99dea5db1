"""Jobs and steps whose state machine stands in another stack, stage, Region or account; roles that several share."""

from __future__ import annotations

import json

from constructs_sm import (
    Approval,
    CreateModel,
    DeleteEndpoint,
    EndpointDeployment,
    FailureHandler,
    FanOut,
    FindModelPackage,
    JobPipeline,
    RegisterScalableTarget,
    ScalableTarget,
    TrainingJob,
)
from constructs_sm.polled_actions import COMPILATION_JOB

import pytest
from aws_cdk import App, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from every_polled_action import polled_job

ACCOUNT = "111122223333"
ENV = Environment(account=ACCOUNT, region="eu-west-1")
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/train:1"
ELSEWHERE = r"\[job-of-another-environment\]"


def role_in(scope, construct_id="Role"):
    return iam.Role.from_role_arn(scope, construct_id, f"arn:aws:iam::{ACCOUNT}:role/E", mutable=False)


def training(scope, construct_id="Train", **arguments):
    arguments = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", **arguments}
    return TrainingJob(scope, construct_id, **arguments)


def run(scope, definition, construct_id="Machine", **arguments):
    body = sfn.DefinitionBody.from_chainable(definition)
    return sfn.StateMachine(scope, construct_id, definition_body=body, **arguments)


@pytest.fixture
def app():
    return App()


def _approval(jobs):
    topic = sns.Topic.from_topic_arn(jobs, "Topic", f"arn:aws:sns:us-east-1:{ACCOUNT}:t")
    return Approval(jobs, "Step", notify=topic)


def _deployment(jobs):
    return EndpointDeployment(jobs, "Step", endpoint_name="e", model="m", instance_type="ml.m5.xlarge")


def _handled(jobs):
    return FailureHandler(jobs, "Handler").catch(training(jobs, "Step", role=role_in(jobs)))


MADE = {
    "training": lambda jobs: training(jobs, "Step", role=role_in(jobs)),
    "training under the role of its stack": lambda jobs: training(jobs, "Step"),
    "polled job under the role of its stack": lambda jobs: polled_job(jobs, COMPILATION_JOB, "Step"),
    "polled job": lambda jobs: polled_job(jobs, COMPILATION_JOB, "Step", role=role_in(jobs)),
    "deployment": _deployment,
    "approval": _approval,
    "search": lambda jobs: FindModelPackage(jobs, "Step", group="g"),
    "deletion": lambda jobs: DeleteEndpoint(jobs, "Step", name="e"),
    "scaling": lambda jobs: RegisterScalableTarget(
        jobs, "Step", inference_component="c", target=ScalableTarget(min_capacity=1, max_capacity=2)
    ),
    "handled job": _handled,
    "fan-out": lambda jobs: FanOut(jobs, "Each", training(jobs, "Step", role=role_in(jobs)), items="$.x"),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_what_is_made_for_another_region_is_refused(app, made):
    jobs = Stack(app, "Jobs", env=Environment(account=ACCOUNT, region="us-east-1"))
    run(Stack(app, "S", env=ENV), made(jobs))

    with pytest.raises(RuntimeError, match=rf"Step' is made for us-east-1 of {ACCOUNT}, and its state.*{ELSEWHERE}"):
        app.synth()


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_what_is_made_for_the_same_region_in_another_stack_is_taken(app, made):
    env = Environment(account=ACCOUNT, region="us-east-1")
    run(Stack(app, "S", env=env), made(Stack(app, "Jobs", env=env)))

    app.synth()


@pytest.mark.parametrize(
    ("jobs", "machine"),
    [
        ({"region": "us-east-1", "account": "444455556666"}, {"region": "us-east-1", "account": ACCOUNT}),
        ({"region": "cn-north-1", "account": ACCOUNT}, {"region": "us-east-1", "account": ACCOUNT}),
        ({"region": "us-east-1"}, {"region": "eu-west-1"}),
        ({}, {"region": "us-east-1", "account": ACCOUNT}),
        ({"region": "us-east-1", "account": ACCOUNT}, {}),
    ],
)
def test_other_places_are_refused_as_far_as_they_are_known(app, jobs, machine):
    made_for = Stack(app, "Jobs", env=Environment(**jobs))
    run(Stack(app, "S", env=Environment(**machine)), FindModelPackage(made_for, "Find", group="g"))

    with pytest.raises(RuntimeError, match=ELSEWHERE):
        app.synth()


def test_places_that_are_known_at_deployment_alone_may_be_one(app):
    run(Stack(app, "S"), FindModelPackage(Stack(app, "Jobs"), "Find", group="g"))

    app.synth()


def _two_stages(app):
    return Stack(Stage(app, "A", env=ENV), "Jobs"), Stack(Stage(app, "B", env=ENV), "S")


def _stage_in_the_app(app):
    return Stack(Stage(app, "A", env=ENV), "Jobs"), Stack(app, "S", env=ENV)


def _stage_around(app):
    return Stack(app, "Jobs", env=ENV), Stack(Stage(app, "A", env=ENV), "S")


def _stages_in_each_other(app):
    outer = Stage(app, "A", env=ENV)
    return Stack(outer, "Jobs"), Stack(Stage(outer, "B"), "S")


@pytest.mark.parametrize("stacks", [_two_stages, _stage_in_the_app, _stage_around, _stages_in_each_other])
@pytest.mark.parametrize("too_early", [False, True])
def test_order_holds_where_jobs_and_state_machine_are_in_different_stages(app, stacks, too_early):
    jobs, stack = stacks(app)
    image = IMAGE.replace("us-east-1", "eu-west-1")
    train = training(jobs, image=image, role=role_in(jobs))
    model = CreateModel(jobs, "Model", image=image, model_data=train.model_artifacts, role=role_in(jobs, "Other"))
    run(stack, model.next(train) if too_early else train.next(model))

    if too_early:
        with pytest.raises(RuntimeError, match=r"Model uses ModelArtifacts.* \[output-is-there\]"):
            app.synth()
    else:
        app.synth()


def test_other_region_is_found_in_another_stage(app):
    jobs = Stack(Stage(app, "A", env=Environment(account=ACCOUNT, region="us-east-1")), "Jobs")
    run(Stack(Stage(app, "B", env=ENV), "S"), training(jobs, role=role_in(jobs)))

    with pytest.raises(RuntimeError, match=ELSEWHERE):
        app.synth()


def test_express_machine_of_another_stage_is_refused(app):
    jobs, stack = _two_stages(app)
    train = training(jobs, image=IMAGE.replace("us-east-1", "eu-west-1"), role=role_in(jobs))
    run(stack, train, state_machine_type=sfn.StateMachineType.EXPRESS)

    with pytest.raises(RuntimeError, match=r"\[asl-express\]"):
        app.synth()


def test_stages_of_one_form_are_judged_each_for_itself(app):
    for name, region in (("Dev", "eu-west-1"), ("Prod", "us-east-1")):
        stage = Stage(app, name, env=Environment(account=ACCOUNT, region=region))
        jobs = Stack(stage, "Jobs")
        run(Stack(stage, "S"), training(jobs, image=IMAGE.replace("us-east-1", region), role=role_in(jobs)))

    app.synth()


def own_role(scope):
    return iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))


def test_role_that_comes_back_two_levels_down_is_refused(app):
    """Its policy would name a state machine that waits for it."""
    stack = Stack(app, "S", env=ENV)
    role = own_role(stack)
    first = JobPipeline(stack, "First", definition=FindModelPackage(stack, "Find", group="g"), role=role)
    second = JobPipeline(stack, "Second", definition=first.task(stack, "RunFirst"))
    JobPipeline(stack, "Third", definition=second.task(stack, "RunSecond"), role=role)

    with pytest.raises(RuntimeError, match=r"state 'RunSecond': .* \[nested-pipeline-role\]"):
        app.synth()


def test_role_that_is_shared_without_starting_each_other_is_taken(app):
    stack = Stack(app, "S", env=ENV)
    role = own_role(stack)
    pipelines = [
        JobPipeline(stack, name, definition=FindModelPackage(stack, f"Find{name}", group="g"), role=role)
        for name in ("First", "Second")
    ]
    both = pipelines[0].task(stack, "RunFirst").next(pipelines[1].task(stack, "RunSecond"))
    JobPipeline(stack, "Third", definition=both)

    app.synth()


def told(app):
    stacks = app.synth().stacks
    return [
        str(each.entry.data)
        for stack in stacks
        for each in stack.messages
        if "role-without-grants" in str(each.entry.data)
    ]


def _imported(scope, **arguments):
    return iam.Role.from_role_arn(scope, "R", f"arn:aws:iam::{ACCOUNT}:role/service-role/M", **arguments)


ROLES = {
    "immutable": (lambda scope: _imported(scope, mutable=False), 1),
    "immutable by name": (lambda scope: iam.Role.from_role_name(scope, "R", "M", mutable=False), 1),
    "of another account": (lambda scope: iam.Role.from_role_arn(scope, "R", "arn:aws:iam::444455556666:role/M"), 1),
    "without policy updates": (lambda scope: own_role(scope).without_policy_updates(), 1),
    "imported": (_imported, 0),
    "by name": (lambda scope: iam.Role.from_role_name(scope, "R", "M"), 0),
    "own": (own_role, 0),
}


def _plain(stack, role):
    run(stack, FindModelPackage(stack, "Find", group="g"), role=role(stack))


def _pipeline(stack, role):
    JobPipeline(stack, "Pipeline", definition=FindModelPackage(stack, "Find", group="g"), role=role(stack))


def _nested_stack(stack, role):
    _plain(NestedStack(stack, "N"), role)


def _jobs_of_another_stack(stack, role):
    jobs = Stack(stack.node.root, "Jobs", env=ENV)
    run(stack, FindModelPackage(jobs, "Find", group="g"), role=role(stack))


@pytest.mark.parametrize(("role", "expected"), ROLES.values(), ids=ROLES)
@pytest.mark.parametrize("made", [_plain, _pipeline, _nested_stack, _jobs_of_another_stack])
def test_role_that_cannot_be_changed_is_told_once_wherever_it_runs(app, made, role, expected):
    made(Stack(app, "S", env=ENV), role)
    if made is _nested_stack:
        app.synth()
        messages = app.node.find_child("S").node.find_child("N").node.find_all()
        entries = [json.dumps(str(entry.data)) for each in messages for entry in each.node.metadata]
        assert sum("role-without-grants" in entry for entry in entries) == expected
    else:
        assert len(told(app)) == expected
