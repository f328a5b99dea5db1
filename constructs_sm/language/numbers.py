"""Numbers that JSON and Step Functions can say."""

from __future__ import annotations

import sys

from constructs_sm.language.late_bound import is_altered_number, is_token


def is_finite_number(value: object) -> bool:
    """Tell whether *value* is a number that a double holds: no boolean, NaN or infinity, and no token of the CDK."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if is_token(value) or is_altered_number(value):
        return False
    # A comparison, since math.isfinite itself fails at whole numbers beyond a double.
    return -sys.float_info.max <= value <= sys.float_info.max
