"""Who may assume a role, for whom."""

from __future__ import annotations

from typing import Any

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.world.condition_keys import ConditionKeys
from constructs_sm.testing.world.trust import Trust
from constructs_sm.testing.world.truth import unknown

import pytest

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
KEYS = {"aws:SourceAccount": "123456789012", "aws:SourceArn": MACHINE}


def document(principal: Any, **said: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **said}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (document({"Service": "states.amazonaws.com"}), True),
        (document({"Service": ["lambda.amazonaws.com", "states.us-east-1.amazonaws.com"]}), True),
        (document({"Service": "states.amazonaws.com.cn"}), True),
        (document({"Service": "sagemaker.amazonaws.com"}), False),
        (document({"Service": "states.example.com"}), False),
        (document({"AWS": "arn:aws:iam::123456789012:root"}), False),
        (document("*"), True),
        (document({"Service": "states.amazonaws.com"}, Action="sts:TagSession"), False),
        (document({"Service": "states.amazonaws.com"}, Action="sts:*"), True),
        (document({"Service": "states.amazonaws.com"}, Effect="Deny"), False),
        (
            document(
                {"Service": "states.amazonaws.com"},
                Condition={
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnLike": {"aws:SourceArn": MACHINE},
                },
            ),
            True,
        ),
        (
            document(
                {"Service": "states.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}
            ),
            False,
        ),
        (
            document({"Service": "states.amazonaws.com"}, Condition={"ArnLike": {"aws:SourceArn": f"{MACHINE}2"}}),
            False,
        ),
    ],
)
def test_service_may_assume_a_role_that_trusts_it(trust: dict[str, Any], expected: bool) -> None:
    assert Trust(trust).lets("states.amazonaws.com", ConditionKeys(KEYS)) is expected


def test_condition_on_what_the_service_does_not_say_is_unknown() -> None:
    trust = document({"Service": "states.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceOrgID": "o-1"}})
    keys = ConditionKeys(KEYS, unknown=["aws:SourceOrgID"])

    assert Trust(trust).lets("states.amazonaws.com", keys) == unknown("aws:SourceOrgID")


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": "arn:aws:iam::123456789012:role/machine"}, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, True),
        ({"AWS": "123456789012"}, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, False),
        ({"Service": "states.amazonaws.com"}, False),
    ],
)
def test_role_may_assume_a_role_that_trusts_it_or_its_account(principal: dict[str, Any], expected: bool) -> None:
    found = Trust(document(principal)).lets_role("arn:aws:iam::123456789012:role/machine", ConditionKeys())

    assert found is expected


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        ({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}, "has no Principal"),
        (document({"Service": "states.amazonaws.com"}, Resource="*"), "has Resource"),
        (document({"Services": "states.amazonaws.com"}), "did you mean Service?"),
        (document("states.amazonaws.com"), "is no principal"),
        (document({"Service": []}), "is an empty list"),
    ],
)
def test_malformed_trust_is_refused(trust: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Trust(trust)

    assert said in str(refused.value)
