"""Requests in SageMaker's words, judged by SageMaker's own API model and by the rules.

`rendering` makes a request of what a user gave, `request` is its one form, `model_check` holds it against `api_model`.
"""

from constructs_sm.requests.model_check import check

__all__ = [
    "api_model",
    "called",
    "check",
    "closed_calls",
    "comparison",
    "encryption",
    "model_check",
    "polled_rows",
    "rendering",
    "request",
    "role_fields",
    "values_by_shape",
]
