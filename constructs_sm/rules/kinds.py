"""The kinds of constraints by which the rules of a request are said.

A constraint passes over what is not known at synthesis: it never refuses a request that SageMaker might take.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import NOTHING
from constructs_sm.language.fields import join
from constructs_sm.language.late_bound import TOKEN, Computed, is_token, remedy_of_form
from constructs_sm.rules.instances import has_local_storage

if TYPE_CHECKING:
    import re

    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.rule import Rule

UNKNOWN = object()
_NOT_GIVEN: Final[tuple[object, ...]] = ([], {}, 0, None)
"""Values that say nothing: a list of nothing, and a time of nought."""
Structure = Mapping[str, Any]
Found = Iterator["Problem"]


@dataclass(frozen=True, slots=True)
class Constraint(ABC):
    """Something that holds for every structure at a path of a request (`Containers[]`: for each item)."""

    rule: Rule
    """The rule that is broken where this does not hold."""
    at: str
    lifted_by: str = field(default="", kw_only=True)
    """A field of the request beside which it does not hold."""

    @property
    def about(self) -> tuple[str, ...]:
        """Fields of which one must be there for anything to be wrong; none: it is asked of every structure.

        Requests have few of the fields there are, so most constraints are never asked.
        """
        return ()

    @abstractmethod
    def problems(self, structure: Structure, path: str) -> Found:
        """Return what is wrong with a structure that stands at *path*."""


@dataclass(frozen=True, slots=True)
class OneOf(Constraint):
    """Exactly one of some fields, or as many as said."""

    of: tuple[str, ...]
    least: int = 1
    most: int = 1
    unless: tuple[str, ...] = ()
    """Fields that lift what is required, not what is excluded."""

    def problems(self, structure: Structure, path: str) -> Found:
        count = 0
        for name in self.of:
            if name in structure and structure[name] != []:
                count += 1
        if self.least <= count <= self.most:
            return
        given = [name for name in self.of if name in structure and structure[name] != []]
        if len(given) > self.most and not _all_late(structure, given):
            shown = " and ".join(join(path, name) for name in given)
            yield self.rule.problem(f"{shown} exclude each other", given, "give one of them")
        elif len(given) < self.least and not any(name in structure for name in self.unless):
            shown = " or ".join(join(path, name) for name in self.of)
            yield self.rule.problem(f"{shown} is missing", NOTHING, "SageMaker requires it")


@dataclass(frozen=True, slots=True)
class Excludes(Constraint):
    """A field beside which others must not stand, though they may stand together."""

    field: str
    others: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field,)

    def problems(self, structure: Structure, path: str) -> Found:
        if _given(structure, self.field):
            for other in self.others:
                if _given(structure, other) and not _all_late(structure, (self.field, other)):
                    what = f"{join(path, self.field)} and {join(path, other)} exclude each other"
                    yield self.rule.problem(what, [self.field, other], "give one of them")


@dataclass(frozen=True, slots=True)
class AtLeast(Constraint):
    """A number that must not be less than another one, where both are given and known."""

    greater: str
    less: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.greater,)

    def problems(self, structure: Structure, path: str) -> Found:
        greater, less = number_of(structure, self.greater), number_of(structure, self.less)
        if greater is not None and less is not None and greater < less:
            what = f"{join(path, self.greater)} must not be less than {self.less}"
            yield self.rule.problem(what, f"{greater} < {less}", f"pass {less} or more")


@dataclass(frozen=True, slots=True)
class _Beside(Constraint):
    """A field (dotted: of an inner structure, if that is there) of which something holds where another has a value."""

    field: str
    where: str
    has: object

    def _holders(self, structure: Structure, path: str, *, other: bool = False) -> Iterator[tuple[Structure, str, str]]:
        """Find what may hold the field, with name and path, where the other has the value (*other*: another one)."""
        inner, _, name = self.field.rpartition(".")
        value = value_of(structure, self.where)
        if value is not UNKNOWN and (value != self.has) is other:
            for holder, place in structures(structure, inner, path):
                yield holder, name, join(place, name)


@dataclass(frozen=True, slots=True)
class Needs(_Beside):
    """A field that must be given where another has a value."""

    @property
    def about(self) -> tuple[str, ...]:
        return (self.where,) if self.has is not None else ()

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path):
            if name not in holder:
                use = f"SageMaker requires it where {self.where} is {self.has}"
                yield self.rule.problem(f"{shown} is missing", NOTHING, use)


@dataclass(frozen=True, slots=True)
class Only(_Beside):
    """A field that may be given only where another has a value."""

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field.partition(".")[0],)

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path, other=True):
            if name in holder:
                use = f"pass {self.where} {self.has}, or leave it out"
                yield self.rule.problem(f"{shown} is for {self.where} {self.has} only", holder[name], use)


@dataclass(frozen=True, slots=True)
class Never(_Beside):
    """A field that must not be given where another has a value."""

    @property
    def about(self) -> tuple[str, ...]:
        return (self.where,)

    def problems(self, structure: Structure, path: str) -> Found:
        for holder, name, shown in self._holders(structure, path):
            value = value_of(holder, name)
            if value not in _NOT_GIVEN and value is not UNKNOWN:
                yield self.rule.problem(f"{shown} does not go with {self.where} {self.has}", value, "give one of them")


@dataclass(frozen=True, slots=True)
class Counted(Constraint):
    """A count that is said either once, beside a list, or in each item of it."""

    items: str
    field: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.items,)

    def problems(self, structure: Structure, path: str) -> Found:
        items = [self.field in item for item, _ in structures(structure, f"{self.items}[]", path)]
        once, each = self.field in structure, any(items)
        if items and len(items) == len(structure[self.items]) and once == each:
            what = f"{join(path, self.field)} and that of {self.items} exclude each other"
            missing = f"{join(path, self.field)} is missing"
            use = f"give it once, or in each of {self.items}"
            yield self.rule.problem(what if each else missing, structure[self.field] if once else NOTHING, use)


@dataclass(frozen=True, slots=True)
class Mounted(Constraint):
    """File systems that are reached through a VPC."""

    @property
    def about(self) -> tuple[str, ...]:
        return ("InputDataConfig",)

    def problems(self, structure: Structure, path: str) -> Found:
        for source, place in structures(structure, "InputDataConfig[].DataSource", path):
            if "FileSystemDataSource" in source and "VpcConfig" not in structure:
                what = f"{join(place, 'FileSystemDataSource')} needs {join(path, 'VpcConfig')}"
                yield self.rule.problem(what, NOTHING, "name the VPC of the file system")


@dataclass(frozen=True, slots=True)
class Among(Constraint):
    """A field that has one of some values, where another has a given value or always."""

    field: str
    values: tuple[object, ...]
    where: str = ""
    has: object = None

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field,)

    def problems(self, structure: Structure, path: str) -> Found:
        if self.where and value_of(structure, self.where) != self.has:
            return
        value = value_of(structure, self.field)
        if value is not None and value is not UNKNOWN and value not in self.values:
            shown = " or ".join(str(value) for value in self.values)
            beside = f" where {self.where} is {self.has}" if self.where else ""
            yield self.rule.problem(f"{join(path, self.field)} must be {shown}{beside}", value, "change it")


@dataclass(frozen=True, slots=True)
class Form(Constraint):
    """A string of a form, beyond the pattern in the model."""

    field: str
    form: re.Pattern[str]
    use: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field,)

    def problems(self, structure: Structure, path: str) -> Found:
        value = value_of(structure, self.field)
        if isinstance(value, str) and not self.form.search(value):
            use = remedy_of_form(value, self.use)
            yield self.rule.problem(f"{join(path, self.field)} does not have the form SageMaker wants", value, use)


@dataclass(frozen=True, slots=True)
class AllOrNone(Constraint):
    """A field that all items of a list have, or none; not of all such lists together."""

    items: str
    field: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.items,)

    def problems(self, structure: Structure, path: str) -> Found:
        items = list(structures(structure, f"{self.items}[]", path))
        having = [place for item, place in items if self.field in item]
        for item, place in items:
            if having and self.field not in item:
                what = f"{join(place, self.field)} is missing"
                yield self.rule.problem(what, NOTHING, f"give it everywhere, as in {having[0]}, or nowhere")


@dataclass(frozen=True, slots=True)
class Unique(Constraint):
    """A field by which the items of a list differ."""

    items: str
    field: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.items,)

    def problems(self, structure: Structure, path: str) -> Found:
        seen = set()
        for item, place in structures(structure, f"{self.items}[]", path):
            value = value_of(item, self.field)
            if isinstance(value, str):
                if value in seen:
                    yield self.rule.problem(f"{join(place, self.field)} is given twice", value, "give it once")
                seen.add(value)


@dataclass(frozen=True, slots=True)
class Single(Constraint):
    """Lists that have one item each, where the other is given."""

    of: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        return self.of

    def problems(self, structure: Structure, path: str) -> Found:
        if all(name in structure for name in self.of):
            for name in self.of:
                value = value_of(structure, name)
                if isinstance(value, list) and len(value) > 1:
                    yield self.rule.problem(
                        f"{join(path, name)} is too long beside {' or '.join(self.of)}", len(value), "give one item"
                    )


@dataclass(frozen=True, slots=True)
class Product(Constraint):
    """Numbers whose product has a maximum; one that is not given, or 0, counts as 1, as long as *of* is given."""

    of: str
    by: str
    most: int

    @property
    def about(self) -> tuple[str, ...]:
        return (self.of,)

    def problems(self, structure: Structure, path: str) -> Found:
        number, factor = number_of(structure, self.of), number_of(structure, self.by) or 1
        if number is not None and number * factor > self.most:
            what = f"{join(path, self.of)} times {self.by} is too big"
            yield self.rule.problem(what, f"{number} x {factor}", f"stay within {self.most}")


@dataclass(frozen=True, slots=True)
class ReadOnly(Constraint):
    """Fields of the model that SageMaker sets and does not take."""

    of: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        return self.of

    def problems(self, structure: Structure, path: str) -> Found:
        for name in self.of:
            if name in structure:
                yield self.rule.problem(f"{join(path, name)} is read-only", structure[name], "leave it out")


@dataclass(frozen=True, slots=True)
class NotOnLocalStorage(Constraint):
    """A field of volumes that must not be given where the instances have local storage.

    Beside types that have none, it may yet be for those, unless *when* says otherwise.
    """

    types: tuple[str, ...]
    field: str = "VolumeKmsKeyId"
    when: Callable[[Iterable[bool]], bool] = all

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field,)

    def problems(self, structure: Structure, path: str) -> Found:
        if self.field not in structure:
            return
        found = [value_of(holder, "InstanceType") for at in self.types for holder, _ in structures(structure, at)]
        given = [value for value in found if value is not None]
        given += [UNKNOWN for at in self.types if hides(structure, steps_of(at))]
        if given and self.when(map(has_local_storage, given)):
            local = " and ".join(dict.fromkeys(str(value) for value in given if has_local_storage(value)))
            what = f"{join(path, self.field)} is for volumes, and {local} has local storage instead"
            yield self.rule.problem(what, structure[self.field])


@dataclass(frozen=True, slots=True)
class Absent(Constraint):
    """A field that must not be given here."""

    field: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field.partition(".")[0],)

    def problems(self, structure: Structure, path: str) -> Found:
        for name, value in _given_in(structure, self.field):
            yield self.rule.problem(f"{join(path, name)} is not for this request", value)


@dataclass(frozen=True, slots=True)
class Told(Constraint):
    """A field that is worth a word wherever it is given."""

    field: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.field.partition(".")[0],)

    def problems(self, structure: Structure, path: str) -> Found:
        for name, _ in _given_in(structure, self.field):
            yield self.rule.problem(f"{join(path, name)}: {self.rule.what}")


@dataclass(frozen=True, slots=True)
class Judged(Constraint):
    """A structure that a function of its own judges."""

    find: Callable[[Rule, Structure, str], Found]
    of: tuple[str, ...] = ()

    @property
    def about(self) -> tuple[str, ...]:
        return self.of

    def problems(self, structure: Structure, path: str) -> Found:
        return self.find(self.rule, structure, path)


def _given_in(structure: Structure, path: str) -> Iterator[tuple[str, object]]:
    """The field at a path, with its value, where it says something."""
    inner, _, name = path.rpartition(".")
    for holder, place in structures(structure, inner):
        if name in holder and holder[name] not in _NOT_GIVEN:
            yield join(place, name), holder[name]


def _given(structure: Structure, name: str) -> bool:
    return structure.get(name) not in _NOT_GIVEN


def _all_late(structure: Structure, names: Iterable[str]) -> bool:
    """Tell whether some fields are all known at run time only, when the input may leave all but one of them empty."""
    return all(value_of(structure, name) is UNKNOWN for name in names)


def value_of(structure: Structure, name: str) -> object:
    """Look a field up; None if it is absent, `UNKNOWN` if its value is known later."""
    value = structure.get(name)
    # Most values are known, which is told without a call.
    if value is None or isinstance(value, int) or (type(value) is str and not TOKEN.search(value)):
        return value
    return UNKNOWN if isinstance(value, Computed) or is_token(value) else value


def text_of(structure: Structure, name: str) -> str | None:
    """A text that a field holds, tokens in it included; None if it holds none."""
    value = structure.get(name)
    return value if isinstance(value, str) and not isinstance(value, Computed) else None


def number_of(structure: Structure, name: str) -> float | None:
    value = value_of(structure, name)
    return value if isinstance(value, (int, float)) else None


@cache
def steps_of(path: str) -> tuple[tuple[str, bool], ...]:
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split(".")) if path else ()


def structures(structure: Any, at: str, path: str = "") -> list[tuple[Structure, str]]:
    """List every structure *at* a path, with its own; what is computed or of the wrong type leads nowhere."""
    found: list[tuple[Structure, str]] = [(structure, path)] if isinstance(structure, Mapping) else []
    for name, is_list in steps_of(at):
        above, found = found, []
        for holder, place in above:
            inner, here = holder.get(name), f"{place}.{name}" if place else name
            if is_list and isinstance(inner, list):
                for index, item in enumerate(inner):
                    if isinstance(item, dict):
                        found.append((item, f"{here}[{index}]"))
            elif not is_list and isinstance(inner, dict):
                found.append((inner, here))
    return found


def hides(structure: Any, steps: tuple[tuple[str, bool], ...]) -> bool:
    """Tell whether what stands at a path is known later only, be it in part."""
    if not isinstance(structure, (dict, Mapping)):
        return True
    if not steps:
        return False
    (name, listed), *rest = steps
    if name not in structure:
        return False
    inner = structure[name]
    items = inner if listed and isinstance(inner, list) else [inner]
    return any(hides(item, tuple(rest)) for item in items)
