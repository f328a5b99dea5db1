"""Waits, timeouts, heartbeats and branches: what they take in virtual time, and what ends them."""

from __future__ import annotations

from constructs_sm.testing import Always, Failed, NoHeartbeat, Output, Rehearsal, TimedOut

import pytest
from machines import CATCH_ALL, UNIQUE, jsonata, machine, named, rehearsed, task

DAY = 86_400


def wait(seconds, **fields):
    return {"Type": "Wait", "Seconds": seconds, **(fields or {"End": True})}


def branch(**states):
    return {"StartAt": next(iter(states)), "States": states}


def job(**fields):
    return task(Parameters=named(UNIQUE), **fields)


def test_wait_of_days_is_over_at_once_and_counted():
    run = rehearsed(machine(Rest=wait(30 * DAY)))

    assert (run.status, run.seconds, run.pauses) == ("SUCCEEDED", 30 * DAY, [30 * DAY])


def test_wait_until_a_moment_counts_from_the_start_of_the_execution():
    until = {"Type": "Wait", "Timestamp": "2026-01-03T00:00:00Z", "End": True}

    assert rehearsed(machine(Rest=until)).seconds == 2 * DAY


def test_job_takes_as_long_as_its_step_says():
    with Rehearsal(job_seconds=100) as rehearsal:
        rehearsal.script("First", Output(seconds=7))
        run = rehearsal.run(machine(First=job(Next="Second"), Second=job()))

    assert run.seconds == 107


def test_branches_take_as_long_as_the_longest():
    run = rehearsed(machine(Both={"Type": "Parallel", "Branches": [branch(A=wait(5)), branch(B=wait(9))], "End": True}))

    assert run.seconds == 9


def test_map_takes_as_long_as_its_concurrency_makes_it():
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch(Job=job()), "MaxConcurrency": 2, "End": True}

    assert rehearsed(machine(Each=each), {"items": list(range(5))}).seconds == 180


def test_map_of_a_thousand_items_in_turn_ends():
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch(W=wait(1)), "MaxConcurrency": 1, "End": True}

    assert rehearsed(machine(Each=each), {"items": list(range(1000))}).seconds == 1000


def test_state_times_out_at_its_timeout_and_its_job_is_stopped():
    run = rehearsed(machine(Job=job(TimeoutSeconds=3600)), Job=[Output(seconds=7200)])

    assert (run.error, run.seconds, run.left_running) == ("States.Timeout", 3600, [])
    assert "stopped" in run.timeline


def test_job_that_ends_in_time_does_not_time_out():
    assert rehearsed(machine(Job=job(TimeoutSeconds=3600)), Job=[Output(seconds=3599)]).seconds == 3599


def test_execution_times_out_and_its_job_is_stopped():
    run = rehearsed({**machine(Job=job()), "TimeoutSeconds": 600}, Job=[TimedOut()])

    assert (run.status, run.seconds) == ("TIMED_OUT", 600)
    assert "stopped" in run.timeline


@pytest.mark.parametrize("may_stop", [True, False])
def test_aborted_execution_stops_its_job_if_it_may(may_stop):
    policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    deny = {"Effect": "Deny", "Action": "sagemaker:Stop*", "Resource": "*"}
    with Rehearsal(policy if may_stop else [*policy, deny]) as rehearsal:
        run = rehearsal.run(machine(Job=job()), abort_after_seconds=30)

    assert (run.status, run.seconds) == ("ABORTED", 30)
    assert len(run.left_running) == (0 if may_stop else 1)


def test_failing_branch_stops_the_jobs_of_the_others():
    both = {"Type": "Parallel", "Branches": [branch(Long=job(End=True)), branch(Short=job(End=True))], "End": True}

    run = rehearsed(machine(Both=both), Long=[Output(seconds=500)], Short=[Failed("no data", seconds=20)])

    assert (run.error, run.seconds) == ("States.TaskFailed", 20)
    assert [moment.text.partition(" ")[2] for moment in run.history.moments if moment.state == "Long"][-1] == "stopped"


def test_failing_iteration_stops_the_others():
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch(Job=job()), "Catch": CATCH_ALL, "End": True}

    run = rehearsed(machine(Each=each), {"items": [1, 2]}, Job=[Failed(seconds=20), Output(seconds=500)])

    assert (run.states[-1], run.seconds) == ("Caught", 20)
    assert run.timeline.count("stopped") == 1


def test_silence_is_a_missed_heartbeat_which_aws_calls_a_timeout():
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
            "MessageBody.$": "$$.Task.Token",
        },
        "HeartbeatSeconds": 60,
        "TimeoutSeconds": DAY,
        "End": True,
    }
    with Rehearsal() as rehearsal:
        rehearsal.answer("Ask", NoHeartbeat())
        run = rehearsal.run(machine(Ask=ask))

    assert (run.error, run.seconds) == ("States.Timeout", 60)


def test_retry_that_waits_longer_than_a_year_takes_no_time():
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 200 * DAY, "MaxAttempts": 2, "BackoffRate": 1}]

    run = rehearsed(machine(Job=job(TimeoutSeconds=60, Retry=retry)), Job=[Always(TimedOut())])

    assert (run.error, run.seconds) == ("States.Timeout", 400 * DAY + 180)


def test_the_time_that_states_see_is_virtual():
    see = {
        "Type": "Pass",
        "Output": {"now": "{% $now() %}", "entered": "{% $states.context.State.EnteredTime %}"},
        "End": True,
    }

    output = rehearsed(jsonata(Rest=wait(DAY, Next="See"), See=see)).output
    assert output == {"now": "2026-01-02T00:00:00.000Z", "entered": "2026-01-02T00:00:00.000Z"}


def test_two_rehearsals_go_the_same_way():
    both = {
        "Type": "Parallel",
        "Branches": [branch(A=job(Next="W"), W=wait(1)), branch(B=job(Next="V"), V=wait(2))],
        "End": True,
    }

    runs = [rehearsed(machine(Both=both)) for _ in range(5)]
    assert [run.states for run in runs] == [["Both", "A", "B", "W", "V"]] * 5
