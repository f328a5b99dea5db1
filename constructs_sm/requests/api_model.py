"""SageMaker's own description of its API, as botocore brings it: read when first asked for, and once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from constructs_sm.language.fields import spelled_by_states
from constructs_sm.rules.service_models import service_model


@dataclass(frozen=True)
class Shape:
    """A type of the API: a structure, list, map, string, number or boolean. The words are those of botocore's model."""

    name: str
    metadata: dict[str, Any]
    """Properties of the type in the model: `type`, `min`, `max`, `pattern`, ..."""

    @property
    def type_name(self) -> str:
        return str(self.metadata["type"])

    @property
    def required_members(self) -> tuple[str, ...]:
        return tuple(self.metadata.get("required", ()))

    @cached_property
    def members(self) -> dict[str, Shape]:
        """The fields of a structure."""
        return {name: _shape(member["shape"]) for name, member in self.metadata.get("members", {}).items()}

    def field(self, name: str) -> Shape:
        """One field of a structure, of which a request names few."""
        return _shape(self.metadata["members"][name]["shape"])

    @property
    def member(self) -> Shape:
        """The type of the items of a list."""
        return _shape(self.metadata["member"]["shape"])

    @property
    def key(self) -> Shape:
        return _shape(self.metadata["key"]["shape"])

    @property
    def value(self) -> Shape:
        return _shape(self.metadata["value"]["shape"])

    @property
    def enum(self) -> tuple[str, ...]:
        """The values a string may have; empty: any."""
        return tuple(self.metadata.get("enum", ()))


def input_shape(operation: str) -> Shape:
    """The request of an operation: `CreateTrainingJob`."""
    return _shape(_model()["operations"][operation]["input"]["shape"])


def output_shape(operation: str) -> Shape:
    """The answer of an operation."""
    return _shape(_model()["operations"][operation]["output"]["shape"])


def has_operation(operation: str) -> bool:
    """Tell whether SageMaker has an operation of this name."""
    return operation in _model()["operations"]


def answers(operation: str) -> bool:
    """Tell whether an operation answers with more than that it is done."""
    return "output" in _model()["operations"][operation]


def error_names(operation: str) -> tuple[str, ...]:
    """The errors that an operation declares."""
    return tuple(error["shape"] for error in _model()["operations"][operation].get("errors", ()))


@cache
def _shape(name: str) -> Shape:
    return Shape(name, _model()["shapes"][name])


@cache
def _model() -> dict[str, Any]:
    model = service_model("sagemaker")
    return {**model, "shapes": {name: _spelled_by_states(shape) for name, shape in model["shapes"].items()}}


def _spelled_by_states(shape: dict[str, Any]) -> dict[str, Any]:
    """A type with its fields as Step Functions spells them."""
    names = [name for name in shape.get("members", ()) if name[:2].isupper()]
    renamed = {name: spelled for name in names if (spelled := spelled_by_states(name)) != name}
    if not renamed:
        return shape
    return {
        **shape,
        "members": {renamed.get(name, name): member for name, member in shape["members"].items()},
        "required": [renamed.get(name, name) for name in shape.get("required", ())],
    }
