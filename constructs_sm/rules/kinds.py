"""The kinds of rules: what can be wrong with a structure of a request beyond its model.

A rule passes over what is not known at synthesis: it never refuses a request that SageMaker might take.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.fields import join
from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.rules.instances import has_local_storage

if TYPE_CHECKING:
    import re

_UNKNOWN = object()
Structure = Mapping[str, Any]
Found = Iterator[Problem]


@dataclass(frozen=True, slots=True)
class Rule(ABC):
    """Something that holds for every structure at a path of a request (`Containers[]`: for each item)."""

    at: str
    lifted_by: str = field(default="", kw_only=True)
    """A field of the request beside which the rule does not hold."""

    @abstractmethod
    def problems(self, structure: Structure, path: str) -> Found:
        """What is wrong with a structure that stands at *path*."""


@dataclass(frozen=True, slots=True)
class OneOf(Rule):
    """Exactly one of some fields, or as many as said."""

    of: tuple[str, ...]
    least: int = 1
    most: int = 1
    unless: tuple[str, ...] = ()
    """Fields that lift what is required, not what is excluded."""

    def problems(self, structure: Structure, path: str) -> Found:
        given = [name for name in self.of if name in structure and structure[name] != []]
        if len(given) > self.most:
            shown = " and ".join(join(path, name) for name in given)
            yield Problem(f"{shown} exclude each other", given, "give one of them")
        elif len(given) < self.least and not any(name in structure for name in self.unless):
            shown = " or ".join(join(path, name) for name in self.of)
            yield Problem(f"{shown} is missing", NOTHING, "SageMaker requires it")


@dataclass(frozen=True, slots=True)
class Excludes(Rule):
    """A field beside which others must not stand, though they may stand together."""

    field: str
    others: tuple[str, ...]

    def problems(self, structure: Structure, path: str) -> Found:
        if _given(structure, self.field):
            for other in self.others:
                if _given(structure, other):
                    what = f"{join(path, self.field)} and {join(path, other)} exclude each other"
                    yield Problem(what, [self.field, other], "give one of them")


@dataclass(frozen=True, slots=True)
class AtLeast(Rule):
    """A number that must not be less than another one, where both are given and known."""

    greater: str
    less: str

    def problems(self, structure: Structure, path: str) -> Found:
        greater, less = _number(structure, self.greater), _number(structure, self.less)
        if greater is not None and less is not None and greater < less:
            what = f"{join(path, self.greater)} must not be less than {self.less}"
            yield Problem(what, f"{greater} < {less}", f"pass {less} or more")


@dataclass(frozen=True, slots=True)
class _Beside(Rule):
    """A field (dotted: of an inner structure, if that is there) of which something holds where another has a value."""

    field: str
    where: str
    has: object

    def _holders(self, structure: Structure, path: str, *, other: bool = False) -> Iterator[tuple[Structure, str, str]]:
        """What may hold the field, its name and path there, where the other has the value (*other*: another one)."""
        inner, _, name = self.field.rpartition(".")
        value = _value(structure, self.where)
        if value is not _UNKNOWN and (value != self.has) is other:
            for holder, place in structures(structure, inner, path):
                yield holder, name, join(place, name)


@dataclass(frozen=True, slots=True)
class Needs(_Beside):
    """A field that must be given where another has a value."""

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path):
            if name not in holder:
                use = f"SageMaker requires it where {self.where} is {self.has}"
                yield Problem(f"{shown} is missing", NOTHING, use)


@dataclass(frozen=True, slots=True)
class Only(_Beside):
    """A field that may be given only where another has a value."""

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path, other=True):
            if name in holder:
                use = f"pass {self.where} {self.has}, or leave it out"
                yield Problem(f"{shown} is for {self.where} {self.has} only", holder[name], use)


@dataclass(frozen=True, slots=True)
class Never(_Beside):
    """A field that must not be given where another has a value."""

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path):
            value = _value(holder, name)
            if value is not None and value is not _UNKNOWN and value != []:
                yield Problem(f"{shown} does not go with {self.where} {self.has}", value, "give one of them")


@dataclass(frozen=True, slots=True)
class Counted(Rule):
    """A count that is said either once, beside a list, or in each item of it."""

    items: str
    field: str

    def problems(self, structure: Structure, path: str) -> Found:
        items = [self.field in item for item, _ in structures(structure, f"{self.items}[]", path)]
        once, each = self.field in structure, any(items)
        if items and len(items) == len(structure[self.items]) and once == each:
            what = f"{join(path, self.field)} and that of {self.items} exclude each other"
            missing = f"{join(path, self.field)} is missing"
            use = f"give it once, or in each of {self.items}"
            yield Problem(what if each else missing, structure[self.field] if once else NOTHING, use)


@dataclass(frozen=True, slots=True)
class Mounted(Rule):
    """File systems that are reached through a VPC."""

    def problems(self, structure: Structure, path: str) -> Found:
        for source, place in structures(structure, "InputDataConfig[].DataSource", path):
            if "FileSystemDataSource" in source and "VpcConfig" not in structure:
                what = f"{join(place, 'FileSystemDataSource')} needs {join(path, 'VpcConfig')}"
                yield Problem(what, NOTHING, "name the VPC of the file system")


@dataclass(frozen=True, slots=True)
class Among(Rule):
    """A field that has one of some values, where another has a given value or always."""

    field: str
    values: tuple[object, ...]
    where: str = ""
    has: object = None

    def problems(self, structure: Structure, path: str) -> Found:
        if self.where and _value(structure, self.where) != self.has:
            return
        value = _value(structure, self.field)
        if value is not None and value is not _UNKNOWN and value not in self.values:
            shown = " or ".join(str(value) for value in self.values)
            beside = f" where {self.where} is {self.has}" if self.where else ""
            yield Problem(f"{join(path, self.field)} must be {shown}{beside}", value, "change it")


@dataclass(frozen=True, slots=True)
class Form(Rule):
    """A string of a form, beyond the pattern in the model."""

    field: str
    form: re.Pattern[str]
    use: str

    def problems(self, structure: Structure, path: str) -> Found:
        value = _value(structure, self.field)
        if isinstance(value, str) and not self.form.search(value):
            yield Problem(f"{join(path, self.field)} does not have the form SageMaker wants", value, self.use)


@dataclass(frozen=True, slots=True)
class AllOrNone(Rule):
    """A field that all items of a list have, or none; not of all such lists together."""

    items: str
    field: str

    def problems(self, structure: Structure, path: str) -> Found:
        items = list(structures(structure, f"{self.items}[]", path))
        having = [place for item, place in items if self.field in item]
        for item, place in items:
            if having and self.field not in item:
                what = f"{join(place, self.field)} is missing"
                yield Problem(what, NOTHING, f"give it everywhere, as in {having[0]}, or nowhere")


@dataclass(frozen=True, slots=True)
class Unique(Rule):
    """A field by which the items of a list differ."""

    items: str
    field: str

    def problems(self, structure: Structure, path: str) -> Found:
        seen = set()
        for item, place in structures(structure, f"{self.items}[]", path):
            value = _value(item, self.field)
            if isinstance(value, str):
                if value in seen:
                    yield Problem(f"{join(place, self.field)} is given twice", value, "give it once")
                seen.add(value)


@dataclass(frozen=True, slots=True)
class Single(Rule):
    """Lists that have one item each, where the other is given."""

    of: tuple[str, ...]

    def problems(self, structure: Structure, path: str) -> Found:
        if all(name in structure for name in self.of):
            for name in self.of:
                value = _value(structure, name)
                if isinstance(value, list) and len(value) > 1:
                    yield Problem(
                        f"{join(path, name)} is too long beside {' or '.join(self.of)}", len(value), "give one item"
                    )


@dataclass(frozen=True, slots=True)
class Product(Rule):
    """Numbers whose product has a maximum; one that is not given, or 0, counts as 1, as long as *of* is given."""

    of: str
    by: str
    most: int

    def problems(self, structure: Structure, path: str) -> Found:
        number, factor = _number(structure, self.of), _number(structure, self.by) or 1
        if number is not None and number * factor > self.most:
            what = f"{join(path, self.of)} times {self.by} is too big"
            yield Problem(what, f"{number} x {factor}", f"stay within {self.most}")


@dataclass(frozen=True, slots=True)
class ReadOnly(Rule):
    """Fields of the model that SageMaker sets and does not take."""

    of: tuple[str, ...]

    def problems(self, structure: Structure, path: str) -> Found:
        for name in self.of:
            if name in structure:
                yield Problem(f"{join(path, name)} is read-only", structure[name], "leave it out")


@dataclass(frozen=True, slots=True)
class NoVolumeKey(Rule):
    """A key for volumes that must not be given where the instances have local storage.

    Beside types that have none, the key may yet be for those, unless *when* says otherwise.
    """

    types: tuple[str, ...]
    field: str = "VolumeKmsKeyId"
    when: Callable[[Iterable[bool]], bool] = all

    def problems(self, structure: Structure, path: str) -> Found:
        if self.field not in structure:
            return
        found = [_value(holder, "InstanceType") for at in self.types for holder, _ in structures(structure, at)]
        given = [value for value in found if value is not None]
        given += [_UNKNOWN for at in self.types if _hides(structure, _steps(at))]
        if given and self.when(map(has_local_storage, given)):
            local = " and ".join(dict.fromkeys(str(value) for value in given if has_local_storage(value)))
            what = f"{join(path, self.field)} is for volumes, and {local} has local storage instead"
            yield Problem(what, structure[self.field], "leave it out: the hardware encrypts local storage")


def _given(structure: Structure, name: str) -> bool:
    # A list of nothing says nothing.
    return name in structure and structure[name] != []


def _value(structure: Structure, name: str) -> object:
    """What a field holds; None if it is absent, `_UNKNOWN` if that is known later."""
    value = structure.get(name)
    return _UNKNOWN if value is not None and (isinstance(value, Computed) or is_token(value)) else value


def _number(structure: Structure, name: str) -> float | None:
    value = _value(structure, name)
    return value if isinstance(value, (int, float)) else None


@cache
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split(".")) if path else ()


def structures(structure: Any, at: str, path: str = "") -> Iterator[tuple[Structure, str]]:
    """Every structure *at* a path, with its own; what is late-bound or of the wrong type leads nowhere."""
    return _walk(structure, _steps(at), path)


def _walk(structure: Any, steps: tuple[tuple[str, bool], ...], path: str) -> Iterator[tuple[Structure, str]]:
    # A dict is a Mapping, but that takes longer to find out.
    if not isinstance(structure, (dict, Mapping)):
        return
    if not steps:
        yield structure, path
        return
    (name, listed), *rest = steps
    inner = structure.get(name)
    if inner is None:
        return
    here = join(path, name)
    if not listed:
        yield from _walk(inner, tuple(rest), here)
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _walk(item, tuple(rest), f"{here}[{index}]")


def _hides(structure: Any, steps: tuple[tuple[str, bool], ...]) -> bool:
    """Whether what stands at a path is known later only, be it in part."""
    if not isinstance(structure, (dict, Mapping)):
        return True
    if not steps:
        return False
    (name, listed), *rest = steps
    if name not in structure:
        return False
    inner = structure[name]
    items = inner if listed and isinstance(inner, list) else [inner]
    return any(_hides(item, tuple(rest)) for item in items)
