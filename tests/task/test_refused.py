"""A construct that is refused, however late, leaves nothing behind, and its id can be used rightly."""

from __future__ import annotations

from typing import Any

import constructs_sm
from constructs_sm import (
    Approval,
    ArtifactCheck,
    CreateInferenceComponent,
    CreateModel,
    CreateModelPackage,
    DeleteEndpoint,
    DeleteEndpointConfig,
    DeleteInferenceComponent,
    DeleteModel,
    Deletion,
    EndpointDeployment,
    EvaluationReport,
    FailureHandler,
    FanOut,
    FindModelPackage,
    Input,
    InputGuard,
    InvalidInputError,
    JobPipeline,
    ParallelJobs,
    PipelineApp,
    PipelineStack,
    PolledJob,
    ProcessingJob,
    QualityGate,
    RawState,
    RegisterScalableTarget,
    SageMakerJob,
    SageMakerTask,
    ScalableTarget,
    TargetTrackingScaling,
    TrainingJob,
    UpdateEndpoint,
    blueprints,
    images,
)
from constructs_sm.actions import TRAINING_JOB
from constructs_sm.blueprints import BatchInference, TrainAndDeploy, TuneAndDeploy
from constructs_sm.polled_actions import FEATURE_GROUP
from constructs_sm.task.scope import JobScope

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from constructs import Construct
from every_action import IMAGE, JOBS, REQUESTS
from every_blueprint import ARGUMENTS
from every_polled_action import REQUESTS as POLLED_REQUESTS

BY_CLASS = {made: REQUESTS[api] for api, made in JOBS.items()}
TRAINING: dict[str, Any] = {
    "image": images.xgboost("1.7-1"),
    "inputs": {"train": "s3://data/train/"},
    "instance_type": "ml.m5.xlarge",
}
DEPLOYED: dict[str, Any] = {"endpoint_name": "churn", "model": "churn", "instance_type": "ml.m5.large"}


def train(stack, construct_id="Before"):
    return TrainingJob(stack, construct_id, **TRAINING)


ARGUMENTS_OF: dict[type, Any] = {
    **{made: lambda _, request=request: {"parameters": request} for made, request in BY_CLASS.items()},
    UpdateEndpoint: lambda _: {"parameters": REQUESTS["updateEndpoint"], "job_name": "churn"},
    TrainingJob: lambda _: TRAINING,
    ProcessingJob: lambda _: {
        "image": images.sklearn("1.2-1"),
        "code": __file__,
        "outputs": ["train"],
        "instance_type": "ml.m5.xlarge",
    },
    CreateModel: lambda stack: {"image": IMAGE, "model_data": train(stack).model_artifacts},
    CreateModelPackage: lambda _: {"parameters": POLLED_REQUESTS["createModelPackage"]},
    PolledJob: lambda _: {
        "action": FEATURE_GROUP,
        "parameters": {**POLLED_REQUESTS["createFeatureGroup"], "RoleArn": "arn:aws:iam::123456789012:role/Given"},
    },
    SageMakerJob: lambda _: {"action": TRAINING_JOB, "parameters": REQUESTS["createTrainingJob"]},
    SageMakerTask: lambda _: {"action": TRAINING_JOB, "parameters": REQUESTS["createTrainingJob"]},
    QualityGate: lambda _: {"condition": EvaluationReport("s3://data/", "evaluation.json")["auc"] >= 0.8},
    InputGuard: lambda _: {"inputs": {"rounds": Input.integer(1, 5)}},
    Approval: lambda _: {"notify": ["ada@example.com"]},
    ArtifactCheck: lambda _: {"artifact": "s3://data/model.tar.gz"},
    EndpointDeployment: lambda _: {**DEPLOYED, "rollback_alarms": ["errors"], "delete_old_configs": True},
    FailureHandler: lambda _: {},
    CreateInferenceComponent: lambda _: {"endpoint_name": "shared", "model": "churn-model", "memory": 2048},
    RegisterScalableTarget: lambda _: {
        "inference_component": "churn",
        "target": ScalableTarget(min_capacity=0, max_capacity=2, policies=[TargetTrackingScaling(target_value=5)]),
    },
    **dict.fromkeys(
        (DeleteEndpoint, DeleteEndpointConfig, DeleteInferenceComponent, DeleteModel), lambda _: {"name": "churn"}
    ),
    FindModelPackage: lambda _: {"group": "churn"},
    RawState: lambda _: {"state_json": {"Type": "Pass"}},
    FanOut: lambda stack: {"each": train(stack), "items": "$.items"},
    ParallelJobs: lambda stack: {"branches": [train(stack)]},
    JobPipeline: lambda stack: {"definition": train(stack), "schedule": Duration.days(1), "dashboard": True},
    BatchInference: lambda _: {"image": IMAGE, "model_data": "s3://data/model.tar.gz", "data": "s3://data/in/"},
    TrainAndDeploy: lambda _: {**TRAINING, "endpoint_name": "churn"},
    TuneAndDeploy: lambda _: {
        **TRAINING,
        "endpoint_name": "churn",
        "objective": "validation:auc",
        "ranges": ARGUMENTS["TuneAndDeploy"]["ranges"],
        "tune": {"strategy": "Random"},
    },
}
CONSTRUCTS = [*ARGUMENTS_OF, PipelineStack]


class LateError(Exception):
    """What goes wrong when all is made."""


def refused(made):
    """A class whose constructor makes everything, and refuses it then."""

    def initialize(self, *scope_and_id, **arguments):
        made.__init__(self, *scope_and_id, **arguments)
        raise LateError

    return type(made.__name__, (made,), {"__init__": initialize})


def around(*, with_role):
    """A stack with data of its own, and with or without jobs that came before."""
    stack = PipelineStack(App(), "Stack")
    if with_role:
        train(Construct(stack, "Elsewhere"), "Other")
    return stack


REGISTERS = ("_execution_grants", "_registered", "_folders", "_execution_role", "starts_executions")
ORDER = ("_asked", "_used", "paths", "_names")


def left(stack):
    """What is in the tree, and in what the jobs of the stack share."""
    scope = JobScope.of(stack)
    found = [child.node.path for child in stack.node.find_all()]
    for name in REGISTERS:
        value = getattr(scope, name)
        found.append({str(key): str(kept) for key, kept in value.items()} if isinstance(value, dict) else value)
    # A count of nought is as good as none.
    order = [getattr(scope.output_order, name).items() for name in ORDER]
    return [*found, *({str(key): str(value) for key, value in register if value} for register in order)]


def public_constructs():
    """The public classes that are made in a scope."""
    for value in (*vars(blueprints).values(), *(getattr(constructs_sm, name) for name in constructs_sm.__all__)):
        if isinstance(value, type) and issubclass(value, Construct):
            yield value


def test_every_public_construct_is_tried():
    # An app stands in no scope that could be left as it was, and of a Deletion only its kinds are made.
    assert set(public_constructs()) - {PipelineApp, Deletion} == set(CONSTRUCTS)


@pytest.mark.parametrize("with_role", [False, True], ids=["alone", "after another"])
@pytest.mark.parametrize("made", ARGUMENTS_OF, ids=lambda made: made.__name__)
def test_construct_that_is_refused_late_leaves_nothing(made, with_role):
    stack, undisturbed = around(with_role=with_role), around(with_role=with_role)
    arguments = ARGUMENTS_OF[made](stack)
    before = left(stack)

    with pytest.raises(LateError):
        refused(made)(stack, "Job", **arguments)

    assert left(stack) == before
    if made in (FanOut, ParallelJobs, JobPipeline):
        # What they were given belongs to what was refused.
        arguments = {**arguments, **{name: anew(value, stack) for name, value in arguments.items()}}
    made(stack, "Job", **arguments)
    made(undisturbed, "Job", **ARGUMENTS_OF[made](undisturbed))
    if made not in (FanOut, ParallelJobs, JobPipeline):
        assert resources(stack) == resources(undisturbed)


def anew(value, stack):
    if isinstance(value, TrainingJob):
        return train(stack, "Again")
    return [train(stack, "Again")] if isinstance(value, list) else value


def resources(stack):
    if stack.pipeline._state_machine is None:  # noqa: SLF001  (asked for, it would be refused)
        stack.run(sfn.Pass(stack, "Nothing"))
    return Template.from_stack(stack).to_json()


@pytest.mark.parametrize("made", ARGUMENTS_OF, ids=lambda made: made.__name__)
def test_construct_of_an_id_that_is_taken_leaves_the_one_that_has_it(made):
    stack = around(with_role=False)
    arguments = ARGUMENTS_OF[made](stack)
    taken = sns.Topic(stack, "Job")
    before = left(stack)

    with pytest.raises(RuntimeError, match="There is already a Construct with name 'Job'"):
        made(stack, "Job", **arguments)

    assert left(stack) == before
    assert stack.node.try_find_child("Job") is taken


def test_stack_that_is_refused_late_leaves_nothing():
    app = App()
    with pytest.raises(LateError):
        refused(PipelineStack)(app, "Churn", key=True, schedule="rate(1 day)")

    assert len(app.node.find_all()) == 1
    PipelineStack(app, "Churn")


@pytest.fixture
def stack():
    return around(with_role=False)


def test_folder_of_a_job_that_is_refused_is_that_of_the_next_one(stack):
    with pytest.raises(InvalidInputError):
        TrainingJob(Construct(stack, "First"), "Train", image=IMAGE, inputs={"train": 3})

    job = train(Construct(stack, "Second"), "Train")

    place = job.task.to_state_json()["Parameters"]["OutputDataConfig"]["S3OutputPath"]
    assert place.endswith("/jobs/train/")


def test_blueprint_whose_last_job_is_refused_leaves_nothing(stack):
    before = left(stack)
    with pytest.raises(InvalidInputError, match="TransformJob 'Stack/Score/Score'"):
        BatchInference(
            stack,
            "Score",
            image=images.xgboost("1.7-1"),
            model_data="s3://d/m.tar.gz",
            data="s3://d/",
            split_type="Lines",
        )
    assert left(stack) == before


def twice(stack):
    """A chain of two states of one name, which the CDK refuses of a state machine."""
    return train(stack, "Train").next(ParallelJobs(stack, "Side", [train(Construct(stack, "B"), "Train")]))


@pytest.mark.parametrize("inputs", [None, {"rounds": Input.integer(1, 5, default=2)}], ids=["any", "declared"])
def test_run_that_is_refused_leaves_the_pipeline_to_run_another(stack, inputs):
    pipeline = JobPipeline(stack, "Other", inputs=inputs, schedule=Duration.days(1), dashboard=True)
    definition = twice(stack)
    before = left(stack)

    with pytest.raises(InvalidInputError, match="State with name 'Train' occurs in both"):
        pipeline.run(definition)

    assert left(stack) == before
    with pytest.raises(InvalidInputError, match="nothing runs yet"):
        _ = pipeline.state_machine
    pipeline.run(train(stack, "Good"))
    made = [resource["Type"] for resource in resources(stack)["Resources"].values()]
    # With those of the stack's own pipeline, which has no schedule.
    assert made.count("AWS::StepFunctions::StateMachine") == 2
    assert made.count("AWS::Events::Rule") == 5


def test_run_of_a_stack_that_is_refused_leaves_it_to_run_another():
    stack = PipelineStack(App(), "Churn", starters=["arn:aws:iam::123456789012:role/Starter"])
    definition = twice(stack)
    before = left(stack)

    with pytest.raises(InvalidInputError, match="State with name 'Train' occurs in both"):
        stack.run(definition)

    assert left(stack) == before
    stack.run(train(stack, "Good"))


def test_task_of_another_pipeline_that_is_refused_leaves_nothing(stack):
    pipeline = JobPipeline(stack, "Other", definition=train(stack))
    sns.Topic(stack, "Run it")
    before = left(stack)
    with pytest.raises(InvalidInputError, match="There is already a Construct"):
        pipeline.task(stack, "Run it")
    assert left(stack) == before


def test_single_state_that_is_refused_leaves_the_names_of_the_states(stack):
    job = train(stack, "Train")
    single = job.to_single_state(state_id="Once")
    with pytest.raises(InvalidInputError, match="'Stack/Train': it is a single state already, got 'Twice'"):
        job.to_single_state(state_id="Twice")
    with pytest.raises(TypeError, match="paths"):
        train(stack, "Other").to_single_state(paths="$")
    assert single.state_id == "Once"
    assert job.task.state_id == "Once: Train"
