"""What SageMaker's own API model says is wrong with a request.

The model is botocore's: no field, enum or limit is written down here, and a newer botocore knows newer fields. It is
read when the first request is checked. Values that are not known at synthesis are passed over wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from constructs_sm.errors import NOTHING, Problem, raise_all
from constructs_sm.late_bound import is_jsonata, is_token
from constructs_sm.rules import broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.actions import Action

    from botocore.model import ServiceModel, Shape

_LATE = ".$"
_NUMBERS = {"integer": (int,), "long": (int,), "float": (int, float), "double": (int, float)}
# Python's re has no Unicode classes; these are as wide or a little wider.
_SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
_UNICODE_CLASSES = {r"\p{L}": r"^\W\d_", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{Alnum}": "a-zA-Z0-9"}


def check(action: Action, request: Mapping[str, Any]) -> None:
    """Raise InvalidInputError with everything that SageMaker's model finds wrong with *request*.

    Args:
        action: The row of `ACTIONS` the request is for.
        request: The request in SageMaker's words. Late-bound values are skipped: tokens, JSONata expressions, and
            fields whose name ends in `.$` (JSONPath and intrinsic functions).
    """
    raise_all(action.operation, problems(action, request))


def problems(action: Action, request: Mapping[str, Any]) -> list[Problem]:
    """What `check` would raise, as a list."""
    return [*_of_structure(request, _input_shape(action.operation), ""), *broken_rules(action.operation, request)]


@lru_cache(maxsize=1)
def _model() -> ServiceModel:
    # Not through a Session: that would read the user's AWS configuration, and takes three times as long.
    from botocore.loaders import Loader  # noqa: PLC0415
    from botocore.model import ServiceModel  # noqa: PLC0415

    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"))


@cache
def _input_shape(operation: str) -> Shape:
    return _model().operation_model(operation).input_shape


def _of(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    if is_token(value) or is_jsonata(value):
        return
    kind = shape.type_name
    if kind == "structure":
        yield from _of_structure(value, shape, path)
    elif kind == "list":
        yield from _of_list(value, shape, path)
    elif kind == "map":
        yield from _of_map(value, shape, path)
    elif kind == "string":
        yield from _of_string(value, shape, path)
    elif kind in _NUMBERS:
        yield from _of_number(value, shape, path)
    elif kind == "boolean" and not isinstance(value, bool):
        yield Problem(f"{path} must be a boolean", value, "pass True or False")


def _of_structure(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(f"{path or 'the request'} must be a mapping", value, _one_of("with the fields", shape.members))
        return
    given = {_bare(key) for key in value}
    for field in shape.required_members:
        if field not in given:
            yield Problem(f"{_join(path, field)} is missing", NOTHING, "SageMaker requires it")
    for key, member in value.items():
        field = _bare(key)
        if not isinstance(field, str) or field not in shape.members:
            yield Problem(f"{_join(path, field)} is not a field of this API", field, _nearest(field, shape.members))
        elif key == field:
            yield from _of(member, shape.members[field], _join(path, field))


def _of_list(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        yield Problem(f"{path} must be a list", value, "pass a list, also of one")
        return
    yield from _of_size(len(value), shape, path, "items")
    for index, item in enumerate(value):
        yield from _of(item, shape.member, f"{path}[{index}]")


def _of_map(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(f"{path} must be a mapping", value, "pass a dict")
        return
    yield from _of_size(len(value), shape, path, "entries")
    for key, item in value.items():
        yield from _of(_bare(key), shape.key, f"{path} key {key!r}")
        if key == _bare(key):
            yield from _of(item, shape.value, _join(path, key))


def _of_string(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(f"{path} must be a string", value, f"write {str(value)!r}" if _plain(value) else "pass a str")
        return
    options = getattr(shape, "enum", None)
    if options:
        if value not in options:
            yield Problem(f"{path} is not a value SageMaker knows", value, _nearest(value, options))
        return
    yield from _of_size(len(value), shape, path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield Problem(f"{path} does not have the form SageMaker wants", value, f"match {pattern}")


def _of_number(value: object, shape: Shape, path: str) -> Iterator[Problem]:
    kinds = _NUMBERS[shape.type_name]
    if isinstance(value, bool) or not isinstance(value, kinds):
        whole = kinds == (int,)
        yield Problem(
            f"{path} must be a {'whole ' if whole else ''}number", value, "pass an int" if whole else "pass a float"
        )
        return
    limits = shape.metadata
    if "min" in limits and value < limits["min"]:
        yield Problem(f"{path} is too small", value, f"pass {limits['min']} or more")
    if "max" in limits and value > limits["max"]:
        yield Problem(f"{path} is too big", value, f"pass {limits['max']} or less")


def _of_size(size: int, shape: Shape, path: str, unit: str) -> Iterator[Problem]:
    limits = shape.metadata
    if size < limits.get("min", 0):
        yield Problem(f"{path} is too short", f"{size} {unit}", f"give at least {limits['min']}")
    if "max" in limits and size > limits["max"]:
        yield Problem(f"{path} is too long", f"{size} {unit}", f"give at most {limits['max']}")


def _bare(key: Any) -> Any:
    return key.removesuffix(_LATE) if isinstance(key, str) else key


def _join(path: str, field: object) -> str:
    return f"{path}.{field}" if path else str(field)


def _plain(value: object) -> bool:
    return isinstance(value, (bool, int, float))


def _nearest(value: object, options: Any) -> str:
    # First what only lacks its beginning, as m5.xlarge lacks ml.
    whole = [option for option in options if value and option.lower().endswith(f".{str(value).lower()}")]
    near = whole or get_close_matches(str(value), list(options), n=1)
    return f"did you mean {near[0]}?" if near else _one_of("use one of", options)


def _one_of(lead: str, options: Any) -> str:
    shown = sorted(options)
    return f"{lead} {', '.join(shown[:12])}{', ...' if len(shown) > 12 else ''}"  # noqa: PLR2004


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = pattern.replace(*_SURROGATE_PAIRS)
    for unicode_class, python_class in _UNICODE_CLASSES.items():
        pattern = pattern.replace(f"[{unicode_class}]", f"[{python_class}]")
        # Inside a set nothing can be negated: letters become all word characters.
        pattern = pattern.replace(unicode_class, r"\w" if unicode_class == r"\p{L}" else python_class)
    return re.compile(pattern)
