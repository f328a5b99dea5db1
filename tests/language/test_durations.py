"""A time is the same however it is given."""

from __future__ import annotations

from datetime import timedelta

from constructs_sm.language.durations import seconds_of

import pytest
from aws_cdk import CfnParameter, Duration
from aws_cdk import aws_stepfunctions as sfn


@pytest.mark.parametrize(
    "time",
    [3600, 3600.0, Duration.hours(1), sfn.Timeout.duration(Duration.minutes(60))],
    ids=["seconds", "float", "Duration", "Timeout"],
)
def test_time_is_read_as_seconds(time):
    assert seconds_of(time) == 3600


@pytest.mark.parametrize(
    "time",
    [
        *(None, True, 0, -1, 1.5, float("inf"), float("nan"), "60", timedelta(hours=1)),
        *(Duration.millis(1500), Duration.seconds(0), sfn.Timeout.at("$.timeout")),
    ],
    ids=["None", "True", "0", "-1", "1.5", "inf", "nan", "text", "timedelta", "fraction", "zero", "path"],
)
def test_what_is_no_time_of_whole_seconds_is_none(time):
    assert seconds_of(time) is None


def test_time_that_is_known_at_deployment_is_none(stack):
    parameter = CfnParameter(stack, "Seconds", type="Number").value_as_number
    assert seconds_of(parameter) is None
    assert seconds_of(Duration.seconds(parameter)) is None
