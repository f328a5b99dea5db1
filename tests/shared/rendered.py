"""Jobs and the requests they render, many of them synthesized at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.requests.api_model import input_shape
from constructs_sm.testing import definition

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from constructs_sm import SageMakerJob

ROLE = "arn:aws:iam::123456789012:role/execution"
_ENVIRONMENT = Environment(account="123456789012", region="us-east-1")


def rendered(
    cls: type[SageMakerJob], cases: Sequence[Mapping[str, Any] | Callable[[Stack], Mapping[str, Any]]], **common: Any
) -> list[dict[str, Any]]:
    """The request of a job for each case, whose arguments come with the case, or are made by it in a stack."""
    stack = Stack(App(), "Stack", env=_ENVIRONMENT)
    role = iam.Role.from_role_arn(stack, "Role", ROLE)
    every = sfn.Parallel(stack, "Every")
    for index, case in enumerate(cases):
        own = case(stack) if callable(case) else case
        every.branch(cls(stack, f"Job{index}", **{"job_name": "job", "role": role, **common, **own}))
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(every))
    tasks = [
        state
        for branch in definition(stack)["States"]["Every"]["Branches"]
        for state in branch["States"].values()
        if state["Type"] == "Task" and ":describe" not in state["Resource"]
    ]
    return [task.get("Parameters") or task["Arguments"] for task in tasks]


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """*base* with *changes* at any depth; None takes a field away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            del result[key]
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def members(operation: str) -> set[str]:
    """Every field that SageMaker's model has for a request at any depth, with the name of the structure it is of."""
    return set(_members(input_shape(operation)))


def _members(shape: Any) -> Iterator[str]:
    if shape.type_name == "list":
        yield from _members(shape.member)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            yield f"{shape.name}.{name}"
            yield from _members(member)


def reached(request: Any, operation: str) -> set[str]:
    """Those of them that a request has."""
    return set(_reached(request, input_shape(operation)))


def _reached(value: Any, shape: Any) -> Iterator[str]:
    if shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from _reached(item, shape.member)
    elif shape.type_name == "structure" and isinstance(value, dict):
        for key, item in value.items():
            name = key.removesuffix(".$")
            yield f"{shape.name}.{name}"
            yield from _reached(item, shape.members[name])
