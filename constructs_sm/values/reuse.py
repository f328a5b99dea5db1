"""Reuse: whether the result of an earlier run is good enough for a job not to run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import Problem, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.settings import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """Let a job not run where a run with the same key has succeeded before: its result stands in place of the new one.

    The key is the hash of what SageMaker Pipelines compares, with the values that the request has at run time: code,
    image, data by their places, parameters and environment. Names, roles, machines, outputs and tags do not count, and
    nor does what is in the data: docs/reuse.md has it per job.

    Attributes:
        expire_after: The age from which a result is not reused. Default: never too old.
        also: What the key has besides: a version of the data, a Git commit, an ETag. Late-bound values may stand in it.
        data_versions: Count what is in the data as well: the ETags of the objects under each input in S3, listed before
            the job at each run. Default: no.
        check_artifacts: Ask S3 whether what is reused is still there: one request. Default: no.

    Raises:
        InvalidInputError: An argument is of another type.
    """

    expire_after: Time | None = None
    also: str | float | Mapping[str, Any] | Sequence[Any] | None = None
    data_versions: bool = False
    check_artifacts: bool = False

    def __post_init__(self) -> None:
        raise_all("Reuse", list(self._problems()))

    @property
    def seconds(self) -> int | None:
        """The age in seconds from which a result is not reused; None: it never is too old."""
        return None if self.expire_after is None else seconds_of(self.expire_after)

    def _problems(self) -> Iterator[Problem]:
        if self.expire_after is not None and self.seconds is None:
            use = "pass Duration.days(30), or seconds"
            yield Problem("expire_after must be a Duration of whole seconds", self.expire_after, use, "argument-type")
        for name in ("data_versions", "check_artifacts"):
            if not isinstance(getattr(self, name), bool):
                yield Problem(f"{name} must be True or False", getattr(self, name), "pass True", "argument-type")
        if self.also is not None and not isinstance(self.also, (str, int, float, Mapping, Sequence)):
            use = "pass a text, or a dict of what is compared besides"
            yield Problem("also must be what JSON can say", self.also, use, "argument-type")


ReuseOfJobs: TypeAlias = Reuse | Mapping[str, Reuse]
"""Reuse of every job, or of some by their construct ids."""


def mistyped_reuse(reuse: object) -> Iterator[Problem]:
    """Find what is wrong with the reuse of a pipeline."""
    named = isinstance(reuse, Mapping) and all(isinstance(each, Reuse) for each in reuse.values())
    if reuse is not None and not isinstance(reuse, Reuse) and not named:
        use = "pass Reuse(), or {'Train': Reuse()} for some"
        yield Problem("reuse cannot be used", reuse, use, "argument-type")
