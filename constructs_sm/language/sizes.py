"""Values that no request can hold: too large, too deep, numbers that are none. Refused before they are looked into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, Final

from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.machines import LARGEST_PAYLOAD

DEEPEST: Final = 50
"""No request of SageMaker's has so many structures in each other."""
_COLLECTIONS: Final = (list, tuple, set, frozenset)


def too_large(arguments: Mapping[str, Any]) -> Iterator[Problem]:
    """Find the arguments that are larger than all that a state can send or hand on."""
    for name, value in arguments.items():
        if _size(value, LARGEST_PAYLOAD) > LARGEST_PAYLOAD:
            what = f"{name} is larger than the {LARGEST_PAYLOAD:,} bytes that a state can send"
            yield Problem(what, NOTHING, "put it into S3, and say where", "argument-too-large")


def not_finite_in(arguments: Mapping[str, Any]) -> Iterator[Problem]:
    """Find the numbers that JSON has no way to write: they would end the process in which the CDK runs."""
    for name, value in arguments.items():
        level, depth = [value], 0
        while level and depth < DEEPEST:
            for each in level:
                if isinstance(each, float) and not isfinite(each):
                    yield not_finite(name, each)
            level, depth = [inner for each in level for inner in _within(each)], depth + 1


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, _COLLECTIONS) else ()


def not_finite(path: str, value: float) -> Problem:
    """Refuse a number that JSON has no way to write."""
    return Problem(f"{path} must be a finite number", value, "pass one that JSON can say", "value-of-request")


def _size(value: Any, most: int) -> int:
    """Characters that *value* has as JSON at least, DEEPEST levels deep; counted until they are more than *most*."""
    size, level = 0, [value]
    for _ in range(DEEPEST):
        further: list[Any] = []
        for each in level:
            if isinstance(each, str):
                size += len(each) + 2
            elif isinstance(each, Mapping):
                size += 2 * len(each)
                if size <= most:
                    further += each
                    further += each.values()
            elif isinstance(each, _COLLECTIONS):
                size += len(each)
                if size <= most:
                    further += each
            else:
                size += 1
            if size > most:
                return size
        level = further
    return size


def too_deep(path: str, value: object) -> Problem:
    """Refuse what never ends, or might as well not."""
    what = f"{path or 'the request'} holds itself, or too many structures in each other"
    got = value if value is NOTHING else type(value).__name__
    return Problem(what, got, f"nest at most {DEEPEST}", "value-of-request")
