"""Ways that states lead on, in a definition that need not be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.loops import loops

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
