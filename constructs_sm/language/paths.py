"""Paths of keys: spelled, and asked of. `jsonpath` takes them apart."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from constructs_sm.language import jsonpath

Place: TypeAlias = tuple[str, ...]
"""Keys from the root of a payload."""

INDEX = re.compile(r"\[(\d+)\]")
"""The number of an item in the path of a field: that of `Containers[0].Image` is 0."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ONE_KEY = re.compile(r"\$\.([A-Za-z_][A-Za-z0-9_]*)")
_UNQUOTABLE = re.compile(r"['\"`\\]")
_JSONATA_INPUT = "$states.input"
_JSONATA_STEP = re.compile(r"\.(\w+)|\.`([^`]+)`")


def name_of(construct_id: str) -> str:
    """Name a state as the CDK does: a slash or a line's end would part the path of the construct."""
    return construct_id.replace("/", "--").replace("\n", "--")


def of_any_item(field: str) -> str:
    """The path of a field for whichever items of lists: `Containers[].Image` of `Containers[0].Image`."""
    return INDEX.sub("[]", field)


def key_of(construct_id: str) -> str:
    """Name what a construct keeps in its input: by its id, without characters that no path can quote."""
    return _UNQUOTABLE.sub("_", construct_id)


def path_of(key: str) -> str:
    """JSONPath of a key."""
    return f"$.{key}" if _PLAIN.fullmatch(key) else f"$['{key}']"


@lru_cache(4096)
def reference(path: str) -> jsonpath.Path | None:
    """Path of names and numbers alone, into the input or the context object; None if *path* is any other."""
    try:
        found = jsonpath.parse(path)
    except jsonpath.PathError:
        return None
    return found if found.is_reference and found.variable is None else None


def is_reference(path: str) -> bool:
    """Tell whether a JSONPath names one place of the input, as that of a result must."""
    places = _in_input(path)
    return places is not None and not any(isinstance(place, int) and place < 0 for place in places)


def plain_key(path: str) -> str | None:
    """The key of a path as `path_of` spells it plainly; None for any other path."""
    found = _ONE_KEY.fullmatch(path)
    return None if found is None else found[1]


def keys_in(path: str) -> Place:
    """Keys that lead to what *path* names in the input; none if it is more than keys."""
    # Where a job keeps its output by default: not worth taking apart.
    if (key := plain_key(path)) is not None:
        return (key,)
    places = _in_input(path) or ()
    keys = tuple([place for place in places if isinstance(place, str)])
    return keys if len(keys) == len(places) else ()


def key_in(path: str) -> str | None:
    """The one key that *path* names; None: it leads elsewhere."""
    keys = keys_in(path)
    return keys[0] if len(keys) == 1 else None


@lru_cache(4096)
def keys_before(path: str) -> tuple[Place, str]:
    """Split a path, in either query language, into the keys that it begins with and what follows them."""
    if not path.startswith(_JSONATA_INPUT):
        return jsonpath.names_before(path)
    keys, at = [], len(_JSONATA_INPUT)
    while step := _JSONATA_STEP.match(path, at):
        keys.append(step[1] or step[2])
        at = step.end()
    return tuple(keys), path[at:]


def item_in(path: str) -> tuple[int, Place] | None:
    """Index and keys of a JSONPath into a list that is the whole input; None if it is no such path."""
    index, *keys = _in_input(path) or (None,)
    if not isinstance(index, int) or index < 0 or any(isinstance(key, int) for key in keys):
        return None
    return index, tuple(map(str, keys))


@lru_cache(4096)
def _in_input(path: str) -> tuple[str | int, ...] | None:
    """Names and numbers of a path into the input; None if it is none or leads elsewhere."""
    found = reference(path)
    return None if found is None or found.of_context else found.places
