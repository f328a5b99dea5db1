"""Expressions and intrinsic functions with enormous work or odd arguments: an error of the state, in a short time."""

from __future__ import annotations

import random
import time

from constructs_sm.checking.machine import check_definition
from constructs_sm.interpreter import expressions
from constructs_sm.interpreter.expressions import EvaluationError, TooLargeError, program
from constructs_sm.interpreter.moments import Moment
from constructs_sm.language.intrinsics import Surroundings, parse
from constructs_sm.testing import Rehearsal

import pytest

HUGE = [
    "[1..9999999]",
    "$pad('', 10000000) & $pad('', 1000000)",
    "$join([1..2000000].$string($), ',')",
    "($map([1..1000000], function($i) { $i & 'abcdef' }))",
    "($x := $pad('x', 9000000); $x & $x)",
    "{'a': [1..9999999]}",
]
ENDLESS = [
    "$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a+)+$/)",
    "$replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a+)+$/, '')",
    "$split('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a|aa)+$/)",
    "$contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a|a)*b/)",
    "($f := function($n) { $f($n + 1) }; $f(0))",
    "$sum([1..9000].([1..9000].($)))",
    "$reduce([1..1000000], function($a, $b) { $a & $b })",
]


def value(text, seconds=5):
    states = {"input": {}, "context": {}}
    return program(text).value(states, {}, Moment(1_767_225_600_000, random.Random(1), seconds))


def passing(expression, field="Output"):
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", field: expression, "End": True}},
    }


@pytest.mark.parametrize("text", HUGE)
def test_result_that_no_state_takes_is_told_before_it_is_made(text):
    with pytest.raises(TooLargeError):
        value(text, 60)


def test_result_that_no_state_takes_fails_the_state_with_the_limit():
    with Rehearsal.of(passing("{% [1..9999999] %}")) as rehearsal:
        run = rehearsal.start({})

    assert run.error == "States.DataLimitExceeded"
    assert "'[1..9999999]' specified for the field 'Output'" in run.cause


def test_large_array_on_the_way_to_a_small_result_is_no_error():
    assert value("$count([1..3000000]) & ' of ' & $length($pad('', 1000000))", 60) == "3000000 of 1000000"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[1..10000001]", "D2014"),
        ("$range(1, 1000000000000, 1)", "D2014"),
        ("$range(1, -1e300, -1)", "D2014"),
        ("$pad('', 1000000000)", "D2016"),
        ("$power(10, 400)", "D3061"),
    ],
)
def test_more_than_jsonata_allocates_is_its_own_error(text, code):
    with pytest.raises(EvaluationError, match=code):
        value(text)


@pytest.mark.parametrize("text", ENDLESS)
def test_expression_without_end_is_stopped(text, monkeypatch):
    monkeypatch.setattr(expressions, "_MOST_SECONDS", 0.3)

    with pytest.raises(TimeoutError, match=r"took longer than 0.3 s; make it do less"):
        value(text, 60)


@pytest.mark.parametrize(
    "text",
    [
        "$hash('a', ['MD5'])",
        "$hash('a', {})",
        "$hash(function($x) { $x }, 'MD5')",
        "$parse($pad('', 100000, '['))",
        "$parse('9' & $pad('', 100000, '9'))",
        "$partition([1], function($x) { $x })",
        "$range(1, 2, {})",
        "$random('x')",
        "$random([])",
        "$uuid(1)",
        "($d := function($n, $x) { $n = 0 ? $x : $d($n - 1, {'a': $x}) }; $d(900, 1/0))",
        "($d := function($n, $x) { $n = 0 ? $x : $d($n - 1, {'a': $x}) }; $d(100000, 1))",
    ],
)
def test_arguments_that_a_function_does_not_take_fail_the_expression(text):
    with pytest.raises(EvaluationError):
        value(text)


@pytest.mark.parametrize("text", [*HUGE, *ENDLESS])
def test_nothing_is_evaluated_where_a_definition_is_read_or_checked(text):
    begun = time.process_time()

    Rehearsal.of(passing(f"{{% {text} %}}"))
    check_definition(passing(f"{{% {text} %}}"))

    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "call",
    [
        "States.ArrayUnique($.items)",
        "States.ArrayPartition($.items, 1)",
        "States.ArrayContains($.items, true)",
        "States.StringSplit($.text, ',')",
        "States.Format('{}{}', $.text, $.items)",
    ],
)
def test_intrinsic_function_of_a_whole_payload_is_quick(call):
    given = {"items": list(range(40_000)), "text": "a," * 100_000}
    begun = time.process_time()

    parse(call).evaluate(lambda path: path.value(given), Surroundings())

    assert time.process_time() - begun < 2


def test_array_unique_tells_true_from_one_and_not_one_from_one_point_zero():
    given = {
        "items": [1, True, 1.0, "1", [1, {"a": 0, "b": None}], [True], [1.0, {"b": None, "a": 0}], "list", ["list"]]
    }

    found = parse("States.ArrayUnique($.items)").evaluate(lambda path: path.value(given), Surroundings())

    assert repr(found) == "[1, True, '1', [1, {'a': 0, 'b': None}], [True], 'list', ['list']]"
