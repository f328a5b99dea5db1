"""A rule of a request: what SageMaker enforces beyond its model, or what is worth a warning; and who says so."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

API: Final = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_{}.html"
GUIDE: Final = "https://docs.aws.amazon.com/sagemaker/latest/dg/{}.html"
ISSUE: Final = "https://github.com/{}/issues/{}"
_REFUSED: Final = "SageMaker answers with a ValidationException"


def request_rule(rule_id: str, what: str, fix: str, *, source: str, why: str = _REFUSED, **more: Any) -> Rule:
    """Take a rule of requests up in the book."""
    rule = Rule(id=rule_id, what=what, why=why, source=source, fix=fix, **more)
    RULES.add(rule)
    return rule
