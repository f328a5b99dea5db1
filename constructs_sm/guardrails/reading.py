"""The values of a request that rails are about, each with its path, whether they are known or come later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from constructs_sm.guardrails.further_apis import capacity_of
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
    "ProductionVariants.*.CoreDumpConfig",
    "ShadowProductionVariants.*.CoreDumpConfig",
    "DataCaptureConfig",
    "AsyncInferenceConfig",
    "DesiredWeightsAndCapacities.*",
    "ModelVariants.*",
)
"""Structures of requests that have fields of their own, wherever there is such a structure."""


@dataclass(frozen=True, slots=True)
class Part:
    """A structure of a request in which one field at least is asked for.

    Attributes:
        place: The path of the structure, `*` for each item of a list; empty for the request itself.
        fields: The paths of the fields from there on.
        keyed: Whether the condition key is that of these fields, so that IAM limits them.
        wanted: Whether it is a fault if none of the fields is there, of a rail that wants one.
    """

    place: tuple[str, ...]
    fields: tuple[tuple[str, ...], ...]
    keyed: bool = False
    wanted: bool = True


def parts(
    operation: str, keyed: tuple[str, ...], others: tuple[str, ...], named: tuple[str, ...] = ()
) -> tuple[Part, ...]:
    """The fields that a request of *operation* can have, by the structures that they stand in.

    Args:
        operation: As `CreateTrainingJob`.
        keyed: The paths of those that a condition key limits.
        others: Those that none does.
        named: Those of which none has to be there.
    """
    found: dict[tuple[str, bool, bool], list[tuple[str, ...]]] = {}
    places: set[str] = set()
    seen: set[str] = set()
    for paths, is_keyed, is_wanted in ((keyed, True, True), (others, False, True), (named, False, False)):
        for path in paths:
            if path not in seen and has_field(operation, path):
                seen.add(path)
                place = max((each for each in _PARTS if path.startswith(f"{each}.")), key=len, default="")
                steps = tuple(path.removeprefix(place).lstrip(".").split("."))
                found.setdefault((place, is_keyed, is_wanted), []).append(steps)
    made = []
    for (place, is_keyed, is_wanted), names in found.items():
        # Fields of two kinds stand in for each other: that none is there is said once.
        made.append(
            Part(tuple(place.split(".")) if place else (), tuple(names), is_keyed, is_wanted and place not in places)
        )
        places.add(place)
    return tuple(made)


@cache
def has_field(operation: str, path: str) -> bool:
    """Tell if SageMaker's model has a field for requests of *operation*."""
    if not has_operation(operation):
        return path == capacity_of(operation) != ""
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
