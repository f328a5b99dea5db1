"""Expressions of JSONata, put together from text. Without their marks, unless it is the whole of a field."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.intrinsics import formatted_by, is_intrinsic
from constructs_sm.language.late_bound import is_jsonata, unmarked
from constructs_sm.language.paths import plain_key, reference
from constructs_sm.language.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs_sm.language.jsonpath import Path

UNCHANGED = "{% $states.input %}"
"""The Output of a state that leaves nothing."""

_VARIABLE = re.compile(r"\$[A-Za-z_]\w*")
_PLAIN = re.compile(r"(?!(?:and|or|in|true|false|null|function)$)[A-Za-z_][A-Za-z0-9_]*")


def quoted(text: str) -> str:
    """*text* as a string; in single quotes where it can, since JSON escapes the others."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped if "'" in text else "'" + escaped[1:-1].replace('\\"', '"') + "'"


@lru_cache(1024)
def jsonata_of(path: str) -> str:
    """Translate a plain JSONPath, into a state's input or the context object, or a States.Format of such.

    Raises:
        InvalidInputError: It has more in it: a filter, another intrinsic function.
    """
    # Most are of a job's output.
    if (key := plain_key(path)) is not None:
        return place_of(key)
    formatted = formatted_by(path)
    if formatted is not None:
        text, values = formatted
        texts = [quoted(re.sub(r"\\(.)", r"\1", part)) for part in text.split("{}")]
        joined = [part for pair in zip(texts, [*map(jsonata_of, values), "''"], strict=False) for part in pair]
        said = [part for part in joined if part != "''"]
        # What stands alone may be a number, and is made a text there too.
        return f"$string({said[0]})" if len(said) == 1 and values else " & ".join(said)
    call = translated(path, jsonata_of, quoted) if is_intrinsic(path) else None
    if call is not None:
        return call
    if _VARIABLE.fullmatch(path):
        return path
    found = _plainly(path)
    if found is None:
        use = "write it as JSONata: '{% ... %}'"
        raise InvalidInputError(
            "JSONPath", [Problem("it has no plain equivalent in JSONata", path, use, "query-language-translation")]
        )
    root = "$states.context" if found.of_context else "$states.input"
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{named(step)}" for step in found.places)


def is_plain(path: str) -> bool:
    """Tell whether `jsonata_of` can translate a JSONPath."""
    formatted = formatted_by(path)
    if formatted is None and is_intrinsic(path):
        try:
            return translated(path, jsonata_of, quoted) is not None
        except InvalidInputError:
            return False
    return _plainly(path) is not None if formatted is None else all(map(is_plain, formatted[1]))


def _plainly(path: str) -> Path | None:
    """Parse a path whose keys can all be quoted."""
    found = reference(path)
    return None if found is None or any(step == "" or "`" in str(step) for step in found.places) else found


def expression_of(text: str) -> str:
    """A text as JSONata without marks: what stands between its own, or else a literal."""
    return unmarked(text) if is_jsonata(text) else quoted(text)


def place_of(key: str) -> str:
    """Expression for what stands under *key* in the input."""
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
    """End of an expression that makes an object of some fields of another; what is not there is left out."""
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


def without(keys: Iterable[str], key: str | None = None, value: str = "") -> str:
    """A whole Output: the input without what stands under *keys*, and with *value* under *key*, if there is one.

    An input with nothing else becomes an empty object; $sift alone yields nothing then, which fails the state.
    """
    left = f"$sift($states.input, function($v, $k) {{ $not($k in {listed(keys)}) }})"
    return f"{{% $merge([{left if key is None else f'{left}, {object_of({key: value})}'}]) %}}"


def said(text: str, value: str) -> str:
    """A whole field: a text, and after it a value."""
    return f"{{% {quoted(text)} & {value} %}}"
