"""Names in a program, made of what people call things."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9]+")
_LONGEST: Final = 40
_TAKEN: Final = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "l"))
"""Names that no variable gets; an l is read as a one."""


class Names:
    """Names that are given once each.

    Args:
        taken: Those that something has already.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._of_the_program = frozenset(taken) | _TAKEN
        self._taken = {*taken}

    def variable(self, text: str, otherwise: str) -> str:
        """A variable for what is called *text*; *otherwise*, where that has no letter or digit of ASCII."""
        words = _words(text) or otherwise
        name = words if words[0].isalpha() else f"{otherwise}_{words}"
        return self._given(f"{name}_{otherwise}" if name in self._of_the_program else name, "_")

    def construct(self, text: str, otherwise: str) -> str:
        """A construct id for what is called *text*: letters and digits."""
        joined = "".join(word[:1].upper() + word[1:] for word in _NO_WORD.split(_plain(text)))
        name = joined if joined[:1].isalpha() else f"{otherwise}{joined}"
        return self._given(name[:_LONGEST], "")

    def _given(self, name: str, separator: str) -> str:
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}{separator}{number}"
        self._taken.add(found)
        return found


def _words(text: str) -> str:
    parted = _NO_WORD.sub("_", _HUMP.sub("_", _plain(text))).strip("_").lower()
    if len(parted) <= _LONGEST:
        return parted
    # At the end of a word.
    return parted[: _LONGEST + 1].rpartition("_")[0] or parted[:_LONGEST]


def _plain(text: str) -> str:
    """A text in ASCII, letters without their marks."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
