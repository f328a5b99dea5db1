"""Examples are promises: each synthesizes, runs, and stands in the README as it is."""

from __future__ import annotations

import json
import runpy

from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.settings import known
from constructs_sm.testing import (
    AccessDenied,
    Always,
    Failed,
    LimitExceeded,
    Metrics,
    Rehearsal,
    Stopped,
    TaskError,
    Throttled,
    definition,
)
from constructs_sm.testing.rehearsal import tasks_of

import gallery
import pytest
from aws_cdk import App
from conftest import ROOT
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example, warnings_of

README = runpy.run_path(str(ROOT / "tools" / "readme.py"))
INPUTS = {
    "check_the_input": {"dataset": "customers", "rounds": 7},
}
GOOD = Metrics(**{"train:auc": 0.9})
STEPS = {
    "train_each_dataset": {"Train": [GOOD, Failed("AlgorithmError: no rows"), *[GOOD] * 8]},
    "stop_bad_models": {"Train": [Metrics(**{"validation:auc": 0.9})]},
    "train_own_forest": {"Train": [Metrics(accuracy=0.9)]},
    "serve_what_scales": {"Train": [Metrics(loss=0.2)]},
}
ANSWERS = {
    "serve_what_scales": {"Approve: Ask": [{"Approved": True, "By": "Ada", "Comment": "better"}]},
    "approve_before_deployment": {"Approve: Ask": [{"Approved": True, "By": "Ada", "Comment": "better"}]},
    "stop_bad_models": {"Useful: Report": [{"Body": '{"recall": 0.7, "latency": {"p99": 12}}'}]},
    "train_each_dataset": {"Each data set": [[{"Key": f"datasets/{index}.csv"} for index in range(10)]]},
    "train_between_lambda_and_glue": {"Choose columns": [{}], "Prepare": [{}]},
    "run_pipelines_in_a_pipeline": {name: [{"ExecutionArn": "arn", "Output": {}}] for name in ("France", "Spain")},
}
POLICIES = {
    # What a stack exports is not known to a rehearsal of another: the grant is read in tests/pipeline/test_limits.py.
    "run_pipelines_in_a_pipeline": {"policy": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}


def rehearsed(stack, name, wrong=()):
    """A rehearsal of an example under its own policy, in which all goes well but what goes *wrong*, by state."""
    rehearsal = Rehearsal.of(stack, **POLICIES.get(name, {}))
    for state, steps in {**STEPS.get(name, {}), **dict(wrong)}.items():
        rehearsal.script(state, *steps)
    for state, answers in ANSWERS.get(name, {}).items():
        rehearsal.answer(state, *answers)
    return rehearsal


WRONG = [Failed("AlgorithmError: no rows"), Stopped(), AccessDenied(), Throttled(), LimitExceeded()]
"""What a job can meet for good: the first two only one that is waited for."""
GOES_ON = {
    "Deploy: FindEndpoint": "the endpoint is looked for a second time",
    "Register: CreateGroup": "the group may be there; if not, the next call says so",
}
SAID = {"train_each_dataset": "The specified tolerated failure threshold was exceeded"}
"""Step Functions' own words, where it has them; a child says which job it was."""


@pytest.fixture(params=EXAMPLES)
def made(request):
    """The name of an example, and its stack."""
    return request.param, example(request.param)["stack"]


def started(name, stack, **wrong):
    with rehearsed(stack, name, wrong) as rehearsal:
        return rehearsal.start(INPUTS.get(name, {}))


def test_example_synthesizes_and_runs_to_its_end(made):
    run = started(*made)

    assert run.status == "SUCCEEDED", run.cause
    assert run.requests or run.calls


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_gives_no_warning(name):
    assert warnings_of(example(name)["app"]) == []


@pytest.mark.parametrize(
    "settings",
    [{}, {"account": "123456789012", "region": "eu-west-1", "key": True}],
    ids=["by default", "with a key"],
)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_blueprint_gives_no_warning(name, settings, tmp_path):
    context = {"constructs_sm": settings, CONTEXT_KEY: {"blueprint": name, "arguments": ARGUMENTS[name]}}
    app = App(outdir=str(tmp_path), context=context)
    described_stack(app)

    assert warnings_of(app) == []


def test_example_of_settings_gives_no_warning(tmp_path):
    context = json.loads((ROOT / "examples" / "train_and_deploy" / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context=context)
    described_stack(app)

    assert warnings_of(app) == []


def test_example_in_which_a_job_goes_wrong_fails_and_says_so(made):
    calls = dict(tasks_of(definition(made[1])))
    for state in dict(started(*made).requests).keys() - GOES_ON.keys():
        for step in WRONG if calls[state].endswith(".sync") else WRONG[2:]:
            run = started(*made, **{state: [Always(step)]})

            assert (run.status, run.error == "States.Runtime") == ("FAILED", False), f"{state} {step}\n{run}"
            assert SAID.get(made[0], state) in run.cause, step


@pytest.mark.parametrize("name", ["train_nightly", "stop_bad_models", "deploy_an_endpoint"])
def test_example_stands_every_drill(name):
    with rehearsed(example(name)["stack"], name) as rehearsal:
        assert rehearsal.drill() == []


def test_example_whose_pipelines_fail_fails_with_their_reason():
    stack = example("run_pipelines_in_a_pipeline")["stack"]
    cause = '{"Cause": "Train failed with States.TaskFailed: no rows", "Status": "FAILED"}'

    with Rehearsal.of(stack, **POLICIES["run_pipelines_in_a_pipeline"]) as rehearsal:
        rehearsal.answer("France", {"ExecutionArn": "arn", "Output": {}})
        rehearsal.answer("Spain", *[TaskError("States.TaskFailed", cause)] * 9)
        run = rehearsal.start()
    assert run.status == "FAILED"
    assert "no rows" in run.cause


def test_example_with_inputs_refuses_wrong_ones_before_any_job():
    stack = example("check_the_input")["stack"]

    with rehearsed(stack, "check_the_input") as rehearsal:
        run = rehearsal.start({"dataset": "clicks", "eta": 2})
    assert (run.error, run.requests) == ("InvalidInput", [])
    assert run.cause == (
        'dataset must be one of "customers", "orders", got "clicks"; eta must be a number from 0 to 1, got 2'
    )


def test_example_between_lambda_and_glue_says_why_it_failed():
    stack = example("train_between_lambda_and_glue")["stack"]
    machine = definition(stack)
    caught = [name for name, state in machine["States"].items() if "Catch" in state and not name.startswith("Failed")]
    assert caught == ["Choose columns", "Prepare", "Train"]

    with rehearsed(stack, "train_between_lambda_and_glue") as rehearsal:
        rehearsal.script("Train", Failed("AlgorithmError: no rows"))
        run = rehearsal.start()
    assert (run.status, run.error) == ("FAILED", "Job.TaskFailed")
    assert run.cause.startswith("Train failed with States.TaskFailed: AlgorithmError: no rows")


def test_example_of_settings_alone_trains_and_deploys(tmp_path):
    context = json.loads((ROOT / "examples" / "train_and_deploy" / "cdk.json").read_text())["context"]
    stack = described_stack(App(outdir=str(tmp_path), context=context))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Train", Metrics(**{"validation:auc": 0.9}))
        run = rehearsal.start()
    assert run.status == "SUCCEEDED", run.cause
    assert {request["EndpointName"] for _state, request in run.requests if "EndpointName" in request} == {"churn"}


@pytest.mark.parametrize("page", README["PAGES"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_is_filled_from_the_code(page):
    text = page.read_text()
    assert README["filled"](text) == text, "run make written"


def test_pictures_are_drawn_from_the_code():
    assert list(gallery.outdated()) == [], "run make written"


def test_readme_is_short_and_names_every_job():
    text = README["README"].read_text()
    assert [name for name in README["CLASSES"].values() if f"`{name}`" not in text] == []
    assert len(text.splitlines()) <= 200


def test_page_of_settings_names_each():
    text = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in known() if f"`{name}`" not in text] == []


def test_example_that_scales_is_short_and_has_the_permissions_that_it_needs_and_no_others():
    assert len((ROOT / "examples" / "serve_what_scales.py").read_text().splitlines()) < 60
    stack = example("serve_what_scales")["stack"]

    with rehearsed(stack, "serve_what_scales") as rehearsal:
        run = rehearsal.start()
    with rehearsed(stack, "serve_what_scales") as rehearsal:
        found = rehearsal.permissions()
    assert run.succeeded, run.cause
    (train,) = [request for state, request in run.requests if state == "Train"]
    assert train["AlgorithmSpecification"]["TrainingImage"].startswith("210987654321.dkr.ecr.")
    assert (train["EnableManagedSpotTraining"], set(train["CheckpointConfig"])) == (True, {"S3Uri"})
    assert train["VpcConfig"] == {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    assert [state for state, _api, _request in run.calls if state.startswith("Deploy: ")] == [
        "Deploy: RegisterScalableTarget",
        "Deploy: PutScalingPolicy",
        "Deploy: PutScheduledAction",
    ]
    assert [str(each) for each in found.missing] == []
    assert [str(each) for each in found.needless] == []
