"""The values of a request that rails are about, each with its path, whether they are known or come later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from constructs_sm.requests.api_model import has_operation, input_shape

Found: TypeAlias = tuple[str, Any]
"""The path of a value, as messages spell it, and the value; of what comes later, the path of what holds it."""
_PARTS: Final = (
    "TrainingJobDefinition",
    "TrainingJobDefinitions.*",
    "PrimaryContainer",
    "Containers.*",
    "ProductionVariants.*",
    "ShadowProductionVariants.*",
    "LabelingJobAlgorithmsConfig",
    "ProcessingOutputConfig",
    "DataCaptureConfig",
    "AsyncInferenceConfig",
)
"""Structures of requests that have fields of their own, wherever there is such a structure."""


@dataclass(frozen=True, slots=True)
class Part:
    """A structure of a request in which one field at least is asked for.

    Attributes:
        place: The path of the structure, `*` for each item of a list; empty for the request itself.
        fields: The paths of the fields from there on.
    """

    place: tuple[str, ...]
    fields: tuple[tuple[str, ...], ...]


def parts(operation: str, paths: tuple[str, ...]) -> tuple[Part, ...]:
    """The fields at *paths* that a request of *operation* can have, by the structures that they stand in."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        if has_field(operation, path):
            place = max((each for each in _PARTS if path.startswith(f"{each}.")), key=len, default="")
            found.setdefault(place, []).append(tuple(path.removeprefix(place).lstrip(".").split(".")))
    return tuple(Part(tuple(place.split(".")) if place else (), tuple(names)) for place, names in found.items())


@cache
def has_field(operation: str, path: str) -> bool:
    """Tell if SageMaker's model has a field for requests of *operation*."""
    if not has_operation(operation):
        return False
    shape = input_shape(operation)
    for step in path.split("."):
        if step == "*" and shape.type_name == "list":
            shape = shape.member
        elif shape.type_name == "structure" and step in shape.members:
            shape = shape.field(step)
        else:
            return False
    return True


def found(value: Any, steps: tuple[str, ...], path: str = "") -> list[Found]:
    """Everything at a path below *value*. A text on the way stands for what comes later, and is found itself."""
    for depth, step in enumerate(steps):
        if isinstance(value, str):
            break
        if step == "*":
            items = value if isinstance(value, list) else ()
            rest = steps[depth + 1 :]
            return [each for number, item in enumerate(items) for each in found(item, rest, f"{path}[{number}]")]
        value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return []
        path = f"{path}.{step}" if path else step
    return [] if value is None else [(path, value)]


def texts(value: Any, path: str, into: list[Found]) -> None:
    """Add every text in a structure or list to *into*."""
    if isinstance(value, str):
        into.append((path, value))
    elif isinstance(value, dict):
        for name, item in value.items():
            texts(item, f"{path}.{name}", into)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            texts(item, f"{path}[{number}]", into)
