"""Times in seconds, whichever way they are given: as a Duration or a Timeout of the CDK, or as a number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from constructs_sm.language.late_bound import is_token


def seconds_of(value: object) -> int | None:
    """Read a time as whole seconds; None if it is none of one second or more that is known at synthesis."""
    if hasattr(type(value), "to_seconds"):
        return _seconds_of_duration(value)
    if hasattr(type(value), "seconds") and hasattr(type(value), "path"):
        # A Timeout: at a path, or of a Duration, which it has as seconds.
        value = getattr(value, "seconds", None)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or is_token(value):
        return None
    return int(value) if value >= 1 and float(value).is_integer() else None


@lru_cache(1024)
def _seconds_of_duration(duration: Any) -> int | None:
    """Whole seconds of a Duration; asked once of one that many constructs have, since it is a message."""
    try:
        seconds = duration.to_seconds()
    except RuntimeError:
        return None
    return None if is_token(seconds) else int(seconds) or None
