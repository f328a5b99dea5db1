"""Paths are taken apart in one place, the same for whoever asks."""

from __future__ import annotations

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.language.intrinsics import formatted_by, items_in, literal_beginning
from constructs_sm.language.jsonata import is_plain, jsonata_of
from constructs_sm.language.paths import is_reference, item_in, key_in, keys_before, keys_in, reference

import pytest


@pytest.mark.parametrize(
    ("path", "root", "steps"),
    [
        ("$", "$", ()),
        ("$$", "$$", ()),
        ("$.a.b", "$", ("a", "b")),
        ("$.a-b['c d'][\"e\"]", "$", ("a-b", "c d", "e")),
        ("$$.Execution.Input.items[0]", "$$", ("Execution", "Input", "items", 0)),
        ("$.items[-1]", "$", ("items", -1)),
    ],
)
def test_path_of_keys_and_indices_is_taken_apart(path, root, steps):
    found = reference(path)
    assert ("$$" if found.of_context else "$", found.places) == (root, steps)


@pytest.mark.parametrize("path", ["a", "$a", "$model.name", "$.a[*]", "$..a", "$.a[?(@.b > 1)]", "$.length()", "$.a b"])
def test_any_other_path_is_none_of_those(path):
    assert reference(path) is None
    assert not is_reference(path)
    assert keys_in(path) == ()
    assert not is_plain(path)


def test_keys_are_those_of_a_path_into_the_input_that_is_nothing_but_keys():
    assert keys_in("$.a['b c']") == ("a", "b c")
    assert keys_in("$.a[0]") == ()
    assert keys_in("$$.a") == ()
    assert (key_in("$.a-b"), key_in("$.a.b"), key_in("$")) == ("a-b", None, None)


def test_reference_is_to_one_place_of_the_input():
    assert is_reference("$.a[0].b")
    assert not is_reference("$.a[-1]")
    assert not is_reference("$$.a")


@pytest.mark.parametrize(
    ("path", "keys", "rest"),
    [
        ("$.a.b", ("a", "b"), ""),
        ("$.a[0].b", ("a",), "[0].b"),
        ("$states.input.a.`b c`", ("a", "b c"), ""),
        # A difference in JSONata, a name in JSONPath.
        ("$states.input.a-b", ("a",), "-b"),
        ("$.a-b", ("a-b",), ""),
        ("$model.name", (), "model.name"),
        ("$.a['b\\'c'].d", ("a", "b'c", "d"), ""),
        ("$.a.length()", ("a",), ".length()"),
        ("$.a['b','c']", ("a",), "['b','c']"),
        ("$.a['b", ("a",), "['b"),
        ("text", (), "text"),
    ],
)
def test_keys_that_a_path_begins_with_are_split_from_the_rest(path, keys, rest):
    assert keys_before(path) == (keys, rest)


def test_items_of_a_list_that_is_the_input_are_told_by_their_index():
    assert item_in("$[1].model['a b']") == (1, ("model", "a b"))
    assert [item_in(path) for path in ("$.a", "$[0][1]", "$[-1]", "$")] == [None] * 4
    assert items_in("States.JsonMerge($[0].a, $[1], false)") == [1]
    assert items_in("States.JsonMerge(States.JsonMerge($[0], $[1], false), $[2], false)") == [0, 1, 2]


def test_format_of_plain_paths_is_taken_apart():
    assert formatted_by("States.Format('a{}\\'b{}', $.x, $$.y)") == ("a{}\\'b{}", ["$.x", "$$.y"])
    assert formatted_by("States.Format( '{}',$.x , $['a, b'] )") == ("{}", ["$.x", "$['a, b']"])
    assert formatted_by("States.Format('a{}', States.UUID())") is None
    assert formatted_by("States.Format($.template, $.x)") is None
    assert literal_beginning("States.Format('churn-{}', States.UUID())") == "churn-"
    assert literal_beginning("$.name") is None


@pytest.mark.parametrize(
    ("path", "jsonata"),
    [
        ("$.a-b[0]['c d']", "$states.input.`a-b`[0].`c d`"),
        ("$$.Execution.Name", "$states.context.Execution.Name"),
        ("States.Format('s3://d/{}/x', $.a)", "'s3://d/' & $states.input.a & '/x'"),
    ],
)
def test_plain_path_is_translated_to_jsonata(path, jsonata):
    assert is_plain(path)
    assert jsonata_of(path) == jsonata


def test_path_that_jsonata_has_no_word_for_is_refused():
    with pytest.raises(InvalidInputError, match=r"no plain equivalent in JSONata, got '\$\.a\[\*\]'; write it as"):
        jsonata_of("$.a[*]")
