"""JSONata as Step Functions evaluates it."""

from __future__ import annotations

import random

from constructs_sm.interpreter.expressions import EvaluationError, program
from constructs_sm.interpreter.moments import Moment
from constructs_sm.language.jsonata_checks import objections, variables_in
from constructs_sm.language.jsonata_syntax import ExpressionError, parse

import pytest
from generated_expressions import expressions
from hypothesis import given
from hypothesis import strategies as st

NOTHING = object()


def value(text, given_=NOTHING, **variables):
    states = {"input": {} if given_ is NOTHING else given_, "context": {}}
    return program(text).value(states, variables, Moment(1_767_225_600_000, random.Random(1), 5))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1/0 > 0.8", True),
        ("0/0 > 0.8", False),
        ("-1/0", "-Infinity"),
        ("(1/0) * 2 - 1", "Infinity"),
        ("$abs(-1/0)", "Infinity"),
        ("{'a': [1/0], 'b': 0/0, 'c': null}", {"a": ["Infinity"], "b": "NaN", "c": None}),
        ("1e308 + 1e308", "Infinity"),
        ("$states.input.n / 4", 1.5),
        ("$states.input.(n / 4)", 1.5),
        ("($f := function($x) { $x / 2 }; $map([2, 4], $f))", [1, 2]),
        ("12 / 2 / 3 & '/' & 1", "2/1"),
        ("7.5 % 2", 1.5),
        ("[7 % 0]", ["NaN"]),
        ("$random(42)", 0.7275636800328681),
        ("$exists($partition([1], 0))", False),
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$decodeUrlComponent('%E6+a')", "\ufffd a"),
        ("$now()", "2026-01-01T00:00:00.000Z"),
        ("$now('[Y0001]')", "2026"),
        ("$millis()", 1_767_225_600_000),
        ("$parse('null')", None),
        ("$parse('[1, {\"a\": null}]')", [1, {"a": None}]),
        ("$base64decode($base64encode('\u00fcber \u65e5'))", "\u00fcber \u65e5"),
        ("$length($uuid())", 36),
        ("$replace('a b\u00a0c', /\\s/, '_')", "a_b\u00a0c"),
        ("$replace('a b\u00a0c', /[\\s]/, '_')", "a_b\u00a0c"),
        ("$contains('a\u00a0', /\\S\\S/)", True),
        ("$string()", NOTHING),
        ("$exists($string())", False),
        ("$replace('aaa', 'a', 'b', 1.9)", "baa"),
    ],
)
def test_expression_yields_what_step_functions_says(text, result):
    if result is NOTHING:
        with pytest.raises(EvaluationError, match=r"returned nothing"):
            value(text, {"n": 6})
    else:
        assert value(text, {"n": 6}) == result


def test_variables_are_seen_and_win_over_functions():
    assert value("$x + $y", x=1, y=2) == 3
    assert value("$sum & 'x'", sum="mine") == "minex"
    assert value("$exists($gone)") is False
    assert value("$nothing", nothing=None) is None
    assert value("$one", one=[[1]]) == [[1]]


@pytest.mark.parametrize("given_", [None, 0, "", [], [[]], [1], {"a": []}, {"a": [[1]]}, {"a": None}])
def test_input_is_handed_on_as_it_is(given_):
    assert value("$states.input", given_) == given_


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 + 'a'", "T2002"),
        ("$error('mine')", "D3137: mine"),
        ("$uuid(1)", "T0410"),
        ("$nope()", "T1006"),
        ("$eval('1')", "T1006"),
        ("$partition([1], -1)", "D3137"),
        ("$parse('[1e400]')", "D3137"),
        ("$parse('[NaN]')", "D3137"),
        ("$decodeUrlComponent('%zz')", "D3140"),
        ("$random('a')", "T0410"),
    ],
)
def test_failing_expression_says_its_code(text, code):
    with pytest.raises(EvaluationError, match=code):
        value(text)


def test_recursion_without_end_fails():
    with pytest.raises(EvaluationError, match="D1011"):
        value("($f := function($n) { 1 + $f($n + 1) }; $f(0))")


@pytest.mark.parametrize(
    "text", ["", "(1", "1 +", "[1", "{'a'", "'a", "`a", "/a", "/* a", "1 2", "$f(", "a ?? b", "a ?: b", "function($x)"]
)
def test_text_that_does_not_parse_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)
    assert [one.rule for one in objections(text, frozenset({"input"}))] == ["unparsable"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("$states.input.a.b[c > 1].(d + e)^(f){g: h}", []),
        ("$states.input ~> |a|{'b': c}|", []),
        ("$map($states.input, function($v) { $v.a })", []),
        ("phone & $x", ["unqualified"]),
        ("$x & {'a': [phone]}", ["unqualified"]),
        ("*", ["unqualified"]),
        ("$$.a", ["root"]),
        ("$x[$$.a = 1]", ["root"]),
        ("$", ["root"]),
        ("$x.$", []),
        ("$states.result", ["states-field"]),
        ("$states.inputs[0].a", ["states-field"]),
        ("$eval('1')", ["eval"]),
        ("'phone ?? $$'", []),
        ("/phone ?? x/", []),
    ],
)
def test_what_step_functions_refuses_in_an_expression_is_named(text, rules):
    assert [one.rule for one in objections(text, frozenset({"input", "context"}))] == rules


def test_variables_of_an_expression_are_told():
    assert variables_in("$a & $f($b) & '$c' & ($d := 1; $d)") == {"a", "f", "b", "d"}


@given(expressions(), st.integers(0, 3))
def test_engine_parses_what_is_parsed_here(text, number):
    parse(text)
    program(f"{text}{' ' * number}")


@given(st.text(st.sampled_from("$ab.[](){}'\"`?:,;|&+-*/%=<>!~^@#1 \\"), max_size=15))
def test_any_text_is_an_expression_or_is_refused(text):
    try:
        program(text)
    except ExpressionError:
        return
