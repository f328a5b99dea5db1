"""The nine SageMaker APIs of Step Functions, and what botocore's model says about requests to them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.validate import ParamValidator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, Shape

_RULE = "StepFunctionsGetEventsForSageMaker"


@dataclass(frozen=True, slots=True)
class Api:
    """One API that Step Functions calls; what is not said here follows from the noun."""

    operation: str
    kind: str
    rule: str | None = None
    folds_case: bool = False

    @property
    def noun(self) -> str:
        return self.operation.removeprefix("Create").removeprefix("Update")

    @property
    def waits(self) -> bool:
        return self.rule is not None

    @property
    def creates(self) -> bool:
        return self.operation.startswith("Create")


APIS = {
    f"{api.operation[0].lower()}{api.operation[1:]}": api
    for api in (
        Api("CreateTrainingJob", "training-job", f"{_RULE}TrainingJobsRule"),
        Api("CreateProcessingJob", "processing-job", f"{_RULE}ProcessingJobsRule"),
        Api("CreateTransformJob", "transform-job", f"{_RULE}TransformJobsRule"),
        Api("CreateHyperParameterTuningJob", "hyper-parameter-tuning-job", f"{_RULE}TuningJobsRule", folds_case=True),
        # AWS has not published the name of this rule, so a policy has to allow any that begins like the others.
        Api("CreateLabelingJob", "labeling-job", f"{_RULE}RuleOfUnpublishedName", folds_case=True),
        Api("CreateModel", "model"),
        Api("CreateEndpointConfig", "endpoint-config", folds_case=True),
        Api("CreateEndpoint", "endpoint", folds_case=True),
        Api("UpdateEndpoint", "endpoint", folds_case=True),
    )
}


@functools.cache
def operation(name: str) -> OperationModel:
    return _service_model().operation_model(name)


@functools.cache
def _service_model() -> Any:
    return botocore.session.Session().get_service_model("sagemaker")


def is_modelled(operation_name: str, code: str) -> bool:
    """Whether the API declares the error *code*, which then has a name of its own in Step Functions."""
    return any(shape.name == code for shape in operation(operation_name).error_shapes)


def request_errors(operation_name: str, request: dict[str, Any]) -> list[str]:
    """What SageMaker would refuse in *request*."""
    shape = operation(operation_name).input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        return list(report.generate_report().splitlines())
    return [
        f"{path}: {problem}"
        for path, member, value in _walk(shape, request, "")
        for problem in _problems(member, value)
    ]


def role_arns(operation_name: str, request: dict[str, Any]) -> list[str]:
    """Every role that *request* hands to SageMaker, each once."""
    members = _walk(operation(operation_name).input_shape, request, "")
    return list(dict.fromkeys(value for _, shape, value in members if shape.name == "RoleArn"))


def _walk(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, Shape, Any]]:
    yield path or shape.name, shape, value
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from _walk(shape.members[name], member, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _walk(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from _walk(shape.key, name, f"{path}<{name}>")
            yield from _walk(shape.value, member, f"{path}.{name}")


def _problems(shape: Shape, value: Any) -> Iterator[str]:
    """The rules that botocore knows but leaves to the service."""
    rules = shape.metadata
    if shape.type_name == "string":
        if rules.get("enum") and value not in rules["enum"]:
            yield f"{value!r} is not one of {', '.join(rules['enum'])}"
        if "pattern" in rules and (pattern := _compiled(rules["pattern"])) and not pattern.fullmatch(value):
            yield f"{value!r} does not match {rules['pattern']}"
    if "max" in rules and shape.type_name != "structure":
        size = value if isinstance(value, (int, float)) else len(value)
        if size > rules["max"]:
            yield f"{size} is more than {rules['max']}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # Java's \p{L}: tag keys and values, and two names that tests have no use for
        return None
