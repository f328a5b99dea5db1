"""A drill plays no part of an execution twice that goes as it went before, and finds what playing all of it finds."""

from __future__ import annotations

from typing import Any

from constructs_sm.interpreter.likeness import alike
from constructs_sm.testing import Output, Rehearsal, Throttled, ways
from constructs_sm.testing.world.sagemaker import SageMaker

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import UNIQUE, named

JOB = "arn:aws:states:::sagemaker:createProcessingJob.sync"
RETRY = {"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "MaxAttempts": 3}
RETRY_ALL = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}


def pipeline(jobs, **state):
    """Jobs in a row, each under its own key and retried."""
    states: dict[str, Any] = {}
    for number in range(jobs):
        follow = {"Next": f"Job{number + 1}"} if number < jobs - 1 else {"End": True}
        own: dict[str, Any] = {
            "Type": "Task",
            "Resource": JOB,
            "Parameters": named(UNIQUE),
            "ResultPath": f"$.Job{number}",
            "Retry": [RETRY],
            **state,
            **follow,
        }
        states[f"Job{number}"] = own
    return {"StartAt": "Job0", "States": states}


@st.composite
def pipelines(draw):
    """Jobs that retry, catch, skip, repeat names or wait, and notify of what they have caught."""
    count = draw(st.integers(2, 4))
    states: dict[str, Any] = {}
    for number in range(count):
        name, after = f"Job{number}", f"Job{number + 1}" if number < count - 1 else "Tell"
        job: dict[str, Any] = {
            "Type": "Task",
            "Resource": JOB,
            "Parameters": named(draw(st.sampled_from([UNIQUE, UNIQUE, UNIQUE, "$.id"]))),
            "Next": after,
        }
        job["ResultPath"] = draw(st.sampled_from([f"$.{name}", f"$.{name}", "$.last", None]))
        job["Retry"] = draw(st.sampled_from([[RETRY], [RETRY], [RETRY_ALL], []]))
        if draw(st.booleans()):
            to = draw(st.sampled_from([after, after, "Tell", "Done"]))
            job["Catch"] = [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": to,
                    "ResultPath": draw(st.sampled_from(["$.error", f"$.{name}", None])),
                }
            ]
        if draw(st.booleans()):
            job["TimeoutSeconds"] = 3600
        states[name] = job
        if draw(st.booleans()):
            wait: dict[str, Any] = {"Type": "Wait", "Next": after, "Seconds": 30}
            if draw(st.booleans()):
                del wait["Seconds"]
                wait["Timestamp"] = "2026-01-01T00:03:00Z"
            job["Next"] = f"Wait{number}"
            states[f"Wait{number}"] = wait
    states["Tell"] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
            "Message.$": draw(st.sampled_from(["$", "$.id"])),
        },
        "ResultPath": None,
        "Next": "Done",
    }
    states["Done"] = {"Type": "Pass", "End": True}
    machine = {"StartAt": "Job0", "States": states}
    if draw(st.booleans()):
        machine["TimeoutSeconds"] = draw(st.sampled_from([62, 130, 250, 100_000]))
    reachable, todo = set(), ["Job0"]
    while todo:
        if (name := todo.pop()) not in reachable:
            reachable.add(name)
            todo += [each["Next"] for each in (states[name], *states[name].get("Catch", ())) if "Next" in each]
    machine["States"] = {name: state for name, state in states.items() if name in reachable}
    return machine


def found_in(definition):
    with Rehearsal.of(definition) as rehearsal:
        return [str(finding) for finding in rehearsal.drill({"id": "monday"})]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definition=pipelines())
def test_drill_finds_what_it_finds_where_all_is_played(definition, monkeypatch):
    rejoined = found_in(definition)
    with monkeypatch.context() as patched:
        patched.setattr(ways, "likeness", lambda *_: None)
        played = found_in(definition)

    assert rejoined == played


@pytest.fixture
def requests(monkeypatch):
    """The requests that reach SageMaker, whichever way sends them."""
    sent = []
    begin = SageMaker.begin

    def counted(self, call):
        sent.append(call.state)
        return begin(self, call)

    monkeypatch.setattr(SageMaker, "begin", counted)
    return sent


def caught_and_gone_on(jobs):
    """The same, where a job that fails is left behind."""
    machine = pipeline(jobs)
    for state in list(machine["States"].values())[:-1]:
        state["Catch"] = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": state["Next"]}]
    return machine


@pytest.mark.parametrize("made", [pipeline, caught_and_gone_on])
def test_requests_of_a_drill_grow_with_the_jobs_and_no_more(requests, made):
    counts = []
    for jobs in (5, 25):
        found_in(made(jobs))
        counts.append(len(requests))
        requests.clear()

    # The run and a second one; of each job: throttled 2, failed, stopped, never ends, incomplete.
    assert counts == [8 * 5, 8 * 25]


def test_run_that_rejoins_is_the_run_that_was_played(monkeypatch):
    def throttled():
        with Rehearsal.of(pipeline(4)) as rehearsal:
            playing = rehearsal._begun(  # noqa: SLF001 - no finding says how a run went
                rehearsal.machine.definition, {"id": "x"}
            )
            run = ways.Ways(playing, {f"Job{number}" for number in range(4)}).befallen("Job1", Throttled())
        names = [request["ProcessingJobName"][:8] for _, request in run.requests]
        return run.status, run.states, run.waits, run.seconds, run.events, names, len(run.timeline.splitlines())

    rejoined = throttled()
    monkeypatch.setattr(ways, "likeness", lambda *_: None)

    assert rejoined == throttled()
    assert rejoined[:4] == ("SUCCEEDED", ["Job0", "Job1", "Job2", "Job3"], [1], 241)


def test_script_that_another_job_has_used_up_is_no_longer_the_same():
    """The API is throttled once, whoever calls first: one more throttle is one too many for who retries once."""
    definition = pipeline(3, Retry=[{**RETRY, "MaxAttempts": 1}])
    with Rehearsal.of(definition) as rehearsal:
        rehearsal.script("createProcessingJob", Output(), Throttled())
        found = [str(finding) for finding in rehearsal.drill({"id": "x"})]

    ends = "throttled: one throttled call ends the execution, with SageMaker.AmazonSageMakerException"
    assert [each for each in found if "throttled" in each] == [
        f"{job}: {ends}: retry SageMaker.AmazonSageMakerException" for job in ("Job1",)
    ]


@pytest.mark.parametrize(
    ("one", "other", "shift", "is_alike"),
    [
        ("train-0f3a1b2c-aaaa-4bbb-8ccc-0123456789ab", "train-1e3a1b2c-abcd-4bbb-8ccc-0123456789ff", 0, True),
        ("train-0f3a1b2c-aaaa-4bbb-8ccc-0123456789ab", "tune-0f3a1b2c-aaaa-4bbb-8ccc-0123456789ab", 0, False),
        ("2026-01-01T00:00:05.000Z", "2026-01-01T00:00:00.000Z", 5, True),
        ("2026-01-01T00:01:05.000Z", "2026-01-01T00:00:00.000Z", 5, False),
        ("at 2026-01-01T00:00:05Z", "at 2026-01-01T00:00:00Z", 5, True),
        ("20260101", "20260102", 0, False),
        ("Completed", "Stopped..", 0, False),
        (1_767_225_605_000, 1_767_225_600_000, 5, True),
        (1_767_225_665_000, 1_767_225_600_000, 5, False),
        (1_767_225_605, 1_767_225_600, 5, True),
        (1, 2, 1, False),
        (1, 1.0, 0, False),
        (True, 1, 0, False),
        ({"a": 1, "b": 2}, {"a": 1}, 0, False),
        ([1, 2], [1, 3], 0, False),
        (None, None, 0, True),
    ],
)
def test_what_differs_by_chance_or_the_clock_is_alike_and_nothing_else(one, other, shift, is_alike):
    assert alike(one, other, shift) is is_alike
