"""Faults of a request, by SageMaker's own API model.

The model is botocore's: no field, enum or limit is written down here, and a newer botocore knows newer fields. It is
read when the first request is checked. Values that are not known at synthesis are passed over wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, did_you_mean, raise_all, shown
from constructs_sm.language.late_bound import Computed, is_token, remedy_of_form
from constructs_sm.language.sizes import too_large
from constructs_sm.requests.api_model import input_shape, output_shape
from constructs_sm.requests.request import read
from constructs_sm.rules import model_rules as rules
from constructs_sm.rules.request_checks import broken_rules
from constructs_sm.rules.rule import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from constructs_sm.actions import Action
    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.requests.api_model import Shape
    from constructs_sm.requests.request import Request

    _Path: TypeAlias = tuple[Any, Any] | None
    """The path to what holds a value, and the step from there: a field, an index or a key."""
    _Check: TypeAlias = Callable[[Any, _Path, list[Problem]], None]

_SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
# As in Java, which the model's patterns are of: ASCII.
_ALPHANUMERIC = r"\p{Alnum}", "a-zA-Z0-9"
_NESTED = re.compile(r"[*+}][^()]*\)[*+{]")
"""Repetitions of repetitions, on which a matcher may try for ever."""
_PATIENCE = 0.1
"""Seconds for a match."""
_MOST_PROBLEMS = 100
"""Problems of one structure, list or map that are told; who has more has made one mistake many times."""
_WIDTH = {"integer": 2**31, "long": 2**63}
"""Numbers that a whole number of a type is below."""


def check(action: Action, request: Mapping[str, Any]) -> None:
    """Raise InvalidInputError with everything that SageMaker's model finds wrong with *request*.

    Args:
        action: The row of `ACTIONS` the request is for.
        request: The request in SageMaker's words. Late-bound values are skipped: tokens, JSONata expressions, and
            fields whose name ends in `.$` (JSONPath and intrinsic functions).
    """
    raise_all(action.operation, list(too_large({"the request": request})) or problems(action, request))


def problems(action: Action, request: Mapping[str, Any]) -> list[Problem]:
    """List what `check` would raise."""
    return [problem for problem in found_in(action.operation, request) if RULES[problem.rule].severity == "error"]


def found_in(
    operation: str, request: Mapping[str, Any], *, arns: Arns | None = None, models: Sequence[Mapping[str, Any]] = ()
) -> list[Problem]:
    """List everything that is wrong with a request, and what is worth a warning.

    Args:
        operation: As `CreateTrainingJob`.
        request: The request in SageMaker's words.
        arns: The Region and account that the request is made in, where they are known.
        models: The requests of the models that it names, as far as they are known.
    """
    indexed = read(request)
    return indexed.problems + problems_of(operation, indexed, arns=arns, models=models)


def problems_of(
    operation: str, request: Request, *, arns: Arns | None = None, models: Sequence[Mapping[str, Any]] = ()
) -> list[Problem]:
    """List the same of a request that is read or rendered already, and indexed."""
    found: list[Problem] = []
    _operation_check(operation)(request.fields, None, found)
    if not isinstance(request.fields, Mapping):
        # It is no structure, or computed as a whole: no rule can be asked.
        return found
    broken = broken_rules(operation, request.fields, request.structures, arns=arns, models=models)
    if found and broken:
        # What a field cannot be at all is said once.
        wrong = {problem.what.partition(" ")[0] for problem in found}
        broken = [problem for problem in broken if wrong.isdisjoint(problem.what.split())]
    return found + broken


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
    shape = input_shape(operation)
    for step in re.sub(r"\[\d+\]", ".[]", path).split("."):
        if step == "[]" and "member" in shape.metadata:
            shape = shape.member
        elif step in shape.metadata.get("members", {}):
            shape = shape.field(step)
        else:
            return ()
    return tuple(_below(shape, path, ())) if shape.type_name in {"structure", "list"} else ()


def fields_of_request(operation: str) -> tuple[str, ...]:
    """The paths of all fields of a request of *operation*."""
    return tuple(path.removeprefix(".") for path in _below(input_shape(operation), "", ()))


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
    """Return what of *paths*, dotted, the output of a job that was waited for cannot hold, by SageMaker's model."""
    return [problem for path in paths for problem in _unknown_output(action, path)]


def _unknown_output(action: Action, path: str) -> Iterator[Problem]:
    shape = output_shape(action.describe)
    # Step Functions adds the job's tags.
    for name in [] if path.startswith("Tags") else path.split("."):
        if shape.type_name != "structure" or "[" in name:
            return
        if name not in shape.members:
            what = f"no such field in the output of {action.noun}"
            yield rules.OUTPUT.problem(what, path, _nearest(name, shape.members))
            return
        shape = shape.members[name]


@cache
def _operation_check(operation: str) -> _Check:
    return _check_of(input_shape(operation))


def _check_of(shape: Shape) -> _Check:
    """Make what appends the problems of a value to a list, once a shape: reading the model is slower than checking."""
    make = _MAKERS.get(shape.metadata["type"])
    return make(shape) if make else lambda _value, _path, _found: None


def _structure(shape: Shape) -> _Check:
    required, members = frozenset(shape.metadata.get("required", ())), shape.metadata.get("members", {})
    checks: dict[str, _Check] = {}

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, Mapping):
            if not _is_late(value):
                what = f"{_spelled(path) or 'the request'} must be a mapping"
                found.append(rules.STRUCTURE.problem(what, value, _one_of("with the fields", members)))
            return
        if not required <= value.keys():
            found += [
                rules.MISSING.problem(f"{_spelled((path, field))} is missing", NOTHING, "SageMaker requires it")
                for field in shape.required_members
                if field not in value
            ]
        before = len(found)
        for key, member in value.items():
            if len(found) - before >= _MOST_PROBLEMS:
                return
            inner = checks.get(key)
            if inner is None:
                if key not in members:
                    what = f"{_spelled((path, key))} is not a field of this API"
                    found.append(rules.UNKNOWN.problem(what, key, _nearest(key, members)))
                    continue
                # Not before it is given: a request names few of the fields there are.
                inner = checks[key] = _check_of(shape.field(key))
            inner(member, (path, key), found)

    return check


def _list(shape: Shape) -> _Check:
    size, item_check = _size(shape, "items"), _check_of(shape.member)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            if not _is_late(value):
                found.append(
                    rules.STRUCTURE.problem(f"{_spelled(path)} must be a list", value, "pass a list, also of one")
                )
            return
        size(value, path, found)
        before = len(found)
        for index, item in enumerate(value):
            item_check(item, (path, index), found)
            if len(found) - before >= _MOST_PROBLEMS:
                return

    return check


def _map(shape: Shape) -> _Check:
    size, key_check, item_check = _size(shape, "entries"), _check_of(shape.key), _check_of(shape.value)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, Mapping):
            if not _is_late(value):
                found.append(rules.STRUCTURE.problem(f"{_spelled(path)} must be a mapping", value, "pass a dict"))
            return
        size(value, path, found)
        before = len(found)
        for key, item in value.items():
            if len(found) - before >= _MOST_PROBLEMS:
                return
            key_check(key, (path, _Key(key)), found)
            item_check(item, (path, key), found)

    return check


def _string(shape: Shape) -> _Check:
    options = frozenset(shape.metadata.get("enum", ()))
    size, pattern = _size(shape, "characters"), shape.metadata.get("pattern", "")
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", inf)
    form = _compiled(pattern) if pattern else None

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, str):
            if not _is_late(value):
                use = f"write '{shown(value)}'" if isinstance(value, (bool, int, float)) else "pass a str"
                found.append(rules.TYPE.problem(f"{_spelled(path)} must be a string", value, use))
        elif options:
            if value not in options and not _is_late(value):
                what = f"{_spelled(path)} is not a value SageMaker knows"
                found.append(rules.VALUE.problem(what, value, _nearest(value, shape.enum)))
        else:
            before = len(found)
            if not least <= len(value) <= most:
                size(value, path, found)
            if len(found) == before and form and not form(value) and not _is_late(value):
                found.append(_formless(_spelled(path), value, pattern))

    return check


_BUCKET_ARN = re.compile(r"arn:[^:]*:s3:::")


def _formless(path: str, value: str, pattern: str) -> Problem:
    """Name a text that does not match the pattern of its field: most often a place in S3 that lacks its beginning."""
    if "s3)://" in pattern and "://" not in value:
        return rules.PLACE.problem(
            f"{path} is a place without s3://", value, f"write s3://{_BUCKET_ARN.sub('', value).lstrip('/')}"
        )
    use = remedy_of_form(value, f"match {pattern}")
    return rules.FORM.problem(f"{path} does not have the form SageMaker wants", value, use)


def _number(shape: Shape) -> _Check:
    kinds: tuple[type, ...] = (int,) if shape.type_name in {"integer", "long"} else (int, float)
    width = _WIDTH.get(shape.type_name)
    narrowest, widest = (-width, width - 1) if width else (-inf, inf)
    least, most = shape.metadata.get("min", narrowest), shape.metadata.get("max", widest)

    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds):
            if not _is_late(value):
                what, use = ("a number", "pass a float") if float in kinds else ("a whole number", "pass an int")
                found.append(rules.TYPE.problem(f"{_spelled(path)} must be {what}", value, use))
        elif value < least and not _is_late(value):
            found.append(rules.RANGE.problem(f"{_spelled(path)} is too small", value, f"pass {least} or more"))
        elif value > most:
            found.append(rules.RANGE.problem(f"{_spelled(path)} is too big", value, f"pass {most} or less"))

    return check


def _boolean(_shape: Shape) -> _Check:
    def check(value: Any, path: _Path, found: list[Problem]) -> None:
        if not isinstance(value, bool) and not _is_late(value):
            found.append(rules.TYPE.problem(f"{_spelled(path)} must be a boolean", value, "pass True or False"))

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
        found.append(rules.LENGTH.problem(f"{_spelled(path)} is too {wrong}", f"{size} {unit}", f"give {use}"))

    return check


def _is_late(value: object) -> bool:
    # Asked only of what seems wrong: what is known later mostly does, and what does not needs no excuse.
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
    written = _folded(value if isinstance(value, str) else shown(value))
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(_folded(option), option)
    # First what only lacks its beginning, as m5.xlarge lacks ml.
    whole = next((fold for fold in folded if written and fold.endswith(f".{written}")), written)
    return did_you_mean(whole, folded) or _one_of("use one of", options)


def _folded(name: str) -> str:
    """Spell a name as it is compared: its capitals, and whether its words are joined by _ or -, are never the point."""
    return name.lower().replace("_", "").replace("-", "")


def _one_of(lead: str, options: Iterable[str]) -> str:
    listed = sorted(options)
    return f"{lead} {', '.join(listed[:12])}{', ...' if len(listed) > 12 else ''}"  # noqa: PLR2004


@cache
def _compiled(pattern: str) -> Callable[[str], object] | None:
    """Match a pattern as SageMaker means it; None if a newer model has one that Python does not understand."""
    translated = pattern.replace(*_SURROGATE_PAIRS).replace(*_ALPHANUMERIC)
    try:
        if r"\p{" not in translated and not _NESTED.search(translated):
            # \d, \w and \s are ASCII to SageMaker: an account number has no Arabic digits.
            return re.compile(translated, re.ASCII).fullmatch
    except re.error:
        return None
    # Python's own re has no Unicode classes, and does not stop. Imported for the few fields that need it.
    import regex  # noqa: PLC0415

    try:
        compiled = regex.compile(translated, 0 if r"\p{" in translated else regex.ASCII)
    except regex.error:
        return None

    def matches(value: str) -> object:
        try:
            return compiled.fullmatch(value, timeout=_PATIENCE)
        except TimeoutError:
            # Not judged, so not refused.
            return True

    return matches
