"""Improvements that a program makes on the definition that it is made of, each for a finding of the checks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking.machine import check_definition
from constructs_sm.checking.scene import Scene
from constructs_sm.language.late_bound import LATE
from constructs_sm.rules import machine_rules as rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs_sm.adopting.equality import Difference
    from constructs_sm.checking.findings import Finding
    from constructs_sm.checking.scene import Located

_OF_NAMES: Final = frozenset({rules.NAME_FIXED.id, rules.NAME_ON_RETRY.id})


@dataclass(frozen=True, slots=True)
class Improvement:
    """One field of a state that the program says better.

    Attributes:
        state: The state.
        path: Names of the fields that lead to it.
        what: The improvement in words.
    """

    state: str
    path: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Improvements:
    """Improvements that a program makes.

    Attributes:
        made: Each improvement.
    """

    made: Sequence[Improvement] = ()
    retries: frozenset[str] = field(init=False)
    """The states that get the default retries."""
    names: frozenset[str] = field(init=False)
    """The states whose jobs get a name for each attempt."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "retries", frozenset(one.state for one in self.made if one.path == ("Retry",)))
        object.__setattr__(self, "names", frozenset(one.state for one in self.made if one.path != ("Retry",)))

    def of(self, states: Iterable[str]) -> Improvements:
        """Return the improvements of some states."""
        chosen = frozenset(states)
        return Improvements(tuple(one for one in self.made if one.state in chosen))

    def explain(self, difference: Difference) -> bool:
        """Tell whether a difference is one of these."""
        places = ((one.state, one.path) for one in self.made)
        return any(difference.state == state and difference.path[: len(path)] == path for state, path in places)

    def sentences(self) -> list[str]:
        """Say each in words, once."""
        return list(dict.fromkeys(f"{one.state}: {one.what}" for one in self.made))


def improvements_of(definition: Mapping[str, Any], *, express: bool) -> Improvements:
    """Find what jobs do better than the definition says, and nothing else depends on.

    Args:
        definition: Amazon States Language.
        express: True of an Express workflow.
    """
    scene = Scene(definition, express)
    by_name = {located.name: located for located in scene.states}
    made: dict[tuple[str, tuple[str, ...]], Improvement] = {}
    for finding in check_definition(definition, express=express):
        located = by_name.get(finding.state)
        if located is not None:
            for one in _improvement(finding, located, definition):
                made.setdefault((one.state, one.path), one)
    return Improvements(tuple(made.values()))


def _improvement(finding: Finding, located: Located, definition: Mapping[str, Any]) -> list[Improvement]:
    if finding.rule.id == rules.NO_RETRY.id and not located.state.get("Retry"):
        what = "is retried where that helps: throttled calls, quotas, timeouts (retry.DEFAULT)"
        return [Improvement(located.name, ("Retry",), what)]
    action = located.called.action if located.called is not None else None
    if finding.rule.id in _OF_NAMES and action is not None and not action.lives_on:
        request = located.state.get(located.request_field, {})
        name = request.get(action.name_field)
        # Only a literal name: whoever sends another by the input knows it, and may look for the job by it.
        if isinstance(name, str) and not _is_told_elsewhere(name, definition):
            what = f"has a name of its own for each attempt, and not {name} for all"
            fields = (located.request_field, action.name_field)
            late = (located.request_field, f"{action.name_field}{LATE}")
            return [Improvement(located.name, path, what) for path in (fields, late)]
    return []


def _is_told_elsewhere(name: str, definition: Mapping[str, Any]) -> bool:
    """Tell whether anything else in a definition has a name in it, so that it would look for a job in vain."""
    return json.dumps(definition).count(json.dumps(name)[1:-1]) > 1
