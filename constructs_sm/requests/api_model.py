"""SageMaker's own description of its API, as botocore brings it: read when first asked for, and once.

The file is read as it is. botocore's loader would import an HTTP client with it, which takes longer than the reading,
and would look for other models in the user's folders.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from constructs_sm.language.fields import spelled_by_states


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
    package = find_spec("botocore")
    if package is None or package.origin is None:
        message = "botocore is not installed"
        raise ModuleNotFoundError(message)
    latest = max(Path(package.origin).parent.glob("data/sagemaker/*/service-2.json*"))
    text = latest.read_bytes()
    model: dict[str, Any] = json.loads(gzip.decompress(text) if latest.suffix == ".gz" else text)
    for shape in model["shapes"].values():
        names = [name for name in shape.get("members", ()) if name[:2].isupper()]
        if renamed := {name: spelled for name in names if (spelled := spelled_by_states(name)) != name}:
            shape["members"] = {renamed.get(name, name): member for name, member in shape["members"].items()}
            shape["required"] = [renamed.get(name, name) for name in shape.get("required", ())]
    return model
