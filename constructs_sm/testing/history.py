"""The events of an execution."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_EVENTS = 25_000
"""The history of one execution; with more, Step Functions fails it."""
_REQUEST = re.compile(r" \(Service: .*\)$")
"""The words about the request that services add to their messages."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    seconds: float
    state: str
    text: str

    def __str__(self) -> str:
        return f"  {clock(self.seconds):>11}  {self.state}{' | ' if self.state else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt of a state."""

    state: str
    error: str
    cause: str

    @property
    def reason(self) -> str:
        """The reason for a reader: SageMaker's, or the message of the service."""
        try:
            described = json.loads(self.cause)
        except ValueError:
            described = None
        if isinstance(described, dict):
            statuses = ", ".join(f"{name} {value}" for name, value in described.items() if name.endswith("Status"))
            return str(described.get("FailureReason") or statuses or self.cause)
        return _REQUEST.sub("", self.cause)


@dataclass(slots=True)
class History:
    """One execution, while it runs."""

    watch: Callable[[Moment], None] | None = None
    """Told each moment as it comes."""
    moments: list[Moment] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unsettled: dict[str, Failure] = field(default_factory=dict)
    """By state: the failure that ended its last attempt, if one did."""
    retry_waits: list[float] = field(default_factory=list)
    state_waits: list[float] = field(default_factory=list)
    events: int = 0
    largest: tuple[int, str] = (0, "")
    """Bytes of the largest payload, and whose it is."""

    def add(self, moment: Moment) -> None:
        """Put a line into the timeline."""
        self.moments.append(moment)
        if self.watch:
            self.watch(moment)

    def event(self, seconds: float, state: str, kind: str, details: dict[str, Any]) -> None:
        """Take down one event of the execution's own history, or of a child workflow's."""
        if kind.endswith("StateEntered"):
            self.states.append(state)
            self.add(Moment(seconds, state, "entered"))
        elif kind.startswith(("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "EvaluationFailed")):
            failure = Failure(state, str(details.get("error", "")), str(details.get("cause", "")))
            self.failures.append(failure)
            self.unsettled[state] = failure
            self.add(Moment(seconds, state, ": ".join(filter(None, (failure.error, short(failure.reason))))))
        elif kind.endswith("Succeeded"):
            self.unsettled.pop(state, None)
        for name in ("input", "output", "parameters"):
            self._weigh(details.get(name), f"{name} of {state or 'the execution'}")

    def _weigh(self, text: Any, whose: str) -> None:
        if not isinstance(text, str) or len(text.encode()) <= self.largest[0]:
            return
        compact = len(json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode())
        self.largest = max(self.largest, (compact, whose), key=lambda payload: payload[0])


def short(text: str, most: int = 160) -> str:
    """*text* on one line, and not too long a one."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def clock(seconds: float) -> str:
    """A virtual time as people read it."""
    whole = timedelta(seconds=int(seconds))
    return f"{whole.days}d {timedelta(seconds=whole.seconds)}" if whole.days else str(whole)
