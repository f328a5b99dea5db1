"""The rules of SageMaker's own API model: what botocore says of every field."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_SOURCE: Final = "the model of the API in botocore, as the API reference has it"


def _rule(rule_id: str, what: str, fix: str, **more: Any) -> Rule:
    rule = Rule(
        id=f"model-{rule_id}",
        what=what,
        **{"why": "SageMaker answers with a ValidationException", "source": _SOURCE, "fix": fix, **more},
    )
    RULES.add(rule)
    return rule


MISSING: Final = _rule("missing-field", "a field that SageMaker requires is missing", "give it")
UNKNOWN: Final = _rule(
    "unknown-field",
    "the API has no such field",
    "correct its spelling, or pass it on purpose: allow_unknown_fields=[...]; a newer botocore may know it",
    why="Step Functions refuses the state machine, or SageMaker the request",
)
STRUCTURE: Final = _rule(
    "structure",
    "a mapping or a list is of another type",
    "pass a dict, or a list",
    protects="names, roles and grants are read from these structures, and could not be",
)
TYPE: Final = _rule("type", "a value is of another type", "pass a str, a number or a bool, as the message says")
VALUE: Final = _rule(
    "value", "the value is none that SageMaker knows", "use one that the message names; a newer botocore may know it"
)
FORM: Final = _rule("form", "the text does not match the pattern of the field", "write it so that it matches")
PLACE: Final = _rule("s3-place", "a place in S3 is written without s3://", "write s3://bucket/prefix/")
LENGTH: Final = _rule("length", "a text, list or mapping is too short or too long", "stay within the limits")
RANGE: Final = _rule("range", "a number is too small or too big", "stay within the limits")
OUTPUT: Final = _rule(
    "unknown-output", "the output of the job has no such field", "name one that the Describe call of the API answers"
)
