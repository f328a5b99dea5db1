"""State machines within a state of another: the branches of a Parallel, what a Map runs for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


def machines_in(state: Json) -> list[Json]:
    """The state machines within a state."""
    item = state.get("ItemProcessor") or state.get("Iterator")
    return [*state.get("Branches", ()), *([item] if item else ())]


def states_of(machine: Json) -> Iterator[tuple[str, Json]]:
    """Every state of a state machine with its name, and after each those within it."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        for inner in machines_in(state):
            yield from states_of(inner)
