"""Tools for tests: synthesized state machines made readable, and rehearsals that run them offline.

Used by the library's own tests, and meant for yours. Rehearsals need the extra `testing`; nothing of it is imported
before a name that needs it is asked for.

Example:
    with Rehearsal(policy) as rehearsal:
        rehearsal.script("Train", Throttled(), Failed("AlgorithmError"))
        run = rehearsal.run(definition, {"id": "x"})
    assert run.error == "States.TaskFailed"
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_sm.interpreter.calls import TaskError
    from constructs_sm.rules.rule import InvalidDefinitionError
    from constructs_sm.testing.permissions import Missing, Permissions
    from constructs_sm.testing.rehearsal import Rehearsal
    from constructs_sm.testing.run import Finding, Run
    from constructs_sm.testing.source.references import resolved
    from constructs_sm.testing.source.synthesized import definition, state_machine_policy, template
    from constructs_sm.testing.world.errors import RehearsalError, UnansweredError
    from constructs_sm.testing.world.policy_decision import allows
    from constructs_sm.testing.world.single_grants import Grant, grants, statements, without
    from constructs_sm.testing.world.steps import (
        MISSING,
        AccessDenied,
        Always,
        EndpointStatus,
        Failed,
        InUse,
        LabelCounts,
        LimitExceeded,
        Metrics,
        NoHeartbeat,
        Output,
        Recorded,
        Refused,
        Step,
        Stopped,
        Throttled,
        TimedOut,
    )

_HOMES = {
    ".interpreter.calls": ("TaskError",),
    ".rules.rule": ("InvalidDefinitionError",),
    "world.errors": ("RehearsalError", "UnansweredError"),
    "permissions": ("Missing", "Permissions"),
    "world.policy_decision": ("allows",),
    "world.single_grants": ("Grant", "grants", "statements", "without"),
    "source.references": ("resolved",),
    "source.synthesized": ("definition", "state_machine_policy", "template"),
    "rehearsal": ("Rehearsal",),
    "run": ("Finding", "Run"),
    "world.steps": (
        "MISSING",
        "AccessDenied",
        "Always",
        "EndpointStatus",
        "Failed",
        "InUse",
        "LabelCounts",
        "LimitExceeded",
        "Metrics",
        "NoHeartbeat",
        "Output",
        "Recorded",
        "Refused",
        "Step",
        "Stopped",
        "Throttled",
        "TimedOut",
    ),
}
"""The modules of names that are imported when they are first used."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MISSING",
    "AccessDenied",
    "Always",
    "EndpointStatus",
    "Failed",
    "Finding",
    "Grant",
    "InUse",
    "InvalidDefinitionError",
    "LabelCounts",
    "LimitExceeded",
    "Metrics",
    "Missing",
    "NoHeartbeat",
    "Output",
    "Permissions",
    "Recorded",
    "Refused",
    "Rehearsal",
    "RehearsalError",
    "Run",
    "Step",
    "Stopped",
    "TaskError",
    "Throttled",
    "TimedOut",
    "UnansweredError",
    "allows",
    "definition",
    "grants",
    "resolved",
    "state_machine_policy",
    "statements",
    "template",
    "without",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        home = import_module(f".{_HOME_OF[name]}", __name__)
    except ModuleNotFoundError as missing:
        message = f"{name} needs {missing.name}; install it with: pip install 'constructs-sm[testing]'"
        raise ImportError(message, name=missing.name) from missing
    return getattr(home, name)
