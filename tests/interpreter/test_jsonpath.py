"""JSONPath as Step Functions has it."""

from __future__ import annotations

from constructs_sm.language.jsonpath import MissingError, PathError, is_path, parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

STORE = {
    "books": [{"t": "A", "p": 8, "tags": ["x"]}, {"t": "B", "p": 12}, {"t": "C", "p": 20, "tags": []}],
    "limit": 10,
    "a b": {"c.d": 1},
    "text": "abc",
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", STORE),
        ("$.limit", 10),
        # As people leave it behind, and Step Functions takes it.
        ("$.limit ", 10),
        (" $.limit", 10),
        ("$['limit']", 10),
        ('$["a b"]["c.d"]', 1),
        ("$.books[0].t", "A"),
        ("$.books[-1].t", "C"),
        ("$.nothing", None),
        ("$.books[*].t", ["A", "B", "C"]),
        ("$.books.*.p", [8, 12, 20]),
        ("$.books[0:2].p", [8, 12]),
        ("$.books[-2:].p", [12, 20]),
        ("$.books[::2].p", [8, 20]),
        ("$.books[0,2].p", [8, 20]),
        ("$..p", [8, 12, 20]),
        ("$..books[0].t", ["A"]),
        ("$.books[?(@.p > 10)].t", ["B", "C"]),
        ("$.books[?(@.p > $.limit)].t", ["B", "C"]),
        ("$.books[?(@.tags)].t", ["A", "C"]),
        ("$.books[?(!@.tags)].t", ["B"]),
        ("$.books[?(@.p > 10 && @.t != 'C')].t", ["B"]),
        ("$.books[?(@.p < 10 || @.t == 'C')].t", ["A", "C"]),
        ("$.books[?(@['t'] == \"B\")].p", [12]),
        ("$.books[?(@.t in ['A', 'C'])].p", [8, 20]),
        ("$.books[?(@.t nin ['A'])].p", [12, 20]),
        ("$.books[?(@.t =~ /[ab]/i)].p", [8, 12]),
        ("$.books[?(@.tags empty true)].t", ["C"]),
        ("$.books[?(@.tags size 1)].t", ["A"]),
        ("$.books[?(@.gone == 1)]", []),
        ("$.gone[*]", []),
        ("$.gone.further[1:]", []),
        ("$.books.length()", 3),
        ("$.books[*].p.max()", 20),
        ("$.books[*].p.sum()", 40),
        ("$['limit','text']", [{"limit": 10, "text": "abc"}]),
    ],
)
def test_path_leads_to_its_value(path, value):
    assert parse(path).value(STORE) == value


@pytest.mark.parametrize("path", ["$.gone", "$.limit.further", "$.books[3]", "$.text[0]", "$.books.t", "$.limit[0]"])
def test_path_to_one_place_where_nothing_is_is_missing(path):
    with pytest.raises(MissingError):
        parse(path).value(STORE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "$.",
        "$..",
        "$a.",
        "$.a[",
        "$.a[x]",
        "$.a['b]",
        "$.a b",
        "$.a[?(@.b]",
        "$.a[0",
        "$.a.nope()",
        "$.a.length().b",
        "$$$",
    ],
)
def test_text_that_is_no_path_is_refused(text):
    with pytest.raises(PathError, match="got "):
        parse(text)
    assert not is_path(text)


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("$", True),
        ("$.a['b'][0]", True),
        ("$.a[*]", False),
        ("$..a", False),
        ("$.a[0,1]", False),
        ("$.a.length()", False),
    ],
)
def test_reference_path_is_of_names_and_numbers(path, is_one):
    assert parse(path).is_reference is is_one


def test_path_says_where_it_starts():
    assert (parse("$$.Execution.Id").of_context, parse("$.a").of_context) == (True, False)
    assert (parse("$model.name").variable, parse("$.model").variable) == ("model", None)
    assert parse("$.a['b c'][2]").places == ("a", "b c", 2)


NAMES = st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAMES | st.integers(0, 3), max_size=4), st.integers())
def test_quoted_names_and_numbers_lead_to_what_they_name(places, value):
    document = value
    for place in reversed(places):
        document = {place: document} if isinstance(place, str) else [None] * place + [document]
    path = "$" + "".join(f"['{place}']" if isinstance(place, str) else f"[{place}]" for place in places)

    assert parse(path).value(document) == value
    assert parse(path).places == tuple(places)


@given(st.text(st.sampled_from("$.[]()'\"*@?,: &|=<>!ab01~/\\"), max_size=20))
def test_any_text_is_a_path_or_is_refused(text):
    try:
        found = parse(text)
    except PathError:
        return
    assert found.text == text.strip(" ")
