"""What an execution did, event by event."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_EVENTS = 25_000
"""The history of one execution; with more, Step Functions fails it."""
_REQUEST = re.compile(r" \(Service: .*\)$")
"""What services add to their message about the request."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    seconds: float
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt of a state."""

    state: str
    error: str
    cause: str


@dataclass(slots=True)
class History:
    """One execution, while it runs."""

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

    def event(self, seconds: float, state: str, kind: str, details: dict[str, Any]) -> None:
        """Take down one event of the execution's own history, or of a child workflow's."""
        if kind.endswith("StateEntered"):
            self.states.append(state)
            self.moments.append(Moment(seconds, state, "entered"))
        elif kind.startswith(("TaskFailed", "TaskTimedOut", "LambdaFunctionFailed", "EvaluationFailed")):
            failure = Failure(state, str(details.get("error", "")), str(details.get("cause", "")))
            self.failures.append(failure)
            self.unsettled[state] = failure
            told = f"{failure.error}: {short(_REQUEST.sub('', failure.cause))}" if failure.cause else failure.error
            self.moments.append(Moment(seconds, state, told))
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
