"""Times as Amazon States Language writes them: `2026-01-01T00:00:00.000Z`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

STARTS: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""The start of every execution."""
_WRITTEN = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})")
_NANOSECONDS = 9


def parsed(text: object) -> tuple[int, int] | None:
    """Seconds since 1970 of a timestamp, and nanoseconds; None if it is none."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    offset = "+00:00" if match[3] == "Z" else match[3]
    try:
        moment = datetime.fromisoformat(f"{match[1]}{offset}")
    except ValueError:
        return None
    return int(moment.timestamp()), int((match[2] or "").ljust(_NANOSECONDS, "0"))


def written(moment: datetime) -> str:
    """A time as the context object has it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def after(seconds: float) -> datetime:
    """The time when so many seconds of an execution have passed."""
    return STARTS + timedelta(seconds=seconds)
