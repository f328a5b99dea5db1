"""Numbers that JSON and Step Functions can say."""

from __future__ import annotations

import sys


def is_finite_number(value: object) -> bool:
    """Tell whether *value* is a number that a double holds: no boolean, no NaN, no infinity, none beyond them."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # A comparison, since math.isfinite itself fails at whole numbers beyond a double.
    return -sys.float_info.max <= value <= sys.float_info.max
