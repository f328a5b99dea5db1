"""A dashboard of a pipeline: how executions ended, how long they took, and what failed why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

if TYPE_CHECKING:
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

_ENDED = "filter type in ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted']"
_JOB = "parse details.cause /^(?<job>.{1,80}?) failed with /"
"""A FailureHandler begins its message so."""
_WIDTH, _HEIGHT = 12, 6


def dashboard(scope: Construct, machine: sfn.StateMachine, log: logs.ILogGroup) -> cloudwatch.Dashboard:
    """Two graphs of metrics; two tables out of the log: failures by job, and the latest with their reasons."""
    day = Duration.days(1)
    endings = [
        machine.metric_started(period=day, statistic="Sum", label="started"),
        machine.metric_succeeded(period=day, label="succeeded"),
        machine.metric_failed(period=day, label="failed"),
        machine.metric_timed_out(period=day, label="timed out"),
        machine.metric_aborted(period=day, label="aborted"),
    ]
    times = [machine.metric_time(period=day, statistic=statistic, label=statistic) for statistic in ("p50", "Maximum")]
    return cloudwatch.Dashboard(
        scope,
        "Dashboard",
        default_interval=Duration.days(30),
        widgets=[
            [
                cloudwatch.GraphWidget(title="Executions a day", left=endings, width=_WIDTH, height=_HEIGHT),
                cloudwatch.GraphWidget(title="Duration in ms", left=times, width=_WIDTH, height=_HEIGHT),
            ],
            [
                cloudwatch.LogQueryWidget(
                    title="Failures by job",
                    log_group_names=[log.log_group_name],
                    query_lines=[
                        _ENDED,
                        _JOB,
                        "stats count(*) as failures by coalesce(job, details.error, type) as what",
                    ],
                    width=_WIDTH,
                    height=_HEIGHT,
                ),
                cloudwatch.LogQueryWidget(
                    title="Latest failures",
                    log_group_names=[log.log_group_name],
                    query_lines=[
                        "fields @timestamp, type, details.error, details.cause",
                        _ENDED,
                        "sort @timestamp desc",
                        "limit 20",
                    ],
                    width=_WIDTH,
                    height=_HEIGHT,
                ),
            ],
        ],
    )
