"""The members of a request: those SageMaker's model has, and those that a request holds."""

from __future__ import annotations

import generated_requests as generated

# SageMaker answers with them and does not take them.
_READ_ONLY = {"SelectedInstanceType", "SelectedInstanceCount"}


def of_the_model(operation):
    """The path of every member of a request that holds no further ones: `Tags[].Key`."""
    return set(_members(generated.shape_of(operation), ""))


def _members(shape, path):
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if name not in _READ_ONLY:
                    yield from _members(member, f"{path}.{name}".removeprefix("."))
        case "list":
            yield from _members(shape.member, f"{path}[]")
        case _:
            yield path


def of_the_request(request, operation):
    """The paths that *request* has of them."""
    return {
        "".join("[]" if isinstance(step, int) else f".{step}" for step in place.steps).removeprefix(".")
        for place in generated.places(request, generated.shape_of(operation))
        if place.shape.type_name not in {"structure", "list"}
    }
