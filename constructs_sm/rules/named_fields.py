"""The fields in which requests name a container image, or a role that is passed, as SageMaker's own model has them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from constructs_sm.rules.service_models import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMAGES: Final = frozenset({"AlgorithmImage", "ContainerImage", "ImageUri", "OptimizationContainerImage"})
_ROLE: Final = "RoleArn"
_PASSED: Final = frozenset({"RoleArn", "ExecutionRoleArn", "ExecutionRoleARN", "ExecutionRole", "ValidationRole"})
"""Other fields of a role are for another service, which may assume one of another account."""


class NamedField(NamedTuple):
    """A field that holds a text, and the way to it."""

    first: str
    """The field of the request that it is, or is in."""
    at: str
    """The path of its structure."""
    name: str


@cache
def image_fields(operation: str) -> tuple[NamedField, ...]:
    """The fields of a request that name an image."""
    return tuple(_named(at, name) for at, name, shape in _texts(operation) if shape in _IMAGES)


@cache
def role_fields(operation: str) -> tuple[NamedField, ...]:
    """The fields of a request that name a role that is passed with it."""
    return tuple(_named(at, name) for at, name, shape in _texts(operation) if shape == _ROLE and name in _PASSED)


def _named(at: str, name: str) -> NamedField:
    return NamedField((at or name).split(".")[0].removesuffix("[]"), at, name)


@cache
def _texts(operation: str) -> list[tuple[str, str, str]]:
    """Every plain field of a request: the path of its structure (`Containers[]`), its name, its shape."""
    model = service_model("sagemaker")
    found = model["operations"].get(operation, {}).get("input")
    return list(_below(model["shapes"], found["shape"], "", ())) if found else []


def _below(shapes: Any, name: str, path: str, within: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for field, member in shapes[name].get("members", {}).items():
        here, shape = f"{path}.{field}" if path else field, member["shape"]
        while shapes[shape]["type"] == "list":
            here, shape = f"{here}[]", shapes[shape]["member"]["shape"]
        if shapes[shape]["type"] == "structure":
            if shape not in within:
                yield from _below(shapes, shape, here, (*within, shape))
        elif not here.endswith("[]"):
            yield path, field, shape
