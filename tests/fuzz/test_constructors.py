"""Every public construct with hostile values for its arguments: InvalidInputError in words, and nothing left behind.

The classes come from the package, the arguments from their signatures; a new one is tried without a word here.
"""

from __future__ import annotations

import inspect
import math
import time

from constructs_sm import (
    EndpointDeployment,
    FanOut,
    InvalidInputError,
    PipelineStack,
    RegisterScalableTarget,
    TrainingJob,
)
from constructs_sm.blueprints import TuneAndDeploy
from constructs_sm.task.arguments import TaskArguments

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from hostile import places, tried, with_in_it
from hypothesis import strategies as st
from strange import AROUND, STRANGE
from test_refused import ARGUMENTS_OF

LONGEST = 5
"""Seconds of this process that a refusal may take, whatever else the machine does."""
MOST_TEXT = 100_000
"""Characters of a refusal."""
HELD: dict = {}
HELD["itself"] = HELD


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


HOSTILE = [
    *(None, 5, -1, 0, True, math.nan, math.inf, 2**31, 2**63, 2**200, 1e308, 3 + 4j),
    *("", "x", " ", "\ud800", "\x00", "x" * 100_000, "$", "$.x", "$..x", "$.x[", "{% %}", "{% ( %}", "States.Foo("),
    *("${Token[TOKEN.999999]}", "s3://", "s3://b/p", "arn:", "rate(0 days)", b"x", bytearray(b"x"), memoryview(b"x")),
    *([], ["x"], [5], [None], [[]], (), {}, {"x": 5}, {5: 5}, {None: None}, {"x.$": 5}, {"": ""}, {("a",): 1}),
    *(set(), {1, 2}, range(3), object(), object, lambda: 1, HELD, {"x": HELD}, [math.nan], {"x": math.inf}),
    *(Duration.seconds(5), Duration.millis(5), Duration.days(10**6), NotImplemented, ..., ValueError),
    *(["x"] * 100_000, sfn.JsonPath.DISCARD),
]
HUGE = {
    "keys": {f"k{i}": "v" for i in range(100_000)},
    "keys just small enough": {f"k{i}": "v" for i in range(20_000)},
    "keys that are numbers": {i: i for i in range(100_000)},
    "keys of paths": {f"k{i}.$": "$.x" for i in range(15_000)},
    "expressions": {f"k{i}": "{% $x %}" for i in range(15_000)},
    "texts": ["x"] * 100_000,
    "texts just few enough": [f"i{i}" for i in range(25_000)],
    "structures": [{"Name": f"n{i}", "Value": "v"} for i in range(100_000)],
    "structures just few enough": [{"Name": f"n{i}", "Value": "v"} for i in range(7_000)],
    "lists of lists": [["x"] * 300] * 300,
    "structures of structures": {f"k{i}": {f"j{j}": "v" for j in range(300)} for i in range(300)},
    "structures in each other": nested(900),
    "more than Python can follow": nested(50_000),
    "text": "x" * 250_000,
    "spaces": " " * 250_000,
    "stars": "*" * 250_000,
    "dashes": "a-" * 120_000,
    "digits": "9" * 200_000,
    "path": "$." + "a." * 120_000 + "a",
    "path of indices": "$" + "[0]" * 80_000,
    "open brackets": "{% " + "(" * 100_000 + " %}",
    "sum": "{% " + "$a & " * 50_000 + "'x' %}",
    "intrinsic": "States.Format('" + "{}" * 20_000 + "'" + ", $.a" * 20_000 + ")",
    "intrinsics in each other": "States.Array(" * 12_000 + ")" * 12_000,
    "tokens": "${Token[TOKEN.1]}" * 12_000,
    "place in S3": "s3://b/" + "a/" * 120_000,
    "ARN": "arn:aws:iam::123456789012:role/" + "a" * 200_000,
}
CALLS = [(made, valid) for made, valid in ARGUMENTS_OF.items()] + [(PipelineStack, lambda _: {})]


def arguments_of(made):
    """The names of the arguments of a class, but for its scope and id, with those that every task takes."""
    parameters = inspect.signature(made.__init__).parameters.values()
    named = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    further = TaskArguments.__annotations__ if len(named) < len(parameters) else ()
    return [name for name in (*named, *further) if name not in {"self", "scope", "construct_id"}]


def try_with(made, valid, wrong):
    """Make it, or see it refused in words; neither must leave anything.

    Args:
        made: The class.
        valid: Makes arguments that are right.
        wrong: Arguments, or what makes them of the stack and of those.
    """
    app = App()
    stack = PipelineStack(app, "Stack")
    right = valid(stack)
    full = {**right, **(wrong(stack, right) if callable(wrong) else wrong)}
    scope = app if made is PipelineStack else stack
    before = [child.node.path for child in scope.node.find_all()]
    begun = time.process_time()
    try:
        made(scope, "Job", **full)
    except InvalidInputError as error:
        text = str(error)
        text.encode()
        assert " at 0x" not in text
        assert [child.node.path for child in scope.node.find_all()] == before
        assert time.process_time() - begun < LONGEST
        assert len(text) < MOST_TEXT
        made(scope, "Job", **right)
    except TypeError as error:
        assert "unexpected keyword" in str(error)  # noqa: PT017  (what it may be, and nothing else)


def with_hostile_values(data):
    made, valid = data.draw(st.sampled_from(CALLS))
    names = data.draw(st.lists(st.sampled_from(arguments_of(made)), min_size=1, max_size=3, unique=True))
    try_with(made, valid, {name: data.draw(st.sampled_from(HOSTILE)) for name in names})


def with_a_strange_value(data):
    """In place of an argument, or somewhere in one that is right."""
    made, valid = data.draw(st.sampled_from(CALLS))
    make, around = (data.draw(st.sampled_from(sorted(kinds))) for kinds in (STRANGE, AROUND))
    argument = data.draw(st.sampled_from(arguments_of(made)))
    place = data.draw(st.integers(0, 20))

    def wrong(stack, right):
        value = AROUND[around](STRANGE[make](stack))
        inside = [(name, *path) for name, given in right.items() for path in places(given)]
        if place >= len(inside):
            return {argument: value}
        name, *path = inside[place]
        return {name: with_in_it(right[name], path, value)}

    try_with(made, valid, wrong)


def with_a_huge_value(data):
    made, valid = data.draw(st.sampled_from(CALLS))
    name = data.draw(st.sampled_from(arguments_of(made)))
    try_with(made, valid, {name: HUGE[data.draw(st.sampled_from(sorted(HUGE)))]})


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (FanOut, {"items": [object()]}),
        (FanOut, {"items": {"x": b"x"}}),
        (FanOut, {"items": {b"x": 1}}),
        (EndpointDeployment, {"config": {math.nan: 1}}),
        (EndpointDeployment, {"update": {5: 1}}),
        (PipelineStack, {"environment": [1]}),
        (PipelineStack, {"environment": HELD}),
        (PipelineStack, {"guardrails": HUGE["ARN"]}),
        (RegisterScalableTarget, {"target": NotImplemented}),
        (TrainingJob, {"code": "\ud800"}),
        (TrainingJob, HUGE["keys of paths"]),
        (TuneAndDeploy, {"tune": HUGE["keys of paths"]}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else next(iter(value)),
)
def test_value_that_was_found_once_is_refused_in_words(made, wrong):
    try_with(made, dict(CALLS)[made], wrong)


def test_value_of_any_size_is_refused_within_a_second():
    tried(60, st.data(), with_a_huge_value)


@pytest.mark.fuzz
def test_value_of_any_size_is_refused_within_a_second_in_many_more_tries():
    tried(3_000, st.data(), with_a_huge_value)


def test_hostile_value_is_refused_in_words_and_leaves_nothing():
    tried(150, st.data(), with_hostile_values)


@pytest.mark.fuzz
def test_hostile_value_is_refused_in_words_in_many_more_tries():
    tried(5_000, st.data(), with_hostile_values)


def test_value_of_another_library_class_or_app_is_refused_in_words_and_leaves_nothing():
    tried(150, st.data(), with_a_strange_value)


@pytest.mark.fuzz
def test_value_of_another_library_class_or_app_is_refused_in_words_in_many_more_tries():
    tried(5_000, st.data(), with_a_strange_value)
