"""What passes between the interpreter and whoever plays the service it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt of one task state to call a service."""

    state: str
    service: str
    """As in the state's Resource: `sagemaker`, `lambda`, `sns`; of `aws-sdk` the service behind it."""
    api: str
    request: Any
    region: str
    account: str
    at: datetime
    """The virtual time."""
    pattern: str = ""
    """`sync`, `sync:2` or `waitForTaskToken`; empty where the state does not wait."""
    sdk: bool = False
    """Whether the integration is `aws-sdk`."""
    role: str | None = None
    """The role that the state's Credentials name, in place of the state machine's own."""
    timeout_seconds: float | None = None
    heartbeat_seconds: float | None = None
    wait: Callable[[float | None, Callable[[], None]], None] | None = None
    """Lets time pass, for ever where it is None; calls back if the state gives up meanwhile."""

    @property
    def sync(self) -> bool:
        return self.pattern.startswith("sync")

    @property
    def operation(self) -> str:
        """The API as the service and IAM spell it."""
        return f"{self.api[:1].upper()}{self.api[1:]}"

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{resource}"


class TaskError(Exception):
    """A task state fails, under the name that Retry and Catch see.

    Args:
        error: As `Lambda.TooManyRequestsException`.
        cause: As whoever reads the failed execution sees it.
    """

    def __init__(self, error: str, cause: str = "the script says so") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class RehearsalError(Exception):
    """The rehearsal cannot go on, and the state machine is not to blame."""


class UnansweredError(RehearsalError, LookupError):
    """A state calls a service that nobody plays, and the script has no answer for it."""
