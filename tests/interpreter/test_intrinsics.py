"""Intrinsic functions: read, judged and evaluated."""

from __future__ import annotations

import random

from constructs_sm.language.intrinsics import IntrinsicError, Surroundings, SyntaxProblem, parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

GIVEN = {"n": 2, "half": 2.5, "t": "it's", "l": [1, 2, 2, 3], "o": {"a": 1, "b": [True, None]}, "yes": True}


def value(text, document=None):
    around = Surroundings(random.Random(1))
    return parse(text).evaluate(lambda path: path.value(GIVEN if document is None else document), around)


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("States.Format('{} of {}', $.n, $.yes)", "2 of true"),
        ("States.Format('{}', $.o)", "{a=1, b=[true, null]}"),
        ("States.Format('\\{\\}\\'{}', $.t)", "{}'it's"),
        ("States.Format($.t)", "it's"),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        ("States.JsonToString($.o)", '{"a":1,"b":[true,null]}'),
        ("States.Array()", []),
        ("States.Array($.n, 'x', -1.5, null)", [2, "x", -1.5, None]),
        ("States.ArrayPartition($.l, 3)", [[1, 2, 2], [3]]),
        ("States.ArrayContains($.l, 3)", True),
        ("States.ArrayContains(States.Array(1), true)", False),
        ("States.ArrayRange(1, 9, 3)", [1, 4, 7]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.l, 3)", 3),
        ("States.ArrayLength($.l)", 4),
        ("States.ArrayUnique($.l)", [1, 2, 3]),
        ("States.Base64Encode('Data')", "RGF0YQ=="),
        ("States.Base64Decode('RGF0YQ==')", "Data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.o, States.StringToJson('{\"a\": 2}'), false)", {"a": 2, "b": [True, None]}),
        ("States.MathAdd($.half, 0)", 3),
        ("States.MathAdd(-2, 1)", -1),
        ("States.StringSplit('1,2+3', ',+')", ["1", "2", "3"]),
        ("States.ArrayGetItem($.l[?(@ > 2)], 0)", 3),
    ],
)
def test_function_yields_its_value(call, result):
    assert value(call) == result


@pytest.mark.parametrize(
    "call",
    [
        "States.Format('{} {}', 1)",
        "States.Format('{}', 1, 2)",
        "States.Format('{', 1)",
        "States.StringToJson('{')",
        "States.ArrayPartition($.l, 0)",
        "States.ArrayRange(0, 1000, 1)",
        "States.ArrayRange(0, 5, 0)",
        "States.ArrayGetItem($.l, 4)",
        "States.ArrayLength($.n)",
        "States.Base64Decode('*')",
        "States.Hash('x', 'SHA-3')",
        "States.JsonMerge($.o, $.o, true)",
        "States.MathRandom(3, 3)",
        "States.StringSplit($.n, ',')",
    ],
)
def test_arguments_that_a_function_does_not_take_fail(call):
    with pytest.raises(IntrinsicError, match=r"States\."):
        value(call)


@pytest.mark.parametrize(
    "text",
    [
        "States.Nope()",
        "States.UUID(1)",
        "States.Array(1",
        "States.Array(1))",
        "States.Array(x)",
        "States.Format('a\\nb')",
        "States.Format('open)",
        "States.Array($.)",
        "States.Array(1,)",
        "Format('{}')",
        "States." + "Array(States." * 10 + "Array()" + ")" * 10,
    ],
)
def test_text_that_is_no_call_is_refused(text):
    with pytest.raises(SyntaxProblem):
        parse(text)


def test_chance_is_drawn_from_what_is_around():
    first = parse("States.UUID()").evaluate(lambda _: None, Surroundings(random.Random(5)))
    again = parse("States.UUID()").evaluate(lambda _: None, Surroundings(random.Random(5)))

    assert first == again
    assert first[14] == "4"
    assert value("States.MathRandom(1, 100, 7)") == value("States.MathRandom(1, 100, 7)")
    assert {value("States.MathRandom(0, 2, " + str(seed) + ")") for seed in range(20)} == {0, 1}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_text_written_with_escapes_is_read_as_it_was(text):
    escaped = "".join(f"\\{letter}" if letter in "'\\{}" else letter for letter in text)

    assert value(f"States.Array('{escaped}')") == [text]
    assert value(f"States.Format('{escaped}')") == text


@given(st.text(st.sampled_from("States.FormatArray('{}\\,$)1 "), max_size=25))
def test_any_text_is_a_call_or_is_refused(text):
    try:
        parse(f"States.{text}")
    except SyntaxProblem:
        return
