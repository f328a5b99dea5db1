"""Ways that states lead on, in a definition that need not be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.loops import loops
from constructs_sm.language.machines import machines_in

if TYPE_CHECKING:
    from collections.abc import Iterator


def targets(written: Any) -> Iterator[tuple[str, Any]]:
    """Return where a state leads, and by which field."""
    if not isinstance(written, Mapping):
        return
    for name in ("Next", "Default"):
        if name in written:
            yield name, hashable(written[name])
    for name in ("Choices", "Catch"):
        for number, one in enumerate(listed(written.get(name))):
            if isinstance(one, Mapping) and "Next" in one:
                yield f"{name}[{number}]/Next", hashable(one["Next"])


def loops_of(states: Mapping[str, Any]) -> list[list[str]]:
    """The loops of a machine, but for those that a failure closes."""
    return loops(
        {
            name: [to for where, to in targets(written) if to in states and not where.startswith("Catch")]
            for name, written in states.items()
        }
    )


def hashable(value: Any) -> Any:
    """A name, or what is told of something that is none."""
    return value if isinstance(value, str) else repr(value)


def listed(value: Any) -> list[Any]:
    """A list, or an empty one where there is none."""
    return value if isinstance(value, list) else []


def unentered(definition: Mapping[str, Any]) -> Iterator[str]:
    """The states of a right definition that no other state leads to, wherever they stand in it."""
    states = definition["States"]
    entered = {definition["StartAt"]}
    for name, written in states.items():
        entered.update(target for _, target in targets(written) if target != name)
        for inner in machines_in(written):
            yield from unentered(inner)
    yield from (name for name in states if name not in entered)


def reached(definition: Mapping[str, Any]) -> Iterator[str]:
    """The states of a right definition that an execution can come to, wherever they stand in it."""
    seen, waiting = {definition["StartAt"]}, [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        written = definition["States"][name]
        yield name
        for inner in machines_in(written):
            yield from reached(inner)
        new = {target for _, target in targets(written)} - seen
        seen |= new
        waiting += new
