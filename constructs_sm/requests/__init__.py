"""Requests in SageMaker's words, judged by SageMaker's own API model and by the rules."""

from constructs_sm.requests.model_check import check

__all__ = [
    "api_model",
    "called",
    "check",
    "comparison",
    "encryption",
    "model_check",
    "rendering",
    "request",
    "role_fields",
]
