"""Cases about fields that SageMaker's model has not had from the lowest botocore on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.requests.api_model import input_shape

import pytest

if TYPE_CHECKING:
    from constructs_sm.actions import Action


def has_field(action: Action, path: str) -> bool:
    """Tell whether the model that is installed has a field: `ProductionVariants.*.InstancePools`."""
    shape = input_shape(action.operation)
    for name in path.split("."):
        if name == "*":
            shape = shape.member
        elif name in shape.members:
            shape = shape.field(name)
        else:
            return False
    return True


def needs_field(action: Action, path: str) -> pytest.MarkDecorator:
    """Skip a case where the model that is installed is older than a field that the case is about."""
    reason = f"botocore's model is older than {path} of {action.operation}"
    return pytest.mark.skipif(not has_field(action, path), reason=reason)
