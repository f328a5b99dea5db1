"""Answers that may be unknown: yes, no, or which condition keys they hang on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Unknown:
    """An answer that hangs on what is not known.

    Attributes:
        keys: The condition keys whose values would settle it; `RESOURCE` where it is the resource.
    """

    keys: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError("an unknown answer is neither yes nor no; ask for `is True` or `is False`")


Truth: TypeAlias = bool | Unknown

RESOURCE = "the resource"
"""In place of a condition key, where it is not known what a call is authorized on."""


def unknown(*keys: str) -> Unknown:
    """The answer that hangs on *keys*."""
    return Unknown(frozenset(keys))


def all_of(truths: Iterable[Truth]) -> Truth:
    """Yes if all are; no as soon as one is."""
    open_keys: frozenset[str] = frozenset()
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unknown):
            open_keys |= truth.keys
    return Unknown(open_keys) if open_keys else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """Yes as soon as one is; no if none is."""
    open_keys: frozenset[str] = frozenset()
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, Unknown):
            open_keys |= truth.keys
    return Unknown(open_keys) if open_keys else False


def opposite(truth: Truth) -> Truth:
    """Yes for no, no for yes; what is unknown stays so."""
    return truth if isinstance(truth, Unknown) else not truth
