"""The key of volumes and outputs, in every field of a request that takes one and has none of its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.late_bound import Computed
from constructs_sm.requests.api_model import input_shape
from constructs_sm.requests.model_check import fields_below
from constructs_sm.rules.argument_rules import KEY_LEFT_OUT
from constructs_sm.rules.kinds import NotOnLocalStorage, structures, value_of
from constructs_sm.rules.request_constraints import CONSTRAINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.language.errors import Problem
    from constructs_sm.requests.api_model import Shape
    from constructs_sm.requests.request import Fields

_KEY: Final = "KmsKeyId"
_OF_THE_WHOLE_JOB: Final = {"CreateAutoMLJobV2": "SecurityConfig"}
"""Structures that hold keys alone, and are made for them."""


def encrypt(operation: str, request: Fields, key: str) -> Iterator[Problem]:
    """Name *key* where a request takes a key and says none; what cannot be known is a problem that is told.

    Instances with local storage take none: their hardware encrypts it. Servers that SageMaker chooses have no volumes
    of their own.

    Args:
        operation: As `CreateTrainingJob`.
        request: Its fields, which are filled.
        key: The ARN of the key.
    """
    if operation in _OF_THE_WHOLE_JOB:
        request.setdefault(_OF_THE_WHOLE_JOB[operation], {})
    yield from _fill(operation, input_shape(operation), request, key, path="", at="")


def _fill(operation: str, shape: Shape, fields: Fields, key: str, *, path: str, at: str) -> Iterator[Problem]:
    for name in shape.metadata["members"]:
        here, below = f"{path}.{name}".lstrip("."), f"{at}.{name}".lstrip(".")
        if name.endswith(_KEY) and name not in fields:
            volumes = _volumes(operation).get((at, name))
            if volumes is None:
                fields[name] = key
            else:
                yield from _fill_volumes(volumes, fields, key, here)
        inner = fields.get(name)
        if isinstance(inner, Computed) and any(leaf.endswith(_KEY) for leaf in fields_below(operation, here)):
            yield KEY_LEFT_OUT.problem(f"no key is put into {here}: {KEY_LEFT_OUT.what}")
        if isinstance(inner, dict) and shape.field(name).type_name == "structure":
            yield from _fill(operation, shape.field(name), inner, key, path=here, at=below)
        elif isinstance(inner, list) and shape.field(name).member.type_name == "structure":
            for number, item in enumerate(inner):
                if isinstance(item, dict):
                    member = shape.field(name).member
                    yield from _fill(operation, member, item, key, path=f"{here}[{number}]", at=f"{below}[]")


def _fill_volumes(volumes: NotOnLocalStorage, fields: Fields, key: str, path: str) -> Iterator[Problem]:
    found = [value_of(holder, "InstanceType") for at in volumes.types for holder, _ in structures(fields, at)]
    types = [value for value in found if value is not None]
    if not all(isinstance(value, str) for value in types):
        yield KEY_LEFT_OUT.problem(f"{path} is left out: {KEY_LEFT_OUT.what}")
    elif types and not any(volumes.problems({**fields, volumes.field: key}, "")):
        fields[volumes.field] = key


@cache
def _volumes(operation: str) -> dict[tuple[str, str], NotOnLocalStorage]:
    """The rules of an operation on keys of volumes, by the structure and the field that they are of."""
    found: Any = (each for each in CONSTRAINTS.get(operation, ()) if isinstance(each, NotOnLocalStorage))
    return {(each.at, each.field): each for each in found if each.field.endswith(_KEY)}
