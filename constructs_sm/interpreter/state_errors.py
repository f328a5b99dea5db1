"""Errors of states, and the retriers and catchers that are for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs_sm.language.error_names import ALL, TASK_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNTIME: Final = "States.Runtime"
"""Nothing retries it, nothing catches it."""
TIMEOUT: Final = "States.Timeout"
QUERY: Final = "States.QueryEvaluationError"
DATA_LIMIT: Final = "States.DataLimitExceeded"
_OF_TASKS: Final = frozenset(
    {
        TASK_FAILED,
        DATA_LIMIT,
        "States.Permissions",
        "States.BranchFailed",
        "States.ExceedToleratedFailureThreshold",
        "States.ItemReaderFailed",
        "States.ResultWriterFailed",
    }
)
"""Errors of work that fails, which States.TaskFailed stands for as well."""


class StateError(Exception):
    """A state fails.

    Attributes:
        error: Its name; None where whoever failed a task gave none.
        cause: Why.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(": ".join(part for part in (error, cause) if part))
        self.error = error
        self.cause = cause

    @property
    def output(self) -> dict[str, str | None]:
        """The error as a catcher hands it on."""
        return {"Error": self.error, "Cause": self.cause}


def names_of(error: str | None) -> Iterator[str]:
    """Every name under which ErrorEquals may list *error*."""
    if error == RUNTIME:
        return
    yield ALL
    if error is not None:
        yield error
    if error is None or error in _OF_TASKS or not error.startswith("States."):
        yield TASK_FAILED


def first_for(listed: Mapping[str, int], error: str | None) -> int | None:
    """Return the number of the first retrier or catcher that is for *error*; None if there is none.

    Args:
        listed: The number of the first one that lists each name.
        error: Its name.
    """
    return min((listed[name] for name in names_of(error) if name in listed), default=None)
