"""Versions as texts, compared as people do: number by number, whatever stands between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER: Final = re.compile(r"\d+")
_PART: Final = re.compile(r"\d+|[a-z]+")
_LONGEST: Final = 64


def age(version: str) -> list[tuple[bool, int, str]]:
    """For sorting, older ones first: numbers as numbers, words (`latest`) before them."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _PART.findall(version)]


def nearest_versions(asked: object, known: Iterable[str]) -> tuple[str, ...]:
    """The versions that somebody may mean who asks for one that there is not; none if *asked* has no number.

    That is the newest of those that its text begins, as 1.2-1 for 1.2; else the last before it and the first after it,
    or the one of them that has more numbers in common with it, as 1.2-1 and not 1.4-2 for 1.2-2.
    """
    written = str(asked)
    # No version is longer, and Python makes no numbers of thousands of digits.
    if len(written) > _LONGEST or not (wanted := _numbers(written)):
        return ()
    candidates = sorted((version for version in known if _NUMBER.search(version)), key=age)
    begun = re.compile(rf"{re.escape(written)}(?!\d)")
    if meant := [version for version in candidates if begun.match(version)]:
        return (meant[-1],)
    older = [version for version in candidates if _numbers(version) <= wanted][-1:]
    newer = [version for version in candidates if _numbers(version) > wanted][:1]
    near = [*older, *newer]
    most = max(_in_common(_numbers(version), wanted) for version in near)
    return tuple(version for version in near if _in_common(_numbers(version), wanted) == most)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(version)]


def _in_common(numbers: list[int], others: list[int]) -> int:
    """The numbers that two versions have in common before they differ."""
    pairs = enumerate(zip(numbers, others, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(numbers), len(others)))
