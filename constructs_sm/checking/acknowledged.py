"""Findings that an app has acknowledged: the reasons stand in the metadata of its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from constructs_sm.rules import guardrail_rules
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.rule import EVERY_STATE, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.checking.findings import Finding
    from constructs_sm.testing.source.machine import Machine

# Exceptions from guardrails end on a day, which the guardrails of a check are told.
_OF_GUARDRAILS: Final = frozenset(rule.id for rule in vars(guardrail_rules).values() if isinstance(rule, Rule))


class Acknowledged(NamedTuple):
    """A rule that is acknowledged in an app."""

    path: str
    """The construct, or `the app`."""
    rule: str
    reason: str

    def covers(self, machine: Machine, finding: Finding) -> bool:
        """Tell whether a finding is of what is acknowledged: of the state machine, or of a state made there."""
        states = machine.acknowledged_states.get(self.path, ())
        return self.rule == finding.rule.id and (EVERY_STATE in states or finding.state in states)


class AcknowledgedInApps:
    """Lists what apps have acknowledged, but no exceptions from guardrails, and what is in vain."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, Acknowledged], None] = {}

    def take_up(self, file: str, machine: Machine) -> None:
        """Take note of what only a check can tell to be in vain."""
        for said in _said_of(machine):
            if said.rule in RULES and RULES[said.rule].by_check:
                self._left[file, said] = None

    def reason(self, file: str, machine: Machine, finding: Finding) -> str:
        """The reason for which a finding is acknowledged; empty where it stands."""
        covering = [said for said in _said_of(machine) if said.covers(machine, finding)]
        for said in covering:
            self._left.pop((file, said), None)
        return covering[0].reason if covering else ""

    def in_vain(self) -> Iterator[str]:
        """Say what is acknowledged and covers nothing that was found."""
        for file, said in self._left:
            what = f"{said.rule} is acknowledged for '{said.path}' ({said.reason}), and nothing there breaks it"
            yield f"{file}: {what}; take the acknowledgment out"


def _said_of(machine: Machine) -> Iterator[Acknowledged]:
    for path, rule, reason in machine.acknowledged:
        if rule not in _OF_GUARDRAILS:
            yield Acknowledged(path, rule, reason)
