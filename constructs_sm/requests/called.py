"""The API that a Task state calls, as its Resource names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import POLLED_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.actions import Action

_INTEGRATION: Final = re.compile(r"arn:(?:\$\{[^}]+\}|[^:]+):states:::(aws-sdk:)?([\w-]+):([\w-]+)(?:\.([\w:]+))?")
_FUNCTION: Final = re.compile(r"arn:[\w-]+:lambda:[^:]*:[^:]*:function:.+")
_OPTIMIZED: Final = {action.api: action for action in ACTIONS}
_POLLED: Final = {action.api: action for action in POLLED_ACTIONS}


@dataclass(frozen=True, slots=True)
class Called:
    """The API that a Task calls.

    Attributes:
        service: As the Resource names it.
        api: As the Resource names it.
        pattern: `sync`, `sync:2`, `waitForTaskToken`; empty for request and response.
        sdk: True of an `aws-sdk` integration.
    """

    service: str
    api: str
    pattern: str = ""
    sdk: bool = False

    @property
    def is_sagemaker(self) -> bool:
        """True of SageMaker's control plane."""
        return self.service == "sagemaker"

    @property
    def operation(self) -> str:
        """The API as SageMaker and IAM spell it: `CreateTrainingJob`."""
        return f"{self.api[:1].upper()}{self.api[1:]}"

    @property
    def action(self) -> Action | None:
        """The row of SageMaker's tables; None of other APIs."""
        if not self.is_sagemaker:
            return None
        # A job that is begun by the SDK is the same job.
        return _OPTIMIZED.get(self.api) or _POLLED.get(self.api)


def called_by(state: Mapping[str, Any]) -> Called | None:
    """The API that a state calls; None where it calls none, or where that is not known."""
    resource = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(resource, str):
        return None
    if _FUNCTION.fullmatch(resource):
        return Called("lambda", "invoke")
    found = _INTEGRATION.fullmatch(resource)
    return None if found is None else Called(found[2], found[3], found[4] or "", sdk=found[1] is not None)
