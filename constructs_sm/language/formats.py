"""Texts with late values in them, as one `States.Format`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from constructs_sm.language.late_bound import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

_BEGINNING = re.compile(r"States\.Format\(\s*'((?:[^'\\]|\\.)*)'\s*", re.DOTALL)
_HOLE = "{}"
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


def joined(parts: Iterable[tuple[str, bool]]) -> str:
    """Join texts and late values in JSONPath; a `States.Format` among them becomes a part of the whole.

    Args:
        parts: Each with True if it is a path or an intrinsic function, False if it is a text.
    """
    template, values = "", []
    for part, late in parts:
        inner = _taken_apart(part) if late else None
        if inner is not None:
            template += inner[0]
            values += inner[1]
        elif late:
            template += _HOLE
            values.append(part)
        else:
            template += escaped(part)
    return f"States.Format('{template}', {', '.join(values)})"


def _taken_apart(call: str) -> tuple[str, list[str]] | None:
    """Template and arguments of a `States.Format`; None if it is anything else."""
    beginning = _BEGINNING.match(call)
    if beginning is None or not call.endswith(")"):
        return None
    values = _arguments(call[beginning.end() : -1])
    if values is None or beginning[1].count(_HOLE) != len(values):
        return None
    return beginning[1], values


def _arguments(text: str) -> list[str] | None:
    """Split what follows the template at the commas that are in no brackets or quotes; None if it is no such list."""
    values, depth, begun, at = [], 0, 1, 0
    if text and text[0] != ",":
        return None
    while at < len(text):
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            at = quoted.end()
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[at], 0)
        if depth < 0:
            return None
        if text[at] == "," and not depth and at:
            values.append(text[begun:at].strip())
            begun = at + 1
        at += 1
    return [*values, text[begun:].strip()] if text else []
