"""Triggers that start executions: schedules, and objects that arrive in S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.pipeline.encryption import admit_publishers
from constructs_sm.task.output_folders import JOBS
from constructs_sm.values.input_schema import InputSchema
from constructs_sm.values.s3 import bucket_and_prefix

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.settings import Settings
    from constructs_sm.values.inputs import Input

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

ARRIVED = ("bucket", "key")
"""Inputs of an execution that an arrival starts: they say which object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A rule of EventBridge that starts executions, and what it starts them with."""

    name: str
    """Of the construct, without the number of a second one."""
    description: str
    schedule: events.Schedule | None = None
    bucket: str = ""
    prefix: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def on_schedule(cls, schedule: events.Schedule, inputs: Mapping[str, Any]) -> Trigger:
        """Make a trigger of a schedule."""
        return cls(name="Schedule", description="Starts an execution on time", schedule=schedule, inputs=inputs)

    @classmethod
    def on_arrival(cls, place: str, inputs: Mapping[str, Any]) -> Trigger:
        """Make a trigger of objects that are created under *place*, an `s3://` URI."""
        bucket, prefix = bucket_and_prefix(place) or ("", "")
        about = f"Starts an execution for what arrives under {prefix or 'any prefix'}"
        return cls(name="Arrival", description=about, bucket=bucket, prefix=prefix, inputs=inputs)

    @property
    def sent(self) -> dict[str, Any]:
        """The input of an execution it starts."""
        if self.schedule is not None:
            return dict(self.inputs)
        paths = ("$.detail.bucket.name", "$.detail.object.key")
        arrived = dict(zip(ARRIVED, map(events.EventField.from_path, paths), strict=True))
        return {**self.inputs, **arrived}

    def problems(self, schema: InputSchema | None) -> Iterator[Problem]:
        """Compare what is sent with the inputs of the state machine."""
        if not isinstance(self.inputs, Mapping):
            use = "give each input by its name"
            yield Problem(f"inputs of {self.name} must be a mapping", self.inputs, use, "argument-type")
            return
        if self.schedule is None and not self.bucket:
            yield Problem("an arrival needs a place", NOTHING, "pass 's3://bucket/prefix/'", "arrival-place")
        if schema is None:
            return
        known = [*self.inputs, *(() if self.schedule is not None else ARRIVED)]
        for name in known:
            if name not in schema.inputs and not schema.others_allowed:
                yield Problem(
                    f"{self.name} sends what is no input",
                    name,
                    f"declare it: inputs={{'{name}': ...}}",
                    "trigger-inputs",
                )
        for name, declared in schema.inputs.items():
            if name not in known and declared.required:
                yield Problem(
                    f"{self.name} does not send an input",
                    name,
                    "pass it to the trigger, or give a default",
                    "trigger-inputs",
                )
            elif name in self.inputs and not declared.accepts(self.inputs[name]):
                yield Problem(
                    f"{self.name} sends a wrong {name}", self.inputs[name], f"send {declared.wanted}", "trigger-inputs"
                )

    def start(
        self, scope: Construct, number: int, machine: sfn.StateMachine, dead_letters: sqs.IQueue | None = None
    ) -> events.Rule:
        """Make the rule, the *number*th of its kind."""
        pattern = None
        if self.schedule is None:
            key = {"key": [{"prefix": self.prefix}]} if self.prefix else None
            pattern = events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [self.bucket]}, **({"object": key} if key else {})},
            )
        return events.Rule(
            scope,
            self.name if number == 1 else f"{self.name}{number}",
            description=self.description,
            schedule=self.schedule,
            event_pattern=pattern,
            targets=[
                targets.SfnStateMachine(
                    machine,
                    input=events.RuleTargetInput.from_object(self.sent),
                    role=_events_role(machine),
                    dead_letter_queue=dead_letters,
                )
            ],
        )


def unusable_triggers(settings: Settings, inputs: Mapping[str, Input] | None) -> Iterator[Problem]:
    """Find problems with the triggers of a stack, before there is a bucket."""
    schema = None if inputs is None else InputSchema(inputs)
    if schema is not None and schema.problems():
        yield from schema.problems()
        return
    if settings.event_schedules():
        yield from Trigger.on_schedule(settings.event_schedules()[0], {}).problems(schema)
    for place in settings.arrival_places():
        own = not place.startswith("s3://")
        yield from Trigger.on_arrival(f"s3://data/{place}" if own else place, {}).problems(schema)
        if own and (place.startswith(JOBS) or JOBS.startswith(place)):
            use = f"choose a prefix beside {JOBS}"
            yield Problem("jobs write where arrivals start the next execution", place, use, "arrivals-start-themselves")


def dead_letter_queue(scope: Construct, key: kms.IKey | None) -> sqs.Queue:
    """Make a queue for events that started nothing, kept for two weeks."""
    if key is not None:
        admit_publishers(key, Stack.of(scope))
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption=sqs.QueueEncryption.SQS_MANAGED if key is None else sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    reason = "It holds the dead letters of EventBridge, which nothing reads on its own"
    Validations.of(queue).acknowledge(Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason=reason))
    return queue


def _events_role(machine: sfn.StateMachine) -> iam.IRole:
    """The role that EventBridge starts executions of *machine* under, for this account alone."""
    # The CDK's own would be of this id, and trust EventBridge on behalf of any account.
    made = machine.node.try_find_child("EventsRole")
    if made is not None:
        return cast("iam.IRole", made)
    of_this_account = {"StringEquals": {"aws:SourceAccount": Stack.of(machine).account}}
    return iam.Role(
        machine, "EventsRole", assumed_by=iam.ServicePrincipal("events.amazonaws.com", conditions=of_this_account)
    )
