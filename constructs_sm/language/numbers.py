"""Numbers that JSON and Step Functions can say."""

from __future__ import annotations

import json
import math
import sys
from typing import Any, Final, TypeGuard

from constructs_sm.language.document_limits import MAX_DIGITS
from constructs_sm.language.late_bound import is_altered_number, is_token


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether *value* is a number of JSON, which a boolean of Python is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole_number(value: object, *, least: int) -> TypeGuard[int]:
    """Tell whether *value* is a whole number, written as one, of *least* or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_finite_number(value: object) -> bool:
    """Tell whether *value* is a number that a double holds: no boolean, NaN or infinity, and no token of the CDK."""
    if not is_number(value):
        return False
    if is_token(value) or is_altered_number(value):
        return False
    # A comparison, since math.isfinite itself fails at whole numbers beyond a double.
    return -sys.float_info.max <= value <= sys.float_info.max


def json_in(text: str, **hooks: Any) -> Any:
    """The value of a text of JSON as AWS reads it: without NaN, and without numbers that are more than a double holds.

    Raises:
        ValueError: It is none.
    """
    try:
        return json.loads(text, **READ_AS, **hooks)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits is more than a number can be")
    return int(digits)


def _double(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"{digits} is more than a number can be")
    return number


READ_AS: Final[dict[str, Any]] = {
    "parse_constant": _no_number,
    "parse_float": _double,
    "parse_int": _whole,
}
"""Arguments of a decoder of JSON that reads numbers as AWS does."""
