"""Blueprints: pipelines that are made already, in Python or from settings alone."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys

from constructs_sm import (
    CreateModel,
    EndpointDeployment,
    InvalidInputError,
    PipelineStack,
    TrainingJob,
    TransformJob,
    TuningJob,
    images,
)
from constructs_sm.blueprints import BatchInference, TrainAndDeploy, TuneAndDeploy
from constructs_sm.blueprints.described import _READERS as READERS
from constructs_sm.blueprints.described import BLUEPRINTS, CONTEXT_KEY, described_stack
from constructs_sm.testing import (
    AccessDenied,
    Always,
    EndpointStatus,
    Failed,
    LimitExceeded,
    Rehearsal,
    Stopped,
    Throttled,
    definition,
)

import pytest
from aws_cdk import App, Duration
from conftest import ROOT
from every_blueprint import ARGUMENTS, BATCH, GOOD


def described(blueprint: str, arguments: dict[str, object], **settings: object) -> App:
    return App(context={CONTEXT_KEY: {"blueprint": blueprint, "arguments": arguments, **settings}})


def test_batch_inference_is_a_model_and_a_transform_of_the_data(app):
    stack = PipelineStack(app, "Score")
    batch = BatchInference(
        stack, "Batch", image="churn:1", model_data="s3://m/model.tar.gz", data="s3://in/", score={"tags": {"a": "b"}}
    )
    stack.run(batch)

    states = definition(stack)["States"]
    assert [name for name in states if ":sagemaker:" in states[name].get("Resource", "")] == ["Model", "Score"]
    assert states["Score"]["Parameters"]["TransformInput"]["SplitType"] == "Line"
    assert states["Score"]["Parameters"]["Tags"] == [{"Key": "a", "Value": "b"}]


def test_blueprint_whose_job_refuses_its_arguments_leaves_nothing(app):
    stack = PipelineStack(app, "Score")

    with pytest.raises(InvalidInputError, match=r"TransformJob 'Score/Batch/Score': TransformInput.SplitType"):
        BatchInference(stack, "Batch", image="x", model_data="s3://m/m.tar.gz", data="s3://in/", split_type="Lines")

    assert stack.node.try_find_child("Batch") is None


def test_argument_given_to_the_blueprint_and_to_its_job_is_refused(app):
    stack = PipelineStack(app, "Score")

    with pytest.raises(
        InvalidInputError, match=r"BatchInference 'Score/Batch': score: data given twice, got .*; give it to"
    ):
        BatchInference(stack, "Batch", image="x", model_data="s3://m/", data="s3://in/", score={"data": "s3://other/"})


def test_further_arguments_are_a_mapping(app):
    stack = PipelineStack(app, "Score")

    with pytest.raises(
        InvalidInputError, match="BatchInference 'Score/Batch': score: further arguments must be a mapping"
    ):
        BatchInference(stack, "Batch", image="x", model_data="s3://m/", data="s3://in/", score="x")


def test_blueprint_in_settings_equals_the_one_in_python():
    written = PipelineStack(App(), "Score")
    written.run(
        BatchInference(
            written,
            "BatchInference",
            image=images.xgboost("1.7-1"),
            model_data=written.data("models/model.tar.gz"),
            data=written.data("in/"),
        )
    )

    assert definition(described_stack(described("BatchInference", BATCH, stack_name="Score"))) == definition(written)


def test_blueprint_is_placed_by_its_own_settings_and_by_those_of_the_stack():
    settings = {"account": "123456789012", "region": "eu-west-1"}
    described_here = {"blueprint": "BatchInference", "arguments": BATCH}
    stacks = [
        described_stack(App(context={CONTEXT_KEY: {**described_here, **here}, "constructs_sm": settings}))
        for here in ({}, {"region": "eu-central-1"})
    ]

    assert [(stack.account, stack.region) for stack in stacks] == [
        ("123456789012", "eu-west-1"),
        ("123456789012", "eu-central-1"),
    ]


def test_channel_is_a_place_or_an_object_of_its_arguments():
    inputs = {"train": {"data": "train/", "content_type": "text/csv"}, "validation": "s3://rows/validation/"}
    train = {"content_type": "application/x-parquet", "hyperparameters": {"timeout": "5", "data": "x"}}
    arguments = {**ARGUMENTS["TrainAndDeploy"], "inputs": inputs, "train": train}

    request = definition(described_stack(described("TrainAndDeploy", arguments)))["States"]["Train"]["Parameters"]

    assert {channel["ChannelName"]: channel["ContentType"] for channel in request["InputDataConfig"]} == {
        "train": "text/csv",
        "validation": "application/x-parquet",
    }
    assert request["HyperParameters"] == train["hyperparameters"]
    places = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in request["InputDataConfig"]]
    assert places[0].endswith("/train/")
    assert places[1] == "s3://rows/validation/"


@pytest.mark.parametrize("made", [TrainingJob, TuningJob, TransformJob, CreateModel, EndpointDeployment])
def test_durations_of_what_a_blueprint_makes_are_read_from_settings(made):
    # Not of the class: jsii's metaclass hides the signature.
    parameters = inspect.signature(made.__init__).parameters.values()
    times = {parameter.name for parameter in parameters if re.search(r"\b(Time|Duration)\b", str(parameter.annotation))}

    assert times <= set(READERS[Duration.parse])


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (None, r"no blueprint is described; write \{\"blueprint\": "),
        ({"blueprint": "Batch"}, "no such blueprint, got 'Batch'; use one of"),
        (
            {"blueprint": "BatchInference", "stackname": "A"},
            "unknown setting, got 'stackname'; did you mean stack_name",
        ),
        (
            {"blueprint": "BatchInference", "arguments": {**BATCH, "dta": ""}},
            "unknown argument, got 'dta'; did you mean",
        ),
        ({"blueprint": "BatchInference", "arguments": {}}, "image is missing; the blueprint needs it"),
        (
            {"blueprint": "BatchInference", "arguments": {**BATCH, "score": {"timeout": "2h"}}},
            "timeout cannot be read, got '2h'",
        ),
        (
            {
                "blueprint": "TrainAndDeploy",
                "arguments": {**ARGUMENTS["TrainAndDeploy"], "inputs": {"train": {"data": "a/", "content-type": "b"}}},
            },
            "inputs: train: unknown argument, got 'content-type'; did you mean content_type",
        ),
    ],
    ids=["none", "unknown", "misspelt-setting", "misspelt-argument", "missing", "unreadable", "misspelt-channel"],
)
def test_description_that_is_wrong_says_how_to_mend_it(context, said):
    app = App(context={} if context is None else {CONTEXT_KEY: context})

    with pytest.raises(InvalidInputError, match=said):
        described_stack(app)


def test_app_of_settings_alone_needs_no_python(tmp_path):
    context = {CONTEXT_KEY: {"blueprint": "BatchInference", "arguments": BATCH}}
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path),
        "CDK_VALIDATION": "false",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "constructs_sm.blueprints"], env=environment, check=True)

    assert (tmp_path / "BatchInference.template.json").exists()


def test_app_of_wrong_settings_ends_with_one_message(tmp_path):
    context = {CONTEXT_KEY: {"blueprint": "Batch"}}
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "constructs_sm.blueprints"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("cdk.json context 'constructs_sm:blueprint': no such blueprint, got 'Batch'")


@pytest.fixture(scope="module", params=list(BLUEPRINTS))
def blueprint(request):
    """A stack of each blueprint, from settings."""
    stack = described_stack(described(request.param, ARGUMENTS[request.param], stack_name="Churn"))
    definition(stack)
    return stack


def rehearsed(stack):
    rehearsal = Rehearsal.of(stack)
    if "Train" in definition(stack)["States"]:
        rehearsal.script("Train", Always(GOOD))
    return rehearsal


def calls(stack):
    """The states that call SageMaker to make something."""
    states = definition(stack)["States"]
    return [name for name, state in states.items() if ":states:::sagemaker:" in state.get("Resource", "")]


def test_every_blueprint_is_rehearsed():
    assert set(ARGUMENTS) == set(BLUEPRINTS)


def test_blueprint_runs_to_its_end_under_its_own_policy(blueprint):
    with rehearsed(blueprint) as rehearsal:
        run = rehearsal.start({})

    assert run.succeeded, str(run)
    assert run.findings == []


@pytest.mark.parametrize(
    "step",
    [Failed("AlgorithmError: no rows"), Stopped(), AccessDenied(), Always(Throttled()), Always(LimitExceeded())],
    ids=lambda step: getattr(step, "step", step).__class__.__name__,
)
def test_blueprint_in_which_a_job_goes_wrong_fails_and_says_so(blueprint, step):
    states = definition(blueprint)["States"]
    for state in calls(blueprint):
        with Rehearsal.of(blueprint) as rehearsal:
            if state != "Train" and "Train" in states:
                rehearsal.script("Train", Always(GOOD))
            rehearsal.script(state, step if isinstance(step, Always) else Always(step))
            waits = states[state]["Resource"].endswith(".sync")
            reached = state != "Deploy: EndpointUpdate"
            run = rehearsal.start({})
        if not reached or (isinstance(step, (Failed, Stopped)) and not waits):
            continue
        assert run.status == "FAILED", f"{state}\n{run}"
        assert run.error != "States.Runtime"
        assert state in (run.cause or "")


@pytest.mark.parametrize("name", ["TrainAndDeploy", "TuneAndDeploy"])
def test_model_that_is_not_good_enough_is_not_served(name):
    stack = described_stack(described(name, {**ARGUMENTS[name], "at_least": 1000}, stack_name="Churn"))

    with rehearsed(stack) as rehearsal:
        run = rehearsal.start({})

    assert (run.status, run.error) == ("FAILED", "QualityGateNotMet")
    assert "Model" not in run.states


@pytest.mark.parametrize("name", ["TrainAndDeploy", "TuneAndDeploy"])
def test_endpoint_that_fails_fails_the_execution_with_its_reason(name):
    stack = described_stack(described(name, ARGUMENTS[name], stack_name="Churn"))

    with rehearsed(stack) as rehearsal:
        rehearsal.script("Deploy: Describe", EndpointStatus("Failed", "no capacity"))
        run = rehearsal.start({})

    assert (run.status, run.error) == ("FAILED", "EndpointNotInService")
    assert "no capacity" in run.cause


def test_endpoint_that_is_there_is_updated():
    stack = described_stack(described("TrainAndDeploy", ARGUMENTS["TrainAndDeploy"], stack_name="Churn"))

    with rehearsed(stack) as rehearsal:
        first, second = rehearsal.start({}), rehearsal.start({})

    assert "Deploy: Endpoint" in first.states
    assert "Deploy: EndpointUpdate" in second.states
    assert second.succeeded, str(second)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metric": "auc"}, "a metric without a threshold, got 'auc'; give at_least or at_most"),
        ({"at_least": 0.8}, "a threshold without a metric, got {'at_least': 0.8}; say which metric it is for"),
    ],
    ids=["no-bar", "no-metric"],
)
def test_bar_and_metric_belong_together(app, arguments, said):
    stack = PipelineStack(app, "Churn")

    with pytest.raises(InvalidInputError, match=said.replace("{", r"\{")):
        TrainAndDeploy(stack, "Churn", image="x", inputs={}, endpoint_name="churn", **arguments)


def test_thresholds_that_nothing_meets_are_refused(app):
    stack = PipelineStack(app, "Churn")
    bounds = {"metric": "validation:auc", "at_least": 0.9, "at_most": 0.1}

    with pytest.raises(InvalidInputError, match=r"at_least is above at_most, got .*; pass an at_most of 0.9 or more"):
        TrainAndDeploy(stack, "Churn", image="x", inputs={}, endpoint_name="churn", **bounds)


def test_unknown_argument_of_a_deployment_in_a_blueprint_is_named_with_the_nearest(app):
    stack = PipelineStack(app, "Churn")
    said = r"TrainAndDeploy 'Churn/Churn': deploy: unknown argument, got 'delete_old_config'; did you mean delete_old_c"

    with pytest.raises(InvalidInputError, match=said):
        TrainAndDeploy(stack, "Churn", image="x", inputs={}, endpoint_name="churn", deploy={"delete_old_config": True})

    assert stack.node.try_find_child("Churn") is None


def test_jobs_of_a_blueprint_are_reachable_and_take_further_arguments(app):
    stack = PipelineStack(app, "Churn")
    tuned = TuneAndDeploy(
        stack,
        "Churn",
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        inputs={"train": "s3://data/train/"},
        ranges={"eta": (0.1, 0.5)},
        objective="validation:auc",
        endpoint_name="churn",
        output="s3://data/models/",
        tune={"early_stopping": "Auto"},
        deploy={"delete_old_configs": True},
    )

    request = tuned.tune.task._state.request  # noqa: SLF001
    assert request["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Auto"
    assert tuned.gate is None
    assert tuned.model.node.path == "Churn/Churn/Model"
    assert tuned.deploy.endpoint_config.node.path == "Churn/Churn/Deploy/Deploy: EndpointConfig"
