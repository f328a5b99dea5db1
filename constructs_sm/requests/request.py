"""One form of a request until its state is rendered: fields by their bare names, and computed values marked as such.

Only `read` and `Request.to_state` know how Amazon States Language marks a field that Step Functions computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.language.errors import Problem
from constructs_sm.language.late_bound import LATE, Computed, is_jsonata, is_token
from constructs_sm.language.sizes import DEEPEST, not_finite, too_deep

if TYPE_CHECKING:
    from constructs_sm.values.outputs import JobOutput

Fields: TypeAlias = dict[str, Any]
MOST_EXACT = 2**53 - 1
"""The largest whole number that JavaScript tells from its neighbours."""


@dataclass(slots=True)
class Request:
    """A request in SageMaker's words.

    Attributes:
        fields: By their names. A value that Step Functions computes is a `Computed`.
        objects: The S3Locations and image repositories that stood in it, by path: they know more than their spelling.
        outputs: What other jobs have left, and stands in it.
        problems: What is wrong with what it was made of.
        leaves: Every value that is neither structure nor list, by path, in the order of the request. See `index`.
        structures: Every structure with its own path, by the path of all its like: `Containers[]`. See `index`.
    """

    fields: Fields = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    outputs: list[JobOutput] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    leaves: dict[str, Any] = field(default_factory=dict)
    structures: dict[str, list[tuple[Fields, str]]] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """Look up a field by its path, as `OutputDataConfig.S3OutputPath`; None if it is absent or in a computed one.

        Of a CDK object the object itself, which knows more than the request says.
        """
        if path in self.objects:
            return self.objects[path]
        value: Any = self.fields
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def index(self) -> None:
        """Walk the request, once, for all who ask about its leaves and structures."""
        self._index(self.fields, "", "")

    def has(self, name: str) -> bool:
        """Tell whether any structure of the request, indexed, has a field called *name*."""
        for found in self.structures.values():
            for structure, _ in found:
                if name in structure:
                    return True
        return False

    def _index(self, structure: Fields, path: str, at: str) -> None:
        self.structures.setdefault(at, []).append((structure, path))
        for key, value in structure.items():
            here = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                self._index(value, here, f"{at}.{key}" if at else key)
            elif isinstance(value, list):
                self._index_list(value, here, f"{at}.{key}[]" if at else f"{key}[]")
            else:
                self.leaves[here] = value

    def _index_list(self, items: list[Any], path: str, at: str) -> None:
        for number, item in enumerate(items):
            here = f"{path}[{number}]"
            if isinstance(item, dict):
                self._index(item, here, at)
            elif isinstance(item, list):
                self._index_list(item, here, f"{at}[]")
            else:
                self.leaves[here] = item

    def make(self, made: Mapping[str, str]) -> None:
        """Put what has been made in the place of what stood for it while the request was checked."""
        for stand_in, real in made.items():
            for structures in self.structures.values():
                for structure, path in structures:
                    for key, value in structure.items():
                        if isinstance(value, str):
                            if stand_in in value:
                                here = f"{path}.{key}" if path else key
                                structure[key] = self.leaves[here] = type(value)(value.replace(stand_in, real))
                        elif isinstance(value, list):
                            self._make_in(value, f"{path}.{key}" if path else key, stand_in, real)

    def _make_in(self, items: list[Any], path: str, stand_in: str, real: str) -> None:
        for number, item in enumerate(items):
            if isinstance(item, str) and stand_in in item:
                items[number] = self.leaves[f"{path}[{number}]"] = type(item)(item.replace(stand_in, real))

    def forget(self) -> None:
        """Drop the index, of which nobody asks any more: many jobs live as long as their app."""
        self.leaves, self.structures = {}, {}

    def to_state(self, *, jsonata: bool) -> dict[str, Any]:
        """Render the request as the state has it: in JSONPath, the key of a computed field ends in `.$`."""
        if jsonata:
            return self.fields
        if not self.structures:
            self.index()
        around: set[str] = set()
        for path, value in self.leaves.items():
            if isinstance(value, Computed):
                holder = path.rpartition(".")[0]
                while holder and holder not in around:
                    around.update((holder, holder.rpartition("[")[0]))
                    holder = holder.rpartition(".")[0]
        return _marked(self.fields, "", around)


def _marked(structure: Fields, path: str, around: set[str]) -> dict[str, Any]:
    """Mark the computed fields of a structure, and of what in it stands *around* others."""
    result: dict[str, Any] = {}
    for key, value in structure.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, Computed):
            result[f"{key}{LATE}"] = str(value)
        elif here not in around:
            result[key] = value
        elif isinstance(value, dict):
            result[key] = _marked(value, here, around)
        else:
            result[key] = [
                _marked(item, f"{here}[{number}]", around) if isinstance(item, dict) else item
                for number, item in enumerate(value)
            ]
    return result


def read(request: Mapping[str, Any], *, indexed: bool = True) -> Request:
    """Read a request as it stands in Amazon States Language, or as SageMaker is sent it."""
    found = Request()
    found.fields = _read(request, "", 0, found.problems)
    if indexed and isinstance(found.fields, dict):
        found.index()
    return found


def sent_by(state: Mapping[str, Any]) -> Request:
    """Read the request that a Task state sends, without an index.

    Without one, it sends its input; in JSONata, the whole may be an expression. Its fields are one computed value then.
    """
    sent = state.get("Arguments", state.get("Parameters"))
    if isinstance(sent, Mapping):
        return read(sent, indexed=False)
    whole: Any = Computed(sent if isinstance(sent, str) else state.get("InputPath", "$"))
    return Request(fields=whole)


def _read(value: Any, path: str, depth: int, problems: list[Problem]) -> Any:
    if depth > DEEPEST:
        problems.append(too_deep(path, value))
        return None
    if isinstance(value, (dict, Mapping)):
        return _read_structure(value, path, depth, problems)
    if isinstance(value, (list, tuple)):
        return [_read(item, f"{path}[{number}]", depth + 1, problems) for number, item in enumerate(value)]
    if isinstance(value, float) and not isfinite(value):
        problems.append(not_finite(path, value))
    if isinstance(value, (int, float)):
        return plain_number(value)
    if value is not None and not isinstance(value, str) and not is_token(value):
        problems.append(no_value(path, value))
        # What has been refused is judged no further.
        return Computed()
    return Computed(value) if is_jsonata(value) else value


def _read_structure(structure: Mapping[Any, Any], path: str, depth: int, problems: list[Problem]) -> Fields:
    result: Fields = {}
    for key, item in structure.items():
        # Most values are texts, which need no path.
        if type(item) is str and type(key) is str and key[-2:] != LATE:
            result[key] = Computed(item) if item[:2] == "{%" and is_jsonata(item) else item
            continue
        if not isinstance(key, str):
            problems.append(no_name(path, key))
            continue
        late = key.endswith(LATE)
        name = key.removesuffix(LATE) if late else key
        here = f"{path}.{name}" if path else name
        # Of a field that is there both ways, the one that is known is judged.
        if not (late and name in result):
            result[name] = Computed(item) if late else _read(item, here, depth + 1, problems)
    return result


def plain_number(value: float) -> float:
    """A number of a class of its own, as an enum or an array has them, as one of Python's: they compare otherwise."""
    if isinstance(value, bool) or type(value) in {int, float}:
        return value
    return int(value) if isinstance(value, int) else float(value)


def no_value(path: str, value: object) -> Problem:
    """Refuse what is no value of JSON, and does not stand for one."""
    use = "pass a JSON value or a CDK construct"
    return Problem(f"{path or 'the request'} cannot be part of a request", value, use, "value-of-request")


def no_name(path: str, key: object) -> Problem:
    """Refuse a key that JSON has no way to write."""
    return Problem(
        f"{path or 'the request'} has a key that is no string", key, "write it in quotes", "value-of-request"
    )


def too_long(path: str, value: int) -> Problem:
    """Refuse a whole number that JavaScript, and so the CDK, would make another of."""
    use = "pass one of at most 2**53 - 1, or its digits as a text where the field takes texts"
    return Problem(f"{path} is longer than JavaScript can hold", value, use, "whole-number-too-long")
