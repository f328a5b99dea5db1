"""The intrinsic functions of Step Functions, one row each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import random
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.numbers import is_number, json_in

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_TEXT: Final = 10_000
_LONGEST_RANGE: Final = 1_000
_INT: Final = 2**31
HASHES: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
"""The algorithms that Step Functions hashes with, and what Python calls them."""
_PLACE = re.compile(r"\\(?P<escaped>.)|\{\}|(?P<open>[{}])", re.DOTALL)


class IntrinsicError(ValueError):
    """An intrinsic function that takes no such arguments: `States.IntrinsicFailure`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Things a function asks for besides its arguments."""

    numbers: random.Random = field(default_factory=random.Random)
    """Source of chance."""


@dataclass(frozen=True, slots=True)
class Function:
    """An intrinsic function."""

    name: str
    least: int
    most: int
    work: Callable[..., Any]
    takes_template: bool = False
    by_chance: bool = False

    @property
    def counts(self) -> str:
        """The number of its arguments, in words."""
        if self.least == self.most:
            return str(self.least)
        return f"at least {self.least}" if self.most >= _LONGEST_TEXT else f"{self.least} to {self.most}"

    def apply(self, arguments: list[Any], around: Surroundings) -> Any:
        """The value of the function for *arguments*."""
        try:
            return self.work(around.numbers, *arguments) if self.by_chance else self.work(*arguments)
        except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
            problem = str(error) if isinstance(error, IntrinsicError) else f"{self.name} takes no such arguments"
            raise IntrinsicError(problem) from error


def _refused(problem: str) -> IntrinsicError:
    return IntrinsicError(problem)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _refused(f"{name} takes a list, got {_plain(value)}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _refused(f"{name} takes a text, got {_plain(value)}")
    return value


def _whole(value: Any, name: str) -> int:
    """A number as a whole one, halves upwards."""
    if not is_number(value) or not math.isfinite(value):
        raise _refused(f"{name} takes a number, got {_plain(value)}")
    return math.floor(value + 0.5) if isinstance(value, float) else int(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _identity(value: Any) -> Any:
    """Return a key that is equal for two values that are the same JSON: true is not 1."""
    if isinstance(value, list):
        return "list", *map(_identity, value)
    if isinstance(value, dict):
        return "object", frozenset((name, _identity(member)) for name, member in value.items())
    return ("true", value) if isinstance(value, bool) else value


def _as_java(value: Any) -> str:
    """A value as Java prints it, which is what `States.Format` puts into a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_as_java(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_java, value)) + "]"
    return _plain(value)


def _format(template: Any, *values: Any) -> str:
    waiting = list(values)

    def filled(place: re.Match[str]) -> str:
        if place["escaped"] is not None:
            return place["escaped"]
        if place["open"] is not None:
            raise _refused(f"a brace alone in States.Format is escaped with a backslash, got {template!r}")
        if not waiting:
            raise _refused(f"States.Format has more places than values: {template!r}")
        return _as_java(waiting.pop(0))

    text = _PLACE.sub(filled, _text(template, "States.Format"))
    if waiting:
        raise _refused(f"States.Format has more values than places: {template!r}")
    return text


def _string_to_json(text: Any) -> Any:
    if not _text(text, "States.StringToJson").strip():
        return None
    try:
        return json_in(text)
    except ValueError:
        raise _refused(f"States.StringToJson: this is no JSON: {text!r}") from None


def _array_partition(items: Any, size: Any) -> list[Any]:
    step = _whole(size, "States.ArrayPartition")
    if step < 1:
        raise _refused("States.ArrayPartition: the size of a part is above 0")
    found = _list(items, "States.ArrayPartition")
    return [found[start : start + step] for start in range(0, len(found), step)]


def _array_range(first: Any, last: Any, step: Any) -> list[int]:
    start, end, by = (_whole(value, "States.ArrayRange") for value in (first, last, step))
    if by == 0:
        raise _refused("States.ArrayRange: the step is not 0")
    found = range(start, end + (1 if by > 0 else -1), by)
    if len(found) > _LONGEST_RANGE:
        raise _refused(f"States.ArrayRange yields at most {_LONGEST_RANGE} items, not {len(found)}")
    return list(found)


def _array_get_item(items: Any, index: Any) -> Any:
    number = _whole(index, "States.ArrayGetItem")
    found = _list(items, "States.ArrayGetItem")
    if not 0 <= number < len(found):
        raise _refused(f"States.ArrayGetItem: there is no item {number} of {len(found)}")
    return found[number]


def _array_unique(items: Any) -> list[Any]:
    first: dict[Any, Any] = {}
    for item in _list(items, "States.ArrayUnique"):
        first.setdefault(_identity(item), item)
    return list(first.values())


def _short(text: Any, name: str) -> str:
    if len(_text(text, name)) > _LONGEST_TEXT:
        raise _refused(f"{name} takes at most {_LONGEST_TEXT} characters, got {len(text)}")
    return str(text)


def _base64_decode(text: Any) -> str:
    try:
        return base64.b64decode(_short(text, "States.Base64Decode"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _refused("States.Base64Decode: this is no Base64 of a text") from None


def _hash(data: Any, algorithm: Any) -> str:
    name = HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise _refused(f"States.Hash knows {', '.join(HASHES)}, got {_plain(algorithm)}")
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return hashlib.new(name, _short(text, "States.Hash").encode(), usedforsecurity=False).hexdigest()


def _json_merge(one: Any, other: Any, deep: Any) -> dict[str, Any]:
    if deep is not False:
        raise _refused("States.JsonMerge merges shallowly only: its third argument is false")
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise _refused("States.JsonMerge takes two objects")
    return {**one, **other}


def _int(value: int, name: str) -> int:
    if not -_INT <= value < _INT:
        raise _refused(f"{name} knows whole numbers of 32 bits, got {value}")
    return value


def _math_add(one: Any, other: Any) -> int:
    name = "States.MathAdd"
    return _int(_int(_whole(one, name), name) + _int(_whole(other, name), name), name)


def _math_random(numbers: random.Random, first: Any, last: Any, seed: Any = None) -> int:
    name = "States.MathRandom"
    start, end = (_int(_whole(value, name), name) for value in (first, last))
    if start >= end:
        raise _refused(f"{name}: the first number is below the second, got {start} and {end}")
    source = numbers if seed is None else random.Random(_whole(seed, name))  # noqa: S311 - not for secrets
    return source.randrange(start, end)


def _string_split(text: Any, marks: Any) -> list[str]:
    known = set(_text(marks, "States.StringSplit"))
    parts, part = [], ""
    for letter in _text(text, "States.StringSplit"):
        if letter in known:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [each for each in (*parts, part) if each]


def _uuid(numbers: random.Random) -> str:
    return str(uuid.UUID(int=numbers.getrandbits(128), version=4))


def _array_length(items: Any) -> int:
    return len(_list(items, "States.ArrayLength"))


def _array_contains(items: Any, value: Any) -> bool:
    return _identity(value) in map(_identity, _list(items, "States.ArrayContains"))


_MANY: Final = _LONGEST_TEXT
FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("States.Format", 1, _MANY, _format, takes_template=True),
        Function("States.StringToJson", 1, 1, _string_to_json),
        Function(
            "States.JsonToString", 1, 1, lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        ),
        Function("States.Array", 0, _MANY, lambda *items: list(items)),
        Function("States.ArrayPartition", 2, 2, _array_partition),
        Function("States.ArrayContains", 2, 2, _array_contains),
        Function("States.ArrayRange", 3, 3, _array_range),
        Function("States.ArrayGetItem", 2, 2, _array_get_item),
        Function("States.ArrayLength", 1, 1, _array_length),
        Function("States.ArrayUnique", 1, 1, _array_unique),
        Function(
            "States.Base64Encode",
            1,
            1,
            lambda text: base64.b64encode(_short(text, "States.Base64Encode").encode()).decode(),
        ),
        Function("States.Base64Decode", 1, 1, _base64_decode),
        Function("States.Hash", 2, 2, _hash),
        Function("States.JsonMerge", 3, 3, _json_merge),
        Function("States.MathRandom", 2, 3, _math_random, by_chance=True),
        Function("States.MathAdd", 2, 2, _math_add),
        Function("States.StringSplit", 2, 2, _string_split),
        Function("States.UUID", 0, 0, _uuid, by_chance=True),
    )
}
"""By name. Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"""
