"""What SageMaker enforces of a request beyond its model: fields that exclude or require each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.errors import NOTHING, Problem
from constructs_sm.late_bound import is_late_bound
from constructs_sm.rendering import join, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of some fields, in each structure at a path (`Containers[]` means each item of the list)."""

    at: str
    of: tuple[str, ...]

    def problems(self, request: Mapping[str, Any]) -> Iterator[Problem]:
        for structure, path in _each(request, self.at.split(".") if self.at else [], ""):
            given = [name for name in self.of if spelled(structure, name)]
            if len(given) > 1:
                shown = " and ".join(join(path, name) for name in given)
                yield Problem(f"{shown} exclude each other", given, "give one of them")
            if not given:
                shown = " or ".join(join(path, name) for name in self.of)
                yield Problem(f"{shown} is missing", NOTHING, "SageMaker requires it")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that must not be less than another one, where both are given and known."""

    greater: str
    less: str
    at: str

    def problems(self, request: Mapping[str, Any]) -> Iterator[Problem]:
        for structure, path in _each(request, self.at.split("."), ""):
            greater, less = _number(structure.get(self.greater)), _number(structure.get(self.less))
            if greater is not None and less is not None and greater < less:
                what = f"{join(path, self.greater)} must not be less than {self.less}"
                yield Problem(what, f"{greater} < {less}", f"pass {less} or more")


def _training(definition: str = "") -> tuple[OneOf | AtLeast, ...]:
    """The rules of a training request, or of the definition at a path of a tuning request."""
    prefix = f"{definition}." if definition else ""
    return (
        OneOf(f"{prefix}AlgorithmSpecification", ("TrainingImage", "AlgorithmName")),
        AtLeast("MaxWaitTimeInSeconds", "MaxRuntimeInSeconds", f"{prefix}StoppingCondition"),
    )


RULES: dict[str, tuple[OneOf | AtLeast, ...]] = {
    "CreateTrainingJob": (OneOf("", ("AlgorithmSpecification", "ServerlessJobConfig")), *_training()),
    "CreateHyperParameterTuningJob": (
        OneOf("", ("TrainingJobDefinition", "TrainingJobDefinitions")),
        *_training("TrainingJobDefinition"),
        *_training("TrainingJobDefinitions[]"),
    ),
    "CreateModel": (
        OneOf("", ("PrimaryContainer", "Containers")),
        OneOf("PrimaryContainer", ("Image", "ModelPackageName")),
        OneOf("Containers[]", ("Image", "ModelPackageName")),
    ),
}
"""By operation. Source: the field descriptions of the API reference."""


def broken_rules(operation: str, request: Mapping[str, Any]) -> list[Problem]:
    """A problem for each rule of *operation* that *request* breaks."""
    return [problem for rule in RULES.get(operation, ()) for problem in rule.problems(request)]


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not is_late_bound(value) else None


def _each(structure: Any, steps: list[str], path: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every structure that *steps* lead to, with its path; what is late-bound or of the wrong type leads nowhere."""
    if not steps:
        if isinstance(structure, Mapping):
            yield structure, path
        return
    name, *rest = steps
    inner = structure.get(name.removesuffix("[]")) if isinstance(structure, Mapping) else None
    here = join(path, name.removesuffix("[]"))
    if name.endswith("[]"):
        for index, item in enumerate(inner if isinstance(inner, list) else ()):
            yield from _each(item, rest, f"{here}[{index}]")
    else:
        yield from _each(inner, rest, here)
