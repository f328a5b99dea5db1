"""The table of docs/guardrails.md: for each rail and API, whether IAM limits what comes later, or synthesis alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.actions import ACTIONS
from constructs_sm.grants.access import named_at
from constructs_sm.guardrails.rails import RAILS, Rail, fields_of
from constructs_sm.requests.model_check import fields_of_request

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADS = {
    "CreateTrainingJob": "training",
    "CreateProcessingJob": "processing",
    "CreateTransformJob": "transform",
    "CreateHyperParameterTuningJob": "tuning",
    "CreateLabelingJob": "labeling",
    "CreateModel": "model",
    "CreateEndpointConfig": "endpoint config",
    "CreateEndpoint": "endpoint",
    "UpdateEndpoint": "update",
}
"""The nine APIs, by the heads of their columns."""


def reach(rail: Rail, operation: str) -> str:
    """Reach of a rail: `IAM`, `synthesis`, or empty where the API has no such field."""
    if rail.names:
        return (
            "synthesis" if any(rail.names in named_at(operation, path) for path in fields_of_request(operation)) else ""
        )
    if not fields_of(rail, operation):
        return ""
    return "IAM" if rail.is_enforced(operation) else "synthesis"


def table() -> Iterator[str]:
    """The lines of the table."""
    yield f"| rail | line | condition key | {' | '.join(HEADS.values())} |"
    yield f"|{'---|' * (len(HEADS) + 3)}"
    for rail in RAILS:
        key = f"`{rail.condition_key()}`" if rail.key else "none"
        cells = " | ".join(reach(rail, action.operation) or "-" for action in ACTIONS)
        yield f"| `{rail.rule.id}` | `{rail.line}` | {key} | {cells} |"
