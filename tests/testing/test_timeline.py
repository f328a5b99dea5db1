"""The timeline of a run: what a reader wants to see of it."""

from __future__ import annotations

from constructs_sm.interpreter.history import Moment, folded
from constructs_sm.testing import Rehearsal

LOOKS = "arn:aws:states:::aws-sdk:glue:getJobRun"
LOOP = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Look"},
        "Look": {"Type": "Task", "Resource": LOOKS, "Parameters": {"JobName": "j", "RunId": "r"}, "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "End"}],
            "Default": "Wait",
        },
        "End": {"Type": "Succeed"},
    },
}


def looked(times):
    with Rehearsal.of(LOOP) as rehearsal:
        rehearsal.answer("Look", *[{"done": False}] * (times - 1), {"done": True})
        return rehearsal.start({})


def test_loop_that_waits_and_looks_again_is_told_once():
    run = looked(200)

    assert [line.split(maxsplit=1) for line in run.timeline.splitlines()[:6]] == [
        ["0:00:00", "Wait   entered"],
        ["0:00:00", "Wait   waits 30 s"],
        ["0:00:30", "Look   entered"],
        ["0:00:30", "Done?  entered"],
        ["1:40:00", "... 199 more turns of these 4 lines until here"],
        ["1:40:00", "End    entered"],
    ]
    assert len(run.history.moments) == 801
    assert run.pauses == [30] * 200


def test_two_turns_are_told_as_they_were():
    assert "more turns" not in looked(2).timeline


def test_what_repeats_without_a_wait_is_told_as_it_was():
    moments = [Moment(0, state, "entered") for _ in range(5) for state in ("A", "B")]

    assert folded(moments) == moments


def test_last_turn_that_goes_otherwise_is_told():
    turn = [("Wait", "entered"), ("Wait", "waits 5 s"), ("Look", "InProgress")]
    told = [*turn * 4, *turn[:2], ("Look", "Completed")]
    moments = [Moment(at, state, text) for at, (state, text) in enumerate(told)]

    assert [str(one).split(maxsplit=1)[1] for one in folded(moments)] == [
        "Wait | entered",
        "Wait | waits 5 s",
        "Look | InProgress",
        "... 3 more turns of these 3 lines until here",
        "Wait | entered",
        "Wait | waits 5 s",
        "Look | Completed",
    ]
