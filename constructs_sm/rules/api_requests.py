"""Requests to the APIs of AWS, by botocore's models: which fields there are, of which kind, and which must be."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.fields import spelled_by_states
from constructs_sm.language.jsonata_checks import is_expression
from constructs_sm.language.numbers import is_number
from constructs_sm.rules.integrations import has_own_request, model_of, squashed
from constructs_sm.rules.service_models import clients, service_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LATE: Final = ".$"
_PLACEHOLDER: Final = "${"
_JSON_OR_TEXT: Final = frozenset({"blob", "string"})
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})


def _model(service: str, sdk: bool) -> dict[str, Any] | None:
    """The model of a service; None where botocore has none."""
    client = clients().get(squashed(model_of(service, sdk=sdk)))
    return None if client is None else service_model(client)


@functools.cache
def _operations(service: str, sdk: bool) -> dict[str, str]:
    model = _model(service, sdk)
    return {} if model is None else {name.casefold(): name for name in model["operations"]}


def has_service(service: str) -> bool:
    """Return True for a service that botocore has a model of."""
    return squashed(model_of(service, sdk=True)) in clients()


def has_api(service: str, api: str) -> bool:
    """Return True unless the SDK has no such API of the service."""
    operations = _operations(service, sdk=True)
    return not operations or api.casefold() in operations


@dataclass(frozen=True, slots=True)
class Fault:
    """A field of a request that cannot be so.

    Attributes:
        path: Where it is.
        there: The fields that the API has there, if it does not have this one.
        wanted: What its value has to be, if it has the field.
    """

    path: str
    there: tuple[str, ...] = ()
    wanted: str = ""


def faults(service: str, api: str, request: Mapping[str, Any], *, sdk: bool) -> Iterator[Fault]:
    """The fields of a request that the API does not have, and those whose values are of another kind."""
    shape = _input(service, api, sdk)
    model = _model(service, sdk)
    if shape is not None and model is not None:
        yield from _faults(model["shapes"], shape, request, "")


def missing_fields(service: str, api: str, request: Mapping[str, Any], *, sdk: bool) -> list[str]:
    """The fields that the API requires and the request does not have."""
    shape = _input(service, api, sdk)
    if shape is None:
        return []
    given = {name.removesuffix(_LATE) for name in request}
    wanted = {
        spelled_by_states(name): {name, spelled_by_states(name), _capital(name)} for name in shape.get("required", ())
    }
    return [spelled for spelled, ways in wanted.items() if not ways & given]


def _input(service: str, api: str, sdk: bool) -> dict[str, Any] | None:
    if not sdk and has_own_request(service, api):
        return None
    model = _model(service, sdk)
    operation = _operations(service, sdk).get(api.casefold())
    if model is None or operation is None:
        return None
    found: dict[str, Any] = (
        model["shapes"][model["operations"][operation]["input"]["shape"]]
        if "input" in model["operations"][operation]
        else {"type": "structure", "members": {}}
    )
    return found


def _capital(name: str) -> str:
    """A field with a capital, as the optimized integrations have it."""
    return f"{name[:1].upper()}{name[1:]}"


def _faults(shapes: Mapping[str, Any], shape: Mapping[str, Any], value: Any, path: str) -> Iterator[Fault]:
    kind = shape["type"]
    if isinstance(value, str) and (is_expression(value) or _PLACEHOLDER in value or kind in _JSON_OR_TEXT):
        return
    if wanted := _wanted(kind, value):
        yield Fault(path, wanted=wanted)
    elif kind == "structure" and isinstance(value, dict):
        yield from _faults_of_members(shapes, shape.get("members", {}), value, path)
    elif kind == "list" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _faults(shapes, shapes[shape["member"]["shape"]], item, f"{path}[{number}]")
    elif kind == "map" and isinstance(value, dict):
        for name, inner in value.items():
            if not name.endswith(_LATE):
                yield from _faults(shapes, shapes[shape["value"]["shape"]], inner, f"{path}.{name}")


def _wanted(kind: str, value: Any) -> str:
    """Return what a field of this kind has to be, where *value* is certainly none; objects may stand for texts."""
    if kind in _JSON_OR_TEXT and (is_number(value) or isinstance(value, bool)):
        return "a text"
    if kind in _NUMBERS and not is_number(value) and value is not None:
        return "a number"
    if kind == "boolean" and not isinstance(value, bool) and value is not None:
        return "true or false"
    if kind == "list" and not isinstance(value, list) and value is not None:
        return "a list"
    return "an object" if kind in {"structure", "map"} and not isinstance(value, dict) and value is not None else ""


def _faults_of_members(
    shapes: Mapping[str, Any], members: Mapping[str, Any], value: Mapping[str, Any], path: str
) -> Iterator[Fault]:
    known = {spelled_by_states(name): member for name, member in members.items()}
    also = {**members, **{_capital(name): member for name, member in members.items()}}
    for name, inner in value.items():
        plain = name.removesuffix(_LATE)
        where = f"{path}.{plain}" if path else plain
        member = known.get(plain) or also.get(plain)
        if member is None:
            yield Fault(where, there=tuple(sorted(known)))
        elif plain == name:
            yield from _faults(shapes, shapes[member["shape"]], inner, where)
