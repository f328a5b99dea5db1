"""Policies and questions of the evaluator that hold themselves, or are as deep as a well: refused in words."""

from __future__ import annotations

import json

from constructs_sm import InvalidInputError
from constructs_sm.testing import Grant, allows, grants, statements, without
from constructs_sm.testing.world.policy_grammar import read

import pytest

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal")


def in_lists(depth):
    value = POLICY
    for _ in range(depth):
        value = [value]
    return value


def in_statements(depth):
    value = POLICY
    for _ in range(depth):
        value = {"Version": "2012-10-17", "Statement": value}
    return value


def list_of_itself():
    value = []
    value.append(value)
    return value


def mapping_of_itself():
    value = {}
    value["Statement"] = value
    return value


def with_element(element, value):
    return {"Version": "2012-10-17", "Statement": [{**POLICY["Statement"][0], element: value}]}


DOCUMENTS = {
    "list of itself": list_of_itself,
    "mapping of itself": mapping_of_itself,
    "lists": lambda: in_lists(10_000),
    "statements": lambda: in_statements(10_000),
    "JSON of lists": lambda: "[" * 100_000,
    "one that is right, and a list of itself": lambda: [POLICY, list_of_itself()],
    **{f"{element} of itself": lambda element=element: with_element(element, list_of_itself()) for element in ELEMENTS},
    **{f"deep {element}": lambda element=element: with_element(element, in_lists(10_000)) for element in ELEMENTS},
}
ASKED = {
    "grants": grants,
    "without": lambda policy: without(policy, Grant(0, "s3:GetObject", "*")),
    "allows": lambda policy: allows(policy, "s3:GetObject", "arn:aws:s3:::b/x"),
    "boundary": lambda policy: allows(POLICY, "s3:GetObject", "arn:aws:s3:::b/x", boundary=policy),
    "action": lambda value: allows(POLICY, value, "arn:aws:s3:::b/x"),
    "resource": lambda value: allows(POLICY, "s3:GetObject", value),
    "grant": lambda value: without(POLICY, value),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_never_ends_is_refused_in_words(asked, document):
    with pytest.raises(InvalidInputError) as refused:
        ASKED[asked](DOCUMENTS[document]())

    assert len(str(refused.value)) < 3_000


@pytest.mark.parametrize("document", ["list of itself", "mapping of itself", "lists", "JSON of lists"])
def test_statements_of_what_never_ends_are_refused_in_words(document):
    with pytest.raises(InvalidInputError, match=r"too many lists in each other|list|no JSON"):
        statements(DOCUMENTS[document]())


def test_json_of_a_text_is_one_problem_and_not_one_a_letter():
    with pytest.raises(InvalidInputError) as refused:
        read(json.dumps(json.dumps(POLICY)))

    assert len(refused.value.problems) == 1
    assert "JSON of a text" in str(refused.value)
