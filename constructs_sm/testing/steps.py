"""What a script may let SageMaker do, one step an attempt; without a script every call succeeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""As the value of a field of Output: SageMaker leaves the field out."""


@dataclass(frozen=True, slots=True)
class Refused:
    """SageMaker refuses the call."""

    code: str
    message: str = "the script says so"


@dataclass(frozen=True, slots=True)
class Throttled(Refused):
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"


@dataclass(frozen=True, slots=True)
class LimitExceeded(Refused):
    code: str = "ResourceLimitExceeded"
    message: str = "The account-level service limit is 0 Instances, with current utilization of 0 Instances"


@dataclass(frozen=True, slots=True)
class InUse(Refused):
    code: str = "ResourceInUse"
    message: str = "Job name must be unique within an AWS account and region"


@dataclass(frozen=True, slots=True)
class AccessDenied(Refused):
    code: str = "AccessDeniedException"
    message: str = "User is not authorized to perform this action"


@dataclass(frozen=True, slots=True)
class Failed:
    """The job starts, and ends as Failed: States.TaskFailed where the state waits for it."""

    reason: str = "AlgorithmError: the script says so"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job starts, and somebody stops it.

    Args:
        raises: Whether the state then fails with States.TaskFailed. AWS does not say; stand both.
    """

    raises: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The job starts, and outlasts the state's TimeoutSeconds: States.Timeout where the state waits for it."""


class Output:
    """The call succeeds, with these fields in its output, or without them where they are MISSING."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def __repr__(self) -> str:
        return f"Output({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"

    def applied_to(self, output: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**output, **self.fields}.items() if value is not MISSING}


Step = Refused | Failed | Stopped | TimedOut | Output
