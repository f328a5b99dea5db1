"""The condition keys of one request, as IAM's policies see them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from constructs_sm.language.errors import Problem, raise_all

Value: TypeAlias = str | tuple[str, ...]
"""Of one condition key: one value, or those of a key that has several."""
Context: TypeAlias = Mapping[str, object]
"""Condition keys as people write them: text, numbers, booleans, times, and lists of those."""


_TOO_LARGE = 10**100


class ConditionKeys:
    """Facts known of a request's condition keys.

    Args:
        context: The keys that the request has. Their case does not matter; None means that the key is absent.
        unknown: Keys of which it is not known whether the request has them, or with which value. A name that ends in
            `*` means every key that begins so.
    """

    __slots__ = ("_unknown", "_unknown_families", "_values")

    def __init__(self, context: Context | None = None, *, unknown: Iterable[str] = ()) -> None:
        self._values = _normalized({} if context is None else context)
        folded = [key.lower() for key in unknown]
        self._unknown = frozenset(folded)
        self._unknown_families = tuple(key[:-1] for key in folded if key.endswith("*"))

    def get(self, key: str) -> Value | None:
        """The value of *key*; None where the request has none."""
        return self._values.get(key.lower())

    def is_known(self, key: str) -> bool:
        """Tell if it is known what the request has of *key*."""
        folded = key.lower()
        return folded in self._values or not (folded in self._unknown or folded.startswith(self._unknown_families))


def _normalized(context: object) -> dict[str, Value]:
    problems: list[Problem] = []
    values: dict[str, Value] = {}
    if not isinstance(context, Mapping):
        problems.append(
            Problem(
                "a context is no mapping",
                context,
                "give the value of each condition key by its name",
                "policy-question",
            )
        )
        raise_all("context", problems)
        return values
    for key, given in context.items():
        if not isinstance(key, str) or not key:
            problems.append(
                Problem("a condition key is no text", key, "name it, as aws:RequestedRegion", "policy-question")
            )
            continue
        value = _value(given)
        if value is None and given is not None:
            problems.append(
                Problem(
                    f"{key} has no value that IAM knows",
                    given,
                    "give text, a number, a boolean, or a list of those",
                    "policy-question",
                )
            )
        elif value is not None:
            values[key.lower()] = value
    raise_all("context", problems)
    return values


def _value(given: object) -> Value | None:
    if isinstance(given, (list, tuple, set, frozenset)):
        items = [_text(item) for item in (sorted(given, key=str) if isinstance(given, (set, frozenset)) else given)]
        texts = [item for item in items if item is not None]
        return tuple(texts) if len(texts) == len(items) else None
    return _text(given)


def _text(given: object) -> str | None:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, bytes):
        return base64.b64encode(given).decode()
    if isinstance(given, (datetime, date)):
        return given.isoformat()
    if isinstance(given, str):
        return given
    is_number = isinstance(given, (int, float, Decimal)) and -_TOO_LARGE < given < _TOO_LARGE
    return str(given) if is_number else None
