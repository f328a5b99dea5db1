"""The whole book: every module that has rules adds them when it is read."""

from __future__ import annotations

from constructs_sm.rules import (
    argument_rules,
    closed_services,
    definition_rules,
    guardrail_rules,
    image_rules,
    machine_rules,
    model_rules,
    processing_rules,
    serving_rules,
    tag_rules,
    training_rules,
)
from constructs_sm.rules.rule import RULES

GROUPS = {
    "Trainings and tunings": training_rules,
    "Processing, batch transform and labeling": processing_rules,
    "Models and endpoints": serving_rules,
    "Images and roles": image_rules,
    "Tags": tag_rules,
    "Closed services": closed_services,
    "SageMaker's model": model_rules,
    "Arguments, order of outputs and limits": argument_rules,
    "Definitions": definition_rules,
    "State machines that run": machine_rules,
    "Guardrails": guardrail_rules,
}
"""The modules with rows of rules, by what they are about."""

__all__ = ["GROUPS", "RULES"]
