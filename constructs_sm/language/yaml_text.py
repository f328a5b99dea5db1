"""YAML as CloudFormation reads it: YAML 1.1 with short forms such as !Ref, and nothing that JSON cannot hold.

Importing it needs PyYAML, which whoever reads JSON alone can do without.
"""

from __future__ import annotations

import gc
import math
from typing import Any

from constructs_sm.language.document_limits import MAX_DEPTH, MAX_DIGITS, MAX_VALUES, KeyTwiceError

import yaml

_SHORT_FORMS_BY_NAME = {"Ref", "Condition"}
_MERGE = "tag:yaml.org,2002:merge"
_NOT_JSON = ("binary", "omap", "pairs", "set")
_TEXT_OF_ONE = 16
"""Characters of a text that count as one value more."""
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def loaded(text: str, *, unique: bool = True) -> Any:
    """Load the one document in *text*. Keys are texts as they are written: `No:` is no boolean.

    Args:
        text: YAML.
        unique: Refuse a key that stands twice in one mapping; else the last is taken.

    Raises:
        KeyTwiceError: A key stands twice.
        ValueError: It is no YAML, or holds what JSON cannot hold, or becomes too large.
    """
    # The collector would look through half a million nodes over and over, of which none is garbage.
    collects = gc.isenabled()
    gc.disable()
    try:
        loader = _Loader(text)
        loader.unique = unique
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _Expansion().size(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ValueError(f"{_place(mark)}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    finally:
        if collects:
            gc.enable()


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader, by far the faster one where libyaml is there, for what JSON can hold."""

    unique = True

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: ARG002 - PyYAML's signature
        own = sum(key.tag != _MERGE for key, _ in node.value)
        self.flatten_mapping(node)
        # What is merged comes first, and what the mapping itself says overrules it.
        merged = len(node.value) - own
        found: dict[str, Any] = {}
        for index, (key, value) in enumerate(node.value):
            if not isinstance(key, yaml.ScalarNode):
                raise _at(key, "a key must be a text")
            if key.value in found and index > merged and self.unique:
                raise KeyTwiceError(str(_at(key, f"the key {key.value!r} stands twice")))
            found[key.value] = self.construct_object(value, deep=True)
        return found


class _Expansion:
    """The values that a document comes to with every alias written out; each node is counted once."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def size(self, node: Any, depth: int = 1) -> int:
        if depth > MAX_DEPTH:
            raise _at(node, f"nested deeper than {MAX_DEPTH} levels")
        if id(node) in self._sizes:
            return self._sizes[id(node)]
        if id(node) in self._open:
            raise _at(node, "an alias stands within its own anchor")
        self._open.add(id(node))
        if isinstance(node.value, str):
            count = 1 + len(node.value) // _TEXT_OF_ONE
        else:
            parts = (one for part in node.value for one in (part if isinstance(part, tuple) else (part,)))
            count = 1 + sum(self.size(one, depth + 1) for one in parts)
        self._open.discard(id(node))
        if count > MAX_VALUES:
            raise _at(node, f"it comes to more than {MAX_VALUES:,} values, aliases written out")
        self._sizes[id(node)] = count
        return count


def _mapping(loader: Any, node: Any) -> Any:
    return loader.construct_mapping(node)


def _short_form(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node)
    return {suffix if suffix in _SHORT_FORMS_BY_NAME else f"Fn::{suffix}": value}


def _refused(_: Any, node: Any) -> Any:
    raise _at(node, f"JSON has nothing like {node.tag.rpartition(':')[2]!r}")


def _number(loader: Any, node: Any) -> float:
    value = float(loader.construct_yaml_float(node))
    if not math.isfinite(value):
        raise _at(node, f"{node.value} is no number in JSON")
    return value


def _whole(loader: Any, node: Any) -> int:
    if len(node.value) > MAX_DIGITS:
        raise _at(node, f"one of {len(node.value):,} digits is no number in JSON")
    return int(loader.construct_yaml_int(node))


def _at(node: Any, problem: str) -> ValueError:
    return ValueError(f"{_place(node.start_mark)}{problem}")


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
for _kind in _NOT_JSON:
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _refused)
_Loader.add_constructor(None, _refused)
_Loader.add_multi_constructor("!", _short_form)
