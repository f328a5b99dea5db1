"""IAM's decision over identity policies and a boundary: cases with the documentation's answer, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.world.condition_keys import ConditionKeys
from constructs_sm.testing.world.policy_decision import Answer, Policy, Request, allows, decide
from constructs_sm.testing.world.truth import RESOURCE

import pytest
from conftest import ROOT

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "iam-evaluation" / "cases.json").read_text())
JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/churn-1"
CREATE = "sagemaker:CreateTrainingJob"


def statement(**said: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": CREATE, "Resource": "*", **said}


def document(*statements: Any, **said: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **said}


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return document(statement(Condition={operator: {key: value}}))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_decision_is_that_of_the_documentation(case: dict[str, Any]) -> None:
    found = allows(case["policies"], case["action"], case["resource"], case["context"], boundary=case["boundary"])

    assert found is case["expected"], case["note"]


@pytest.mark.parametrize(
    ("operator", "value", "given", "expected"),
    [
        ("NumericEquals", "1.50", "1.5", True),
        ("NumericEquals", "NaN", "NaN", False),
        ("NumericNotEquals", "ten", "10", False),
        ("NumericLessThan", "1e9", "1", False),
        ("NumericGreaterThan", "-2", -1, True),
        ("NumericEquals", "9007199254740993", "9007199254740992", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
        ("DateEquals", "2026-01-01", "1767225600", True),
        ("DateLessThan", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.25Z", True),
        ("DateNotEquals", "yesterday", "2026-01-01", False),
        ("DateLessThan", "2026-13-01", "2020-01-01", False),
        ("Bool", "TRUE", True, True),
        ("Bool", "yes", "true", False),
        ("BinaryEquals", "QUI=", b"AB", True),
        ("BinaryEquals", "QUI=", b"AC", False),
        ("IpAddress", "10.0.0.1", "10.0.0.1", True),
        ("IpAddress", "2001:DB8:1234::/48", "2001:0db8:1234:0::7", True),
        ("NotIpAddress", "10.0.0.0/8", "2001:db8::1", True),
        ("NotIpAddress", "no address", "10.0.0.1", False),
        ("ArnEquals", "arn:aws:iam::*:role/a?", "arn:aws:iam::1:role/ab", True),
        ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::2:role/x", True),
        ("ArnLike", "arn:aws:sns:*:*:a:*", "arn:aws:sns:us-east-1:1:a:b", True),
        ("ArnLike", "*", "arn:aws:iam::1:role/x", False),
        ("StringLike", "a${*}c", "abc", False),
        ("StringEquals", "a${*}c", "a*c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("stringEQUALS", "x", "x", True),
        ("forallvalues:stringlike", ["a*"], ["ab", "ac"], True),
        ("ForAnyValue:StringEqualsIfExists", ["a"], None, True),
        ("ForAnyValue:StringNotEquals", ["a"], None, False),
        ("ForAllValues:StringNotLike", ["a*"], ["b", "ab"], False),
        ("StringEquals", "a", ["a"], False),
        ("Null", ["false"], "x", True),
    ],
)
def test_operator_compares_as_documented(operator: str, value: Any, given: Any, expected: bool) -> None:
    assert allows(when(operator, "some:Key", value), CREATE, JOB, {"SOME:key": given}) is expected


@pytest.mark.parametrize(
    ("resource", "arn", "expected"),
    [
        ("arn:aws:s3:::b/${*}*", "arn:aws:s3:::b/*x", True),
        ("arn:aws:s3:::b/${*}*", "arn:aws:s3:::b/x", False),
        ("arn:aws:sns:*", "arn:aws:sns:us-east-1:1:topic", True),
        ("arn:*", "arn:aws:sns:us-east-1:1:topic", True),
        ("arn:aws:sns:us-*-1:1:topic", "arn:aws:sns:us-east-1:1:topic", True),
        ("arn:aws:states:*:execution:m:e", "arn:aws:states:us-east-1:1:execution:m:e", True),
        ("arn:aws:states:u*t-1:execution:m:e", "arn:aws:states:us-east-1:1:execution:m:e", False),
        ("arn:aws:iam::1:role/${aws:PrincipalTag/team}", "arn:aws:iam::1:role/ml", True),
        ("arn:aws:iam::1:role/${aws:PrincipalTag/wild}", "arn:aws:iam::1:role/anything", False),
        ("arn:aws:iam::1:role/${aws:TagKeys}", "arn:aws:iam::1:role/a", False),
        ("arn:aws:iam::1:role/${aws:none, ''}x", "arn:aws:iam::1:role/x", True),
    ],
)
def test_resource_matches_as_documented(resource: str, arn: str, expected: bool) -> None:
    context = {"aws:PrincipalTag/team": "ml", "aws:PrincipalTag/wild": "*", "aws:TagKeys": ["a"]}

    assert allows(document(statement(Action="*", Resource=resource)), "s3:GetObject", arn, context) is expected


def test_variable_without_a_value_makes_no_statement_about_other_resources() -> None:
    other = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/${aws:username}"}

    assert allows(document(other), "s3:GetObject", "arn:aws:s3:::b/alice") is False
    assert allows(document(other), "s3:GetObject", "arn:aws:s3:::b/alice", {"aws:username": "bob"}) is True


def test_policy_without_a_version_has_no_variables() -> None:
    policy = {"Statement": statement(Resource="arn:aws:s3:::b/${aws:username}")}

    assert allows(policy, CREATE, "arn:aws:s3:::b/bob", {"aws:username": "bob"}) is False
    assert allows(policy, CREATE, "arn:aws:s3:::b/${aws:username}", {"aws:username": "bob"}) is True


def test_statement_by_itself_and_json_are_taken() -> None:
    assert allows(statement(), CREATE, JOB) is True
    assert allows(json.dumps(document(statement())), CREATE, JOB) is True
    assert allows([json.dumps(statement()), document()], CREATE, JOB) is True


ARN = "arn:aws:s3:::b"
MALFORMED: dict[str, tuple[Any, str]] = {
    "none": (None, "a policy is no document"),
    "number": (5, "a policy is no document"),
    "list in a list": ([[statement()]], "a policy is a list"),
    "no JSON": ("{", "a policy is no JSON"),
    "JSON with a name twice": ('{"Statement": [], "Statement": []}', "Statement is there twice"),
    "JSON with NaN": ('{"Statement": NaN}', "NaN is no number"),
    "JSON too deep": ("[" * 100_000, "a policy is no JSON"),
    "empty": ({}, "has no Statement"),
    "no Statement": ({"Version": "2012-10-17"}, "has no Statement"),
    "Statement none": (document() | {"Statement": None}, "Statement is no statement"),
    "Statement text": ({"Statement": "Allow"}, "Statement is no statement"),
    "statement text": (document("Allow"), "is no mapping"),
    "statement list": (document([statement()]), "is no mapping"),
    "unknown element of a document": (document(Statements=[]), "did you mean Statement?"),
    "Version": (document(Version="2012-10-18"), "Version is none of IAM's"),
    "Version none": (document(Version=None), "Version is none of IAM's"),
    "Id": (document(Id=5), "Id is no text"),
    "no Effect": (document({"Action": "*", "Resource": "*"}), "has no Effect"),
    "Effect in small letters": (document(statement(Effect="allow")), "Effect is neither Allow nor Deny, got 'allow'"),
    "Effect list": (document(statement(Effect=["Allow"])), "Effect is neither Allow nor Deny"),
    "unknown element": (document(statement(Conditions={})), "did you mean Condition?"),
    "element in small letters": (document({"effect": "Allow", **statement()}), "did you mean Effect?"),
    "no Action": (document({"Effect": "Allow", "Resource": "*"}), "neither Action nor NotAction"),
    "Action and NotAction": (document(statement(NotAction="s3:*")), "both Action and NotAction"),
    "no Resource": (document({"Effect": "Allow", "Action": "*"}), "neither Resource nor NotResource"),
    "Resource and NotResource": (document(statement(NotResource="*")), "both Resource and NotResource"),
    "Principal": (document(statement(Principal="*")), "has Principal"),
    "NotPrincipal": (document(statement(NotPrincipal={"AWS": "*"})), "has NotPrincipal"),
    "Action empty": (document(statement(Action=[])), "Action is an empty list"),
    "Action none": (document(statement(Action=None)), "Action is no text"),
    "Action number in a list": (document(statement(Action=["*", 5])), "Action is no text"),
    "Action without a service": (document(statement(Action="CreateTrainingJob")), "Action is no action"),
    "Action without a name": (document(statement(Action="sagemaker:")), "Action is no action"),
    "Action with two colons": (document(statement(Action="s3:Get:Object")), "Action is no action"),
    "Action with a space": (document(statement(Action="s3: GetObject")), "Action is no action"),
    "Action with a variable": (document(statement(Action="s3:${aws:username}")), "Action has a policy variable"),
    "Resource empty": (document(statement(Resource=[])), "Resource is an empty list"),
    "Resource mapping": (document(statement(Resource={"Ref": "Bucket"})), "Resource is no text"),
    "Resource no ARN": (document(statement(Resource="bucket/*")), "Resource is no ARN"),
    "Resource empty text": (document(statement(Resource="")), "Resource is no ARN"),
    "Resource short": (document(statement(Resource="arn:aws:s3")), "Resource is no ARN"),
    "Resource without a service": (document(statement(Resource="arn:aws:*:::b")), "names no service"),
    "Resource with a strange partition": (document(statement(Resource="arn:gcp:s3:::b")), "no partition of AWS's"),
    "variable before the resource": (
        document(statement(Resource="arn:aws:iam::${aws:PrincipalAccount}:role/x")),
        "variable before its fifth colon",
    ),
    "variable not closed": (document(statement(Resource=f"{ARN}/${{aws:username")), "no closing brace"),
    "variable empty": (document(statement(Resource=f"{ARN}/${{}}")), "a variable is empty"),
    "variable without a quote": (
        document(statement(Resource=f"{ARN}/${{aws:username, 'x}}")),
        "not in single quotes",
    ),
    "variable that is no key": (document(statement(Resource=f"{ARN}/${{Bucket}}")), "names no condition key"),
    "variable in a number": (when("NumericEquals", "a:b", "${aws:EpochTime}"), "has a policy variable"),
    "Sid with a space": (document(statement(Sid="All of it")), "Sid is not made of letters and digits"),
    "Sid number": (document(statement(Sid=5)), "Sid is not made of letters and digits"),
    "Sid twice": (document(statement(Sid="A"), statement(Sid="A")), "Sid is another statement's too"),
    "Condition list": (document(statement(Condition=[])), "Condition is no mapping"),
    "Condition none": (document(statement(Condition=None)), "Condition is no mapping"),
    "operator": (when("StringEqual", "a:b", "x"), "did you mean StringEquals?"),
    "operator number": (document(statement(Condition={5: {}})), "an operator that IAM does not know"),
    "quantifier": (when("ForEachValue:StringEquals", "a:b", "x"), "an operator that IAM does not know"),
    "Null if it exists": (when("NullIfExists", "a:b", "true"), "take IfExists away"),
    "Null neither": (when("Null", "a:b", "maybe"), "neither true nor false"),
    "tests list": (document(statement(Condition={"Bool": []})), "is no mapping"),
    "key without a service": (when("Bool", "SecureTransport", "true"), "no condition key"),
    "key twice": (document(statement(Condition={"Bool": {"a:b": "true", "A:B": "true"}})), "one key twice"),
    "value none": (when("Bool", "a:b", None), "no value that IAM knows"),
    "value mapping": (when("Bool", "a:b", {"x": 1}), "no value that IAM knows"),
    "value infinite": (when("NumericLessThan", "a:b", float("inf")), "no value that IAM knows"),
    "value huge": (when("NumericLessThan", "a:b", 10**5000), "no value that IAM knows"),
    "value list in a list": (when("StringEquals", "a:b", [["x"]]), "no value that IAM knows"),
    "values empty": (when("StringEquals", "a:b", []), "is an empty list"),
}


@pytest.mark.parametrize(("policy", "said"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_policy_is_refused_in_words(policy: Any, said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        allows(policy, CREATE, JOB)

    assert said in str(refused.value)
    assert " at 0x" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_malformed_boundary_is_refused_as_such() -> None:
    with pytest.raises(InvalidInputError, match=r"^boundary: policy 0, statement 0 has no Effect"):
        allows(document(statement()), CREATE, JOB, boundary=document({"Action": "*", "Resource": "*"}))


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = document({"Action": 5, "Resource": "b", "Sid": "!"}, statement(Effect="Yes"))

    with pytest.raises(InvalidInputError) as refused:
        allows(wrong, CREATE, JOB)

    assert len(refused.value.problems) == 5


@pytest.mark.parametrize(
    ("action", "resource", "context", "said"),
    [
        ("CreateTrainingJob", JOB, {}, "action is none"),
        (5, JOB, {}, "action is none"),
        ("s3:*", JOB, {}, "action is none"),
        (CREATE, "churn", {}, "resource is no ARN"),
        (CREATE, JOB, [], "a context is no mapping"),
        (CREATE, JOB, {5: "x"}, "a condition key is no text"),
        (CREATE, JOB, {"a:b": {"x": 1}}, "a:b has no value that IAM knows"),
        (CREATE, JOB, {"a:b": float("nan")}, "a:b has no value that IAM knows"),
    ],
)
def test_request_that_can_be_none_is_refused(action: Any, resource: Any, context: Any, said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        allows(document(statement()), action, resource, context)

    assert said in str(refused.value)


REGION = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "ml"}}


@pytest.mark.parametrize(
    ("statements", "answer", "unknown"),
    [
        ([statement(Condition=TAGGED)], Answer.UNKNOWN, {"aws:ResourceTag/team"}),
        ([statement(Condition=TAGGED), statement()], Answer.ALLOWED, set()),
        ([statement(Condition={**TAGGED, "Bool": {"a:b": "true"}})], Answer.DENIED, set()),
        ([statement(), statement(Effect="Deny", Condition=TAGGED)], Answer.UNKNOWN, {"aws:ResourceTag/team"}),
        ([statement(Effect="Deny", Condition=TAGGED)], Answer.DENIED, set()),
        ([statement(), statement(Effect="Deny"), statement(Condition=TAGGED)], Answer.DENIED, set()),
        ([statement(Condition={"Null": {"aws:ResourceTag/team": "true"}})], Answer.UNKNOWN, {"aws:ResourceTag/team"}),
        ([statement(Resource="arn:aws:s3:::b/${aws:ResourceTag/team}")], Answer.UNKNOWN, {RESOURCE}),
    ],
)
def test_key_that_is_not_known_makes_the_answer_unknown(
    statements: list[dict[str, Any]], answer: Answer, unknown: set[str]
) -> None:
    request = Request(CREATE, None, ConditionKeys({}, unknown=["aws:ResourceTag/*"]))

    decision = decide(Policy(document(*statements)), request)

    assert (decision.answer, set(decision.unknown)) == (answer, unknown)


def test_boundary_that_hangs_on_an_unknown_key_leaves_the_answer_open() -> None:
    request = Request(CREATE, JOB, ConditionKeys({}, unknown=["aws:RequestedRegion"]))
    allowed, denied = Policy(document(statement())), Policy(document())
    boundary = Policy(document(statement(Condition=REGION)))

    assert decide(allowed, request, boundary=boundary).answer is Answer.UNKNOWN
    assert decide(denied, request, boundary=boundary).answer is Answer.DENIED


def test_policy_full_of_stars_is_decided_at_once() -> None:
    policy = document(statement(Resource=f"arn:aws:s3:::{'*a' * 500}*b"))
    began = time.perf_counter()

    assert allows(policy, CREATE, f"arn:aws:s3:::{'a' * 5000}") is False
    assert time.perf_counter() - began < 1
