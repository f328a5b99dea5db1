"""The timeline of a rehearsed execution as a chart: a line for each state, bars for its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from constructs_sm.interpreter.history import ENDED_BADLY, ENDED_WELL, STOPPED, WAITED_TO_RETRY, clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.interpreter.history import Stay
    from constructs_sm.testing.run import Run

LOOKS: Final = {ENDED_WELL: "well", ENDED_BADLY: "badly", STOPPED: "stopped", WAITED_TO_RETRY: "waited"}
"""The look of an attempt, by how it ended."""
_NARROWEST: Final = 0.5
"""The width of what is no longer to be seen, in percent; attempts that are nearer to each other look like one."""
_PLACES: Final = 3
_MOST_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt of a state, or several that nobody could tell apart.

    Attributes:
        look: One of `LOOKS`.
        left: Where it begins, in percent of the execution's time.
        width: How long it is, likewise.
    """

    look: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """One state in a chart.

    Attributes:
        state: Its name.
        begins: When it is entered first.
        takes: How long it takes, all attempts together.
        told: How often it was tried, and how that ended, in words; empty if once and well.
        bars: Its attempts.
    """

    state: str
    begins: str
    takes: timedelta
    told: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The timeline of an execution.

    Attributes:
        lines: The states in the order in which they were entered.
        ends: The time at which the execution ended.
        left_out: How many states there is no room for.
    """

    lines: tuple[Line, ...]
    ends: str
    left_out: int


def chart_of(run: Run, states: Sequence[str] | None = None) -> Chart:
    """Make the chart of a run.

    Args:
        run: The execution.
        states: The only states to show. Default: all.
    """
    stays: dict[str, list[Stay]] = {state: [] for state in run.history.states}
    for stay in sorted(run.history.stays, key=lambda each: each.begun):
        stays.setdefault(stay.state, []).append(stay)
    shown = [(state, each) for state, each in stays.items() if each and (states is None or state in states)]
    lines = [_line(state, each, run.seconds) for state, each in shown[:_MOST_LINES]]
    return Chart(tuple(lines), clock(run.seconds), max(0, len(shown) - _MOST_LINES))


def _line(state: str, stays: Sequence[Stay], whole: float) -> Line:
    took = sum(min(stay.ended, whole) - stay.begun for stay in stays)
    return Line(state, clock(stays[0].begun), timedelta(seconds=took), _told(stays), tuple(_bars(stays, whole)))


def _told(stays: Sequence[Stay]) -> str:
    counted = {kind: sum(stay.kind == kind for stay in stays) for kind in LOOKS}
    tried = len(stays) - counted[WAITED_TO_RETRY]
    parts = [f"{tried:,} times"] if tried > 1 else []
    parts += [f"{kind}{_times(counted[kind], tried)}" for kind in (ENDED_BADLY, STOPPED) if counted[kind]]
    return ", ".join(parts)


def _times(count: int, tried: int) -> str:
    if tried == 1:
        return ""
    return " once" if count == 1 else f" {count:,} times"


def _bars(stays: Sequence[Stay], whole: float) -> Iterator[Bar]:
    """The bars of a state, the later of two over the earlier; those side by side that look alike are one."""
    last: Bar | None = None
    for stay in stays:
        left = _percent(stay.begun, whole)
        bar = Bar(LOOKS[stay.kind], left, round(max(_percent(min(stay.ended, whole), whole) - left, 0), _PLACES))
        if last is not None and last.look == bar.look and bar.left <= last.left + last.width + _NARROWEST:
            end = max(last.left + last.width, bar.left + bar.width)
            last = Bar(last.look, last.left, round(end - last.left, _PLACES))
            continue
        if last is not None:
            yield last
        last = bar
    if last is not None:
        yield last


def _percent(seconds: float, whole: float) -> float:
    return round(100 * seconds / whole, _PLACES) if whole else 0.0
