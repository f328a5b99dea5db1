"""The moment at which, and the chance by which, an expression is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Moment:
    """Time and chance, as an expression can ask for them."""

    milliseconds: float
    """The virtual time."""
    numbers: random.Random
    """The source of chance."""
    seconds_left: float
    """Seconds that it may really take."""
