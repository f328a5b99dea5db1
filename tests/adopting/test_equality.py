"""Definitions compared: what says the same is the same, and nothing else is."""

from __future__ import annotations

import copy
import json
from typing import Any

from constructs_sm.adopting.equality import differences

import pytest
from conftest import DATA

TASK = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "t"}, "End": True}


def one(**state: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}}


MAP = {"Type": "Map", "End": True}
INNER = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}


@pytest.mark.parametrize(
    ("original", "other"),
    [
        (one(), {**one(), "Version": "1.0"}),
        (one(), {**one(), "QueryLanguage": "JSONPath"}),
        (one(), one(InputPath="$", OutputPath="$", ResultPath="$")),
        (one(), one(QueryLanguage="JSONPath")),
        ({**one(), "QueryLanguage": "JSONata"}, {**one(QueryLanguage="JSONata"), "QueryLanguage": "JSONata"}),
        (one(**TASK), one(**TASK, Retry=[])),
        (
            one(**TASK, Retry=[{"ErrorEquals": ["E"]}]),
            one(**TASK, Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2.0}]),
        ),
        (
            one(**TASK),
            one(**{**TASK, "Resource": "arn:${AWS::Partition}:states:::sns:publish"}),
        ),
        (one(**MAP, ItemProcessor=INNER), one(**MAP, Iterator=INNER, MaxConcurrency=0)),
        (
            one(**MAP, ItemProcessor=INNER, ItemSelector={"a": 1}),
            one(**MAP, ItemProcessor={"ProcessorConfig": {"Mode": "INLINE"}, **INNER}, Parameters={"a": 1}),
        ),
        (one(**MAP, ItemProcessor=INNER), one(**MAP, ItemProcessor={"Comment": "inside", **INNER})),
        (
            one(**TASK, QueryLanguage="JSONata"),
            one(**TASK, QueryLanguage="JSONata", Output="{% $states.result %}"),
        ),
    ],
)
def test_what_says_the_same_does_not_differ(original, other):
    assert differences(original, other) == differences(other, original) == []


@pytest.mark.parametrize(
    ("original", "other", "said"),
    [
        (one(), one(Comment="c"), ['A/Comment: "(absent)" became "c"']),
        (one(), {**one(), "TimeoutSeconds": 5}, ['the state machine/TimeoutSeconds: "(absent)" became 5']),
        (one(), {**one(), "QueryLanguage": "JSONata"}, None),
        (one(Result=1), one(Result=True), ["A/Result: 1 became true"]),
        (one(Result=None), one(), ['A/Result: null became "(absent)"']),
        (one(ResultPath="$"), one(ResultPath=None), ['A/ResultPath: "(absent)" became null']),
        (one(Output="{% $states.result %}"), one(), ['A/Output: "{% $states.result %}" became "(absent)"']),
        (
            one(**TASK, Retry=[{"ErrorEquals": ["E"]}]),
            one(**TASK, Retry=[{"ErrorEquals": ["E"], "MaxAttempts": 4}]),
            ["A/Retry/0/MaxAttempts: 3 became 4"],
        ),
        (
            one(**{**TASK, "Resource": "arn:aws:lambda:us-east-1:1:function:f"}),
            one(**{**TASK, "Resource": "arn:aws-cn:lambda:us-east-1:1:function:f"}),
            None,
        ),
        (one(**MAP, ItemProcessor=INNER), one(**MAP, ItemProcessor={**INNER, "StartAt": "C"}), None),
        (
            one(**MAP, ItemProcessor=INNER),
            one(**MAP, ItemProcessor={**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}),
            ['A/ProcessorConfig: "(absent)" became {"Mode": "DISTRIBUTED"}'],
        ),
    ],
)
def test_what_says_something_else_differs(original, other, said):
    found = list(map(str, differences(original, other)))

    assert found == said if said is not None else found


def changed(value: Any) -> list[Any]:
    """*value* with each leaf in it changed, one at a time."""
    if isinstance(value, dict):
        return [{**value, key: item} for key in value for item in changed(value[key])]
    if isinstance(value, list):
        return [[*value[:at], item, *value[at + 1 :]] for at in range(len(value)) for item in changed(value[at])]
    return ["changed" if value != "changed" else "again"]


def test_no_change_of_a_definition_goes_unseen():
    original = json.loads((DATA / "published" / "tune_and_serve.json").read_text())["definition"]
    others = changed(original)

    assert len(others) > 60
    assert [other for other in others if not differences(original, copy.deepcopy(other))] == []
