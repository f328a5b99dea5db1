"""Calls in a definition that are of a service that AWS has closed, or is ending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_sm.requests.api_model import has_operation
from constructs_sm.requests.called import called_by
from constructs_sm.requests.model_check import found_in
from constructs_sm.rules import closed_services
from constructs_sm.rules.catalogue import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.language.errors import Problem


def closed_calls(states: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Find the states, by name, whose calls are; every other fault of theirs is somebody else's to find."""
    for name, state in states.items():
        called = called_by(state)
        sent = state.get("Arguments", state.get("Parameters"))
        if called is not None and called.is_sagemaker and has_operation(called.operation):
            for problem in found_in(called.operation, sent if isinstance(sent, dict) else {}):
                if RULES[problem.rule] in closed_services.ALL:
                    yield replace(problem, what=f"state '{name}': {problem.what}")
