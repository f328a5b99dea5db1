"""Retry policies: plain values that render themselves and can say how long they wait.

Source of `DOCUMENTED`: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from constructs_sm.language.error_names import ALL
from constructs_sm.language.errors import Problem, raise_all, raise_unless

MOST_ATTEMPTS = 99_999_999
"""The largest MaxAttempts, and the largest IntervalSeconds, that Step Functions takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """One retrier of a Task state: which errors are retried, how often, and how long the waits are.

    Args:
        errors: Error names as Step Functions reports them: `SageMaker.ResourceLimitExceededException`.
        interval_seconds: Before the first retry.
        max_attempts: Retries, not counting the first call; 0 means never.
        backoff_rate: Each wait is this many times the one before.
        max_delay_seconds: No wait is longer. None: no bound.
        jitter: Wait a random time up to the computed one, so that parallel jobs do not come back together.

    Raises:
        InvalidInputError: A number is out of the range Step Functions takes, or `States.ALL` is not alone.
    """

    errors: Sequence[str]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None
    jitter: bool = False

    def __post_init__(self) -> None:
        # A lone string would be taken letter by letter.
        errors = (
            (self.errors,) if isinstance(self.errors, str) or not isinstance(self.errors, Sequence) else self.errors
        )
        object.__setattr__(self, "errors", tuple(errors))
        raise_all(f"RetryPolicy {list(self.errors)}", list(self._problems()))

    def _problems(self) -> list[Problem]:
        found = []
        if not self.errors or not all(isinstance(error, str) and error for error in self.errors):
            found.append(
                Problem(
                    "errors must be error names", self.errors, "name at least one, as 'States.Timeout'", "retry-policy"
                )
            )
        if ALL in self.errors and len(self.errors) > 1:
            found.append(
                Problem(
                    "States.ALL must be alone", self.errors, "give it a policy of its own, as the last", "retry-policy"
                )
            )
        if not _whole(self.interval_seconds) or not 1 <= self.interval_seconds <= MOST_ATTEMPTS:
            found.append(
                Problem(
                    "interval_seconds must be 1 or more", self.interval_seconds, "pass whole seconds", "retry-policy"
                )
            )
        if not _whole(self.max_attempts) or not 0 <= self.max_attempts <= MOST_ATTEMPTS:
            found.append(
                Problem("max_attempts must be 0 or more", self.max_attempts, "pass 0 to never retry", "retry-policy")
            )
        if isinstance(self.backoff_rate, bool) or not isinstance(self.backoff_rate, (int, float)):
            found.append(
                Problem("backoff_rate must be a number", self.backoff_rate, "pass 1 for equal waits", "retry-policy")
            )
        elif not 1 <= self.backoff_rate < math.inf:
            found.append(
                Problem("backoff_rate must be 1 or more", self.backoff_rate, "pass 1 for equal waits", "retry-policy")
            )
        if self.max_delay_seconds is not None and not (
            _whole(self.max_delay_seconds)
            and _whole(self.interval_seconds)
            and self.interval_seconds < self.max_delay_seconds <= 31_622_400  # noqa: PLR2004  (366 days)
        ):
            found.append(
                Problem(
                    "max_delay_seconds must be more than interval_seconds and at most 31622400",
                    self.max_delay_seconds,
                    "pass a longer one, or None for no bound",
                    "retry-policy",
                )
            )
        return found

    @property
    def longest_wait(self) -> timedelta:
        """The sum of all waits if every retry is needed, before jitter shortens any."""
        bound = float("inf") if self.max_delay_seconds is None else self.max_delay_seconds
        rate, growing = float(self.backoff_rate), self.max_attempts
        try:
            if rate == 1:
                return timedelta(seconds=min(self.interval_seconds, bound) * self.max_attempts)
            if bound < float("inf"):
                growing = min(growing, math.ceil(math.log(bound / self.interval_seconds, rate)))
            total = self.interval_seconds * (rate**growing - 1) / (rate - 1)
            return timedelta(
                seconds=total + bound * (self.max_attempts - growing) if growing < self.max_attempts else total
            )
        except OverflowError:
            return timedelta.max

    @classmethod
    def from_state(cls, retrier: Mapping[str, Any]) -> RetryPolicy:
        """The policy that a retrier in Amazon States Language is, with what Step Functions takes where it is silent.

        Raises:
            InvalidInputError: Step Functions would not take it.
        """
        raise_unless("RetryPolicy.from_state", retrier=(retrier, Mapping, "a mapping"))
        return cls(
            errors=retrier.get("ErrorEquals", ()),
            interval_seconds=retrier.get("IntervalSeconds", 1),
            max_attempts=retrier.get("MaxAttempts", 3),
            backoff_rate=retrier.get("BackoffRate", 2.0),
            max_delay_seconds=retrier.get("MaxDelaySeconds"),
            jitter=retrier.get("JitterStrategy") == "FULL",
        )

    def to_state(self) -> dict[str, Any]:
        """The retrier as Amazon States Language."""
        retrier: dict[str, Any] = {
            "ErrorEquals": list(self.errors),
            "IntervalSeconds": self.interval_seconds,
            "MaxAttempts": self.max_attempts,
            "BackoffRate": self.backoff_rate,
        }
        if self.max_delay_seconds is not None:
            retrier["MaxDelaySeconds"] = self.max_delay_seconds
        if self.jitter:
            retrier["JitterStrategy"] = "FULL"
        return retrier


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


DEFAULT = (
    # A quota frees up when other jobs end: minutes, then quarters of an hour, 4 hours in all.
    RetryPolicy(
        errors=("SageMaker.ResourceLimitExceededException",),
        interval_seconds=60,
        max_attempts=20,
        backoff_rate=1.5,
        max_delay_seconds=900,
        jitter=True,
    ),
    # Throttling and faults pass in seconds. The same name covers refused requests and denied access, which never pass,
    # so a plain mistake must not be retried for long.
    RetryPolicy(
        errors=("SageMaker.AmazonSageMakerException",),
        interval_seconds=2,
        max_attempts=6,
        backoff_rate=2,
        max_delay_seconds=60,
        jitter=True,
    ),
    # A timed-out job is paid for again in full.
    RetryPolicy(errors=("States.Timeout",), interval_seconds=1, max_attempts=2, backoff_rate=2, jitter=True),
)
"""Bounded and jittered; every attempt of a job with a unique name gets a fresh one. A failed job is not retried."""

_OF_THE_SDK = {"SageMaker.AmazonSageMakerException": "SageMaker.SageMakerException"}

SDK = tuple(replace(policy, errors=[_OF_THE_SDK.get(error, error) for error in policy.errors]) for policy in DEFAULT)
"""`DEFAULT` for calls by the AWS SDK integration, which has another name for throttling, faults and refusals: that of
the exception in the AWS SDK for Java. Not verified on AWS.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

DOCUMENTED = (
    RetryPolicy(errors=("SageMaker.AmazonSageMakerException",), interval_seconds=1, max_attempts=100, backoff_rate=1.1),
    RetryPolicy(
        errors=("SageMaker.ResourceLimitExceededException",), interval_seconds=60, max_attempts=5000, backoff_rate=1
    ),
    RetryPolicy(errors=("States.Timeout",), interval_seconds=1, max_attempts=5, backoff_rate=1),
)
"""AWS's example to the number. It can wait for days: see `longest_wait`."""


def problems_of(policies: object) -> list[Problem]:
    """List what is wrong with the retry policies of a state."""
    if policies is DEFAULT:
        return []
    if not isinstance(policies, (list, tuple)) or not all(isinstance(policy, RetryPolicy) for policy in policies):
        use = "pass retry.DEFAULT, or () for no retries"
        return [Problem("retry must be a sequence of RetryPolicy", policies, use, "argument-type")]
    if any(ALL in policy.errors for policy in policies[:-1]):
        errors = [list(policy.errors) for policy in policies]
        return [Problem(f"{ALL} must come last", errors, "move it to the end", "argument-type")]
    return []
