"""The history of an execution, event by event."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from constructs_sm.language.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_EVENTS: Final = 25_000
"""The history of one execution; with more, Step Functions fails it."""
_REQUEST = re.compile(r" \((?:Service|SDK Attempt Count): .*\)$")
"""The words that services add to their message about the request."""

_SAID = re.compile(r"\bD3137: (.*?)\.?$", re.DOTALL)
"""The words that an expression says itself with `$error`, behind JSONata's code for that."""
_TAKEN = "already existing"
"""The words of SageMaker about a name that is in use."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    seconds: float
    state: str
    text: str

    def __str__(self) -> str:
        return printable(f"  {clock(self.seconds):>11}  {self.state}{' | ' if self.state else ''}{self.text}")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt of a state."""

    state: str
    error: str
    cause: str

    @property
    def is_of_a_taken_name(self) -> bool:
        """Return True if SageMaker refused a name that is in use."""
        return _TAKEN in self.cause

    @property
    def reason(self) -> str:
        """The reason that a reader wants to know: SageMaker's, or what the service says."""
        try:
            described = json.loads(self.cause)
        except ValueError:
            described = None
        if isinstance(described, dict):
            statuses = ", ".join(f"{name} {value}" for name, value in described.items() if name.endswith("Status"))
            return str(described.get("FailureReason") or statuses or self.cause)
        said = _SAID.search(self.cause)
        return said[1] if said else _REQUEST.sub("", self.cause)


ENDED_WELL: Final = "ended well"
ENDED_BADLY: Final = "failed"
STOPPED: Final = "stopped"
WAITED_TO_RETRY: Final = "waited to retry"


@dataclass(frozen=True, slots=True)
class Stay:
    """One attempt of a state from its beginning to its end, or the wait between two.

    Attributes:
        state: The state.
        begun: Seconds since the execution began.
        ended: Likewise.
        kind: `ENDED_WELL`, `ENDED_BADLY`, `STOPPED` or `WAITED_TO_RETRY`.
    """

    state: str
    begun: float
    ended: float
    kind: str


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
    stays: list[Stay] = field(default_factory=list)
    """In the order in which they ended."""

    def copy(self) -> History:
        """The same until here, to go on by itself. Nobody watches the copy."""
        return History(
            None,
            self.moments.copy(),
            self.states.copy(),
            self.failures.copy(),
            self.unsettled.copy(),
            self.retry_waits.copy(),
            self.state_waits.copy(),
            self.events,
            self.largest,
            self.stays.copy(),
        )

    def go_on_as(self, other: History, met: History, shift: float, called: str) -> None:
        """Take over all that is in *other* since it was *met*.

        Args:
            other: The history of an execution with which this one goes on alike.
            met: The same as it was where both have met.
            shift: Seconds by which this one is later.
            called: The state that both are in.
        """
        states = other.states[len(met.states) :]
        self.moments += [Moment(one.seconds + shift, one.state, one.text) for one in other.moments[len(met.moments) :]]
        self.states += states
        self.failures += other.failures[len(met.failures) :]
        self.retry_waits += other.retry_waits[len(met.retry_waits) :]
        self.state_waits += other.state_waits[len(met.state_waits) :]
        self.events += other.events - met.events
        self.largest = max(self.largest, other.largest)
        later = other.stays[len(met.stays) :]
        self.stays += [Stay(one.state, one.begun + shift, one.ended + shift, one.kind) for one in later]
        anew = {*states, called}
        own = {name: one for name, one in self.unsettled.items() if name not in anew and name not in met.unsettled}
        self.unsettled = {**own, **other.unsettled}

    def add(self, moment: Moment) -> None:
        """Put a line into the timeline."""
        self.moments.append(moment)
        if self.watch:
            self.watch(moment)

    def entered(self, seconds: float, state: str) -> None:
        self.states.append(state)
        self.add(Moment(seconds, state, "entered"))

    def failed(self, seconds: float, state: str, error: str | None, cause: str | None) -> None:
        failure = Failure(state, error or "", cause or "")
        self.failures.append(failure)
        self.unsettled[state] = failure
        self.add(Moment(seconds, state, ": ".join(filter(None, (failure.error, short(failure.reason))))))

    def succeeded(self, state: str) -> None:
        self.unsettled.pop(state, None)

    def weigh(self, size: int, what: str, state: str) -> None:
        """Take down how large a payload is."""
        if size > self.largest[0]:
            self.largest = size, f"{what} of {state or 'the execution'}"


_LONGEST_TURN: Final = 40
"""Lines of a loop, at most, for it to be told as one."""
_FEWEST_TURNS: Final = 3
_WAITS: Final = re.compile(r"waits \S+ s")
"""The line of a Wait state."""


def folded(moments: Sequence[Moment]) -> list[Moment]:
    """A timeline in which a loop of polling is told once, and how often it went on."""
    said = [(one.state, one.text) for one in moments]
    found: list[Moment] = []
    at = 0
    while at < len(moments):
        lines, turns = _loop(said, at)
        found += moments[at : at + lines]
        at += lines
        if turns > 1:
            at += lines * (turns - 1)
            last = moments[at - 1]
            found.append(Moment(last.seconds, "", f"... {turns - 1:,} more turns of these {lines} lines until here"))
    return found


def _loop(said: Sequence[tuple[str, str]], at: int) -> tuple[int, int]:
    """Count the lines from *at* on that are one turn of a loop, and its turns; one line, if there is no loop."""
    for lines in range(2, _LONGEST_TURN + 1):
        if said[at : at + lines] != said[at + lines : at + 2 * lines]:
            continue
        if not any(_WAITS.fullmatch(text) for _, text in said[at : at + lines]):
            continue
        turns = 2
        while said[at : at + lines] == said[at + turns * lines : at + (turns + 1) * lines]:
            turns += 1
        if turns >= _FEWEST_TURNS:
            return lines, turns
    return 1, 1


def short(text: str, most: int = 160) -> str:
    """*text* on one line, and not too long a one."""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most and len(text) <= most * 4 else f"{line[: most - 3]}..."


def clock(seconds: float) -> str:
    """A virtual time as people read it."""
    whole = timedelta(seconds=int(seconds))
    return f"{whole.days}d {timedelta(seconds=whole.seconds)}" if whole.days else str(whole)
