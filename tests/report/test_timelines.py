"""Charts of rehearsed executions: where bars begin, how long they are, and what is told beside them."""

from __future__ import annotations

from datetime import timedelta

from constructs_sm.report.timelines import Bar, chart_of
from constructs_sm.report.wording import lasting, text
from constructs_sm.testing import Rehearsal, Throttled

import pytest
from machines import guarded, machine


def charted(definition, states=None, **script):
    with Rehearsal.of(definition, seed=1) as rehearsal:
        for state, steps in script.items():
            rehearsal.script(state, *steps)
        return chart_of(rehearsal.start({}), states)


def told(chart):
    return [(line.state, line.begins, line.takes.total_seconds(), line.told, line.bars) for line in chart.lines]


def test_state_that_is_tried_again_has_a_bar_for_each_attempt_and_for_the_wait():
    chart = charted(guarded(), ["Job"], Job=[Throttled()])

    (line,) = told(chart)
    assert line[:4] == ("Job", "0:00:00", 62, "2 times, failed once")
    assert line[4] == (Bar("badly", 0, 0), Bar("waited", 0, 3.226), Bar("well", 3.226, 96.774))
    assert chart.ends == "0:01:02"


def test_states_stand_in_the_order_in_which_they_are_entered():
    branch = machine(Wait={"Type": "Wait", "Seconds": 30, "Next": "Then"}, Then={"Type": "Pass", "End": True})
    chart = charted(machine(Both={"Type": "Parallel", "Branches": [branch], "End": True}))

    assert told(chart) == [
        ("Both", "0:00:00", 30, "", (Bar("well", 0, 100),)),
        ("Wait", "0:00:00", 30, "", (Bar("well", 0, 100),)),
        ("Then", "0:00:30", 0, "", (Bar("well", 100, 0),)),
    ]


def test_thousands_of_polls_are_as_many_bars_as_can_be_told_apart():
    loop = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericLessThan": 2000, "Next": "Wait"}],
        "Default": "End",
    }
    count = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Ask"}
    polls = machine(
        Begin={"Type": "Pass", "Result": {"n": 0}, "Next": "Ask"},
        Ask=loop,
        Wait={"Type": "Wait", "Seconds": 60, "Next": "Count"},
        Count=count,
        End={"Type": "Succeed"},
    )
    ask = next(line for line in charted(polls).lines if line.state == "Ask")

    assert ask.told == "2,001 times"
    assert len(ask.bars) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.25, "0.2 s"),
        (59, "59 s"),
        (126, "2 min 6 s"),
        (13_620, "3 h 47 min"),
        (90_000, "1 d 1 h"),
        (400 * 86_400, "longer than an execution may run"),
    ],
)
def test_times_are_told_in_their_two_largest_units(seconds, words):
    assert lasting(timedelta(seconds=seconds)) == words


def test_text_keeps_what_html_holds_and_shows_what_turns_it():
    assert text("a\tb\nc\x00d\x85e\ud800f\ufffeg\u202eh\u05d0") == "a\tb\nc�d�e�f�g\\u202eh\u05d0"
