"""Where the states of a definition lead: what Step Functions checks before it creates a state machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.machines import machines_in
from constructs_sm.values.names import LONGEST_STATE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def flaws(definition: Mapping[str, Any], where: str = "the state machine") -> Iterator[str]:
    """Targets that are not there, and names that are too long, at every level."""
    states: Mapping[str, Any] = definition["States"]
    if definition["StartAt"] not in states:
        yield f"StartAt of {where} is {definition['StartAt']!r}, which is no state there"
    for name, state in states.items():
        if len(name) > LONGEST_STATE_NAME:
            yield f"state {name!r}: its name has {len(name)} characters, and may have {LONGEST_STATE_NAME}"
        for kind, target in _targets(state):
            if target not in states:
                yield f"state {name!r}: its {kind} is {target!r}, which is no state beside it"
        for inner in machines_in(state):
            yield from flaws(inner, f"state {name!r}")


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((part, state[part]) for part in ("Next", "Default") if part in state)
    yield from (("Choice", rule["Next"]) for rule in state.get("Choices", ()))
    yield from (("Catch", catcher["Next"]) for catcher in state.get("Catch", ()))
