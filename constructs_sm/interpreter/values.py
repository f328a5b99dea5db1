"""Payloads: JSON that is handed on as it is, and never changed in place."""

from __future__ import annotations

import functools
import json
import marshal
import math
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.state_errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ATOMS: Final = (str, int, bool, type(None))
_MOST_REMEMBERED: Final = 20_000


class NotJsonError(TypeError):
    """A value that a state machine is given is no JSON."""


def as_json(value: Any, where: str) -> Any:
    """Copy *value*, which must be JSON.

    Raises:
        NotJsonError: Something in it is not.
    """
    kind = type(value)
    if kind in _ATOMS:
        if kind is str and not value.isascii():
            _refuse_half_characters(value, where)
        return value
    if isinstance(value, dict):
        if wrong := [name for name in value if not isinstance(name, str)]:
            raise NotJsonError(f"{where} is no JSON: a name in it is {_told(wrong[0])}; use texts")
        for name in value:
            _refuse_half_characters(name, where)
        return {name: as_json(member, where) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, where) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, (str, int)):  # words and numbers of an enum
        return str.__str__(value) if isinstance(value, str) else int(value)
    raise NotJsonError(f"{where} is no JSON: it has {_told(value)} in it; use texts, finite numbers, lists and objects")


def _told(value: Any) -> str:
    """*value*, or its type where it has no text but its address."""
    text = repr(value)
    return f"a {type(value).__name__}" if " at 0x" in text else text


def _refuse_half_characters(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        message = f"{where} is no JSON: it has half a character in it, {half}; write the character itself"
        raise NotJsonError(message) from error


_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)
_MARSHALLED: Final = 2
"""The last format of marshal in which what is equal is written alike, whoever else holds it."""


def compact(value: Any) -> str:
    """*value* as JSON, as short as it can be written."""
    return _COMPACT.encode(value)


def sharing(made: Any, given: Any) -> Any:
    """*made* with those parts of *given* that it has unchanged under their names, so that they are known again."""
    if not isinstance(made, dict) or not isinstance(given, dict):
        return made
    return {
        name: given[name] if name in given and _same(member, given[name]) else member for name, member in made.items()
    }


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    # Not by ==, to which 1, 1.0 and true are one.
    return type(one) is type(other) and marshal.dumps(one, _MARSHALLED) == marshal.dumps(other, _MARSHALLED)


@functools.lru_cache(maxsize=4096)
def _size_of_name(name: str) -> int:
    return len(compact(name).encode()) + 2


class Sizes:
    """The sizes of payloads in bytes. A part that was seen is not looked at again: most of a payload is handed on."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, int]] = {}

    def of(self, value: Any) -> int:
        """The bytes of *value* as JSON."""
        if isinstance(value, str):
            return len(value.encode()) + 2 if value.isalnum() else len(compact(value).encode())
        if not isinstance(value, (dict, list)) or not value:
            return len(compact(value))
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if isinstance(value, dict):
            size = 1 + sum(map(_size_of_name, value))
            parts: Iterable[Any] = value.values()
        else:
            size = 1 + len(value)
            parts = value
        for part in parts:
            # A payload has a part for every job before: what was seen costs no call.
            known = self._known.get(id(part))
            size += self._part(part) if known is None else known[1]
        return self._remember(value, size)

    def _part(self, value: Any) -> int:
        """The bytes of something in a payload: written out where it was not seen, which is quick."""
        if not isinstance(value, (dict, list)):
            return self.of(value)
        known = self._known.get(id(value))
        return known[1] if known is not None else self._remember(value, len(compact(value).encode()))

    def _remember(self, value: Any, size: int) -> int:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[id(value)] = value, size  # with the value, whose identity is no other's as long as it is held
        return size


def put(document: Any, places: Sequence[str | int], value: Any) -> Any:
    """*document* with *value* at a place of it. Only what leads to the place is new, all else is shared.

    Raises:
        StateError: There is no such place: States.ResultPathMatchFailure.
    """
    if not places:
        return value
    place, rest = places[0], places[1:]
    if isinstance(place, str):
        if not isinstance(document, dict):
            raise _no_place(place, document)
        return {**document, place: put(document.get(place, {}), rest, value)}
    if not isinstance(document, list) or not 0 <= place < len(document):
        raise _no_place(place, document)
    return [*document[:place], put(document[place], rest, value), *document[place + 1 :]]


def _no_place(place: str | int, document: Any) -> StateError:
    cause = f"Unable to apply step {place!r} of the ResultPath to input {shown(document)}"
    return StateError("States.ResultPathMatchFailure", cause)


def shown(value: Any) -> str:
    """*value* as a cause shows it: whole, as Step Functions does."""
    return compact(value)
