"""Every public construct with hostile values for its arguments: InvalidInputError in words, and nothing left behind.

The classes come from the package, the arguments from their signatures; a new one is tried without a word here.
"""

from __future__ import annotations

import inspect
import math
import time

from constructs_sm import InvalidInputError, PipelineStack
from constructs_sm.task.arguments import TaskArguments

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_refused import ARGUMENTS_OF

LONGEST = 1.5
"""Seconds that a refusal may take, of a machine that does other things besides."""
HELD: dict = {}
HELD["itself"] = HELD
HOSTILE = [
    *(None, 5, -1, 0, True, math.nan, math.inf, 2**31, 2**63, 2**200, 1e308, 3 + 4j),
    *("", "x", " ", "\ud800", "\x00", "x" * 100_000, "$", "$.x", "$..x", "$.x[", "{% %}", "{% ( %}", "States.Foo("),
    *("${Token[TOKEN.999999]}", "s3://", "s3://b/p", "arn:", "rate(0 days)", b"x", bytearray(b"x"), memoryview(b"x")),
    *([], ["x"], [5], [None], [[]], (), {}, {"x": 5}, {5: 5}, {None: None}, {"x.$": 5}, {"": ""}, {("a",): 1}),
    *(set(), {1, 2}, range(3), object(), object, lambda: 1, HELD, {"x": HELD}, [math.nan], {"x": math.inf}),
    *(Duration.seconds(5), Duration.millis(5), Duration.days(10**6), NotImplemented, ..., ValueError),
    *(["x"] * 100_000, sfn.JsonPath.DISCARD),
]
CALLS = [(made, valid) for made, valid in ARGUMENTS_OF.items()] + [(PipelineStack, lambda _: {})]


def arguments_of(made):
    """The names of the arguments of a class, but for its scope and id, with those that every task takes."""
    parameters = inspect.signature(made.__init__).parameters.values()
    named = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    further = TaskArguments.__annotations__ if len(named) < len(parameters) else ()
    return [name for name in (*named, *further) if name not in {"self", "scope", "construct_id"}]


def try_with(made, valid, wrong):
    """Make it, or see it refused in words; neither must leave anything."""
    app = App()
    stack = PipelineStack(app, "Stack")
    full = {**valid(stack), **wrong}
    scope = app if made is PipelineStack else stack
    before = [child.node.path for child in scope.node.find_all()]
    begun = time.perf_counter()
    try:
        made(scope, "Job", **full)
    except InvalidInputError as error:
        text = str(error)
        text.encode()
        assert " at 0x" not in text
        assert [child.node.path for child in scope.node.find_all()] == before
        assert time.perf_counter() - begun < LONGEST
    except TypeError as error:
        assert "unexpected keyword" in str(error)  # noqa: PT017  (what it may be, and nothing else)


def tried(examples):
    @given(data=st.data())
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def with_hostile_values(data):
        made, valid = data.draw(st.sampled_from(CALLS))
        names = data.draw(st.lists(st.sampled_from(arguments_of(made)), min_size=1, max_size=3, unique=True))
        try_with(made, valid, {name: data.draw(st.sampled_from(HOSTILE)) for name in names})

    return with_hostile_values


def test_hostile_value_is_refused_in_words_and_leaves_nothing():
    tried(150)()


@pytest.mark.fuzz
def test_hostile_value_is_refused_in_words_in_many_more_tries():
    tried(5_000)()
