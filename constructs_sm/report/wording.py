"""Values as a page spells them: times, JSON, and text that nobody can hide anything in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import timedelta

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_YEAR: Final = 366 * 86_400
"""The longest time that an execution has."""
_NO_TEXT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]|[\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
"""Characters that HTML cannot hold."""
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that are not seen, and change the order in which others are."""


def text(value: str) -> str:
    """*value* without what HTML cannot hold, and with what turns its direction spelled out."""
    held = _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value)
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", held)


def as_json(value: Any) -> str:
    """*value* as JSON over several lines, in the order in which it was written."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def size_of(value: Any) -> int:
    """Bytes of UTF-8 that *value* takes as JSON without white space."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str).encode("utf-8", "replace"))


def lasting(time: timedelta) -> str:
    """Tell how long something lasts, in the two largest units."""
    seconds = time.total_seconds()
    if seconds > _YEAR:
        return "longer than an execution may run"
    whole = round(seconds)
    parts = []
    for size, unit in _UNITS:
        if whole >= size:
            parts.append(f"{whole // size} {unit}")
            whole %= size
    return " ".join(parts[:2]) or ("0 s" if not seconds else f"{seconds:.1f} s")
