"""Arguments of a pipeline that the CDK would stumble over when half of it is made, and the check of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.offering import offers
from constructs_sm.settings import are_alerts, is_dead_letters, is_state_machine_name, is_threshold, is_time
from constructs_sm.steps.part_run import INPUT
from constructs_sm.task.custom_states import is_chainable
from constructs_sm.task.kept_results import RUN
from constructs_sm.values.input_schema import InputSchema

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_sm.values.inputs import Input


def mistyped_arguments(**arguments: Any) -> list[Problem]:
    """Find arguments that the CDK would stumble over when half of the pipeline is made."""
    wanted: dict[str, tuple[str, Callable[[Any], bool]]] = {
        "definition": ("a job, or a chain", is_chainable),
        "timeout": ("Duration.hours(6), or seconds", is_time),
        "schedule": ("a Duration or an events.Schedule", lambda value: isinstance(value, (Duration, events.Schedule))),
        "topic": ("an sns.ITopic", lambda value: offers(value, "topic_arn")),
        "alert_emails": ("['ml@example.com']", _addresses),
        "alerts": ("some of ['executions', 'jobs', 'alarms']", are_alerts),
        "log_retention": ("logs.RetentionDays", lambda value: isinstance(value, logs.RetentionDays)),
        "key": ("a kms.IKey", lambda value: offers(value, "key_arn")),
        "encrypt_jobs": ("True or False", lambda value: isinstance(value, bool)),
        "encryption_configuration": (
            "sfn.CustomerManagedEncryptionConfiguration(key)",
            lambda value: isinstance(value, sfn.EncryptionConfiguration),
        ),
        "tracing_enabled": ("True or False", lambda value: isinstance(value, bool)),
        "role": ("an iam.IRole", lambda value: offers(value, "role_arn")),
        "comment": ("a text", lambda value: isinstance(value, str)),
        "log_level": ("an sfn.LogLevel", lambda value: isinstance(value, sfn.LogLevel)),
        "state_machine_name": ("a name of 1 to 80 letters, digits, - and _", is_state_machine_name),
        "failed_threshold": ("a whole number, 1 or more", is_threshold),
        "timed_out_threshold": ("a whole number, 1 or more", is_threshold),
        "dead_letters": ("True, or an sqs.IQueue", is_dead_letters),
        "run_parts": ("True or False", lambda value: isinstance(value, bool)),
    }
    return [
        Problem(f"{name} cannot be used", value, f"pass {wanted[name][0]}", "argument-type")
        for name, value in arguments.items()
        if value is not None and not wanted[name][1](value)
    ]


def schema_of(inputs: Mapping[str, Input] | None, *, run_parts: bool, problems: list[Problem]) -> InputSchema | None:
    """The check of the input; what is wrong with it goes to *problems*."""
    if inputs is None and not run_parts:
        return None
    said = {} if inputs is None else inputs
    if run_parts and isinstance(said, Mapping):
        problems += _taken_name(inputs)
        said = {**said, RUN: INPUT}
    schema = InputSchema(said, others_allowed=inputs is None)
    problems += schema.problems()
    return schema


def _taken_name(inputs: Any) -> Iterator[Problem]:
    if isinstance(inputs, Mapping) and RUN in inputs:
        use = "call yours something else, or leave run_parts out"
        yield Problem(f"the input '{RUN}' says which part is run", inputs[RUN], use, "input-declaration")


def _addresses(emails: Any) -> bool:
    return isinstance(emails, (list, tuple)) and all("@" in str(email) for email in emails)
