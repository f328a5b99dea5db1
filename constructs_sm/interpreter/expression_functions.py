"""The functions that Step Functions adds to JSONata, and those that it has otherwise than JSONata's engine."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.intrinsic_functions import HASHES
from constructs_sm.language.numbers import is_number, json_in

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

_LONGEST_RANGE: Final = 10_000_000
"""The items that the operator .. yields at most, too."""
_MOST: Final = 1.7976931348623157e308
_BAD_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_SINGLE_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)


class FunctionError(ValueError):
    """A function that takes no such arguments."""


def _whole(value: Any) -> int:
    if not is_number(value):
        raise FunctionError(f"T0410: a number is expected, got {json.dumps(value)}")
    return math.trunc(value)


def _eval(*_: Any) -> None:
    raise FunctionError("T1006: $eval is not in the JSONata of Step Functions; use $parse for JSON")


def _partition(*arguments: Any) -> Any:
    if not arguments or arguments[0] is None:
        return None
    items = arguments[0]
    if not isinstance(items, list):
        raise FunctionError(f"T0410: $partition takes an array, got {json.dumps(items)}")
    if not items:
        return None
    size = _whole(arguments[1]) if len(arguments) > 1 else len(items)
    if size < 0:
        raise FunctionError("D3137: the size of a part is not below 0")
    if size == 0:
        return None
    return [items[start : start + size] for start in range(0, len(items), size)]


def _range(*arguments: Any) -> Any:
    if len(arguments) != 3:  # noqa: PLR2004 - first, last and step
        raise FunctionError("T0410: $range takes three numbers")
    first, last, step = map(_whole, arguments)
    if step == 0:
        raise FunctionError("D3137: the step is not 0")
    count = (last - first) // step + 1
    if count > _LONGEST_RANGE:
        raise FunctionError(f"D2014: $range yields at most {_LONGEST_RANGE:,} items, not {count:,}")
    found = list(range(first, last + (1 if step > 0 else -1), step))
    return None if not found else found[0] if len(found) == 1 else found


def _hash(text: Any = None, algorithm: Any = None) -> str | None:
    if text is None:
        return None
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise FunctionError(f"D3137: $hash knows {', '.join(HASHES)}, got {json.dumps(algorithm, default=str)}")
    content = text if isinstance(text, str) else json.dumps(text, separators=(",", ":"), ensure_ascii=False)
    return hashlib.new(HASHES[algorithm], content.encode(), usedforsecurity=False).hexdigest()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FunctionError("D3137: a name stands twice in the JSON")
    return found


def _parsed(text: Any = None) -> dict[str, Any] | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise FunctionError("T0410: $parse takes a text")
    # Its parser takes texts in single quotes too.
    double = _SINGLE_QUOTED.sub(lambda found: found[0] if found[1] is None else json.dumps(found[1]), text)
    try:
        return {"value": json_in(double, object_pairs_hook=_pairs)}
    except ValueError as error:
        raise FunctionError(f"D3137: $parse: this is no JSON: {error}") from None


def _base64_encode(text: Any = None) -> str | None:
    return None if text is None else base64.b64encode(str(text).encode()).decode()


def _base64_decode(text: Any = None) -> str | None:
    if text is None:
        return None
    try:
        return base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise FunctionError("D3137: this is no Base64 of a text") from None


def _decode_url(text: Any = None) -> str | None:
    if text is None:
        return None
    if _BAD_PERCENT.search(str(text)):
        raise FunctionError(f"D3140: malformed URL {text}")
    return urllib.parse.unquote_plus(str(text))  # bytes that are no text in UTF-8 become U+FFFD


def _computed(work: Callable[[float, float], float]) -> Callable[..., Any]:
    """Arithmetic as Java has it: what is too large is Infinity, which the largest number stands for."""

    def compute(left: Any = None, right: Any = None) -> Any:
        if left is None or right is None:
            return None
        if not all(map(is_number, (left, right))):
            raise FunctionError("T2001: arithmetic takes numbers")
        found = work(float(left), float(right))
        return math.copysign(_MOST, found) if math.isinf(found) else found

    return compute


def _judged(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """A function that says in words that it takes no such arguments."""

    def called(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except FunctionError:
            raise
        except (TypeError, ValueError, OverflowError, RecursionError, MemoryError):
            raise FunctionError(f"T0410: ${name} takes no such arguments") from None

    return called


_FUNCTIONS: Final[dict[str, tuple[Callable[..., Any], str | None]]] = {
    "eval": (_eval, None),
    "partition": (_partition, None),
    "range": (_range, None),
    "hash": (_hash, None),
    "parsed_": (_parsed, None),
    "base64encode": (_base64_encode, "<s-:s>"),
    "base64decode": (_base64_decode, "<s-:s>"),
    "decodeUrlComponent": (_decode_url, "<s-:s>"),
    "decodeUrl": (_decode_url, "<s-:s>"),
    "times_": (_computed(lambda left, right: left * right), None),
    "plus_": (_computed(lambda left, right: left + right), None),
    "minus_": (_computed(lambda left, right: left - right), None),
}
FUNCTIONS: Final = {name: (_judged(name, work), signature) for name, (work, signature) in _FUNCTIONS.items()}
"""By name: the function, and the signature that its arguments are checked against."""


def by_chance(numbers: random.Random, names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """The functions of chance, drawing from *numbers*."""

    def drawn(*seed: Any) -> float:
        return _drawn_by_java(_whole(seed[0])) if seed and seed[0] is not None else numbers.random()

    def fresh(*arguments: Any) -> str:
        if arguments:
            raise FunctionError("T0410: $uuid takes no argument")
        return str(uuid.UUID(int=numbers.getrandbits(128), version=4))

    known: dict[str, Callable[..., Any]] = {"random": drawn, "uuid": fresh}
    return {name: _judged(name, known[name]) for name in names}


def _drawn_by_java(seed: int) -> float:
    """The first number that java.util.Random draws from a seed, to the bit as Step Functions does."""
    state = (seed ^ _MULTIPLIER) & _MASK
    state = (state * _MULTIPLIER + _INCREMENT) & _MASK
    high = state >> 22
    state = (state * _MULTIPLIER + _INCREMENT) & _MASK
    return float((high << 27) + (state >> 21)) / (1 << 53)


_MULTIPLIER: Final = 0x5DEECE66D
_INCREMENT: Final = 0xB
_MASK: Final = (1 << 48) - 1
