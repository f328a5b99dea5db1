"""Changes that a user makes to a task of ours once it is made: retriers before ours, and fields of any kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.durations import seconds_of
from constructs_sm.language.error_names import ALL
from constructs_sm.language.errors import Problem, raise_all
from constructs_sm.language.late_bound import LATE
from constructs_sm.retry import RetryPolicy

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import Duration

_DOT = re.compile(r"(?<!\\)\.")
_MARK = LATE.removeprefix(".")
_GONE = object()


@dataclass(slots=True)
class Changes:
    """Changes of one state, in the order in which they were made."""

    retriers: list[RetryPolicy] = field(default_factory=list)
    overrides: list[tuple[list[str], Any]] = field(default_factory=list)

    def applied_to(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Make the state that *state* becomes."""
        changed = dict(state)
        if self.retriers:
            changed["Retry"] = _in_order([*(each.to_state() for each in self.retriers), *changed.get("Retry", ())])
        for path, value in self.overrides:
            changed = _with(changed, path, value)
        return changed


def path_in_state(where: str, path: object) -> list[str]:
    r"""Read a dotted path: `ResourceConfig.InstanceCount`, `Tags.0.Value`, `TrainingJobName.$`, or `a\.b` with a dot.

    Raises:
        InvalidInputError: It is none.
    """
    names = [name.replace("\\.", ".") for name in _DOT.split(path)] if isinstance(path, str) else []
    if not all(names) or not names or names[0] == _MARK:
        use = "write the names of fields with dots between them, as 'TimeoutSeconds'"
        raise_all(where, [Problem("an override needs the path of a field", path, use, "override-path")])
    if names[-1] == _MARK:
        # In Amazon States Language the mark of a computed field is a part of its name.
        names[-2:] = [f"{names[-2]}{LATE}"]
    return names


def deleted(changes: Changes, path: list[str]) -> None:
    """Let the field at *path* go."""
    changes.overrides.append((path, _GONE))


def policy_of(  # (the names and defaults of the CDK's RetryProps)
    where: str,
    policy: RetryPolicy | None,
    *,
    errors: Sequence[str] | None = None,
    interval: Duration | None = None,
    max_attempts: int | None = None,
    backoff_rate: float | None = None,
    max_delay: Duration | None = None,
    jitter_strategy: sfn.JitterType | None = None,
) -> RetryPolicy:
    """Make a retrier as `add_retry` of the CDK takes it, or take one that is made.

    Raises:
        InvalidInputError: Both are given, or a number is out of the range that Step Functions takes.
    """
    given = (errors, interval, max_attempts, backoff_rate, max_delay, jitter_strategy)
    if policy is not None:
        if not isinstance(policy, RetryPolicy):
            use = "pass a RetryPolicy, or errors=[...] and what goes with it"
            raise_all(where, [Problem("policy must be a RetryPolicy", policy, use, "argument-type")])
        if any(value is not None for value in given):
            use = "pass the policy alone, or what is in it"
            raise_all(
                where,
                [Problem("a policy stands beside errors or times", list(policy.errors), use, "argument-given-twice")],
            )
        return policy
    times = {"interval": interval, "max_delay": max_delay}
    seconds = {name: None if time is None else seconds_of(time) for name, time in times.items()}
    raise_all(
        where,
        [
            Problem(f"{name} must be a Duration of whole seconds", time, "pass Duration.seconds(5)", "argument-type")
            for name, time in times.items()
            if time is not None and seconds[name] is None
        ],
    )
    return RetryPolicy(
        errors=[ALL] if errors is None else errors,
        interval_seconds=seconds["interval"] or 1,
        max_attempts=3 if max_attempts is None else max_attempts,
        backoff_rate=2.0 if backoff_rate is None else backoff_rate,
        max_delay_seconds=seconds["max_delay"],
        jitter=jitter_strategy is sfn.JitterType.FULL,
    )


def _in_order(retriers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the order but for what matches every error, which Step Functions wants once, and last."""
    everything = [retrier for retrier in retriers if ALL in retrier["ErrorEquals"]]
    return [*(retrier for retrier in retriers if ALL not in retrier["ErrorEquals"]), *everything[:1]]


def _with(structure: Any, path: Sequence[str], value: Any) -> Any:
    """Copy *structure* with another value at *path*; what is on the way and no structure becomes one."""
    name, *rest = path
    structure = [] if structure is None and name == "0" else structure
    if isinstance(structure, list) and name.isdigit() and int(name) <= len(structure):
        return _with_item(structure, int(name), rest, value)
    result = dict(structure) if isinstance(structure, dict) else {}
    if rest:
        result[name] = _with(result.get(name), rest, value)
        return result
    # A field is computed or it is not.
    result.pop(name.removesuffix(LATE) if name.endswith(LATE) else f"{name}{LATE}", None)
    if value is _GONE:
        result.pop(name, None)
    else:
        result[name] = value
    return result


def _with_item(items: Sequence[Any], index: int, rest: Sequence[str], value: Any) -> list[Any]:
    result = list(items)
    if not rest and value is _GONE:
        del result[index : index + 1]
        return result
    there = result[index] if index < len(result) else None
    result[index : index + 1] = [_with(there, rest, value) if rest else value]
    return result
