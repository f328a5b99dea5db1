"""Retry policies are values that cannot be wrong and can say how long they wait."""

from __future__ import annotations

from datetime import timedelta

from constructs_sm import InvalidInputError, RetryPolicy, retry

import pytest


def policy(**changes):
    return RetryPolicy(**{"errors": ("A.B",), "interval_seconds": 1, "max_attempts": 3, "backoff_rate": 2.0, **changes})


def test_longest_wait_is_the_sum_of_all_waits():
    assert policy(interval_seconds=2, max_attempts=3).longest_wait == timedelta(seconds=2 + 4 + 8)


def test_longest_wait_knows_the_bound_of_each_wait():
    assert policy(interval_seconds=2, max_attempts=4, max_delay_seconds=5).longest_wait == timedelta(
        seconds=2 + 4 + 5 + 5
    )


def test_longest_wait_of_equal_waits_is_their_product():
    assert policy(interval_seconds=60, max_attempts=5000, backoff_rate=1).longest_wait == timedelta(seconds=300_000)


def test_longest_wait_without_end_is_the_longest_there_is():
    assert policy(max_attempts=99_999_999, backoff_rate=10).longest_wait == timedelta.max


def test_no_attempts_wait_for_nothing():
    assert policy(max_attempts=0).longest_wait == timedelta(0)


def test_default_policies_end_within_four_hours():
    assert sum((each.longest_wait for each in retry.DEFAULT), timedelta()) < timedelta(hours=4)


def test_documented_policies_wait_for_days():
    assert sum((each.longest_wait for each in retry.DOCUMENTED), timedelta()) > timedelta(days=5)


def test_default_covers_the_documented_errors_bounded_and_jittered():
    assert {error for each in retry.DEFAULT for error in each.errors} == {
        error for each in retry.DOCUMENTED for error in each.errors
    }
    assert all(each.jitter for each in retry.DEFAULT)


def test_timeouts_are_retried_twice_at_most_by_default():
    (timeouts,) = (each for each in retry.DEFAULT if "States.Timeout" in each.errors)
    assert timeouts.max_attempts <= 2


def test_failed_jobs_are_not_retried_by_default():
    assert not {"States.TaskFailed", "States.ALL"} & {error for each in retry.DEFAULT for error in each.errors}


def test_policy_renders_bound_and_jitter_only_where_it_has_them():
    assert policy().to_state() == {
        "ErrorEquals": ["A.B"],
        "IntervalSeconds": 1,
        "MaxAttempts": 3,
        "BackoffRate": 2.0,
    }
    rendered = policy(max_delay_seconds=9, jitter=True).to_state()
    assert (rendered["MaxDelaySeconds"], rendered["JitterStrategy"]) == (9, "FULL")


def test_one_error_may_be_given_as_a_string():
    assert policy(errors="States.Timeout").errors == ("States.Timeout",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"errors": ()}, r"errors must be error names, got \(\)"),
        ({"errors": ("States.ALL", "A.B")}, "States.ALL must be alone"),
        ({"interval_seconds": 0}, "interval_seconds must be 1 or more, got 0"),
        ({"interval_seconds": 1.5}, "interval_seconds must be 1 or more, got 1.5"),
        ({"max_attempts": -1}, "max_attempts must be 0 or more, got -1"),
        ({"max_attempts": True}, "max_attempts must be 0 or more, got True"),
        ({"backoff_rate": 0.5}, "backoff_rate must be 1 or more, got 0.5"),
        ({"backoff_rate": "2"}, "backoff_rate must be a number, got '2'"),
        ({"backoff_rate": float("nan")}, "backoff_rate must be 1 or more, got nan"),
        ({"interval_seconds": 10, "max_delay_seconds": 10}, "max_delay_seconds must be more than interval_seconds"),
    ],
    ids=str,
)
def test_policy_that_step_functions_would_refuse_fails_and_says_why(changes, said):
    with pytest.raises(InvalidInputError, match=said):
        policy(**changes)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidInputError) as caught:
        policy(interval_seconds=0, max_attempts=-1, backoff_rate=0)

    assert len(caught.value.problems) == 3


def test_retrier_that_says_nothing_is_taken_as_step_functions_takes_it():
    assert RetryPolicy.from_state({"ErrorEquals": ["A.B"]}) == policy()


@pytest.mark.parametrize("each", [*retry.DEFAULT, *retry.DOCUMENTED], ids=lambda each: each.errors[0])
def test_retrier_is_the_policy_that_it_was_made_of(each):
    assert RetryPolicy.from_state(each.to_state()) == each


def test_retrier_that_step_functions_refuses_is_no_policy():
    with pytest.raises(InvalidInputError, match="max_attempts must be 0 or more"):
        RetryPolicy.from_state({"ErrorEquals": ["A.B"], "MaxAttempts": -1})
