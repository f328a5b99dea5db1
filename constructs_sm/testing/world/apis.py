"""Facts of botocore's model about SageMaker's APIs, beyond whether a request is right."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import ACTIONS
from constructs_sm.language.late_bound import Computed
from constructs_sm.language.leaves import with_leaves
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.requests.api_model import answers, error_names, has_operation, input_shape, output_shape
from constructs_sm.requests.model_check import model_problems, problems

if TYPE_CHECKING:
    from constructs_sm.interpreter.calls import Call
    from constructs_sm.requests.api_model import Shape

ACTION_OF = {action.api: action for action in ACTIONS}
"""The rows of the table by the name that Step Functions has for them."""
POLLED = {
    operation: action
    for action in POLLED_ACTIONS
    for operation in (action.operation, action.describe, action.stop)
    if operation
}
"""The rows of the second table by the operations that begin, describe and stop a job."""
BEGUN = {action.operation: action for action in POLLED_ACTIONS}
"""The same, by those that begin one."""
POLLED_NOUNS = {action.noun: action for action in POLLED_ACTIONS}
"""The same, by what they make, which further operations are about: Update, Delete."""
LOWER_CASED = frozenset(action.arn_type for action in (*ACTIONS, *POLLED_ACTIONS) if action.lower_cases_arn)
"""The resource types whose ARN SageMaker spells in lower case."""


def declares(operation: str, code: str) -> bool:
    """Tell whether the API declares the error *code*, which then has a name of its own in Step Functions."""
    return code in error_names(operation)


def request_errors(call: Call) -> list[str]:
    """Return what SageMaker would refuse in the request of *call*."""
    if not isinstance(call.request, dict):
        return [f"the request is no JSON object: {call.request!r}"]
    action, request = ACTION_OF.get(call.api), with_leaves(_filled_in, call.request)
    found = problems(action, request) if action else model_problems(call.operation, request)
    return [str(problem) for problem in found]


def _filled_in(value: Any) -> Any:
    """A leaf of a request; a placeholder, `${Name}`, is known later: it is filled when the machine is deployed."""
    return Computed(value) if isinstance(value, str) and "${" in value else value


def answer_of(call: Call, arn: str | None, now: Any) -> dict[str, Any]:
    """The least that the API's output shape allows, with what the request says in it.

    Args:
        call: The call that is answered.
        arn: Of the resource that the call is about, for the fields that have it.
        now: The time, as the integration writes it.
    """
    if not answers(call.operation):
        return {}
    shape = output_shape(call.operation)
    output = {name: call.request[name] for name in shape.members if name in call.request and name != "Tags"}
    for name, member in shape.members.items():
        if name not in output and arn and name == f"{_noun(call.operation)}Arn":
            output[name] = arn
        elif name not in output and (name in shape.required_members or member.type_name in {"list", "map"}):
            output[name] = least(member, now)
    return {name: value for name, value in output.items() if not name.endswith("Token")}


@cache
def field_of(noun: str, what: str) -> str:
    """The field of what Describe says of something that holds its `Arn`, its `Status` or its `Name`.

    Of an API that no row is of, the one that is called so: that of the noun, or else the only one.
    """
    if action := POLLED.get(f"Describe{noun}"):
        name = f"{noun}Name" if action.token_field else action.name_field
        return {"Arn": action.arn_field, "Status": action.status_field, "Name": name}[what]
    if not has_operation(f"Describe{noun}"):
        return f"{noun}{what}"
    asked, told = input_shape(f"Describe{noun}"), output_shape(f"Describe{noun}")
    known = [*asked.required_members, *told.required_members, *told.members]
    if what == "Status":
        known = [name for name, member in told.members.items() if member.enum]
    called = [name for name in known if name.endswith(what)]
    return next((name for name in (f"{noun}{what}", *called) if name in known), f"{noun}{what}")


def _noun(operation: str) -> str:
    if operation in POLLED:
        return POLLED[operation].arn_field.removesuffix("Arn")
    noun = operation[next((index for index, letter in enumerate(operation) if index and letter.isupper()), 0) :]
    return field_of(noun, "Arn").removesuffix("Arn") if operation == f"Create{noun}" else noun


def least(shape: Shape, now: Any) -> Any:
    """The smallest value of a shape; of several words the first."""
    kind = shape.type_name
    if kind == "structure":
        return {name: least(shape.members[name], now) for name in shape.required_members}
    if kind == "string":
        options = shape.enum or ("x" * max(1, shape.metadata.get("min", 1)),)
        return options[0]
    plain: dict[str, Any] = {"list": [], "map": {}, "boolean": False, "timestamp": now}
    return plain.get(kind, shape.metadata.get("min", 0))
