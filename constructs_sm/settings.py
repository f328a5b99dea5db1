"""Settings of a pipeline stack: from `cdk.json` or as arguments, read once into a frozen value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.errors import Problem, raise_all

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs

if TYPE_CHECKING:
    from constructs import Node

CONTEXT_KEY = "constructs_sm"
"""Where the settings stand in the `context` of `cdk.json`."""
# fmt: off
_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set of a pipeline stack. In `cdk.json` every value is JSON; arguments may be CDK types.

    Attributes:
        schedule: When to start an execution by itself: `rate(1 day)` or `cron(0 3 * * ? *)`, a Duration, an
            events.Schedule. Default: never.
        alert_emails: Who is told of executions that fail, time out or are aborted; each must confirm the subscription.
        timeout: An execution that runs longer ends TIMED_OUT: ISO 8601 (`PT6H`, `P2D`) or a Duration. Default: 1 day.
        log_retention_days: How long the log of executions is kept. Default: 365.
        removal_policy: What becomes of the data bucket with the stack: `retain` or `destroy` (which fails while
            anything is in it). Default: retain.
        tags: On every resource of the stack that takes tags.
    """

    schedule: str | Duration | events.Schedule | None = None
    alert_emails: Sequence[str] = ()
    timeout: str | Duration = "P1D"
    log_retention_days: int = 365
    removal_policy: str | RemovalPolicy = "retain"
    tags: Mapping[str, str] | None = None

    @classmethod
    def of(cls, where: str, node: Node, arguments: Mapping[str, Any]) -> Settings:
        """Settings from the context of *node*, each replaced by the argument that is not None.

        Raises:
            InvalidInputError: A setting is unknown, or of the wrong type.
        """
        given = node.try_get_context(CONTEXT_KEY) or {}
        context = f"cdk.json context '{CONTEXT_KEY}'"
        if not isinstance(given, Mapping):
            raise_all(context, [Problem("settings must be a mapping", given, f"use {', '.join(known())}")])
        raise_all(context, [*unknown_settings(given), *_mistyped(given)])
        arguments = {name: value for name, value in arguments.items() if value is not None}
        raise_all(where, _mistyped(arguments))
        return replace(cls(**given), **arguments)

    def timeout_duration(self) -> Duration:
        return Duration.parse(self.timeout) if isinstance(self.timeout, str) else self.timeout

    def event_schedule(self) -> events.Schedule | None:
        if isinstance(self.schedule, str):
            return events.Schedule.expression(self.schedule)
        return events.Schedule.rate(self.schedule) if isinstance(self.schedule, Duration) else self.schedule

    def retention(self) -> logs.RetentionDays:
        return list(logs.RetentionDays)[_RETENTION_DAYS.index(self.log_retention_days)]

    def removal(self) -> RemovalPolicy:
        return self.removal_policy if isinstance(self.removal_policy, RemovalPolicy) else _REMOVAL[self.removal_policy]


_SCHEDULE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)")
_ISO_DURATION = re.compile(r"P(?=.*[1-9])(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
_REMOVAL = {"retain": RemovalPolicy.RETAIN, "destroy": RemovalPolicy.DESTROY}
_TYPES: dict[str, tuple[type, ...]] = {
    "schedule": (str, Duration, events.Schedule),
    "timeout": (str, Duration),
    "removal_policy": (str, RemovalPolicy),
    "tags": (Mapping,),
}


def known() -> tuple[str, ...]:
    """The names of all settings."""
    return tuple(field.name for field in fields(Settings))


def unknown_settings(given: Mapping[str, Any], others: Sequence[str] = ()) -> list[Problem]:
    """A problem for each name in *given* that is neither a setting nor one of *others*."""
    problems = []
    for name in given:
        if name not in known() and name not in others:
            near = get_close_matches(str(name), [*known(), *others], n=1)
            use = f"use one of {', '.join(known())}"
            problems.append(Problem("unknown setting", name, f"did you mean {near[0]}? {use}" if near else use))
    return problems


def context_of(path: str | Path) -> dict[str, Any]:
    """The context of a `cdk.json`, for an app that runs without the CLI (which passes it along by itself)."""
    context: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8")).get("context", {})
    return context


def _mistyped(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, value in given.items():
        if name in _TYPES and not isinstance(value, _TYPES[name]):
            problems.append(Problem(f"{name} is of the wrong type", value, f"pass a {_TYPES[name][0].__name__}"))
    return [*problems, *_unusable_times(given), *_unusable_values(given)]


def _unusable_times(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    schedule = given.get("schedule")
    if isinstance(schedule, str) and not _SCHEDULE.fullmatch(schedule):
        problems.append(Problem("schedule is no expression", schedule, "write 'rate(1 day)' or 'cron(0 3 * * ? *)'"))
    timeout = given.get("timeout")
    if isinstance(timeout, str) and not _ISO_DURATION.fullmatch(timeout):
        problems.append(Problem("timeout is no ISO 8601 duration", timeout, "write 'PT6H' or 'P2D'"))
    for name, least in (("schedule", 60), ("timeout", 1)):
        value = given.get(name)
        if isinstance(value, Duration) and not _at_least(value, least):
            problems.append(Problem(f"{name} is too short", str(value), f"pass {least} s or more, in whole seconds"))
    return problems


def _unusable_values(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    emails = given.get("alert_emails", ())
    if isinstance(emails, str) or not isinstance(emails, Sequence) or not all("@" in str(email) for email in emails):
        problems.append(Problem("alert_emails must be a list of addresses", emails, "write ['ml@example.com']"))
    tags = given.get("tags")
    if isinstance(tags, Mapping) and not all(isinstance(text, str) for tag in tags.items() for text in tag):
        problems.append(Problem("tags must be strings", dict(tags), "write {'team': 'ml'}"))
    days = given.get("log_retention_days", _RETENTION_DAYS[0])
    if isinstance(days, bool) or days not in _RETENTION_DAYS:
        problems.append(Problem("CloudWatch Logs has no such retention", days, f"use one of {_RETENTION_DAYS}"))
    removal = given.get("removal_policy")
    if removal is RemovalPolicy.SNAPSHOT or (isinstance(removal, str) and removal not in _REMOVAL):
        problems.append(Problem("a bucket has no such removal_policy", removal, f"use one of {', '.join(_REMOVAL)}"))
    return problems


def _at_least(duration: Duration, seconds: int) -> bool:
    try:
        return duration.to_seconds() >= seconds
    except RuntimeError:
        return False
