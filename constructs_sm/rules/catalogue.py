"""The whole book: every module that has rules adds them when it is read."""

from __future__ import annotations

from constructs_sm.rules import (
    argument_rules,
    definition_rules,
    guardrail_rules,
    machine_rules,
    model_rules,
    request_rules,
)
from constructs_sm.rules.rule import RULES

GROUPS = {
    "Requests": request_rules,
    "SageMaker's model": model_rules,
    "Arguments, order of outputs and limits": argument_rules,
    "Definitions": definition_rules,
    "State machines that run": machine_rules,
    "Guardrails": guardrail_rules,
}
"""The modules with rows of rules, by what they are about."""

__all__ = ["GROUPS", "RULES"]
