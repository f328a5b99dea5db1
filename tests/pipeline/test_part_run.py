"""Runs of a part: which jobs run, which take their results from earlier runs, and what cannot be asked for."""

from __future__ import annotations

import json

from constructs_sm import (
    CreateModel,
    FanOut,
    Input,
    InvalidInputError,
    ParallelJobs,
    PipelineStack,
    Reuse,
    TrainingJob,
    images,
)
from constructs_sm.testing import Failed, Rehearsal, TaskError, definition

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from every_example import example

LANGUAGES = pytest.mark.parametrize("language", list(sfn.QueryLanguage), ids=lambda language: language.name)


def train(stack, construct_id, **arguments):
    return TrainingJob(
        stack,
        construct_id,
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.xlarge",
        inputs={"train": stack.data("train/")},
        **arguments,
    )


def pipeline(language=None, **settings):
    """One, then Left and Right beside each other, a model, and Last."""
    settings = {"reuse": Reuse(expire_after=Duration.days(30)), "run_parts": True, **settings}
    stack = PipelineStack(App(), "Churn", **settings)
    state = {"query_language": language}
    one, left, right, last = (train(stack, name, **state) for name in ("One", "Left", "Right", "Last"))
    model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=left.model_artifacts, **state)
    both = ParallelJobs(stack, "Both", [left, right], **state)
    stack.run(one.next(both).next(model).next(last))
    return stack


def ran(run):
    assert run.succeeded, str(run)
    return [state for state, _ in run.requests]


@LANGUAGES
def test_part_is_run_and_the_rest_is_taken(language):
    with Rehearsal.of(pipeline(language)) as rehearsal:
        assert ran(rehearsal.start()) == ["One", "Left", "Right", "Model", "Last"]
        assert ran(rehearsal.start({"run": {"from": "Left", "force": True}})) == ["Left", "Right", "Model", "Last"]
        assert ran(rehearsal.start({"run": {"from": "Model", "force": True}})) == ["Model", "Last"]
        assert ran(rehearsal.start({"run": {"only": ["Right"], "force": True}})) == ["Right", "Model"]
        assert ran(rehearsal.start({"run": {"from": "One", "force": True}})) == [
            "One",
            "Left",
            "Right",
            "Model",
            "Last",
        ]
        # Not forced, those that run may be reused too.
        assert ran(rehearsal.start({"run": {"from": "Last"}})) == ["Model"]
        assert ran(rehearsal.start({"run": {}})) == ["Model"]
        assert ran(rehearsal.start({"run": {"force": True}})) == ["One", "Left", "Right", "Model", "Last"]


def test_what_is_taken_may_have_expired():
    with Rehearsal.of(pipeline()) as rehearsal:
        rehearsal.start()
        rehearsal.let_pass(60 * 24 * 3600)
        assert ran(rehearsal.start({"run": {"from": "Last"}})) == ["Model", "Last"]


def test_results_are_those_of_the_execution_that_is_named():
    with Rehearsal.of(pipeline()) as rehearsal:
        runs = [rehearsal.start({"run": {"force": True}}) for _ in range(2)]
        names = [rehearsed_name(run) for run in runs]
        for name, run in zip(
            [*names, f"arn:aws:states:us-east-1:123456789012:execution:m:{names[0]}"], [*runs, runs[0]], strict=True
        ):
            taken = rehearsal.start({"run": {"from": "Last", "reuse_execution": name}})
            assert taken.output["Left"]["TrainingJobName"] == run.output["Left"]["TrainingJobName"]


def rehearsed_name(run):
    """The name of an execution, as the last item has it that it kept."""
    items = [request for state, _, request in run.calls if state == "Last: Keep"]
    return items[-1]["TransactItems"][0]["Put"]["Item"]["Execution"]["S"]


def test_execution_that_has_reused_a_job_has_its_result_too():
    with Rehearsal.of(pipeline()) as rehearsal:
        rehearsal.start()
        second = rehearsal.start()
        assert second.reused == ["One", "Left", "Right", "Last"]
        (put,) = [request for state, _, request in second.calls if state == "One: Keep"]
        keys = [item["Put"]["Item"]["Key"]["S"] for item in put["TransactItems"]]
        assert keys[0] == "latest"
        name = keys[1].removeprefix("execution ")
        assert ran(rehearsal.start({"run": {"from": "Last", "reuse_execution": name, "force": True}})) == [
            "Model",
            "Last",
        ]


def test_what_was_taken_is_not_kept_under_the_key_of_what_would_have_run():
    """A result of other arguments must not be found later for these."""

    def machine(rounds):
        stack = PipelineStack(App(), "Churn", reuse=Reuse(), run_parts=True)
        first = train(stack, "First", hyperparameters={"num_round": rounds})
        stack.run(first.next(train(stack, "Second")))
        return Rehearsal.of(stack).machine

    one, two = machine(1), machine(2)
    with Rehearsal(one.policy) as rehearsal:
        rehearsal.run(one.definition)
        assert ran(rehearsal.run(two.definition, {"run": {"from": "Second"}})) == []
        assert ran(rehearsal.run(two.definition)) == ["First"]


@pytest.mark.parametrize(
    ("run", "cause"),
    [
        ({"from": "Lost"}, "there is no job Lost; the jobs are One, Left, Right, Model, Last"),
        ({"only": ["One", "Lost", 3]}, "there is no job Lost, 3; the jobs are One, Left, Right, Model, Last"),
        ({"only": ["One"], "from": "Last"}, "run has only and from: give one of them"),
        ({"form": "Last"}, "there is no form in run; it has only, from, reuse_execution, force"),
        ({"force": "yes"}, "force must be true or false"),
        ({"reuse_execution": "a"}, "reuse_execution says whose results are taken: say with only or from which"),
        ({"from": "Last", "reuse_execution": 1}, "reuse_execution must be the name of an execution"),
        ({"from": "Left"}, "no result of One is kept; run it: let from name it, or only"),
        (
            {"from": "Left", "reuse_execution": "abc"},
            "no result of One is kept by the execution abc; run it: let from name it, or only",
        ),
    ],
    ids=str,
)
def test_part_that_cannot_be_run_fails_at_the_beginning_and_says_why(run, cause):
    with Rehearsal.of(pipeline()) as rehearsal:
        failed = rehearsal.start({"run": run})

    assert (failed.status, failed.error, failed.cause, failed.requests) == ("FAILED", "InvalidRun", cause, [])


def test_part_is_no_text():
    with Rehearsal.of(pipeline()) as rehearsal:
        failed = rehearsal.start({"run": "Last"})

    assert (failed.error, failed.cause) == ("InvalidInput", 'run must be an object, got "Last"')


def test_part_without_a_table_that_answers_fails():
    with Rehearsal.of(pipeline()) as rehearsal:
        rehearsal.answer("CheckRun: Find", TaskError("DynamoDb.DynamoDbException", "no access"))
        failed = rehearsal.start({"run": {"from": "Last"}})

    assert (failed.error, failed.cause) == (
        "DynamoDb.DynamoDbException",
        "The kept results cannot be asked for: no access",
    )


def test_jobs_that_are_not_reused_run_each_time():
    with Rehearsal.of(pipeline(reuse={"One": Reuse(), "Left": Reuse()})) as rehearsal:
        rehearsal.start()
        assert ran(rehearsal.start({"run": {"from": "Last"}})) == ["Right", "Model", "Last"]


def test_jobs_before_a_map_are_taken_for_a_job_in_it():
    stack = PipelineStack(App(), "Churn", reuse=Reuse(), run_parts=True)
    first, each = train(stack, "First"), train(stack, "Each")
    stack.run(first.next(FanOut(stack, "All", each, items="$.items")).next(train(stack, "Last")))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Last", Failed("no rows"))
        rehearsal.start({"items": [1]})
        assert ran(rehearsal.start({"items": [1], "run": {"from": "Each", "force": True}})) == ["Each", "Last"]


def test_part_is_declared_beside_the_other_inputs():
    stack = PipelineStack(App(), "Churn", inputs={"rounds": Input.integer(1, default=5)}, reuse=Reuse(), run_parts=True)
    stack.run(train(stack, "Train", hyperparameters={"num_round": stack.input("rounds")}))

    assert "run: an object, default {} (which part to run: only=[jobs] or from=job" in definition(stack)["Comment"]
    with Rehearsal.of(stack) as rehearsal:
        assert rehearsal.start({"rounds": 3, "run": {"force": True}}).succeeded
        assert rehearsal.start({"rounds": 3, "rum": {"force": True}}).error == "InvalidInput"


def test_pipeline_without_inputs_takes_any_input_beside_the_part():
    with Rehearsal.of(pipeline()) as rehearsal:
        assert rehearsal.start({"detail": {"a": 1}, "run": {"force": True}}).succeeded


def test_part_is_not_run_unless_the_pipeline_allows_it():
    stack = pipeline(run_parts=False)

    assert "run" not in json.dumps(definition(stack)["States"]["One: Reuse"])
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.start()
        assert ran(rehearsal.start({"run": {"force": True}})) == ["Model"]


def test_input_of_that_name_is_refused():
    with pytest.raises(InvalidInputError, match="the input 'run' says which part is run"):
        PipelineStack(App(), "Churn", inputs={"run": Input.string()}, reuse=Reuse(), run_parts=True)


def test_pipeline_of_which_no_job_is_reused_has_no_parts():
    stack = PipelineStack(App(), "Churn", run_parts=True)
    with pytest.raises(InvalidInputError, match="run_parts takes results of jobs that are reused, got 0"):
        stack.run(train(stack, "Train"))


def test_role_is_granted_what_a_part_needs_and_no_more():
    with Rehearsal.of(example("reuse_results")["stack"]) as rehearsal:
        found = rehearsal.permissions({}, {"run": {"from": "Score"}})

    assert [str(one) for one in found.missing] == []
    assert [str(one) for one in found.needless if "logs:" not in str(one) and "xray:" not in str(one)] == []
