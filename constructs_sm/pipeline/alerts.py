"""Alerts about executions that did not succeed: a topic, rules and alarms, and which of them tell it.

By default one failure is one message: that of the rules, which see every execution end, whatever ended it, and which
EventBridge sends the error and the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_sm.language.console import execution_link
from constructs_sm.language.late_bound import is_token
from constructs_sm.pipeline.encryption import admit_publishers

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.settings import Alert

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Executions within five minutes at which an alarm goes off."""

    failed: int = 1
    timed_out: int = 1


def alert_topic(scope: Construct, key: kms.IKey | None) -> sns.Topic:
    """A topic that alarms and rules may publish to, over TLS."""
    topic = sns.Topic(scope, "Topic", enforce_ssl=True, master_key=key)
    if key is not None:
        admit_publishers(key, Stack.of(scope))
    # With a policy of its own a topic no longer admits all of its account, CloudWatch included.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsMayPublish",
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    )
    return topic


def alert_of_failures(
    scope: Construct,
    machine: sfn.IStateMachine,
    topic: sns.ITopic,
    alerts: Sequence[Alert],
    thresholds: Thresholds,
) -> dict[str, cloudwatch.Alarm]:
    """Let *alerts* tell a topic of executions that did not succeed; return the alarms, by how executions ended."""
    if "executions" in alerts:
        _tell_of_executions(scope, machine, topic)
    return _alarms(scope, machine, topic if "alarms" in alerts else None, thresholds)


def _tell_of_executions(scope: Construct, machine: sfn.IStateMachine, topic: sns.ITopic) -> None:
    """Publish the name, the end, the link and what is known of the reason of every execution that did not succeed."""
    stack = Stack.of(scope)
    name, status, arn, error, cause = (
        events.EventField.from_path(f"$.detail.{field}")
        for field in ("name", "status", "executionArn", "error", "cause")
    )
    console = f"{execution_link(stack.region)}{arn}"
    link = console if stack.partition == "aws" or is_token(stack.partition) else arn
    ended = f"{stack.stack_name}: execution {name} ended {status}"
    # What timed out or was aborted has no error, and the event may say null of it.
    for construct_id, what, statuses, text in (
        ("Failed", "failed", ["FAILED"], f"{ended} with {error}: {cause} - {link}"),
        ("NotFinished", "timed out or were aborted", ["TIMED_OUT", "ABORTED"], f"{ended}. {link}"),
    ):
        events.Rule(
            scope,
            construct_id,
            description=f"Executions that {what}",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": statuses, "stateMachineArn": [machine.state_machine_arn]},
            ),
            targets=[targets.SnsTopic(topic, message=events.RuleTargetInput.from_text(text))],
        )


def _alarms(
    scope: Construct, machine: sfn.IStateMachine, topic: sns.ITopic | None, thresholds: Thresholds
) -> dict[str, cloudwatch.Alarm]:
    """An alarm each for executions that failed and that timed out; without a topic it tells nobody."""
    # Not for aborted ones: somebody has stopped them and knows.
    alarms = {}
    for construct_id, ending, metric, threshold in (
        ("FailedAlarm", "failed", machine.metric_failed(), thresholds.failed),
        ("TimedOutAlarm", "timed out", machine.metric_timed_out(), thresholds.timed_out),
    ):
        executions = "An execution" if threshold == 1 else f"{threshold} executions"
        alarms[ending] = cloudwatch.Alarm(
            scope,
            construct_id,
            alarm_description=f"{executions} of {scope.node.path} {'has' if threshold == 1 else 'have'} {ending}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if topic is not None:
            alarms[ending].add_alarm_action(cloudwatch_actions.SnsAction(topic))
    return alarms
