"""What passes between the interpreter and whoever plays the service it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt of one task state to call SageMaker."""

    state: str
    api: str
    request: dict[str, Any]
    region: str
    account: str
    sync: bool = False
    sdk: bool = False

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{resource}"


class TaskError(Exception):
    """A task state failed, under the name that Retry and Catch see."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class TaskTimeoutError(Exception):
    """A task state took longer than it may: States.Timeout."""
