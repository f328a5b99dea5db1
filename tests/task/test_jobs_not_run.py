"""Jobs and steps that no state machine comes to are named at synthesis, and no others are."""

from __future__ import annotations

import re

from constructs_sm import (
    Approval,
    ArtifactCheck,
    DeleteEndpoint,
    EndpointDeployment,
    EvaluationReport,
    FailureHandler,
    FanOut,
    FindModelPackage,
    Input,
    InputGuard,
    JobPipeline,
    Number,
    ParallelJobs,
    PipelineStack,
    QualityGate,
    RawState,
    RegisterScalableTarget,
    ScalableTarget,
    TrainingJob,
)
from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import POLLED_ACTIONS

import pytest
from aws_cdk import App, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct
from every_action import job
from every_polled_action import polled_job

ENV = Environment(account="111122223333", region="eu-west-1")
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1"
_NAMED = re.compile(r"no state machine runs the (\w+ '[^']+')")


def training(scope, construct_id="Train", **arguments):
    arguments = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", **arguments}
    return TrainingJob(scope, construct_id, **arguments)


def run(scope, definition, construct_id="Machine"):
    return sfn.StateMachine(scope, construct_id, definition_body=sfn.DefinitionBody.from_chainable(definition))


def named(assembly):
    """What is said not to be run, in all stacks of an app and its stages."""
    found = [
        match[1]
        for stack in assembly.stacks
        for each in stack.messages
        for match in _NAMED.finditer(str(each.entry.data))
    ]
    return sorted(found + [name for each in assembly.nested_assemblies for name in named(each.nested_assembly)])


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "S", env=ENV)


def _beside(stack):
    training(stack, "Other")


def _in_a_nested_stack(stack):
    training(NestedStack(stack, "N"), "Other")


def _in_a_construct(stack):
    training(Construct(stack, "C"), "Other")


def _in_a_chain(stack):
    training(stack, "A").next(training(stack, "B"))


def _behind_a_pass(stack):
    sfn.Pass(stack, "P").next(training(stack, "A"))


def _behind_a_choice(stack):
    choice = sfn.Choice(stack, "If").when(sfn.Condition.is_present("$.x"), training(stack, "A"))
    choice.otherwise(sfn.Succeed(stack, "Done"))


def _in_a_map(stack):
    sfn.Map(stack, "Each", items_path="$.x").item_processor(training(stack, "A"))


def _in_a_distributed_map(stack):
    sfn.DistributedMap(stack, "Each", items_path="$.x").item_processor(training(stack, "A"))


def _in_a_fan_out(stack):
    FanOut(stack, "Each", training(stack, "A"), items="$.x")


def _of_a_handler_that_catches_nothing(stack):
    FailureHandler(stack, "Handler", notify=training(stack, "A"))


def _of_a_handler_of_what_nothing_runs(stack):
    FailureHandler(stack, "Handler").catch(training(stack, "A"))


def _gate(stack, value=None):
    return QualityGate(stack, "Good", (value or Number("$.auc")) >= 0.8)


def _gate_behind_a_job(stack):
    job = training(stack, "A")
    job.next(_gate(stack, job.final_metric("auc")))


def _gate_of_a_report(stack):
    return _gate(stack, EvaluationReport("s3://data-111122223333/report.json")["auc"])


def _artifact_check(stack):
    return ArtifactCheck(stack, "There", "s3://data-111122223333/model.tar.gz")


def _fan_out(stack, **arguments):
    return FanOut(stack, "Each", sfn.Pass(stack, "Nothing"), items="$.x", **arguments)


def _distributed_fan_out(stack):
    return _fan_out(stack, distributed=True)


def _registration(stack):
    target = ScalableTarget(min_capacity=1, max_capacity=2)
    return RegisterScalableTarget(stack, "Scale", inference_component="c", target=target)


def _raw_state(stack):
    return RawState(stack, "Raw", state_json={"Type": "Pass"})


def _input_guard(stack):
    return InputGuard(stack, "Guard", inputs={"day": Input.string()})


def _parallel_jobs(stack):
    return ParallelJobs(stack, "Both", [sfn.Pass(stack, "Nothing")])


STEPS = [_gate, _gate_of_a_report, _artifact_check, _fan_out, _distributed_fan_out, _registration, _raw_state,
         _input_guard, _parallel_jobs]  # fmt: skip


def _approval(stack):
    Approval(stack, "Ask", notify="a@example.com")


def _deployment(stack):
    EndpointDeployment(stack, "Deploy", endpoint_name="e", model="m", instance_type="ml.m5.xlarge")


def _search(stack):
    FindModelPackage(stack, "Find", group="g")


def _deletion(stack):
    DeleteEndpoint(stack, "Delete", name="e")


def _approval_in_a_map(stack):
    FanOut(stack, "Each", Approval(stack, "Ask", notify="a@example.com"), items="$.x")


@pytest.mark.parametrize(
    ("forgotten", "expected"),
    [
        (_beside, ["job 'S/Other'"]),
        (_in_a_nested_stack, ["job 'S/N/Other'"]),
        (_in_a_construct, ["job 'S/C/Other'"]),
        (_in_a_chain, ["job 'S/A'", "job 'S/B'"]),
        (_behind_a_pass, ["job 'S/A'"]),
        (_behind_a_choice, ["job 'S/A'"]),
        (_in_a_map, ["job 'S/A'"]),
        (_in_a_distributed_map, ["job 'S/A'"]),
        (_in_a_fan_out, ["job 'S/A'", "step 'S/Each'"]),
        (_of_a_handler_that_catches_nothing, ["job 'S/A'", "step 'S/Handler'"]),
        (_of_a_handler_of_what_nothing_runs, ["job 'S/A'", "step 'S/Handler'"]),
        (_gate, ["step 'S/Good'"]),
        (_gate_behind_a_job, ["job 'S/A'", "step 'S/Good'"]),
        (_gate_of_a_report, ["step 'S/Good'"]),
        (_artifact_check, ["step 'S/There'"]),
        (_fan_out, ["step 'S/Each'"]),
        (_distributed_fan_out, ["step 'S/Each'"]),
        (_registration, ["step 'S/Scale'"]),
        (_raw_state, ["step 'S/Raw'"]),
        (_input_guard, ["step 'S/Guard'"]),
        (_approval, ["step 'S/Ask'"]),
        (_deployment, ["step 'S/Deploy'"]),
        (_search, ["step 'S/Find'"]),
        (_deletion, ["step 'S/Delete'"]),
        (_approval_in_a_map, ["step 'S/Ask'", "step 'S/Each'"]),
    ],
)
def test_what_nothing_runs_is_named(app, stack, forgotten, expected):
    forgotten(stack)
    run(stack, training(stack))

    assert named(app.synth()) == expected


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.operation)
def test_every_job_that_nothing_runs_is_named_once(app, stack, action):
    job(stack, action)
    run(stack, training(stack))

    assert named(app.synth()) == ["job 'S/Job'"]


@pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.operation)
def test_every_polled_job_that_nothing_runs_is_named_once(app, stack, action):
    left = polled_job(stack, action)
    run(stack, training(stack))

    assert named(app.synth()) == [f"job '{left.node.path}'"]


def _catch(stack):
    train = training(stack)
    train.add_catch(training(stack, "Other"))
    run(stack, train)


def _otherwise(stack):
    run(stack, Approval(stack, "Ask", notify="a@example.com", otherwise=training(stack)))


def _handler(stack):
    run(stack, FailureHandler(stack, "Handler", notify=training(stack, "Tell")).catch(training(stack)))


def _sibling(stack):
    other = Stack(stack.node.root, "Jobs", env=ENV)
    run(stack, training(other).next(training(stack, "Own")).next(Approval(other, "Ask", notify="a@example.com")))


def _machine_in_a_nested_stack(stack):
    run(NestedStack(stack, "N"), training(stack))


def _single_state(stack):
    run(stack, training(stack).to_single_state())


def _prefixed(stack):
    first = FindModelPackage(stack, "Find", group="g")
    run(stack, sfn.Chain.start(first.prefix_states("one ")).next(training(stack).prefix_states("two ")))


def _branches(stack):
    jobs = ParallelJobs(stack, "Both", [training(stack, "A"), training(stack, "B")])
    run(stack, jobs.next(FanOut(stack, "Each", training(stack), items="$.x", distributed=True)))


def _given_as_text(stack):
    graph = sfn.StateGraph(training(stack).start_state, "by hand")
    machine = sfn.CfnStateMachine(stack, "Machine", role_arn="arn:aws:iam::111122223333:role/r")
    machine.definition_string = stack.to_json_string(graph.to_graph_json())


def _definition_elsewhere(stack):
    sfn.Map(stack, "Each", items_path="$.x").item_processor(training(stack))
    bucket = sfn.CfnStateMachine.S3LocationProperty(bucket="b", key="k")
    sfn.CfnStateMachine(stack, "Machine", role_arn="arn:aws:iam::111122223333:role/r", definition_s3_location=bucket)


def _no_machine(stack):
    training(stack)


@pytest.mark.parametrize(
    "made",
    [
        _catch,
        _otherwise,
        _handler,
        _sibling,
        _machine_in_a_nested_stack,
        _single_state,
        _prefixed,
        _branches,
        _given_as_text,
        _definition_elsewhere,
        _no_machine,
    ],
)
def test_what_something_runs_or_may_run_is_not_named(app, stack, made):
    made(stack)

    assert named(app.synth()) == []


def _alone(stack, step):
    return step


def _behind_a_prefix(stack, step):
    return step.prefix_states("one ") if isinstance(step, sfn.StateMachineFragment) else step


def _in_each(stack, step):
    return sfn.Map(stack, "Map", items_path="$.l").item_processor(step)


def _in_a_branch(stack, step):
    return sfn.Parallel(stack, "Parallel").branch(step)


def _caught(stack, step):
    train = training(stack)
    train.add_catch(step)
    return train


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("placed", [_alone, _behind_a_prefix, _in_each, _in_a_branch, _caught])
def test_step_that_something_runs_is_not_named(app, stack, placed, step):
    run(stack, placed(stack, step(stack)))

    assert named(app.synth()) == []


def test_handler_that_finds_nothing_to_catch_is_not_named(app, stack):
    handler = FailureHandler(stack, "Handler")
    run(stack, handler.catch(sfn.Pass(stack, "Nothing")))

    assert named(app.synth()) == []


def test_job_of_a_stage_in_which_there_is_no_state_machine_is_named(app, stack):
    training(Stack(Stage(app, "Dev", env=ENV), "Jobs"))
    run(stack, training(stack))

    assert named(app.synth()) == ["job 'Dev/Jobs/Train'"]


def test_job_of_one_stage_is_not_taken_for_that_of_another(app):
    for name in ("Dev", "Prod"):
        stack = Stack(Stage(app, name, env=ENV), "S")
        train = training(stack)
        if name == "Dev":
            FanOut(stack, "Each", train, items="$.x")
            run(stack, sfn.Pass(stack, "Nothing"))
        else:
            run(stack, train)

    assert named(app.synth()) == ["job 'Dev/S/Train'", "step 'Dev/S/Each'"]


def test_job_that_a_state_machine_of_another_stage_runs_is_not_named(app, stack):
    jobs = Stack(Stage(app, "Jobs", env=ENV), "S")
    role = iam.Role.from_role_arn(jobs, "Role", "arn:aws:iam::111122223333:role/E", mutable=False)
    run(stack, training(jobs, role=role))

    assert named(app.synth()) == []


@pytest.mark.parametrize(
    "made",
    [
        lambda stack, *jobs: sfn.Parallel(stack, "Both").branch(*jobs),
        lambda stack, *jobs: ParallelJobs(stack, "Both", list(jobs)),
    ],
)
def test_parallel_that_nothing_runs_is_refused_with_the_jobs_in_it(app, stack, made):
    """The CDK says of it that it has no branches."""
    made(stack, training(stack, "A"), training(stack, "B"))
    run(stack, training(stack))

    said = "no state machine runs 'S/Both', nor the job 'S/A', the job 'S/B'; chain it into one, or take it out"
    with pytest.raises(RuntimeError, match=re.escape(said)):
        app.synth()


def test_parallel_jobs_that_nothing_runs_are_refused_by_name(app, stack):
    _parallel_jobs(stack)
    run(stack, training(stack))

    said = "no state machine runs 'S/Both'; chain it into one, or take it out [job-not-run]"
    with pytest.raises(RuntimeError, match=re.escape(said)):
        app.synth()


def test_job_before_the_start_is_refused_as_step_functions_does(app, stack):
    train = training(stack)
    training(stack, "Before").next(train)
    run(stack, train)

    with pytest.raises(RuntimeError, match=r"state 'Before': no state leads to it.*\[asl-unreachable-state\]"):
        app.synth()


def test_loop_that_no_state_leads_into_is_named(app, stack):
    train, lonely = training(stack), training(stack, "Lonely")
    again = sfn.Choice(stack, "Again").when(sfn.Condition.is_present("$.x"), lonely)
    lonely.next(again.otherwise(train))
    run(stack, train)

    assert named(app.synth()) == ["job 'S/Lonely'"]


def test_job_of_a_pipeline_that_runs_another_is_named(app):
    stack = PipelineStack(app, "Churn", env=ENV)
    stack.run(training(stack))
    pipeline = JobPipeline(stack, "Second")
    training(pipeline, "Other")
    pipeline.run(training(pipeline))

    assert named(app.synth()) == ["job 'Churn/Second/Other'"]
