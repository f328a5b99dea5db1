"""Paths: the keys of construct ids, and the one place that takes a JSONPath, or a plain path of JSONata, apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from constructs_sm.language.late_bound import TOKEN

Place: TypeAlias = tuple[str, ...]
"""Keys from the root of a payload."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTABLE = re.compile(r"['\"`\\]")
_STEP = re.compile(r"\.([^\s.\[\]()'\"`*@?,:$]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(-?\d+)\]")
_JSONATA_INPUT = "$states.input"
_JSONATA_STEP = re.compile(r"\.(\w+)|\.`([^`]+)`")
_FORMAT = re.compile(r"States\.Format\('((?:[^'\\]|\\.)*)'((?:,\s*\$[^,()]*)*)\)")
_FORMATTED_BEGINNING = re.compile(rf"States\.Format\('((?:{TOKEN.pattern}|[^'{{}}\\])*)\{{")
_ITEM = re.compile(r"\$\[(\d+)\]")


def name_of(construct_id: str) -> str:
    """Name a state as the CDK does: a slash would part the path of the construct."""
    return construct_id.replace("/", "--")


def key_of(construct_id: str) -> str:
    """Name what a construct keeps in its input: by its id, without characters that no path can quote."""
    return _UNQUOTABLE.sub("_", construct_id)


def path_of(key: str) -> str:
    """JSONPath of a key."""
    return f"$.{key}" if _PLAIN.fullmatch(key) else f"$['{key}']"


@dataclass(frozen=True, slots=True)
class Path:
    """A JSONPath of keys and indices: into the input (`$`) or the context object (`$$`)."""

    root: str
    steps: tuple[str | int, ...]


@lru_cache(4096)
def parsed(path: str) -> Path | None:
    """Take a JSONPath apart; None if it has more in it than keys and indices."""
    if not path.startswith("$"):
        return None
    root = "$$" if path.startswith("$$") else "$"
    steps, rest = _steps(path, len(root))
    return None if rest else Path(root, steps)


def _steps(path: str, at: int) -> tuple[tuple[str | int, ...], str]:
    """Keys and indices from a position on, and what of the path follows them."""
    steps: list[str | int] = []
    while step := _STEP.match(path, at):
        steps.append(int(step[4]) if step[4] else step[1] or step[2] or step[3])
        at = step.end()
    return tuple(steps), path[at:]


def is_reference(path: str) -> bool:
    """Tell whether a JSONPath names one place of the input, as that of a result must."""
    found = parsed(path)
    return found is not None and found.root == "$" and not any(isinstance(s, int) and s < 0 for s in found.steps)


@lru_cache(1024)
def keys_in(path: str) -> Place:
    """Keys that lead to what *path* names in the input; none if it is more than keys."""
    found = parsed(path)
    keys = () if found is None or found.root != "$" else found.steps
    return tuple(key for key in keys if isinstance(key, str)) if all(isinstance(key, str) for key in keys) else ()


def key_in(path: str) -> str | None:
    """The one key that *path* names; None: it leads elsewhere."""
    keys = keys_in(path)
    return keys[0] if len(keys) == 1 else None


def keys_before(path: str) -> tuple[Place, str]:
    """Split a path, in either query language, into the keys that it begins with and what follows them."""
    if path.startswith(_JSONATA_INPUT):
        keys, at = [], len(_JSONATA_INPUT)
        while step := _JSONATA_STEP.match(path, at):
            keys.append(step[1] or step[2])
            at = step.end()
        return tuple(keys), path[at:]
    if not path.startswith("$"):
        return (), path
    keys, at = [], 1
    while (step := _STEP.match(path, at)) and not step[4]:
        keys.append(step[1] or step[2] or step[3])
        at = step.end()
    return tuple(keys), path[at:]


def item_in(path: str) -> tuple[int, Place] | None:
    """Index and keys of a JSONPath into a list that is the whole input; None if it is no such path."""
    found = parsed(path)
    if found is None or found.root != "$" or not found.steps:
        return None
    index, *keys = found.steps
    if not isinstance(index, int) or index < 0 or any(isinstance(key, int) for key in keys):
        return None
    return index, tuple(map(str, keys))


def items_in(function: str) -> list[int]:
    """Indices of the items of such a list that an intrinsic function names."""
    return [int(index) for index in _ITEM.findall(function)]


def formatted_by(function: str) -> tuple[str, list[str]] | None:
    """Text and arguments of a `States.Format` of plain paths; None if it is anything else."""
    found = _FORMAT.fullmatch(function)
    return None if found is None else (found[1], [value.strip() for value in found[2].split(",")[1:]])


def literal_beginning(function: str) -> str | None:
    """Beginning of the value of a `States.Format`, whatever its arguments are; None if it is anything else."""
    found = _FORMATTED_BEGINNING.match(function)
    return None if found is None else found[1]
