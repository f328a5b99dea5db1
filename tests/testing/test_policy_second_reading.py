"""Policies of every kind through the evaluator, and through a second reading of IAM's documentation."""

from __future__ import annotations

import random
from typing import Any

from constructs_sm.testing import allows

import pytest
import second_reading

TEXTS = [
    *("a", "A", "ab", "", "a b", "*", "?", "a*", "?b", "a**", "*?", "é", "É", "a\nb", "$", "{}", "[ab]", "a.b", "\\"),
    *("${aws:PrincipalTag/t}", "${aws:PrincipalTag/t, 'd'}", "x${aws:PrincipalTag/t, ''}y", "${*}", "${?}", "${$}"),
    *("a${*}", "${aws:principaltag/T}", "${aws:userid}", "${x:multi, 'z'}"),
]
NUMBERS = ["1", "1.0", "01", "-1", "+1", "1e2", "0x1", ".5", "0.5", "5.", "-0", "0", "9" * 21, "ten", "", " 1 ", 1, -3]
DATES = [
    *("2026-01-01", "2026-01-01T00:00:00Z", "2026", "2026-01", "2026-13-01", "2026-02-30", "1767225600", "soon", ""),
    *("1767225600.5", "2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00-01:00", "2026-01-01T00:00:00.123456Z"),
    *("2026-01-01t00:00:00z", "2026-01-01T24:00:00Z", "2026-01-01T00:00Z", "0", "-1", "99999999999999"),
]
ADDRESSES = [
    *("10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:DB8::1", "256.1.1.1", ""),
    *("10.1", "10.0.0.0/33", " 10.1.2.3", "::ffff:10.1.2.3", "10.1.2.3/24"),
]
CONTENTS = ["QUI=", "QUI", "QUJD", "", "!!", "QUI= ", "qui="]
TRUTHS = ["true", "false", "TRUE", "1", "0", "", "yes", True, False]
ARNS = [
    *("arn:aws:sns:us-east-1:1:a", "arn:aws:sns:us-east-1:1:a:b", "arn:aws:sns:*:1:a*", "arn:aws:*:*:*:*", "arn:*"),
    *("*", "arn:aws:sns:us-east-1:?:a", "arn:aws:iam::1:role/x", "arn:aws:iam::*:role/*", "ARN:aws:sns:us-east-1:1:a"),
    *("arn:aws:sns:us-east-1:1:", "", "arn:aws:sns:us-*:1:a", "arn:aws:sns::1:a"),
]
LATE_ARNS = ["arn:aws:iam::1:role/${aws:PrincipalTag/t, 'x'}", "arn:aws:iam::1:role/${x:y}"]
ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
KINDS: dict[str, tuple[list[str], list[Any], list[Any]]] = {
    "String": (
        [
            *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"),
            "StringNotLike",
        ],
        TEXTS,
        [*TEXTS[:19], "xay", "xy", "d", "z", "a$", "axb"],
    ),
    "Numeric": ([f"Numeric{order}" for order in ORDERS], NUMBERS, NUMBERS),
    "Date": ([f"Date{order}" for order in ORDERS], DATES, DATES),
    "IpAddress": (["IpAddress", "NotIpAddress"], ADDRESSES, ADDRESSES),
    "Binary": (["BinaryEquals"], CONTENTS, CONTENTS),
    "Bool": (["Bool"], TRUTHS, TRUTHS),
    "Null": (["Null"], ["true", "false", "TRUE", True, False], TEXTS[:5]),
    "Arn": (["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"], [*ARNS, *LATE_ARNS], ARNS),
}
MEANT = [
    *("*", "arn:aws:s3:::b/k", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:PrincipalTag/t}", "arn:aws:s3:::b/a${*}c"),
    *("arn:aws:s3:::b/${aws:PrincipalTag/t, 'k'}/*", "arn:aws:s3:::b/${?}", "arn:*:s3:::b/k", "arn:aws:s3:::b/k?"),
    *("arn:aws:s3:::*/k", "arn:aws:s3:::?/k", "arn:aws:sagemaker:*:*:training-job/*", "arn:aws:s3:::b/**", "arn:*"),
    *("arn:aws:sagemaker:us-east-1:123456789012:*", "arn:aws:sagemaker:us-*:1*2:training-job/*-1", "arn:aws:s3:*"),
    *("arn:aws:states:*:execution:m:e", "arn:aws:states:us-east-1:1:execution:*", "arn:aws:s3:::b", "arn:aws:s3:::b*"),
    *(
        "arn:aws*:s3:::b/k",
        "arn:aws:s3:::b/k/${x:y}",
        "arn:aws:iam::*:role/*",
        "arn:aws:s3:::B/k",
        "arn:aws:s3:::b/${$}",
    ),
]
ASKED = [
    *("arn:aws:s3:::b/k", "arn:aws:s3:::b/kk", "arn:aws:s3:::b/", "arn:aws:s3:::b", "arn:aws:s3:::b/a*c"),
    *("arn:aws:s3:::b/abc", "arn:aws:s3:::b/?", "arn:aws:s3:::b/k/x", "arn:aws-cn:s3:::b/k", "arn:aws:s3:::b/k:l"),
    *("arn:aws:sagemaker:us-east-1:123456789012:training-job/churn-1", "arn:aws:s3:::b/$"),
    *("arn:aws:states:us-east-1:1:execution:m:e", "arn:aws:iam::123456789012:role/x"),
]
PATTERNS = ["*", "s3:*", "s3:Get*", "S3:getobject", "s3:*Object", "s3:?etObject", "iam:PassRole", "*:*", "s3:G*t*"]
ACTIONS = ["s3:GetObject", "s3:PutObject", "sagemaker:CreateTrainingJob", "iam:PassRole", "s3:getobject"]
EACH = 150


class Generator:
    """Makes questions about conditions of some kinds, the same ones in every run."""

    def __init__(self, kinds: list[str]) -> None:
        self.random = random.Random(f"{kinds}")
        self.kinds = kinds

    def some(self, values: list[Any]) -> Any:
        return self.random.choice(values) if self.random.random() < 0.5 else self.random.sample(values, 2)

    def condition(self) -> dict[str, Any]:
        kind = self.random.choice(self.kinds)
        names, values, _ = KINDS[kind]
        quantifier = if_exists = ""
        if kind != "Null":
            quantifier = self.random.choice(["", "", "ForAllValues:", "ForAnyValue:"])
            if_exists = self.random.choice(["", "", "IfExists"])
        key = self.random.choice([f"k:{kind}", f"K:{kind.upper()}", "k:absent"])
        return {f"{quantifier}{self.random.choice(names)}{if_exists}": {key: self.some(values)}}

    def statement(self) -> dict[str, Any]:
        wide = self.random.random() < 0.5
        return {
            "Effect": self.random.choice(["Allow", "Allow", "Allow", "Deny"]),
            **({"Action": "*"} if wide else {self.random.choice(["Action", "NotAction"]): self.some(PATTERNS)}),
            **({"Resource": "*"} if wide else {self.random.choice(["Resource", "NotResource"]): self.some(MEANT)}),
            **({"Condition": self.condition() | self.condition()} if self.random.random() < 0.8 else {}),
        }

    def document(self) -> dict[str, Any]:
        version = self.random.choice(["2012-10-17"] * 5 + ["2008-10-17"])
        return {"Version": version, "Statement": [self.statement() for _ in range(self.random.randint(1, 3))]}

    def context(self) -> dict[str, Any]:
        found: dict[str, Any] = {"x:multi": ["z", "k"]}
        for kind in self.kinds:
            values = KINDS[kind][2]
            several = self.random.random() < 0.25
            if self.random.random() < 0.8:
                found[f"k:{kind}"] = self.random.sample(values, 2) if several else self.random.choice(values)
        if self.random.random() < 0.5:
            found["aws:PrincipalTag/t"] = self.random.choice(["k", "a", "d", "*", ""])
        return found

    def question(self) -> dict[str, Any]:
        return {
            "policies": [self.document() for _ in range(self.random.randint(1, 2))],
            "action": self.random.choice(ACTIONS),
            "resource": self.random.choice(ASKED),
            "context": self.context(),
            "boundary": self.document() if self.random.random() < 0.25 else None,
        }


@pytest.mark.parametrize("kinds", [*([kind] for kind in KINDS), [*KINDS]], ids=[*KINDS, "all"])
def test_generated_policies_are_decided_as_a_second_reading_decides(kinds: list[str]) -> None:
    generator = Generator(kinds)
    asked = [generator.question() for _ in range(EACH)]

    answers = [allows(**question) for question in asked]

    assert [
        {**question, "ours": answer}
        for question, answer in zip(asked, answers, strict=True)
        if second_reading.allowed(question) is not answer
    ] == []
    # Neither answer is rare, or the comparison would say little.
    assert EACH / 6 < sum(answers) < EACH * 5 / 6
