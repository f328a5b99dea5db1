"""The part of a state machine that an execution runs: from one state on, or to before another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.scope import ABSENT
from constructs_sm.interpreter.values import as_json
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.language.machines import states_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STOPPED: Final = "STOPPED"
"""The status of an execution that was to stop before a state; Step Functions has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a state machine that an execution runs.

    Attributes:
        start_at: The state that it starts at; None: where the state machine does.
        stop_before: The state that it stops before; None: it runs to its end.
        state_input: The input of the state that it starts at; ABSENT: the execution's.
        variables: The variables that there are when it starts.
    """

    start_at: str | None = None
    stop_before: str | None = None
    state_input: Any = ABSENT
    variables: Mapping[str, Any] = field(default_factory=dict)


WHOLE: Final = Section()


def section_of(definition: Mapping[str, Any], section: Section) -> Section:
    """*section* with copies of what is given, if *definition* has such a part.

    Raises:
        InvalidInputError: It has no such state, or cannot be started there.
    """
    outermost = list(definition.get("States", {}))
    states = [name for name, _ in states_of(definition)]
    problems = []
    if section.start_at is not None and section.start_at not in outermost:
        what, use = "there is no such state to start at", choose_from(outermost, section.start_at, verb="name")
        if section.start_at in states:
            inside = next(name for name in outermost if _has_inside(definition["States"][name], section.start_at))
            what, use = f"a run cannot start inside {inside!r}", f"start at {inside!r}"
        problems.append(Problem(what, section.start_at, use, "script-of-rehearsal"))
    if section.stop_before is not None and section.stop_before not in states:
        use = choose_from(states, section.stop_before, verb="name")
        problems.append(
            Problem("there is no such state to stop before", section.stop_before, use, "script-of-rehearsal")
        )
    if not isinstance(section.variables, dict):
        use = "give an object of names and values"
        problems.append(Problem("variables are an object", section.variables, use, "script-of-rehearsal"))
    if problems:
        raise InvalidInputError("the run", problems)
    given = section.state_input
    return Section(
        start_at=section.start_at,
        stop_before=section.stop_before,
        state_input=given if given is ABSENT else as_json(given, "the state's input"),
        variables=as_json(section.variables, "the variables"),
    )


def _has_inside(state: Mapping[str, Any], name: str) -> bool:
    return any(inner == name for inner, _ in states_of({"States": {"": state}}))
