"""Jobs run as they promise: in a real interpreter, with SageMaker played by script, under the generated policy."""

from __future__ import annotations

import json

from constructs_sm import (
    CreateModel,
    JobName,
    OutputCheck,
    ProcessingJob,
    TrainingJob,
    TransformJob,
    TuningJob,
    retry,
)
from constructs_sm.actions import ACTIONS
from constructs_sm.testing import (
    MISSING,
    AccessDenied,
    Failed,
    InUse,
    LimitExceeded,
    Output,
    Stopped,
    Throttled,
    TimedOut,
    grants,
    without,
)

import pytest
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, job
from rehearsed import LANGUAGES, Rehearsed

SYNC = [action for action in ACTIONS if action.sync]


class Synthesized(Rehearsed):
    """A definition and the policy it runs under, in which one state meets *steps*."""

    def run(self, *steps, state="Job", **options):
        return super().run(script={state: steps} if steps else None, **options)


@pytest.fixture(scope="module")
def synthesized():
    """Synthesizes each kind of job once."""
    made = {}

    def of(action, language):
        key = action.api, language
        if key not in made:
            arguments = {"query_language": LANGUAGES[language]}
            made[key] = Synthesized(lambda stack: job(stack, action, **arguments))
        return made[key]

    return of


in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
every = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
waited_for = pytest.mark.parametrize("action", SYNC, ids=lambda action: action.api)


@in_both_languages
@every
def test_job_succeeds_and_keeps_the_input_beside_its_output(synthesized, action, language):
    run = synthesized(action, language).run()

    assert (run.status, run.waits) == ("SUCCEEDED", []), run.cause
    assert run.output["id"] == "x"
    assert run.output["Job"][action.arn_field].startswith("arn:aws:sagemaker:")


@in_both_languages
@every
def test_two_throttles_are_outlasted_under_fresh_names(synthesized, action, language):
    run = synthesized(action, language).run(Throttled(), Throttled())

    assert run.status == "SUCCEEDED", run.cause
    assert [wait <= longest for wait, longest in zip(run.waits, [2, 4], strict=True)] == [True, True]
    names = {request[action.name_field] for _, request in run.requests}
    assert len(names) == (3 if action.verb == "Create" else 1)
    assert all(len(name) <= action.name_max for name in names)


@in_both_languages
@every
def test_exhausted_limit_fails_with_its_own_error(synthesized, action, language):
    run = synthesized(action, language).run(*[LimitExceeded()] * 30)

    assert (run.status, run.error) == ("FAILED", "SageMaker.ResourceLimitExceededException")
    assert len(run.waits) == 20


@in_both_languages
@waited_for
def test_failed_job_fails_at_once_with_sagemaker_s_reason(synthesized, action, language):
    run = synthesized(action, language).run(Failed("AlgorithmError: no data"))

    assert (run.status, run.error, run.waits) == ("FAILED", "States.TaskFailed", [])
    assert json.loads(run.cause)["FailureReason"] == "AlgorithmError: no data"


@pytest.mark.parametrize("raises", [False, True], ids=["as output", "as error"])
@in_both_languages
@waited_for
def test_stopped_job_is_no_success(synthesized, action, language, raises):
    run = synthesized(action, language).run(Stopped(raises=raises))

    assert run.status == "FAILED"
    assert '"Stopped"' in run.cause
    assert action.name_field in run.cause


@pytest.mark.parametrize("broken", [MISSING, "", None], ids=["missing", "empty", "null"])
@in_both_languages
@every
def test_output_without_its_arn_fails_with_job_and_output_in_the_cause(synthesized, action, language, broken):
    run = synthesized(action, language).run(Output(**{action.arn_field: broken}))

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert run.cause.startswith(f"Job: no {action.arn_field}")


@pytest.mark.parametrize("broken", [MISSING, "", "InProgress"], ids=["missing", "empty", "not yet"])
@in_both_languages
@waited_for
def test_output_without_success_as_its_status_fails(synthesized, action, language, broken):
    run = synthesized(action, language).run(Output(**{action.status_field: broken}))

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert run.cause.startswith(f"Job: no {action.arn_field}, or not Completed")


@pytest.mark.parametrize("broken", [MISSING, {}, None, "", 0], ids=["missing", "empty", "null", "text", "zero"])
@in_both_languages
@pytest.mark.parametrize("action", [row for row in SYNC if row.required_results], ids=lambda action: action.api)
def test_completed_job_that_came_to_nothing_fails(synthesized, action, language, broken):
    (result,) = action.required_results
    outer, _, inner = result.field.partition(".")
    for output in ({outer: broken}, {outer: {inner: broken}}, {outer: {}}):
        if output[outer] == {inner: MISSING}:
            continue
        run = synthesized(action, language).run(Output(**output))

        assert (run.status, run.error) == ("FAILED", "InvalidOutput"), output
        assert f"Completed, or no {result}: " in run.cause


@in_both_languages
def test_best_model_of_a_search_reaches_the_next_job(language):
    def chain(stack):
        arguments = {"query_language": LANGUAGES[language]}
        tune = TuningJob(
            stack,
            "Tune",
            image=IMAGE,
            instance_type="ml.m5.xlarge",
            output="s3://data/models/",
            objective="auc",
            ranges={"eta": (0.1, 0.5)},
            **arguments,
        )
        best = tune.best_model_artifacts
        return tune.next(CreateModel(stack, "Model", image=IMAGE, model_data=best, **arguments))

    run = Synthesized(chain).run()
    assert run.status == "SUCCEEDED", run.cause
    best = run.output["Tune"]["BestTrainingJob"]["TrainingJobName"]
    model = dict(run.requests)["Model"]["PrimaryContainer"]
    assert model["ModelDataUrl"] == f"s3://data/models/{best}/output/model.tar.gz"


@in_both_languages
def test_arguments_of_the_container_come_with_the_input(language):
    rows = "$.rows" if language == "JSONPath" else "{% $states.input.rows %}"

    def train(stack):
        return TrainingJob(
            stack,
            "Train",
            image=IMAGE,
            instance_type="ml.m5.xlarge",
            output="s3://data/models/",
            container_arguments=["--rows", rows, "--shuffle", True],
            query_language=LANGUAGES[language],
        )

    run = Synthesized(train).run(execution_input={"rows": 7})
    assert run.status == "SUCCEEDED", run.cause
    algorithm = dict(run.requests)["Train"]["AlgorithmSpecification"]
    assert algorithm["ContainerArguments"] == ["--rows", "7", "--shuffle", "true"]


@in_both_languages
@waited_for
def test_timed_out_job_is_stopped_and_tried_three_times(synthesized, action, language):
    run = synthesized(action, language).run(*[TimedOut()] * 5)

    assert (run.status, run.error, len(run.waits)) == ("FAILED", "States.Timeout", 2)
    assert run.left_running == []


@in_both_languages
@every
def test_denied_access_is_given_up_within_two_minutes(synthesized, action, language):
    run = synthesized(action, language).run(*[AccessDenied()] * 20)

    assert (run.status, run.error) == ("FAILED", "SageMaker.AmazonSageMakerException")
    assert sum(run.waits) <= 2 + 4 + 8 + 16 + 32 + 60


def test_name_in_use_is_not_retried():
    made = Synthesized(lambda stack: job(stack, SYNC[0], job_name="nightly"))

    run = made.run(InUse())
    assert (run.status, run.error, run.waits) == ("FAILED", "SageMaker.ResourceInUseException", [])


@every
def test_policy_is_sufficient_and_every_grant_of_it_is_needed(synthesized, action):
    made = synthesized(action, "JSONPath")

    def suffices(policy):
        runs = [made.run(policy=policy), *([made.run(TimedOut(), policy=policy)] if action.sync else [])]
        return all(run.status == "SUCCEEDED" and not run.left_running for run in runs)

    assert suffices(made.policy)
    needless = [str(grant) for grant in grants(made.policy) if suffices(without(made.policy, grant))]
    # AWS's template has it for every pattern.
    assert needless == ([] if action.sync else ["sagemaker:ListTags on *"])


def test_documented_check_stumbles_over_a_missing_arn():
    made = Synthesized(lambda stack: job(stack, SYNC[0], output_check=OutputCheck.documented(), retry=retry.DOCUMENTED))

    assert made.run().status == "SUCCEEDED"
    assert made.run(Output(TrainingJobArn=MISSING)).error == "States.Runtime"


@in_both_languages
def test_each_item_of_a_map_trains_under_a_name_of_its_own(language):
    def each(stack):
        train = job(stack, SYNC[0], query_language=LANGUAGES[language])
        return sfn.Map(stack, "Each", items_path="$.items").item_processor(train)

    run = Synthesized(each).run(execution_input={"items": [{}, {}, {}]})
    assert run.status == "SUCCEEDED", run.cause
    assert len({request["TrainingJobName"] for _, request in run.requests}) == 3


def test_name_from_the_input_is_the_input_s():
    made = Synthesized(lambda stack: job(stack, SYNC[0], job_name=JobName.from_input("$.id", prefix="churn")))

    run = made.run(execution_input={"id": "monday"})
    assert [request["TrainingJobName"] for _, request in run.requests] == ["churn-monday"]


def test_catch_of_a_job_takes_its_failure_on():
    def caught(stack):
        told = sfn.Succeed(stack, "Told")
        return job(stack, SYNC[0]).add_catch(told, result_path="$.error")

    run = Synthesized(caught).run(Failed("no data"))
    assert (run.status, run.states) == ("SUCCEEDED", ["Job", "Told"])
    assert "no data" in run.output["error"]["Cause"]


@in_both_languages
def test_outputs_of_a_job_reach_the_next_one(language):
    def chain(stack):
        arguments = {"query_language": LANGUAGES[language], "instance_type": "ml.m5.xlarge"}
        prepare = ProcessingJob(stack, "Prepare", image=IMAGE, outputs={"train": "s3://data/train/"}, **arguments)
        train = TrainingJob(
            stack,
            "Train",
            image=IMAGE,
            inputs={"train": prepare.output("train")},
            output="s3://data/models/",
            hyperparameters={
                "eta": 0.1,
                "early": True,
                "rounds": "$.rounds" if language == "JSONPath" else "{% '7' %}",
            },
            **arguments,
        )
        model = CreateModel(
            stack,
            "Model",
            image=IMAGE,
            model_data=train.model_artifacts,
            query_language=LANGUAGES[language],
        )
        score = TransformJob(
            stack, "Score", model=model, data="s3://data/test/", output="s3://data/scores/", **arguments
        )
        return prepare.next(train).next(model).next(score)

    run = Synthesized(chain).run(execution_input={"rounds": 7})
    assert run.status == "SUCCEEDED", run.cause
    requests = dict(run.requests)
    trained = requests["Train"]["TrainingJobName"]
    assert requests["Train"]["HyperParameters"] == {"eta": "0.1", "early": "true", "rounds": "7"}
    assert requests["Model"]["PrimaryContainer"]["ModelDataUrl"].startswith(f"s3://data/models/{trained}/")
    assert requests["Score"]["ModelName"] == requests["Model"]["ModelName"]
