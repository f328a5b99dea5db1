"""Jobs without .sync are begun, looked at until they have ended, and stopped if that takes too long."""

from __future__ import annotations

from constructs_sm import InvalidInputError, JobName, OutputCheck, PipelineStack, PolledJob, polled_actions, retry
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import (
    AccessDenied,
    Always,
    Failed,
    LimitExceeded,
    Output,
    Refused,
    Rehearsal,
    Stopped,
    Throttled,
    TimedOut,
    grants,
    without,
)

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from every_polled_action import REQUESTS, polled_job
from rehearsed import ENVIRONMENT, LANGUAGES, Rehearsed

every = pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.api)
in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
stoppable = pytest.mark.parametrize(
    "action", [action for action in POLLED_ACTIONS if action.stop], ids=lambda action: action.api
)
WAITING = {
    "createAutoMLJobV2": "InProgress",
    "createCompilationJob": "INPROGRESS",
    "createInferenceRecommendationsJob": "IN_PROGRESS",
    "createOptimizationJob": "INPROGRESS",
    "startPipelineExecution": "Executing",
    "createFeatureGroup": "Creating",
    "createModelPackage": "Pending",
    "createAIBenchmarkJob": "InProgress",
    "createAIRecommendationJob": "InProgress",
    "createJob": "InProgress",
    "createInferenceComponent": "Creating",
}


@pytest.fixture(scope="module")
def rehearsed():
    """Synthesizes each kind of job once; they are given up after ten minutes."""
    made = {}

    def of(action, language="JSONPath"):
        key = action.api, language
        if key not in made:
            arguments = {"query_language": LANGUAGES[language], "timeout": Duration.minutes(10)}
            made[key] = Rehearsed(lambda stack: polled_job(stack, action, **arguments))
        return made[key]

    return of


def said(action, status, **more):
    return Output(**{action.status_field: status}, **more)


@in_both_languages
@every
def test_job_is_looked_at_until_it_has_ended_well(rehearsed, action, language):
    waiting = said(action, WAITING[action.api])
    done = said(action, action.success)

    run = rehearsed(action, language).run(script={"Job: Describe": [waiting, waiting, done]})

    assert run.succeeded, run.cause
    assert run.states == [
        "Job",
        *["Job: Describe", "Job: ValidateOutput", "Job: Wait"] * 2,
        *["Job: Describe", "Job: ValidateOutput", "Job: Succeed"],
    ]
    assert run.pauses == [60, 60]


@in_both_languages
@every
def test_job_leaves_what_later_states_need_and_the_input(rehearsed, action, language):
    run = rehearsed(action, language).run(script={"Job: Describe": [said(action, action.success)]})

    assert run.output["id"] == "x"
    left = run.output["Job"]
    assert left[action.arn_field].startswith("arn:aws:sagemaker:us-east-1:123456789012:")
    assert left[action.status_field] == action.success
    assert set(left) <= set(action.kept_fields)


@every
def test_attempts_have_fresh_names(rehearsed, action):
    script = {"Job": [Throttled(), Throttled()], "Job: Describe": [said(action, action.success)]}

    run = rehearsed(action).run(script=script)

    assert run.succeeded, run.cause
    assert [wait <= longest for wait, longest in zip(run.waits, [2, 4], strict=True)] == [True, True]
    names = [request[action.name_field] for state, request in run.requests if state == "Job"]
    assert len(set(names)) == 3
    assert all(len(name) <= action.name_max for name in names)


@in_both_languages
@every
def test_failed_job_fails_with_sagemaker_s_reason(rehearsed, action, language):
    failed = said(action, action.ended[0], **{action.reason: "no such column: churned"})

    run = rehearsed(action, language).run(script={"Job: Describe": [failed]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert run.cause.startswith(f"Job: no {action.arn_field}, or not {action.success_status}")
    assert "no such column: churned" in run.cause


@every
def test_every_other_end_is_no_success(rehearsed, action):
    for status in action.ended:
        run = rehearsed(action).run(script={"Job: Describe": [said(action, status)]})
        assert (run.status, run.error) == ("FAILED", "InvalidOutput"), status
        assert f'"{status}"' in run.cause


@every
def test_throttled_looks_are_outlasted(rehearsed, action):
    script = {"Job: Describe": [Throttled(), Throttled(), said(action, action.success)]}

    run = rehearsed(action).run(script=script)

    assert run.succeeded, run.cause
    assert len(run.waits) == 2


def test_status_that_is_missing_is_refused(rehearsed):
    action = polled_actions.COMPILATION_JOB

    run = rehearsed(action).run(script={"Job: Describe": [said(action, None)]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")


def test_status_that_nobody_knows_is_waited_on(rehearsed):
    action = polled_actions.COMPILATION_JOB

    run = rehearsed(action).run(script={"Job: Describe": [said(action, "RESTARTING"), said(action, "COMPLETED")]})

    assert run.succeeded, run.cause


@in_both_languages
@stoppable
def test_job_that_takes_too_long_is_stopped(rehearsed, action, language):
    waiting = Always(said(action, WAITING[action.api]))

    run = rehearsed(action, language).run(script={"Job: Describe": [waiting]})

    assert (run.status, run.error) == ("FAILED", "TimedOut")
    assert run.cause.startswith(f"Job: {action.api} had not ended after 10 minutes: ")
    assert run.states[-2:] == ["Job: Stop", "Job: TimedOut"]
    assert run.pauses == [60] * 10


@every
def test_job_without_a_stop_just_fails(rehearsed, action):
    if action.stop is None:
        run = rehearsed(action).run(script={"Job: Describe": [Always(said(action, WAITING[action.api]))]})
        assert run.states[-2:] == ["Job: ValidateOutput", "Job: TimedOut"]


def test_job_that_has_ended_when_it_is_to_be_stopped_times_out_as_well(rehearsed):
    action = polled_actions.COMPILATION_JOB
    script = {
        "Job: Describe": [Always(said(action, "INPROGRESS"))],
        "Job: Stop": [Always(Refused("ValidationException", "the job is in status COMPLETED"))],
    }

    run = rehearsed(action).run(script=script)

    assert (run.status, run.error) == ("FAILED", "TimedOut")


@every
def test_denied_access_is_given_up_within_two_minutes(rehearsed, action):
    run = rehearsed(action).run(script={"Job": [Always(AccessDenied())]})

    assert (run.status, run.error) == ("FAILED", "SageMaker.SageMakerException")
    assert sum(run.waits) <= 2 + 4 + 8 + 16 + 32 + 60


def test_exhausted_limit_is_outlasted_for_hours(rehearsed):
    action = polled_actions.AUTO_ML_JOB_V2

    run = rehearsed(action).run(script={"Job": [Always(LimitExceeded())]})

    assert (run.status, run.error) == ("FAILED", "SageMaker.ResourceLimitExceededException")
    assert len(run.waits) == 20


@every
def test_policy_is_sufficient_and_every_grant_of_it_is_needed(rehearsed, action):
    made = rehearsed(action)
    # All of what is done: tried again, looked at twice, stopped.
    waiting = said(action, WAITING[action.api])

    def suffices(policy):
        done = made.run(script={"Job: Describe": [waiting, said(action, action.success)]}, policy=policy)
        if action.stop is None:
            return done.succeeded
        late = made.run(script={"Job: Describe": [Always(waiting)]}, policy=policy)
        # A Stop that is denied is retried before it is given up.
        return done.succeeded and not late.waits

    assert suffices(made.policy)
    assert [str(grant) for grant in grants(made.policy) if suffices(without(made.policy, grant))] == []


def test_tags_of_the_request_are_granted():
    action = polled_actions.COMPILATION_JOB
    parameters = {**REQUESTS[action.api], "Tags": [{"Key": "team", "Value": "churn"}]}
    made = Rehearsed(lambda stack: polled_job(stack, action, parameters=parameters))
    script = {"Job: Describe": [said(action, "COMPLETED")]}

    assert made.run(script=script).succeeded
    (tagging,) = [grant for grant in grants(made.policy) if grant.action == "sagemaker:AddTags"]
    assert tagging.resource == "arn:aws:sagemaker:us-east-1:123456789012:compilation-job/job-*"
    assert not made.run(script=script, policy=without(made.policy, tagging)).succeeded


def test_grants_name_the_job_as_far_as_it_is_known(rehearsed):
    assert {str(grant) for grant in grants(rehearsed(polled_actions.AUTO_ML_JOB_V2).policy)} == {
        "sagemaker:CreateAutoMLJobV2 on arn:aws:sagemaker:us-east-1:123456789012:automl-job/job-*",
        "sagemaker:DescribeAutoMLJobV2 on arn:aws:sagemaker:us-east-1:123456789012:automl-job/job-*",
        "sagemaker:StopAutoMLJob on arn:aws:sagemaker:us-east-1:123456789012:automl-job/job-*",
        "iam:PassRole on arn:aws:iam::123456789012:role/Given",
    }


def test_grants_for_a_pipeline_name_it_and_its_executions():
    action = polled_actions.PIPELINE_EXECUTION
    made = Rehearsed(lambda stack: polled_job(stack, action, role=None))
    pipeline = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/churn"

    assert {str(grant) for grant in grants(made.policy)} == {
        f"sagemaker:StartPipelineExecution on {pipeline}",
        f"sagemaker:DescribePipelineExecution on {pipeline}/execution/*",
        f"sagemaker:StopPipelineExecution on {pipeline}/execution/*",
    }


def test_role_is_made_where_the_request_says_all_that_is_done_under_it(stack):
    job = PolledJob(stack, "Job", action=polled_actions.COMPILATION_JOB, parameters=REQUESTS["createCompilationJob"])

    statements = stack.resolve(job.execution_role.node.find_child("DefaultPolicy").document)["Statement"]
    allowed = {action for statement in statements for action in _listed(statement["Action"])}
    assert {"s3:GetObject", "s3:PutObject"} <= allowed


def _listed(value):
    return [value] if isinstance(value, str) else value


def test_role_is_asked_for_where_the_request_does_not_say(stack):
    with pytest.raises(InvalidInputError, match="RoleArn is missing"):
        PolledJob(stack, "Job", action=polled_actions.AUTO_ML_JOB_V2, parameters=REQUESTS["createAutoMLJobV2"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"result_path": "$.x"}, "a polled job takes no result_path"),
        ({"integration_pattern": sfn.IntegrationPattern.RUN_JOB}, "a polled job takes no integration_pattern"),
        ({"output_check": None}, "a job that is waited for is checked"),
        ({"interval": True}, "interval must be a Duration of whole seconds"),
        ({"timeout": Duration.seconds(0)}, "timeout must be a Duration of whole seconds"),
        ({"interval": Duration.seconds(1)}, "too many polls .* pass an interval of 22 seconds or more"),
        ({"keep": ["BestCandidates"]}, "did you mean BestCandidate?"),
        ({"parameters": {"InputConfg": {}}}, "did you mean InputConfig?"),
        ({"job_name": JobName.fixed("x" * 33)}, "1 to 32 characters"),
        ({"query_langage": None}, "did you mean query_language?"),
    ],
)
def test_wrong_argument_fails_and_names_it(stack, arguments, message):
    action = polled_actions.COMPILATION_JOB if "parameters" in arguments else polled_actions.AUTO_ML_JOB_V2
    with pytest.raises(InvalidInputError, match=message):
        polled_job(stack, arguments.pop("action", action), **arguments)


def test_row_of_the_other_table_fails_and_says_where_to_look(stack):
    with pytest.raises(
        InvalidInputError, match="no API to poll, got 'createAutoMLJobV2'; pass a row of polled_actions"
    ):
        PolledJob(stack, "Job", action="createAutoMLJobV2", parameters={})


def test_keep_adds_to_what_is_kept():
    action = polled_actions.COMPILATION_JOB
    made = Rehearsed(lambda stack: polled_job(stack, action, keep=["InferenceImage"]))

    run = made.run(script={"Job: Describe": [said(action, "COMPLETED", InferenceImage="neo")]})

    assert run.output["Job"]["InferenceImage"] == "neo"


@in_both_languages
def test_output_reaches_the_next_job(language):
    action = polled_actions.COMPILATION_JOB

    def chain(stack):
        compiled = polled_job(stack, action, "Compile", query_language=LANGUAGES[language])
        again = {"S3Uri": compiled.output_field("ModelArtifacts.S3ModelArtifacts"), "Framework": "XGBOOST"}
        parameters = {**REQUESTS[action.api], "InputConfig": again}
        return compiled.next(
            polled_job(stack, action, "Again", parameters=parameters, query_language=LANGUAGES[language])
        )

    done = said(action, "COMPLETED", ModelArtifacts={"S3ModelArtifacts": "s3://data/compiled/model.tar.gz"})
    run = Rehearsed(chain).run(script={"Compile: Describe": [done], "Again: Describe": [done]})

    assert run.succeeded, run.cause
    (again,) = [request for state, request in run.requests if state == "Again"]
    assert again["InputConfig"]["S3Uri"] == "s3://data/compiled/model.tar.gz"


def test_output_that_is_not_kept_fails_and_says_how_to_keep_it(stack):
    job = polled_job(stack, polled_actions.COMPILATION_JOB)

    with pytest.raises(InvalidInputError, match="InferenceImage of an output that is not kept"):
        job.output_field("InferenceImage")


@in_both_languages
def test_caught_errors_of_every_call_keep_the_input(language):
    action = polled_actions.COMPILATION_JOB

    def caught(stack):
        job = polled_job(stack, action, query_language=LANGUAGES[language], retry=())
        return job.add_catch(sfn.Succeed(stack, "Told"), result_path="$.error")

    made = Rehearsed(caught)
    for state in ("Job", "Job: Describe"):
        run = made.run(script={state: [Throttled()]})
        assert (run.status, run.states[-1]) == ("SUCCEEDED", "Told"), state
        assert run.output["id"] == "x"
        assert "Rate exceeded" in run.output["error"]["Cause"]


@in_both_languages
def test_job_runs_in_a_map_and_under_a_prefix(language):
    action = polled_actions.COMPILATION_JOB

    def each(stack):
        job = polled_job(stack, action, query_language=LANGUAGES[language])
        job.prefix_states("Each: ")
        return sfn.Map(stack, "Map", items_path="$.items").item_processor(job)

    run = Rehearsed(each).run(execution_input={"items": [{}, {}]})

    assert run.succeeded, run.cause
    assert len({request["CompilationJobName"] for state, request in run.requests if state == "Each: Job"}) == 2


def test_job_is_one_state_of_a_parallel():
    made = Rehearsed(lambda stack: polled_job(stack, polled_actions.COMPILATION_JOB).to_single_state())

    assert list(made.definition["States"]) == ["Job"]
    assert made.run().succeeded


def test_own_check_is_said_in_the_failure():
    action = polled_actions.COMPILATION_JOB
    check = OutputCheck.completed(error="NotCompiled")
    made = Rehearsed(lambda stack: polled_job(stack, action, output_check=check, retry=retry.SDK))

    assert made.run(script={"Job: Describe": [said(action, "FAILED")]}).error == "NotCompiled"


def test_pipeline_explains_what_could_not_be_looked_at():
    stack = PipelineStack(App(), "Churn", env=ENVIRONMENT)
    stack.run(polled_job(stack, polled_actions.COMPILATION_JOB))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Job: Describe", Always(AccessDenied()))
        run = rehearsal.start({"id": "x"})

    assert run.status == "FAILED"
    assert run.cause.startswith("Job: Describe failed with SageMaker.SageMakerException: User is not authorized")


@every
def test_failed_job_is_described_in_the_words_of_its_api(rehearsed, action):
    run = rehearsed(action).run(script={"Job": [Failed("no such column: churned")]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert f'"{action.ended[0]}"' in run.cause
    assert "no such column: churned" in run.cause


@stoppable
def test_job_that_somebody_stops_is_described_in_the_words_of_its_api(rehearsed, action):
    run = rehearsed(action).run(script={"Job": [Stopped()]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert f'"{action.ended[1]}"' in run.cause


@every
def test_job_that_never_ends_is_given_up(rehearsed, action):
    run = rehearsed(action).run(script={"Job": [TimedOut()]})

    assert (run.status, run.error) == ("FAILED", "TimedOut")


@every
def test_no_grant_of_a_polled_job_is_called_needless(rehearsed, action):
    with Rehearsal.of(rehearsed(action).stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions
    assert permissions.unreached == ()
