"""Values of a request by the shapes that SageMaker's model has for them, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.late_bound import Computed
from constructs_sm.requests.api_model import input_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.requests.api_model import Shape


def values(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Everything in *request*, each value with the name of its shape."""
    yield from _walk(input_shape(operation), request)


def role_arns(operation: str, request: Mapping[str, Any]) -> list[str]:
    """Every role that *request* hands to SageMaker, as far as it is known, each once."""
    found = (value for name, value in values(operation, request) if name == "RoleArn")
    return list(dict.fromkeys(value for value in found if isinstance(value, str) and not isinstance(value, Computed)))


def _walk(shape: Shape, value: Any) -> Iterator[tuple[str, Any]]:
    # Of a request that is refused too, the parts that have the form of the model.
    yield shape.name, value
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in value.items():
            if name in shape.members:
                yield from _walk(shape.members[name], member)
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from _walk(shape.member, item)
    elif shape.type_name == "map" and isinstance(value, dict):
        for member in value.values():
            yield from _walk(shape.value, member)
