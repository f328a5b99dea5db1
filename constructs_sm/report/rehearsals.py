"""The rehearsals that a page tells of: one in which all goes well, and each failure of a drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.history import clock, short
from constructs_sm.report import quotas
from constructs_sm.report.timelines import chart_of
from constructs_sm.testing.drill import ALL_WELL, ONCE_MORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.report.quotas import Quota
    from constructs_sm.report.timelines import Chart
    from constructs_sm.testing.drill import DrillRun
    from constructs_sm.testing.permissions import Permissions
    from constructs_sm.testing.rehearsal import Rehearsal
    from constructs_sm.testing.run import Finding

CHANCE: Final = 2026
"""The beginning of chance in the rehearsals of a page, so that two pages of one pipeline are the same."""
_NEXT: Final = 5
_MOST: Final = 40
"""The states in the chart of a failure, at most: where the execution succeeds, and where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One rehearsed execution.

    Attributes:
        key: Its id in the page.
        name: What happened: `throttled`.
        state: The state it happened to; empty where all goes well.
        status: How it ended.
        error: The error it ended with, and the reason; empty where it succeeded.
        took: How long it took.
        transitions: State transitions.
        events: Events of its history.
        payload: Bytes of the largest payload, and whose it is.
        findings: What the state machine does wrong in it.
        chart: Its timeline.
    """

    key: str
    name: str
    state: str
    status: str
    error: str
    took: str
    transitions: int
    events: int
    payload: tuple[int, str]
    findings: tuple[Finding, ...]
    chart: Chart

    @property
    def succeeded(self) -> bool:
        """True if it ended well."""
        return self.status == "SUCCEEDED"

    @property
    def title(self) -> str:
        """The execution in words: `Train is throttled`."""
        return f"{self.state}: {self.name}" if self.state else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """All that was rehearsed of a state machine.

    Attributes:
        well: The execution in which all goes well.
        drilled: Those in which something goes wrong, once each.
        quotas: The quotas that they use.
        permissions: What the role lacks, and what it does not need; None where nothing says what it may.
        made_up: States whose answers nobody gave, with what each calls: theirs were made up.
        reused: Jobs that do not run in a second execution with the same input.
        not_reused: Jobs that may be reused and run there all the same, and why.
    """

    well: Played
    drilled: tuple[Played, ...]
    quotas: tuple[Quota, ...]
    permissions: Permissions | None
    made_up: Mapping[str, str]
    reused: tuple[str, ...]
    not_reused: Mapping[str, str]

    @property
    def judges_grants(self) -> bool:
        """True if the rehearsals came to every state, so that they tell of each grant whether it is needed."""
        return self.permissions is not None and not self.permissions.unreached

    @property
    def found(self) -> int:
        """The number of failures that there are findings in."""
        return sum(bool(each.findings) for each in self.drilled)

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the failures."""
        return tuple(dict.fromkeys(each.name for each in self.drilled))

    @property
    def by_state(self) -> dict[str, dict[str, Played]]:
        """The failures by the state that they happen to, and by their names."""
        rows: dict[str, dict[str, Played]] = {}
        for each in self.drilled:
            rows.setdefault(each.state, {})[each.name] = each
        return rows

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that goes wrong in any of them, each once."""
        return tuple(dict.fromkeys(found for each in (self.well, *self.drilled) for found in each.findings))


def rehearsed(rehearsal: Rehearsal, given: Any, key: str, *, made_up: Mapping[str, str]) -> Rehearsed:
    """Rehearse a state machine: all goes well, and each failure of a drill.

    Args:
        rehearsal: Open, and of a state machine.
        given: The input.
        key: Begins the ids in the page.
        made_up: States whose answers nobody gave.
    """
    played: list[Played] = []
    reused: list[str] = []
    not_reused: dict[str, str] = {}
    for number, each in enumerate(rehearsal.drill_runs(given)):
        if each.name == ONCE_MORE:
            reused, not_reused = each.run.reused, each.run.not_reused
        if each.name != ONCE_MORE or each.findings:
            played.append(_played(each, f"{key}-r{number}"))
    machine = rehearsal.machine
    return Rehearsed(
        well=played[0],
        drilled=tuple(played[1:]),
        quotas=tuple(quotas.of_runs(played, express=machine.express)),
        permissions=None if machine.policy is None else rehearsal.permissions(given),
        made_up=made_up,
        reused=tuple(reused),
        not_reused=not_reused,
    )


def _played(drilled: DrillRun, key: str) -> Played:
    run = drilled.run
    failure = run.failure
    said = short(failure.reason if failure and failure.error == run.error else run.cause or "")
    return Played(
        key=key,
        name=drilled.name,
        state=drilled.state,
        status=run.status,
        error=": ".join(filter(None, (run.error, said))) if not run.succeeded else "",
        took=clock(run.seconds),
        transitions=run.transitions,
        events=run.events,
        payload=run.history.largest,
        findings=drilled.findings,
        chart=chart_of(run, None if drilled.name in {ALL_WELL, ONCE_MORE} else _about(drilled)),
    )


def _about(drilled: DrillRun) -> list[str] | None:
    """The states that the chart of a failure shows: the one that it happens to, and those behind it.

    Where the execution succeeds, it goes on as the one in which all goes well: the next states are enough.
    """
    states = drilled.run.states
    if drilled.state not in states:
        return None
    behind = dict.fromkeys(states[states.index(drilled.state) :])
    return list(behind)[: _NEXT if drilled.run.succeeded else _MOST]
