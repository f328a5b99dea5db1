"""The shape of a definition, without which nobody who walks it finds its states."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.document_limits import MAX_BYTES
from constructs_sm.language.document_text import refusal
from constructs_sm.language.errors import Problem, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 10
"""The number of problems of one definition that are told."""


def checked(where: str, definition: Any) -> dict[str, Any]:
    """*definition*, if it has the shape of one: whatever else is wrong with it, whoever walks it finds states.

    Raises:
        InvalidInputError: It has not, or is larger than Step Functions takes.
    """
    problems = list(_misshapen(definition, ""))
    if (more := len(problems) - _SHOWN) > 0:
        problems[_SHOWN:] = [Problem("and others of the kind", more, "correct these first", "source-of-rehearsal")]
    raise_all(where, problems)
    try:
        size = len(json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError as error:
        half = f"U+{ord(error.object[error.start]):04X}"
        raise refusal(where, "the definition has half a character", half, "write the character itself") from None
    if size > MAX_BYTES:
        use = f"Step Functions takes {MAX_BYTES:,}: make a part of it a state machine of its own"
        raise refusal(where, "the definition is too large", f"{size:,} bytes", use)
    return dict(definition)


def _misshapen(machine: Any, path: str) -> Iterator[Problem]:
    """Find what is no state machine, or no state, in a definition."""
    use = "see https://states-language.net"
    at = path or "the definition"
    if not isinstance(machine, Mapping):
        yield Problem(f"{at} must be an object", _kind(machine), use, "source-of-rehearsal")
        return
    states = machine.get("States")
    if not isinstance(states, Mapping) or not states:
        yield Problem(f"{at} needs States", _kind(states), use, "source-of-rehearsal")
        return
    start = machine.get("StartAt")
    if not isinstance(start, str) or start not in states:
        yield Problem(
            f"{at}: StartAt must name one of its states",
            start,
            f"use one of {', '.join(map(str, list(states)[:5]))}",
            "source-of-rehearsal",
        )
    for name, state in states.items():
        if not isinstance(state, Mapping) or not isinstance(state.get("Type"), str):
            got = state.get("Type") if isinstance(state, Mapping) else _kind(state)
            yield Problem(f"state {name!r} must be an object with a Type", got, use, "source-of-rehearsal")
            continue
        yield from _misshapen_parts(name, state, use)


def _misshapen_parts(name: str, state: Mapping[str, Any], use: str) -> Iterator[Problem]:
    for field in ("Choices", "Catch", "Retry", "Branches"):
        parts = state.get(field, [])
        if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
            yield Problem(
                f"{field} of state {name!r} must be a list of objects", _kind(parts), use, "source-of-rehearsal"
            )
            continue
        for part in parts:
            if field == "Branches":
                yield from _misshapen(part, f"a branch of {name!r}")
            if field in {"Catch", "Retry"} and not _is_list_of_texts(part.get("ErrorEquals")):
                yield Problem(
                    f"{field} of state {name!r} needs ErrorEquals",
                    _kind(part.get("ErrorEquals")),
                    use,
                    "source-of-rehearsal",
                )
            if field in {"Catch", "Choices"} and not isinstance(part.get("Next"), str):
                yield Problem(
                    f"{field} of state {name!r} needs Next", _kind(part.get("Next")), use, "source-of-rehearsal"
                )
    yield from _misshapen_fields(name, state, use)


def _misshapen_fields(name: str, state: Mapping[str, Any], use: str) -> Iterator[Problem]:
    for field in sorted({"ItemProcessor", "Iterator"} & state.keys()):
        yield from _misshapen(state[field], f"{field} of {name!r}")
    for field in sorted({"Next", "Default", "Resource"} & state.keys()):
        if not isinstance(state[field], str):
            yield Problem(f"{field} of state {name!r} must be a text", _kind(state[field]), use, "source-of-rehearsal")


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _kind(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    return f"{value!r:.40}" if isinstance(value, (str, bool, int, float)) else f"a {type(value).__name__}"
