"""One state machine as a page tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_sm.checking.needed import needed_by, statements_of
from constructs_sm.checking.roles import lacking
from constructs_sm.checking.scene import Scene
from constructs_sm.diagram.in_page import detailed, overview
from constructs_sm.grants.statements import policy_document
from constructs_sm.language.definition_shape import checked
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.language.flow import stands_for
from constructs_sm.report import quotas
from constructs_sm.report.states import Role, keys_of, steps_of
from constructs_sm.report.wording import as_json
from constructs_sm.rules.machine_rules import MISSING_GRANT, NEEDLESS_GRANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_sm.checking.findings import Finding
    from constructs_sm.checking.ignoring import Ignored
    from constructs_sm.checking.needed import Needs
    from constructs_sm.diagram.graph import Graph
    from constructs_sm.report.quotas import Quota
    from constructs_sm.report.rehearsals import Rehearsed
    from constructs_sm.report.states import State, Step
    from constructs_sm.rules.rule import Rule
    from constructs_sm.testing.source.machine import Machine

SEVERITIES = ("error", "warning", "info")
_OF_GRANTS = frozenset({MISSING_GRANT.id, NEEDLESS_GRANT.id})
"""Rules that look at a definition for what rehearsals of all of its states tell exactly."""
_PLACED = "*"
"""The account of a definition of which nothing says where it runs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding of `check`.

    Attributes:
        finding: The finding.
        ignored: Why somebody lives with it; empty where it stands.
    """

    finding: Finding
    ignored: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReport:
    """All that a page tells of a state machine.

    Attributes:
        key: Begins the ids in the page.
        file: The path of its file.
        machine: The state machine.
        misshapen: Why it has neither picture nor states: it is not written as Amazon States Language has it.
        glance: Its picture at a glance; None where it is misshapen.
        every: The picture of every state.
        keys: The id in the page of each state.
        steps: Its states, by the steps of the picture.
        findings: What `check` finds, the worst first.
        quotas: The quotas that it uses.
        policy: The least policy that the definition needs, as JSON; empty where it needs nothing.
        unknown: The states of which nobody knows what they need, and why.
        rehearsed: What was rehearsed; None where nothing was.
        not_rehearsed: Why nothing was.
        reusable: The jobs that need not run where an earlier run has left their results.
    """

    key: str
    file: str
    machine: Machine
    misshapen: str
    glance: Graph | None
    every: Graph | None
    keys: Mapping[str, str]
    steps: tuple[Step, ...]
    findings: tuple[Judged, ...]
    quotas: tuple[Quota, ...]
    policy: str
    unknown: Mapping[str, str]
    rehearsed: Rehearsed | None
    not_rehearsed: str
    reusable: tuple[str, ...]

    @property
    def title(self) -> str:
        """The name of its stack and its logical id, or of its file."""
        return " ".join(filter(None, (self.machine.stack, self.machine.id))) or Path(self.file).name

    @property
    def place(self) -> str:
        """The place where it runs, as far as its file says."""
        account = "" if self.machine.account == _PLACED else f"account {self.machine.account}, "
        return f"{account}{self.machine.region}"

    @property
    def standing(self) -> tuple[Judged, ...]:
        """The findings that nobody lives with."""
        return tuple(one for one in self.findings if not one.ignored)

    def count(self, severity: str) -> int:
        """Count the findings of a severity that nobody lives with."""
        return sum(one.finding.severity == severity for one in self.standing)

    @property
    def counted(self) -> dict[str, int]:
        """The number of findings of each severity that there are any of, the worst first."""
        return {severity: number for severity in SEVERITIES if (number := self.count(severity))}

    @property
    def by_rule(self) -> list[tuple[Rule, list[Judged]]]:
        """The findings, those of one rule together; the worst rules first."""
        rules: dict[str, list[Judged]] = {}
        for one in self.findings:
            rules.setdefault(one.finding.rule.id, []).append(one)
        return [(found[0].finding.rule, found) for found in rules.values()]

    def found_at(self, state: State) -> tuple[Judged, ...]:
        """The findings of a state."""
        return tuple(one for one in self.standing if one.finding.state == state.name)

    def found_in(self, step: Step) -> tuple[Judged, ...]:
        """The findings of the states of a step."""
        return tuple(one for state in step.states for one in self.found_at(state))


def report_of(
    machine: Machine,
    found: Iterable[tuple[Finding, Ignored | None]],
    *,
    file: str,
    key: str,
    rehearsed: Rehearsed | None = None,
    not_rehearsed: str = "",
) -> MachineReport:
    """Make the report of a state machine.

    Args:
        machine: The state machine, taken as it is written.
        found: What `check` finds, and the line of an ignore file that each is ignored by.
        file: The path of its file.
        key: Begins the ids in the page.
        rehearsed: What was rehearsed.
        not_rehearsed: Why nothing was.
    """
    told = _OF_GRANTS if rehearsed is not None and rehearsed.judges_grants else frozenset()
    findings = [Judged(one, line.reason if line else "") for one, line in found if one.rule.id not in told]
    findings.sort(key=lambda each: SEVERITIES.index(each.finding.severity))
    scene = Scene(machine.definition, machine.express)
    used = (*quotas.of_definition(scene), *quotas.of_policy(machine.policy), *(rehearsed.quotas if rehearsed else ()))
    misshapen = misshapen_by(machine, file)
    keys = {} if misshapen else keys_of(scene, key)
    glance = None if misshapen else overview(machine.definition)
    needs = None if misshapen else needed_by(machine)
    return MachineReport(
        key=key,
        file=file,
        machine=machine,
        misshapen=misshapen,
        glance=glance,
        every=None if misshapen else detailed(machine.definition),
        keys=keys,
        steps=() if glance is None else steps_of(scene, glance, keys, _role(machine, needs)),
        findings=tuple(findings),
        quotas=used,
        policy="" if needs is None or not needs.needed else _policy(needs),
        unknown={} if needs is None else needs.unknown,
        rehearsed=rehearsed,
        not_rehearsed=not_rehearsed,
        reusable=tuple(_reusable(scene)),
    )


def misshapen_by(machine: Machine, file: str) -> str:
    """Say why a state machine is not written as Amazon States Language has it; empty if it is."""
    try:
        checked(file, machine.definition)
    except InvalidInputError as error:
        return "; ".join(map(str, error.problems))
    return ""


def _role(machine: Machine, needs: Needs | None) -> Role:
    if needs is None:
        return Role()
    is_known = machine.policy is not None and not machine.unread_policies
    return Role(needs.needed, tuple(lacking(machine, needs)) if is_known else (), needs.unknown, is_known)


def _policy(needs: Needs) -> str:
    return as_json(policy_document(statements_of(needs.needed)))


def _reusable(scene: Scene) -> Iterator[str]:
    """The jobs that another state can stand for: it searches for the result of an earlier run."""
    for located in scene.states:
        job = stands_for(located.name, located.state)
        if job != located.name:
            yield job
