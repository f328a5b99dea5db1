"""Calls and answers between the interpreter and whoever plays the services that a state machine calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.arns import partition_of
from constructs_sm.language.errors import raise_unless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
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
    """True if the integration is `aws-sdk`."""
    role: str | None = None
    """The role that the state's Credentials name, in place of the state machine's own."""
    timeout_seconds: float | None = None
    heartbeat_seconds: float | None = None
    attempt: int = 0
    """The number of times that the state was tried before, since it was entered."""
    execution: str = ""
    """ARN of the execution."""
    iterations: tuple[int, ...] = ()
    """The numbers of the iterations of the Maps around the state, the outermost first."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The names that a script may have for it: of its state in this iteration, `Train[2]`, and of its state."""
        return addresses_of(self.state, self.iterations)

    @property
    def sync(self) -> bool:
        return self.pattern.startswith("sync")

    @property
    def operation(self) -> str:
        """The API as the service and IAM spell it."""
        return f"{self.api[:1].upper()}{self.api[1:]}"

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    @property
    def owner(self) -> str:
        """The account that the call is made in: that of the role of the Credentials, if there is one."""
        parts = (self.role or "").split(":")
        return parts[4] if len(parts) > 5 and parts[4] else self.account  # noqa: PLR2004 - arn:aws:iam::account:role

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.owner}:{resource}"


def addresses_of(state: str, iterations: Iterable[int]) -> tuple[str, ...]:
    """The names that a script may have for a state: in one iteration of the Maps around it, and in all."""
    where = "".join(f"[{number}]" for number in iterations)
    return (f"{state}{where}", state) if where else (state,)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The answer of a player whose task takes a while: `Player.end` is asked for the result then.

    Args:
        seconds: How long, in virtual time; None: for ever, so that only a timeout ends it.
        what: What the player wants to be told again: the job, say. It is not looked at.
        beats: Whether whoever works on the task sends heartbeats meanwhile.
    """

    seconds: float | None
    what: Any = None
    beats: bool = True


class TaskError(Exception):
    """A task state fails, under the name that Retry and Catch see.

    Args:
        error: As `Lambda.TooManyRequestsException`; None where whoever failed the task gave no name.
        cause: As whoever reads the failed execution sees it.
    """

    def __init__(self, error: str | None, cause: str | None = "the script says so") -> None:
        said = {name: each for name, each in (("error", error), ("cause", cause)) if each is not None}
        raise_unless("TaskError", **{name: (each, str, "a text") for name, each in said.items()})
        super().__init__(": ".join(part for part in (error, cause) if part))
        self.error = error
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A distributed Map that is about to read its items."""

    state: str
    resource: str
    """ARN of what reads: `arn:aws:states:::s3:getObject` or `...:listObjectsV2`."""
    request: Mapping[str, Any]
    """`Bucket` and `Key`, or `Bucket` and `Prefix`."""
    config: Mapping[str, Any]
    """The ReaderConfig, evaluated."""

    @property
    def lists(self) -> bool:
        """Return True if it lists the objects under a prefix, and does not read one."""
        return self.resource.endswith(":listObjectsV2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A distributed Map that is about to write its results."""

    state: str
    bucket: str
    key: str
    """The manifest's."""
    objects: Callable[[], Mapping[str, str]]
    """The text of each object that is written, by key: made when asked for."""
    map_run: str = ""
    """The ARN of its Map Run."""


class Player:
    """Plays the services that a state machine calls. What it does not say itself, nobody answers.

    A copy of a running execution has another player, which must know what was played until then.
    """

    def begin(self, call: Call) -> Any:
        """The result of a task, or `Waiting`, or `TaskError` raised."""
        raise LookupError(f"nobody plays {call.service}:{call.api}, which state {call.state!r} calls")

    def end(self, call: Call, waiting: Waiting) -> Any:
        """The result of a task that took a while, or `TaskError` raised."""
        raise NotImplementedError

    def give_up(self, call: Call, waiting: Waiting) -> None:
        """Learn that the state waits no longer: a timeout, an abort, a failure beside it."""

    def items(self, reading: Reading) -> list[Any] | None:
        """The items of a Map, or None: then the object is read that it reads."""

    def content(self, state: str, bucket: str, key: str) -> bytes | str:
        """Return the content of an object in S3, which a Map reads items from."""
        raise LookupError(f"nobody has s3://{bucket}/{key}, which Map state {state!r} reads")

    def listing(self, state: str, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """The objects in S3 under a prefix, as ListObjectsV2 has them."""
        raise LookupError(f"nobody lists s3://{bucket}/{prefix}, which Map state {state!r} reads")

    def map_run(self, state: str) -> None:
        """Learn of a distributed Map that is about to start its child workflows; refuse by `TaskError`."""

    def results(self, writing: Writing) -> None:
        """Learn of a distributed Map that is about to write its results; refuse by `TaskError`."""
