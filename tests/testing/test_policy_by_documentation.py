"""What IAM's documentation says of policies, statement by statement, and another evaluator beside it.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html with a page for each element,
reference_policies_condition-single-vs-multi-valued-context-keys.html, reference_policies_variables.html and
reference_policies_evaluation-logic.html.
"""

from __future__ import annotations

from typing import Any

from constructs_sm.testing import allows

import pytest
from test_policy_cross_check import answers_of_the_other

GET, PUT = "s3:GetObject", "s3:PutObject"
FILE = "arn:aws:s3:::data/raw/a.csv"
JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/churn-1"
ROLE = "arn:aws:iam::123456789012:role/ml/trainer"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def allow(action: Any = "*", resource: Any = "*", **said: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **said}


def deny(action: Any = "*", resource: Any = "*", **said: Any) -> dict[str, Any]:
    return {**allow(action, resource, **said), "Effect": "Deny"}


def but(of: dict[str, Any], element: str, value: Any) -> dict[str, Any]:
    """The statement about all but what an element names."""
    return {**{name: each for name, each in of.items() if name != element}, f"Not{element}": value}


def when(operator: str, key: str, value: Any, **said: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}}, **said)


def unless(operator: str, key: str, value: Any, **said: Any) -> dict[str, Any]:
    return deny(Condition={operator: {key: value}}, **said)


TAGS = "aws:TagKeys"
CASES: dict[str, tuple[list[dict[str, Any]], str, str, dict[str, Any], bool]] = {
    # Wildcards and case
    "star in the partition": ([allow(GET, "arn:*:s3:::data/*")], GET, FILE, {}, True),
    "star in the partition of another service": ([allow(GET, "arn:*:sqs:*:*:data/*")], GET, FILE, {}, False),
    "question mark in the partition": ([allow(GET, "arn:aw?:s3:::data/*")], GET, FILE, {}, True),
    "partition of China alone": ([allow(GET, "arn:aws-cn:s3:::data/*")], GET, FILE, {}, False),
    "star in Region and account": ([allow("sns:Publish", "arn:aws:sns:*:*:alerts")], "sns:Publish", TOPIC, {}, True),
    "star in the middle of a name": ([allow("*", "arn:aws:s3:::data/r*/*.csv")], GET, FILE, {}, True),
    "star is no dot": ([allow("*", "arn:aws:s3:::data/raw/a?csv")], GET, FILE, {}, True),
    "star takes nothing": ([allow("*", "arn:aws:s3:::data/raw/a*.csv")], GET, FILE, {}, True),
    "star takes slashes": ([allow("*", "arn:aws:s3:::data/*")], GET, FILE, {}, True),
    "question mark takes one": ([allow("*", "arn:aws:s3:::data/raw/?.csv")], GET, FILE, {}, True),
    "question mark takes not none": ([allow("*", "arn:aws:s3:::data/raw/a.csv?")], GET, FILE, {}, False),
    "bucket is not its objects": ([allow("*", "arn:aws:s3:::data")], GET, FILE, {}, False),
    "objects are not the bucket": (
        [allow("*", "arn:aws:s3:::data/*")],
        "s3:ListBucket",
        "arn:aws:s3:::data",
        {},
        False,
    ),
    "names have case": ([allow("*", "arn:aws:s3:::data/RAW/*")], GET, FILE, {}, False),
    "actions have no case": ([allow("S3:gETobject")], GET, FILE, {}, True),
    "action with a star inside": ([allow("s3:*Object")], GET, FILE, {}, True),
    "action with a star for its service": ([allow("sns:*")], GET, FILE, {}, False),
    "action prefix": ([allow("s3:Get")], GET, FILE, {}, False),
    # Not...
    "NotAction allows the rest": ([but(allow(), "Action", ["iam:*"])], GET, FILE, {}, True),
    "NotAction does not allow what it names": ([but(allow(), "Action", ["iam:*", "s3:Get*"])], GET, FILE, {}, False),
    "NotAction in a Deny spares what it names": ([allow(), but(deny(), "Action", "s3:*")], GET, FILE, {}, True),
    "NotAction in a Deny denies the rest": ([allow(), but(deny(), "Action", "s3:*")], "sns:Publish", TOPIC, {}, False),
    "NotAction gives nothing by denying": ([but(deny(), "Action", "s3:*")], GET, FILE, {}, False),
    "NotResource allows the rest": ([but(allow(), "Resource", "arn:aws:s3:::other/*")], GET, FILE, {}, True),
    "NotResource of one of several": ([but(allow(), "Resource", [TOPIC, "arn:aws:s3:::data/*"])], GET, FILE, {}, False),
    "NotResource in a Deny": ([allow(), but(deny(), "Resource", "arn:aws:s3:::data/*")], GET, FILE, {}, True),
    "NotResource in a Deny of another": ([allow(), but(deny(), "Resource", "arn:aws:s3:::x/*")], GET, FILE, {}, False),
    # Deny, order, several statements
    "Deny after Allow": ([allow(), deny(GET)], GET, FILE, {}, False),
    "Deny before Allow": ([deny(GET), allow()], GET, FILE, {}, False),
    "Deny of another action": ([deny(PUT), allow()], GET, FILE, {}, True),
    "parts of two statements do not add up": ([allow(GET, TOPIC), allow(PUT, FILE)], GET, FILE, {}, False),
    # Single-valued keys
    "two keys are both needed": (
        [allow(Condition={"StringEquals": {"a:x": "1", "a:y": "2"}})],
        GET,
        FILE,
        {"a:x": "1", "a:y": "3"},
        False,
    ),
    "two operators are both needed": (
        [allow(Condition={"StringEquals": {"a:x": "1"}, "Bool": {"a:b": "true"}})],
        GET,
        FILE,
        {"a:x": "1"},
        False,
    ),
    "values are alternatives": ([when("StringEquals", "a:x", ["1", "2"])], GET, FILE, {"a:x": "2"}, True),
    "negated values are all excluded": ([when("StringNotEquals", "a:x", ["1", "2"])], GET, FILE, {"a:x": "2"}, False),
    "negated and absent": ([when("StringNotEquals", "a:x", "1")], GET, FILE, {}, True),
    "negated IfExists and absent": ([when("StringNotEqualsIfExists", "a:x", "1")], GET, FILE, {}, True),
    "negated IfExists and equal": ([when("StringNotEqualsIfExists", "a:x", "1")], GET, FILE, {"a:x": "1"}, False),
    "IfExists and absent": ([when("StringEqualsIfExists", "a:x", "1")], GET, FILE, {}, True),
    "IfExists and other": ([when("StringEqualsIfExists", "a:x", "1")], GET, FILE, {"a:x": "2"}, False),
    "keys have no case": (
        [when("StringEquals", "AWS:requestedregion", "eu")],
        GET,
        FILE,
        {"aws:RequestedRegion": "eu"},
        True,
    ),
    "values have case": ([when("StringEquals", "a:x", "Ml")], GET, FILE, {"a:x": "ml"}, False),
    "values without case": ([when("StringEqualsIgnoreCase", "a:x", "Ml")], GET, FILE, {"a:x": "mL"}, True),
    "star is none in StringEquals": ([when("StringEquals", "a:x", "m*")], GET, FILE, {"a:x": "ml"}, False),
    "star in StringLike": ([when("StringLike", "a:x", "m*")], GET, FILE, {"a:x": "m"}, True),
    "StringLike has case": ([when("StringLike", "a:x", "M*")], GET, FILE, {"a:x": "ml"}, False),
    "Deny while a key is absent": ([allow(), unless("Null", "aws:TokenIssueTime", "true")], GET, FILE, {}, False),
    "Deny while a key is there": ([allow(), unless("Null", "a:x", "false")], GET, FILE, {"a:x": ""}, False),
    "Deny without TLS": (
        [allow(), unless("Bool", "aws:SecureTransport", "false")],
        GET,
        FILE,
        {"aws:SecureTransport": "true"},
        True,
    ),
    "Deny without MFA misses who has no such key": (
        [allow(), unless("Bool", "aws:MultiFactorAuthPresent", "false")],
        GET,
        FILE,
        {},
        True,
    ),
    "Deny without MFA, IfExists": (
        [allow(), unless("BoolIfExists", "aws:MultiFactorAuthPresent", "false")],
        GET,
        FILE,
        {},
        False,
    ),
    "number as text": ([when("NumericLessThanEquals", "s3:max-keys", "10")], GET, FILE, {"s3:max-keys": "10"}, True),
    "numbers are not texts": ([when("NumericEquals", "a:n", "010")], GET, FILE, {"a:n": "10"}, True),
    "between two dates": (
        [
            allow(
                Condition={
                    "DateGreaterThan": {"a:t": "2026-01-01T00:00:00Z"},
                    "DateLessThan": {"a:t": "2027-01-01T00:00:00Z"},
                }
            )
        ],
        GET,
        FILE,
        {"a:t": "2026-06-01T00:00:00Z"},
        True,
    ),
    "address within": (
        [when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"])],
        GET,
        FILE,
        {"aws:SourceIp": "203.0.113.9"},
        True,
    ),
    "address without": (
        [when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24")],
        GET,
        FILE,
        {"aws:SourceIp": "203.0.113.9"},
        False,
    ),
    "ARN part by part": ([when("ArnLike", "a:arn", "arn:aws:sns:*:*:al*")], GET, FILE, {"a:arn": TOPIC}, True),
    "ARN with too few parts": ([when("ArnLike", "a:arn", "arn:aws:sns:*")], GET, FILE, {"a:arn": TOPIC}, False),
    "ArnEquals takes stars": (
        [when("ArnEquals", "a:arn", "arn:aws:iam::*:role/ml/*")],
        GET,
        FILE,
        {"a:arn": ROLE},
        True,
    ),
    "ArnNotEquals": ([when("ArnNotEquals", "a:arn", "arn:aws:iam::*:role/ml/*")], GET, FILE, {"a:arn": ROLE}, False),
    # Multivalued keys
    "ForAllValues: all known": ([when("ForAllValues:StringEquals", TAGS, ["a", "b"])], GET, FILE, {TAGS: ["a"]}, True),
    "ForAllValues: one too many": (
        [when("ForAllValues:StringEquals", TAGS, ["a", "b"])],
        GET,
        FILE,
        {TAGS: ["a", "c"]},
        False,
    ),
    "ForAllValues: absent": ([when("ForAllValues:StringEquals", TAGS, ["a"])], GET, FILE, {}, True),
    "ForAllValues with Null: absent": (
        [allow(Condition={"ForAllValues:StringEquals": {TAGS: ["a"]}, "Null": {TAGS: "false"}})],
        GET,
        FILE,
        {},
        False,
    ),
    "ForAllValues negated: none of them": (
        [when("ForAllValues:StringNotEquals", TAGS, ["a", "b"])],
        GET,
        FILE,
        {TAGS: ["c"]},
        True,
    ),
    "ForAllValues negated: one of them": (
        [when("ForAllValues:StringNotEquals", TAGS, ["a"])],
        GET,
        FILE,
        {TAGS: ["c", "a"]},
        False,
    ),
    "ForAnyValue: one": ([when("ForAnyValue:StringEquals", TAGS, ["a"])], GET, FILE, {TAGS: ["c", "a"]}, True),
    "ForAnyValue: none": ([when("ForAnyValue:StringEquals", TAGS, ["a"])], GET, FILE, {TAGS: ["c"]}, False),
    "ForAnyValue: absent": ([when("ForAnyValue:StringEquals", TAGS, ["a"])], GET, FILE, {}, False),
    "ForAnyValue in a Deny: absent": ([allow(), unless("ForAnyValue:StringEquals", TAGS, ["a"])], GET, FILE, {}, True),
    "ForAnyValue negated: all of them": (
        [when("ForAnyValue:StringNotEquals", TAGS, ["a", "b"])],
        GET,
        FILE,
        {TAGS: ["a", "b"]},
        False,
    ),
    "ForAnyValue with StringLike": (
        [when("ForAnyValue:StringLike", "sagemaker:InstanceTypes", "ml.g*")],
        GET,
        FILE,
        {"sagemaker:InstanceTypes": ["ml.m5.large", "ml.g5.xlarge"]},
        True,
    ),
    "quantifiers have no case": ([when("forANYvalue:stringEQUALS", TAGS, "a")], GET, FILE, {TAGS: ["a"]}, True),
    # Variables
    "variable in a resource": (
        [allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team}/*")],
        GET,
        FILE,
        {"aws:PrincipalTag/team": "raw"},
        True,
    ),
    "variable in any case": (
        [allow(GET, "arn:aws:s3:::data/${AWS:principaltag/TEAM}/*")],
        GET,
        FILE,
        {"aws:PrincipalTag/team": "raw"},
        True,
    ),
    "variable with another value": (
        [allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team}/*")],
        GET,
        FILE,
        {"aws:PrincipalTag/team": "x"},
        False,
    ),
    "variable without a value": ([allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team}/*")], GET, FILE, {}, False),
    "variable with a default": (
        [allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team, 'raw'}/*")],
        GET,
        FILE,
        {},
        True,
    ),
    "default that is not needed": (
        [allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team, 'raw'}/*")],
        GET,
        FILE,
        {"aws:PrincipalTag/team": "x"},
        False,
    ),
    "value with a star is no wildcard": (
        [allow(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team}/*")],
        GET,
        FILE,
        {"aws:PrincipalTag/team": "*"},
        False,
    ),
    "variable in a Deny, absent": (
        [allow(), deny(GET, "arn:aws:s3:::data/${aws:PrincipalTag/team}/*")],
        GET,
        FILE,
        {},
        True,
    ),
    "variable in a condition": (
        [when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}")],
        GET,
        FILE,
        {"aws:ResourceTag/team": "ml", "aws:PrincipalTag/team": "ml"},
        True,
    ),
    "variable in a condition, absent": (
        [when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}")],
        GET,
        FILE,
        {"aws:ResourceTag/team": "ml"},
        False,
    ),
    "variable beside a star in StringLike": (
        [when("StringLike", "s3:prefix", "${aws:username}/*")],
        GET,
        FILE,
        {"s3:prefix": "ann/x", "aws:username": "ann"},
        True,
    ),
    "variable in ArnLike": (
        [when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:${aws:PrincipalAccount}:*")],
        GET,
        FILE,
        {"aws:SourceArn": TOPIC, "aws:PrincipalAccount": "123456789012"},
        True,
    ),
    "star as a text": ([allow(GET, "arn:aws:s3:::data/${*}")], GET, "arn:aws:s3:::data/*", {}, True),
    "dollar as a text": ([when("StringEquals", "a:x", "${$}5")], GET, FILE, {"a:x": "$5"}, True),
}


def question(name: str) -> dict[str, Any]:
    statements, action, resource, context, _ = CASES[name]
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {"policies": [policy], "action": action, "resource": resource, "context": context, "boundary": None}


@pytest.mark.parametrize("name", CASES)
def test_policy_is_decided_as_documented(name: str) -> None:
    asked = question(name)

    assert allows(asked["policies"], asked["action"], asked["resource"], asked["context"]) is CASES[name][-1]


def test_another_evaluator_says_the_same_of_all_but_two() -> None:
    told = answers_of_the_other([question(name) for name in CASES])

    # Both stand in docs/decisions/0013-iam-evaluation.md.
    differing = [name for name, answer in zip(CASES, told, strict=True) if answer is not CASES[name][-1]]
    assert differing == ["variable in ArnLike", "dollar as a text"]
