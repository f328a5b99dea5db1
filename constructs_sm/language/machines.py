"""State machines within a state of another (the branches of a Parallel, what a Map runs), and their query language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
LARGEST_PAYLOAD = 262_144
"""Bytes of UTF-8 that a state, a task or an execution takes or hands on: 256 KiB."""
LARGEST_DEFINITION = 1_048_576
"""Bytes of UTF-8 of a definition that Step Functions takes: 1 MiB."""


def machines_in(state: Json) -> list[Json]:
    """The state machines within a state."""
    item = state.get("ItemProcessor") or state.get("Iterator")
    return [*state.get("Branches", ()), *([item] if item else ())]


def is_in_jsonata(written: Json, *, around: bool = False) -> bool:
    """Tell whether a state machine or a state is in JSONata: it says so, or says nothing and what is *around* it is."""
    return bool(written.get("QueryLanguage", "JSONata" if around else "JSONPath") == "JSONata")


def states_of(machine: Json) -> Iterator[tuple[str, Json]]:
    """Every state of a state machine with its name, and after each those within it."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        for inner in machines_in(state):
            yield from states_of(inner)


def definition_of(resolved: Any) -> dict[str, Any] | None:
    """A state machine's definition, with a word for each reference in it; None if it stands elsewhere."""
    if isinstance(resolved, dict):
        separator, parts = resolved.get("Fn::Join", ("", ()))
        resolved = separator.join(part if isinstance(part, str) else "reference" for part in parts)
    try:
        definition = json.loads(resolved)
    except (TypeError, ValueError):
        return None
    return definition if isinstance(definition, dict) else None
