"""Rehearse a state machine: moto's interpreter of Amazon States Language, with SageMaker played by a script.

Example:
    with Rehearsal(policy=statements) as rehearsal:
        rehearsal.script("Train", Throttled(), Failed("AlgorithmError"))
        run = rehearsal.run(definition, {"id": "x"})
    assert run.error == "States.TaskFailed"
"""

from .policy import Grant, grants, statements, without
from .references import resolved
from .rehearsal import Rehearsal, Run
from .steps import (
    MISSING,
    AccessDenied,
    Failed,
    InUse,
    LimitExceeded,
    Output,
    Refused,
    Step,
    Stopped,
    Throttled,
    TimedOut,
)

__all__ = [
    "MISSING",
    "AccessDenied",
    "Failed",
    "Grant",
    "InUse",
    "LimitExceeded",
    "Output",
    "Refused",
    "Rehearsal",
    "Run",
    "Step",
    "Stopped",
    "Throttled",
    "TimedOut",
    "grants",
    "resolved",
    "statements",
    "without",
]
