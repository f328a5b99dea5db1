"""Expressions of JSONata, put together from text. Without their marks, unless it is the whole of a field."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNCHANGED = "{% $states.input %}"
"""The Output of a state that leaves nothing."""

_KEY = re.compile(r"\.(\w+)|\[['\"]([^'\"]+)['\"]\]")
_PATH = re.compile(rf"\$\$?(?:{_KEY.pattern}|\[\d+\])*")
FORMAT = re.compile(r"States\.Format\('((?:[^'\\]|\\.)*)'((?:,\s*\$[^,()]*)*)\)")
"""States.Format of plain paths: its text, and its arguments."""
_PLAIN = re.compile(r"(?!(?:and|or|in|true|false|null|function)$)[A-Za-z_][A-Za-z0-9_]*")


def quoted(text: str) -> str:
    """*text* as a string; in single quotes where it can, since JSON escapes the others."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped if "'" in text else "'" + escaped[1:-1].replace('\\"', '"') + "'"


def jsonata_of(path: str) -> str:
    """A plain JSONPath, into a state's input or the context object, or a States.Format of such."""
    formatted = FORMAT.fullmatch(path)
    if formatted is not None:
        texts = [quoted(re.sub(r"\\(.)", r"\1", text)) for text in formatted[1].split("{}")]
        values = map(jsonata_of, _arguments(formatted))
        joined = [part for pair in zip(texts, [*values, "''"], strict=False) for part in pair]
        return " & ".join(part for part in joined if part != "''")
    root, rest = ("$states.context", path[2:]) if path.startswith("$$") else ("$states.input", path[1:])
    return root + _KEY.sub(lambda key: f".{named(key[1] or key[2])}", rest)


def _arguments(formatted: re.Match[str]) -> list[str]:
    return [value.strip() for value in formatted[2].split(",")[1:]]


def is_plain(path: str) -> bool:
    """Whether a JSONPath is one that `jsonata_of` can say: no other intrinsic function, no filter."""
    formatted = FORMAT.fullmatch(path)
    return all(map(is_plain, _arguments(formatted))) if formatted else _PATH.fullmatch(path) is not None


def place_of(key: str) -> str:
    """What stands under *key* in the input."""
    return f"$states.input.{named(key)}"


def named(key: str) -> str:
    """A key as a step of a path."""
    return key if _PLAIN.fullmatch(key) else f"`{key}`"


def listed(texts: Iterable[str]) -> str:
    """A list of strings."""
    return f"[{','.join(map(quoted, texts))}]"


def object_of(fields: Mapping[str, str]) -> str:
    """An object of expressions; those that yield nothing leave their key out."""
    return f"{{{', '.join(f'{quoted(name)}: {value}' for name, value in fields.items())}}}"


def fields_of(names: Iterable[str]) -> str:
    """What makes an object of some fields of another, behind that; what is not there is left out."""
    return f".{object_of({name: name for name in names})}"


def only(names: Iterable[str], value: str) -> str:
    """An object with some of its fields."""
    return f"$sift({value}, function($v, $k) {{ $k in {listed(names)} }})"


def merged(key: str, value: str) -> str:
    """A whole Output: the input with *value* under *key*."""
    return f"{{% $merge([$states.input, {object_of({key: value})}]) %}}"


def merged_at(keys: Sequence[str], value: str) -> str:
    """A whole Output: the input with *value* under the last of *keys*, each of which is under the one before."""
    for depth in range(len(keys) - 1, 0, -1):
        above = "".join(f".{named(key)}" for key in keys[:depth])
        value = f"$merge([$states.input{above}, {object_of({keys[depth]: value})}])"
    return merged(keys[0], value)


def without(keys: Sequence[str], key: str, value: str) -> str:
    """A whole Output: the input without what stands under *keys*, and with *value* under *key*."""
    left = f"$sift($states.input, function($v, $k) {{ $not($k in {listed(keys)}) }})"
    return f"{{% $merge([{left}, {object_of({key: value})}]) %}}"


def said(text: str, value: str) -> str:
    """A whole field: a text, and after it a value."""
    return f"{{% {quoted(text)} & {value} %}}"
