"""What SageMaker's own API model says is wrong with a request.

The model is botocore's: no field, enum or limit is written down here, and a newer botocore knows newer fields. It is
read when the first request is checked. Values that are not known at synthesis are passed over wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, Problem, did_you_mean, raise_all
from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.requests.api_model import input_shape, output_shape
from constructs_sm.requests.request import read
from constructs_sm.rules.requests import broken_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from constructs_sm.actions import Action
    from constructs_sm.requests.api_model import Shape
    from constructs_sm.requests.request import Request

    _Path: TypeAlias = tuple[Any, Any] | None
    """The path to what holds a value, and the step from there: a field, an index or a key."""
    _Check: TypeAlias = Callable[[Any, _Path, list[Problem]], None]

_SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
# Python's re has no Unicode classes. In a set, its \w holds all letters and numbers (and _).
_UNICODE_CLASSES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000",
}


def check(action: Action, request: Mapping[str, Any]) -> None:
    """Raise InvalidInputError with everything that SageMaker's model finds wrong with *request*.

    Args:
        action: The row of `ACTIONS` the request is for.
        request: The request in SageMaker's words. Late-bound values are skipped: tokens, JSONata expressions, and
            fields whose name ends in `.$` (JSONPath and intrinsic functions).
    """
    raise_all(action.operation, problems(action, request))


def problems(action: Action, request: Mapping[str, Any]) -> list[Problem]:
    """List what `check` would raise."""
    indexed = read(request)
    return indexed.problems + problems_of(action.operation, indexed)


def problems_of(operation: str, request: Request) -> list[Problem]:
    """List what SageMaker would find wrong with a request that is read or rendered already, and indexed."""
    found: list[Problem] = []
    _operation_check(operation)(request.fields, None, found)
    return found + broken_rules(operation, request.fields, request.structures)


def model_problems(operation: str, request: Mapping[str, Any]) -> list[Problem]:
    """List what the model alone finds wrong with a request to any API of SageMaker."""
    indexed = read(request)
    _operation_check(operation)(indexed.fields, None, indexed.problems)
    return indexed.problems


def fields_below(operation: str, path: str) -> tuple[str, ...]:
    """The paths of all fields in the structure, list or map at *path* of a request; nothing if it is a plain value.

    Args:
        operation: As `CreateTrainingJob`.
        path: As problems spell it: `InputDataConfig[0].DataSource`.
    """
    shape: Shape | None = input_shape(operation)
    for step in re.sub(r"\[\d+\]", ".[]", path).split("."):
        if shape is None or step not in _members(shape):
            return ()
        shape = _members(shape)[step]
    return tuple(_below(shape, path, ())) if shape is not None else ()


def _members(shape: Shape) -> dict[str, Shape]:
    if shape.type_name == "structure":
        return dict(shape.members)
    return {"[]": shape.member} if shape.type_name == "list" else {}


def _below(shape: Shape, path: str, within: tuple[str, ...]) -> Iterator[str]:
    for name, member in _members(shape).items():
        here = f"{path}{name if name == '[]' else f'.{name}'}"
        if not _members(member):
            yield here
        elif member.name not in within:
            yield from _below(member, here, (*within, shape.name))


def unknown_output(action: Action, paths: Iterable[str]) -> list[Problem]:
    """What of *paths*, dotted, the output of a job that was waited for cannot hold, by SageMaker's model."""
    return [problem for path in paths for problem in _unknown_output(action, path)]


def _unknown_output(action: Action, path: str) -> Iterator[Problem]:
    shape = output_shape(action.describe)
    # Step Functions adds the job's tags.
    for name in [] if path.startswith("Tags") else path.split("."):
        if shape.type_name != "structure" or "[" in name:
            return
        if name not in shape.members:
            what = f"no such field in the output of {action.noun}"
            yield Problem(what, path, _nearest(name, shape.members))
            return
        shape = shape.members[name]


@cache
def _operation_check(operation: str) -> _Check:
    return _check_of(input_shape(operation))


def _check_of(shape: Shape) -> _Check:
    """What appends the problems of a value to a list. Made once a shape: reading the model is slower than checking."""
    make = _MAKERS.get(shape.type_name)
    return make(shape) if make else lambda _value, _path, _found: None


def _structure(shape: Shape) -> _Check:
    required, members = frozenset(shape.required_members), dict(shape.members)
    checks: dict[str, _Check] = {}

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, Mapping):
            if not _is_late(value):
                what = f"{_spelled(path) or 'the request'} must be a mapping"
                found.append(Problem(what, value, _one_of("with the fields", members)))
            return
        if not required <= value.keys():
            found += [
                Problem(f"{_spelled((path, field))} is missing", NOTHING, "SageMaker requires it")
                for field in shape.required_members
                if field not in value
            ]
        for key, member in value.items():
            inner = checks.get(key)
            if inner is None:
                if key not in members:
                    what = f"{_spelled((path, key))} is not a field of this API"
                    found.append(Problem(what, key, _nearest(key, members)))
                    continue
                # Not before it is given: a request names few of the fields there are.
                inner = checks[key] = _check_of(members[key])
            inner(member, (path, key), found)

    return check


def _list(shape: Shape) -> _Check:
    size, item_check = _size(shape, "items"), _check_of(shape.member)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            if not _is_late(value):
                found.append(Problem(f"{_spelled(path)} must be a list", value, "pass a list, also of one"))
            return
        size(value, path, found)
        for index, item in enumerate(value):
            item_check(item, (path, index), found)

    return check


def _map(shape: Shape) -> _Check:
    size, key_check, item_check = _size(shape, "entries"), _check_of(shape.key), _check_of(shape.value)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, Mapping):
            if not _is_late(value):
                found.append(Problem(f"{_spelled(path)} must be a mapping", value, "pass a dict"))
            return
        size(value, path, found)
        for key, item in value.items():
            key_check(key, (path, _Key(key)), found)
            item_check(item, (path, key), found)

    return check


def _string(shape: Shape) -> _Check:
    options = frozenset(shape.enum)
    size, pattern = _size(shape, "characters"), shape.metadata.get("pattern")
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", inf)
    form = _compiled(pattern) if pattern else None

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, str):
            if not _is_late(value):
                use = f"write {str(value)!r}" if isinstance(value, (bool, int, float)) else "pass a str"
                found.append(Problem(f"{_spelled(path)} must be a string", value, use))
        elif options:
            if value not in options and not _is_late(value):
                what = f"{_spelled(path)} is not a value SageMaker knows"
                found.append(Problem(what, value, _nearest(value, shape.enum)))
        else:
            if not least <= len(value) <= most:
                size(value, path, found)
            if form and not form.fullmatch(value) and not _is_late(value):
                what = f"{_spelled(path)} does not have the form SageMaker wants"
                found.append(Problem(what, value, f"match {pattern}"))

    return check


def _number(shape: Shape) -> _Check:
    kinds: tuple[type, ...] = (int,) if shape.type_name in {"integer", "long"} else (int, float)
    least, most = shape.metadata.get("min", -inf), shape.metadata.get("max", inf)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds):
            if not _is_late(value):
                what, use = ("a number", "pass a float") if float in kinds else ("a whole number", "pass an int")
                found.append(Problem(f"{_spelled(path)} must be {what}", value, use))
        elif value < least and not _is_late(value):
            found.append(Problem(f"{_spelled(path)} is too small", value, f"pass {least} or more"))
        elif value > most:
            found.append(Problem(f"{_spelled(path)} is too big", value, f"pass {most} or less"))

    return check


def _boolean(_shape: Shape) -> _Check:
    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, bool) and not _is_late(value):
            found.append(Problem(f"{_spelled(path)} must be a boolean", value, "pass True or False"))

    return check


_MAKERS: dict[str, Callable[[Shape], _Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
}


def _size(shape: Shape, unit: str) -> _Check:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", inf)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        size = len(value)
        if least <= size <= most or _is_late(value):
            return
        wrong, use = ("short", f"at least {least}") if size < least else ("long", f"at most {most}")
        found.append(Problem(f"{_spelled(path)} is too {wrong}", f"{size} {unit}", f"give {use}"))

    return check


def _is_late(value: object) -> bool:
    # Asked only of what looks wrong: what is known later mostly does, and what does not needs no excuse.
    return isinstance(value, Computed) or is_token(value)


class _Key(str):
    """The step to a key of a map, where others lead to values."""

    __slots__ = ()


def _spelled(path: _Path) -> str:
    """A path as a user reads it: `Tags[0].Key`. Not spelled before there is a problem to tell."""
    if path is None:
        return ""
    outer, step = _spelled(path[0]), path[1]
    if isinstance(step, _Key):
        return f"{outer} key {str(step)!r}"
    if isinstance(step, int):
        return f"{outer}[{step}]"
    return f"{outer}.{step}" if outer else str(step)


def _nearest(value: object, options: Iterable[str]) -> str:
    written = _folded(str(value))
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(_folded(option), option)
    # First what only lacks its beginning, as m5.xlarge lacks ml.
    whole = next((fold for fold in folded if written and fold.endswith(f".{written}")), written)
    return did_you_mean(whole, folded) or _one_of("use one of", options)


def _folded(name: str) -> str:
    """What is compared: how a name is capitalized, and whether its words are joined by _ or -, is never the point."""
    return name.lower().replace("_", "").replace("-", "")


def _one_of(lead: str, options: Iterable[str]) -> str:
    shown = sorted(options)
    return f"{lead} {', '.join(shown[:12])}{', ...' if len(shown) > 12 else ''}"  # noqa: PLR2004


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as SageMaker means it; None if a newer model has one that Python does not understand."""
    translated = pattern.replace(*_SURROGATE_PAIRS)
    for unicode_class, python_class in _UNICODE_CLASSES.items():
        translated = translated.replace(unicode_class, python_class)
    # Elsewhere \d, \w and \s are ASCII to SageMaker: an account number has no Arabic digits.
    flags = 0 if r"\p{" in pattern else re.ASCII
    try:
        return re.compile(translated, flags)
    except re.error:
        return None
