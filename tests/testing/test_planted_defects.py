"""One defect of each kind, planted: the rehearsal finds it, and says where; without the defect it finds nothing."""

from __future__ import annotations

from constructs_sm import TrainingJob
from constructs_sm.testing import Always, Failed, Output, Rehearsal, Stopped, Throttled

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from machines import CATCH_ALL, SOUND_RETRY, THROTTLING, UNIQUE, guarded, machine, named, rehearsed, task


def drilled(definition):
    with Rehearsal.of(definition) as rehearsal:
        return [str(finding) for finding in rehearsal.drill({"id": "x"})]


def trained(role_of=lambda _: None):
    """A stack of the library's own, whose training runs under a role made in it."""
    stack = Stack(App(), "Stack", env=Environment(account="123456789012", region="us-east-1"))
    train = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
        role=role_of(stack),
    )
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(train))
    return stack


def deployed(change=lambda _: None):
    """What the permissions of a library's own stack are, with its policy changed."""
    stack = trained()
    with Rehearsal.of(stack) as rehearsal:
        policy = [dict(statement) for statement in rehearsal.role.policy]
    change(policy)
    with Rehearsal.of(stack, policy=policy) as rehearsal:
        return rehearsal.permissions()


def pass_role(policy):
    return next(statement for statement in policy if "iam:PassRole" in str(statement["Action"]))


def test_sound_machine_stands_every_drill():
    assert drilled(guarded()) == []


def test_machine_that_fails_by_itself_is_not_called_sound():
    with Rehearsal.of(guarded()) as rehearsal:
        rehearsal.script("Job", Failed("no rows"))
        found = [str(finding) for finding in rehearsal.drill({"id": "x"})]

    assert found[-1] == (
        "Job: the execution ends with States.TaskFailed before anything is drilled: script what it needs to succeed"
    )


def test_second_execution_of_a_drill_is_scripted_like_the_first():
    """What is scripted once would otherwise fail the second execution, which is after names that are taken."""
    refusing = machine(
        Job=task(Parameters=named(UNIQUE), ResultPath="$.Job", Retry=SOUND_RETRY, Next="Check"),
        Check={
            "Type": "Choice",
            "Choices": [{"Variable": "$.Job.ProcessingJobStatus", "StringEquals": "Stopped", "Next": "Stopped"}],
            "Default": "Completed",
        },
        Stopped={"Type": "Succeed"},
        Completed={"Type": "Fail", "Error": "Completed"},
    )
    with Rehearsal.of(refusing) as rehearsal:
        rehearsal.script("Job", Stopped())
        found = [finding.problem for finding in rehearsal.drill({"id": "x"})]

    assert not [problem for problem in found if "names are taken once" in problem]


def test_what_befalls_a_state_comes_before_its_script():
    unchecked = machine(Job=task(Parameters=named(UNIQUE), Retry=SOUND_RETRY))
    with Rehearsal.of(unchecked) as rehearsal:
        rehearsal.script("Job", Output(), Output())
        found = [finding.problem for finding in rehearsal.drill({"id": "x"})]

    assert "stopped: a stopped job passes for a success: check its status" in found


def test_sound_policy_is_exact():
    assert deployed().exact


def test_missing_grant_is_found_with_the_statement_that_would_give_it():
    found = deployed(lambda policy: policy.remove(pass_role(policy)))

    (missing,) = found.missing
    assert (missing.state, missing.need.action) == ("Train", "iam:PassRole")
    assert missing.statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert deployed(lambda policy: policy.__setitem__(policy.index(pass_role(policy)), missing.statement)).exact


def test_needless_grant_is_found():
    found = deployed(lambda policy: policy.append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))

    assert ([str(grant) for grant in found.needless], found.missing) == (["s3:* on *"], ())


def test_grant_to_stop_is_needed_though_no_good_run_asks_for_it():
    def may_not_stop(policy):
        statement = next(one for one in policy if "sagemaker:StopTrainingJob" in one["Action"])
        statement["Action"] = [action for action in statement["Action"] if "Stop" not in action]

    assert [missing.need.action for missing in deployed(may_not_stop).missing] == ["sagemaker:StopTrainingJob"]


def test_wrong_condition_of_pass_role_is_found():
    def to_states(policy):
        pass_role(policy)["Condition"] = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}

    found = deployed(to_states)
    assert [missing.need.action for missing in found.missing] == ["iam:PassRole"]
    assert ["iam:PassRole" in str(grant) for grant in found.needless] == [True]


def test_name_that_repeats_under_retry_is_found():
    retry = [*SOUND_RETRY, {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    fixed = {**named(UNIQUE), "ProcessingJobName": "nightly"}
    del fixed["ProcessingJobName.$"]

    found = drilled(guarded(Parameters=fixed, Retry=retry))
    assert (
        "Job: failed: a failed job is tried again under its own name, and the error is that the name is taken" in found
    )
    assert "Job: failed: asks for the name 'nightly' again, which it has taken itself" in found


def test_choice_on_a_missing_path_is_found():
    definition = guarded()
    definition["States"]["Check"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.job.ProcessingJobArn", "StringEquals": "x", "Next": "Bad"}],
        "Default": "Caught",
    }

    found = drilled(definition)
    assert any("Job: output incomplete: an output without its ARN ends in States.Runtime" in each for each in found)


@pytest.mark.parametrize("kibibytes", [255, 257])
def test_payload_over_the_limit_is_found(kibibytes):
    padding = "x" * (kibibytes * 1024 - 1024)

    run = rehearsed(guarded(), Job=[Output(ExitMessage=padding)])

    assert run.error == (None if kibibytes == 255 else "States.DataLimitExceeded")
    assert run.largest_payload > len(padding) or not run.succeeded


def test_result_over_the_limit_is_caught_by_states_all_as_aws_was_seen_to_do():
    run = rehearsed(guarded(Catch=CATCH_ALL), Job=[Output(ExitMessage="x" * 300_000)])

    assert (run.states[-1], run.output["error"]["Error"]) == ("Caught", "States.DataLimitExceeded")


@pytest.mark.large
def test_retry_that_never_stops_is_found():
    retry = [{**THROTTLING, "BackoffRate": 1, "MaxAttempts": 99_999_999}]

    run = rehearsed(guarded(Retry=retry), Job=[Always(Throttled())])

    assert (run.error, run.events) == ("States.Runtime", 25_000)
    assert "maximum number of history events" in run.cause


@pytest.mark.parametrize("result_path", [{"ResultPath": None}, {}], ids=["thrown away", "overwritten"])
def test_catch_that_loses_the_reason_is_found(result_path):
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Stop", **result_path}]
    stop = {"Type": "Fail", "Error": "PipelineFailed", "Cause": "see the logs"}
    definition = guarded(Catch=catch)
    definition["States"]["Stop"] = stop

    found = drilled(definition)
    assert "Job: failed: its failure is caught, and the reason is lost: 'AlgorithmError: the drill'" in found


def test_catch_that_passes_the_reason_on_loses_nothing():
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Stop", "ResultPath": "$.error"}]
    definition = guarded(Catch=catch)
    definition["States"]["Stop"] = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}

    run = rehearsed(definition, Job=[Failed("AlgorithmError: no data")])
    assert (run.error, run.findings) == ("States.TaskFailed", [])


def test_job_without_a_retry_is_found():
    assert any(
        each.startswith("Job: throttled: one throttled call ends the execution") for each in drilled(guarded(Retry=[]))
    )


def test_stopped_job_that_passes_for_a_success_is_found():
    definition = machine(Job=task(Parameters=named(UNIQUE), Retry=SOUND_RETRY, TimeoutSeconds=3600))

    assert drilled(definition) == ["Job: stopped: a stopped job passes for a success: check its status"]


def test_job_that_is_waited_for_without_end_is_found():
    definition = guarded()
    del definition["States"]["Job"]["TimeoutSeconds"]

    assert drilled(definition) == [
        "Job: never ends: a job that never ends is waited for without end: set TimeoutSeconds"
    ]


def test_role_that_does_not_trust_sagemaker_is_refused():
    of_lambda = iam.ServicePrincipal("lambda.amazonaws.com")
    with Rehearsal.of(trained(lambda stack: iam.Role(stack, "Role", assumed_by=of_lambda))) as rehearsal:
        run = rehearsal.start()

    assert "allows principal 'sagemaker.amazonaws.com' to assume the role" in run.cause


def test_drill_hands_out_each_of_its_runs():
    with Rehearsal.of(guarded(), seed=1) as rehearsal:
        told = [(each.name, each.state, each.run.status, each.findings) for each in rehearsal.drill_runs({"id": "x"})]

    assert told == [
        ("all goes well", "", "SUCCEEDED", ()),
        ("all goes well once more", "", "SUCCEEDED", ()),
        ("throttled", "Job", "SUCCEEDED", ()),
        ("failed", "Job", "FAILED", ()),
        ("stopped", "Job", "FAILED", ()),
        ("never ends", "Job", "FAILED", ()),
        ("output incomplete", "Job", "FAILED", ()),
    ]


def test_same_seed_rehearses_the_same_and_each_execution_by_its_own_names():
    def names(seed):
        with Rehearsal.of(guarded(), seed=seed) as rehearsal:
            runs = [rehearsal.start({"id": "x"}) for _ in range(2)]
        return [request["ProcessingJobName"] for run in runs for _, request in run.requests]

    assert names(1) == names(1)
    assert len({*names(1), *names(2)}) == 4
