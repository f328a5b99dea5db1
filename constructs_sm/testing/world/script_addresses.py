"""Addresses in a script: a state, `Train`, or the state in one iteration of the Maps around it, `Train[2]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

_Said = TypeVar("_Said")
_ITERATION: Final = re.compile(r"(.+?)((?:\[\d+\])+)", re.DOTALL)


def state_of(address: str, states: Container[str]) -> str:
    """The state that an address is of: one of that very name, or else the one before the brackets."""
    found = None if address in states else _ITERATION.fullmatch(address)
    return found[1] if found else address


def without(script: Mapping[str, _Said], state: str) -> dict[str, _Said]:
    """*script* without all that it says of a state."""
    return {address: said for address, said in script.items() if state_of(address, (state,)) != state}
