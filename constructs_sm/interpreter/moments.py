"""When, and by which chance, an expression is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Moment:
    """What an expression can ask of the world."""

    milliseconds: float
    """The virtual time."""
    numbers: random.Random
    """Where chance comes from."""
    seconds_left: float
    """How long it may really take."""
