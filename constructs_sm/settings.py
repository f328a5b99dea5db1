"""Settings of a pipeline stack: from `cdk.json` or as arguments, read once into a frozen value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, Union, get_args

from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import Problem, did_you_mean, raise_all
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.numbers import is_whole_number
from constructs_sm.language.offering import offers

from aws_cdk import Duration, PermissionsBoundary, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import Node

CONTEXT_KEY = "constructs_sm"
"""The key of the settings in the `context` of `cdk.json`."""
# fmt: off
_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on


_CONTEXT = f"cdk.json context '{CONTEXT_KEY}'"
ENVIRONMENT_KEY = "environment"
"""The context that chooses one of several environments: `cdk deploy -c environment=dev`."""
ENVIRONMENTS = "environments"
_SHORTEST_RATE = 60
"""Seconds, of EventBridge."""
Time: TypeAlias = Union[Duration, "sfn.Timeout", int]
"""A Duration, an `sfn.Timeout` of one, or seconds."""
Alert: TypeAlias = Literal["executions", "jobs", "alarms"]
"""Tellers of a topic: an execution that ended without success, a job that failed in it, an alarm that goes off."""
ONE_MESSAGE: Final[tuple[Alert, ...]] = ("executions",)
"""Tells of each failure once."""


def is_time(value: object) -> bool:
    """Tell whether *value* is a time of whole seconds, one or more; a Duration may be known at deployment only."""
    late = isinstance(value, Duration) and value.is_unresolved()
    return late or seconds_of(value) is not None


def duration_of(time: Time) -> Duration:
    """Make a Duration of a time that `is_time`."""
    return time if isinstance(time, Duration) else Duration.seconds(seconds_of(time) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a pipeline stack. In `cdk.json` every value is JSON; arguments may be CDK types.

    Several environments come from one app: `environments` in `cdk.json` holds settings by the environment's name, which
    replace those beside it. `PipelineStack(app, "Churn", environment="dev")` or `-c environment=dev` chooses one.

    Attributes:
        schedule: When to start an execution by itself, with the defaults for its input: `rate(1 day)` or
            `cron(0 3 * * ? *)`, a Duration, an events.Schedule, or a list of these. Default: never.
        alert_emails: Who is told of executions that fail, time out or are aborted; each must confirm the subscription.
        alerts: What tells them: `executions` that have ended so, with error and cause, `jobs` when they fail, `alarms`
            when they go off. Default: executions, so that each failure is one message.
        timeout: An execution that runs longer ends TIMED_OUT: ISO 8601 (`PT6H`, `P2D`), a Duration, an
            `sfn.Timeout` or seconds. Default: 1 day, and what approvals and other states may wait that have a day or
            more.
        log_retention_days: How long the log of executions is kept. Default: 365.
        removal_policy: What becomes of the data bucket and the key with the stack: `retain` or `destroy` (which fails
            while anything is in the bucket). Default: retain.
        tags: On every resource of the stack that takes tags.
        arrivals: What starts an execution when an object arrives in S3, with the bucket and the key for its input: a
            prefix of the data bucket (`raw/`) or of another (`s3://bucket/prefix/`), or a list. Another bucket must
            send its events to EventBridge. Default: nothing.
        bucket: The data bucket, if there is one already: its name, or an s3.IBucket. Default: made here.
        key: The key for the data bucket, the topic and the log: its ARN, a kms.IKey, or True for one that is made here.
            The policy of one that is given must admit CloudWatch, CloudWatch Logs and EventBridge. Default: S3's own,
            and none.
        encrypt_jobs: Whether that key is also for what jobs write and for their volumes, where a job names no key.
            Instances with local storage take none: their hardware encrypts it. Default: no.
        encrypt_executions: Whether that key is also for the definition of the state machine and for the history of its
            executions. Who reads or stops executions needs the key as well. Default: no.
        tracing_enabled: Whether executions are traced in X-Ray, which has a price. Default: yes, which cdk-nag wants.
        vpc: Where jobs run that are not told where: `{"subnets": [...], "security_groups": [...]}`, by their ids, or an
            ec2.IVpc, whose private subnets are taken, with a security group that is made here. Default: in no VPC.
        permissions_boundary: The managed policy that bounds every role of the stack: its name or its ARN.
        dashboard: Whether to make a dashboard of executions, their durations and what failed. Default: no.
        starters: ARNs of roles that may start executions.
        account: Where the stack is deployed. Default: wherever the CLI points.
        region: Likewise.
        log_level: Events of executions that are logged: `ALL`, `ERROR`, `FATAL` or `OFF`, or an sfn.LogLevel. Default:
            all of them.
        state_machine_name: The name of the state machine. Default: CloudFormation's own.
        failed_threshold: Executions failed within five minutes at which an alarm goes off. Default: 1.
        timed_out_threshold: Likewise, executions that timed out.
        versioned: Keep the versions of objects that are overwritten or deleted in the data bucket; they cost as much as
            others. Default: no.
        access_logs: The bucket, by its name or as an s3.IBucket, that S3 writes the log of requests to the data bucket
            to, under the stack's name. The policy of one that is named must let S3 write. Default: no log.
        dead_letters: Where EventBridge puts what it could not start an execution with: an sqs.IQueue, or True for one
            that is made here. Default: nowhere; it tries for a day.
        guardrails: What jobs may be: the lines of a `Guardrails`, the name of a file of them, or one that is made.
            Default: anything.
    """

    schedule: str | Duration | events.Schedule | Sequence[str | Duration | events.Schedule] | None = None
    alert_emails: Sequence[str] = ()
    alerts: Sequence[Alert] = ONE_MESSAGE
    timeout: str | Time | None = None
    log_retention_days: int = 365
    removal_policy: str | RemovalPolicy = "retain"
    tags: Mapping[str, str] | None = None
    arrivals: str | Sequence[str] = ()
    bucket: str | s3.IBucket | None = None
    key: str | bool | kms.IKey | None = None
    encrypt_jobs: bool = False
    encrypt_executions: bool = False
    tracing_enabled: bool = True
    vpc: Mapping[str, Sequence[str]] | ec2.IVpc | None = None
    permissions_boundary: str | PermissionsBoundary | None = None
    dashboard: bool = False
    starters: Sequence[str] = ()
    account: str | None = None
    region: str | None = None
    log_level: str | sfn.LogLevel = "ALL"
    state_machine_name: str | None = None
    failed_threshold: int = 1
    timed_out_threshold: int = 1
    versioned: bool = False
    access_logs: str | s3.IBucket | None = None
    dead_letters: bool | sqs.IQueue = False
    guardrails: Any = None

    @classmethod
    def of(cls, where: str, node: Node, arguments: Mapping[str, Any], *, environment: str | None = None) -> Settings:
        """Settings from the context of *node*, each replaced by the argument that is not None.

        Raises:
            InvalidInputError: A setting or the environment is unknown, or a setting of the wrong type.
        """
        given = node.try_get_context(CONTEXT_KEY) or {}
        context = _CONTEXT
        if not isinstance(given, Mapping):
            raise_all(
                context, [Problem("settings must be a mapping", given, f"use {', '.join(known())}", "setting-value")]
            )
        chosen = node.try_get_context(ENVIRONMENT_KEY) if environment in (None, "") else environment
        everywhere, here = _of_environment(context, given, chosen)
        raise_all(context, [*unknown_settings(everywhere), *mistyped(everywhere)])
        # Of all: what is wrong in one that is not chosen would be found on the day it is deployed.
        for name, there in given.get(ENVIRONMENTS, {}).items():
            raise_all(f"{context}, environment '{name}'", [*unknown_settings(there), *mistyped(there)])
        arguments = {name: value for name, value in arguments.items() if value is not None}
        raise_all(where, mistyped(arguments))
        return replace(cls(**{**everywhere, **here}), **arguments)

    def timeout_duration(self) -> Duration | None:
        if self.timeout is None:
            return None
        return Duration.parse(self.timeout) if isinstance(self.timeout, str) else duration_of(self.timeout)

    def event_schedules(self) -> list[events.Schedule]:
        return [event_schedule(schedule) for schedule in _listed(self.schedule)]

    def arrival_places(self) -> list[str]:
        return _listed(self.arrivals)

    def retention(self) -> logs.RetentionDays:
        return list(logs.RetentionDays)[_RETENTION_DAYS.index(self.log_retention_days)]

    def level(self) -> sfn.LogLevel:
        return sfn.LogLevel[self.log_level] if isinstance(self.log_level, str) else self.log_level

    def removal(self) -> RemovalPolicy:
        return self.removal_policy if isinstance(self.removal_policy, RemovalPolicy) else _REMOVAL[self.removal_policy]


def setting_in(node: Node, name: str) -> Any:
    """The value of one setting in the context of *node*, in the environment that is chosen; None if it has none."""
    given = node.try_get_context(CONTEXT_KEY)
    if not isinstance(given, Mapping):
        return None
    everywhere, here = _of_environment(_CONTEXT, given, node.try_get_context(ENVIRONMENT_KEY))
    return {**everywhere, **here}.get(name)


def is_threshold(value: object) -> bool:
    """Tell whether an alarm can go off at *value* executions."""
    return is_whole_number(value, least=1)


def are_alerts(value: object) -> bool:
    """Tell whether *value* lists what tells of failures."""
    return isinstance(value, (list, tuple)) and all(alert in get_args(Alert) for alert in value)


def is_state_machine_name(value: object) -> bool:
    """Tell whether a state machine can be called *value*, and logged under that name."""
    return _matches(r"[A-Za-z0-9_-]{1,80}", value)


def event_schedule(schedule: str | Duration | events.Schedule) -> events.Schedule:
    """A schedule as EventBridge has it."""
    if isinstance(schedule, str):
        return events.Schedule.expression(schedule)
    return events.Schedule.rate(schedule) if isinstance(schedule, Duration) else schedule


def _of_environment(context: str, given: Mapping[str, Any], chosen: object) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The settings of all environments, and those of the chosen one."""
    everywhere = {name: value for name, value in given.items() if name != ENVIRONMENTS}
    environments = given.get(ENVIRONMENTS, {})
    if not isinstance(environments, Mapping) or not all(isinstance(value, Mapping) for value in environments.values()):
        raise_all(
            context,
            [
                Problem(
                    "environments must be a mapping of settings", environments, 'write {"dev": {...}}', "setting-value"
                )
            ],
        )
    if chosen is None:
        return everywhere, {}
    if not isinstance(chosen, str) or chosen not in environments:
        declared = ", ".join(environments) or f"none: declare it under {ENVIRONMENTS}"
        raise_all(
            context, [Problem("no such environment", chosen, f"the environments are {declared}", "argument-unknown")]
        )
    return everywhere, environments[chosen]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


_SCHEDULE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)")
_ISO_DURATION = re.compile(r"P(?=.*[1-9])(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
_ARN = r"arn:[a-z-]+:{}:[^:]*:[^:]*:{}.+"
_REMOVAL = {"retain": RemovalPolicy.RETAIN, "destroy": RemovalPolicy.DESTROY}
_VPC = {"subnets": "subnet-", "security_groups": "sg-"}
_TYPES: dict[str, tuple[type, ...]] = {
    "removal_policy": (str, RemovalPolicy),
    "tags": (Mapping,),
    "permissions_boundary": (str, PermissionsBoundary),
    "dashboard": (bool,),
    "encrypt_jobs": (bool,),
    "encrypt_executions": (bool,),
    "tracing_enabled": (bool,),
    "versioned": (bool,),
}
_ACCOUNT = r"[0-9]{12}"
_REGION = r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_BOUNDARY = r"[A-Za-z0-9_+=,.@-]{1,128}"
"""The name of a managed policy."""


def known() -> tuple[str, ...]:
    """The names of all settings."""
    return tuple(field.name for field in fields(Settings))


def unknown_settings(given: Mapping[str, Any], others: Sequence[str] = ()) -> list[Problem]:
    """A problem for each name in *given* that is neither a setting nor one of *others*."""
    names, listed = [*known(), *others], f"use one of {', '.join(known())}"
    return [
        Problem("unknown setting", name, f"{did_you_mean(name, names)} {listed}".lstrip(), "argument-unknown")
        for name in given
        if name not in names
    ]


def mistyped(given: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the values of known settings."""
    problems = []
    for name, value in given.items():
        if name in _TYPES and not isinstance(value, _TYPES[name]):
            problems.append(
                Problem(f"{name} is of the wrong type", value, f"pass a {_TYPES[name][0].__name__}", "setting-value")
            )
    limits = given.get("guardrails")
    if not (limits is None or isinstance(limits, (str, Mapping)) or hasattr(limits, "apply")):
        use = "pass Guardrails(...), its lines, or the name of a file"
        problems.append(Problem("guardrails are of the wrong type", limits, use, "setting-value"))
    return [*problems, *_unusable_times(given), *_unusable_values(given), *_unusable_places(given)]


def _unusable_times(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    schedules = _listed(given.get("schedule"))
    for schedule in schedules:
        if not isinstance(schedule, (str, Duration, events.Schedule)):
            problems.append(Problem("schedule is of the wrong type", schedule, "pass a str", "setting-value"))
        if isinstance(schedule, str) and not _SCHEDULE.fullmatch(schedule):
            use = "write 'rate(1 day)' or 'cron(0 3 * * ? *)'"
            problems.append(Problem("schedule is no expression", schedule, use, "setting-value"))
    timeout = given.get("timeout")
    if isinstance(timeout, str) and not _ISO_DURATION.fullmatch(timeout):
        problems.append(Problem("timeout is no ISO 8601 duration", timeout, "write 'PT6H' or 'P2D'", "setting-value"))
    elif timeout is not None and not isinstance(timeout, str) and not is_time(timeout):
        use = "pass Duration.hours(6), or seconds: one or more, and whole"
        problems.append(Problem("timeout must be a Duration of whole seconds", timeout, use, "setting-value"))
    short = [each for each in schedules if isinstance(each, Duration) and (seconds_of(each) or 0) < _SHORTEST_RATE]
    use = f"pass {_SHORTEST_RATE} s or more, in whole seconds"
    return [*problems, *(Problem("schedule is too short", str(each), use, "setting-value") for each in short)]


def _unusable_values(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    emails = given.get("alert_emails", ())
    if isinstance(emails, str) or not isinstance(emails, Sequence) or not all("@" in str(email) for email in emails):
        problems.append(
            Problem("alert_emails must be a list of addresses", emails, "write ['ml@example.com']", "setting-value")
        )
    if not are_alerts(given.get("alerts", ())):
        use = f"list some of {', '.join(get_args(Alert))}"
        problems.append(Problem("alerts name what tells of failures", given["alerts"], use, "setting-value"))
    tags = given.get("tags")
    if isinstance(tags, Mapping) and not all(isinstance(text, str) for tag in tags.items() for text in tag):
        problems.append(Problem("tags must be strings", dict(tags), "write {'team': 'ml'}", "setting-value"))
    days = given.get("log_retention_days", _RETENTION_DAYS[0])
    if isinstance(days, bool) or days not in _RETENTION_DAYS:
        problems.append(
            Problem("CloudWatch Logs has no such retention", days, f"use one of {_RETENTION_DAYS}", "setting-value")
        )
    removal = given.get("removal_policy")
    if removal is RemovalPolicy.SNAPSHOT or (isinstance(removal, str) and removal not in _REMOVAL):
        problems.append(
            Problem(
                "a bucket has no such removal_policy", removal, f"use one of {', '.join(_REMOVAL)}", "setting-value"
            )
        )
    level = given.get("log_level", "ALL")
    if not isinstance(level, sfn.LogLevel) and level not in [each.name for each in sfn.LogLevel]:
        use = f"use one of {', '.join(each.name for each in sfn.LogLevel)}"
        problems.append(Problem("Step Functions has no such log_level", level, use, "setting-value"))
    name = given.get("state_machine_name")
    if name is not None and not is_state_machine_name(name):
        use = "write 1 to 80 letters, digits, - and _"
        problems.append(Problem("state_machine_name is no name", name, use, "setting-value"))
    problems += [
        Problem(f"{threshold} must be a number of executions", given[threshold], "write 1 or more", "setting-value")
        for threshold in ("failed_threshold", "timed_out_threshold")
        if threshold in given and not is_threshold(given[threshold])
    ]
    starters = given.get("starters", ())
    if not _strings(starters) or not all(_matches(_ARN.format("iam", "role/"), starter) for starter in starters):
        problems.append(
            Problem("starters must be ARNs of roles", starters, "write ['arn:aws:iam::...:role/...']", "setting-value")
        )
    return problems


def _unusable_places(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    arrivals = given.get("arrivals", ())
    places = _listed(arrivals)
    if not all(isinstance(place, str) and place.removeprefix("s3://") for place in places):
        problems.append(
            Problem("arrivals must be prefixes", arrivals, "write 'raw/' or 's3://bucket/prefix/'", "setting-value")
        )
    bucket = given.get("bucket")
    if bucket is not None and not offers(bucket, "bucket_name") and not _matches(_BUCKET, bucket):
        problems.append(
            Problem(
                "bucket must be the name of a bucket", bucket, "write 'your-bucket', without s3://", "setting-value"
            )
        )
    problems += [*_unusable_logs(given), *unusable_environment(given.get("account"), given.get("region"))]
    boundary = given.get("permissions_boundary")
    pattern = _ARN.format("iam", "policy/") if str(boundary).startswith("arn:") else _BOUNDARY
    if isinstance(boundary, str) and not _matches(pattern, boundary):
        use = "write the name of a managed policy, or its ARN"
        problems.append(Problem("permissions_boundary is no policy", boundary, use, "setting-value"))
    key = given.get("key")
    if not (key is None or key is True or offers(key, "key_arn") or _matches(_ARN.format("kms", "key/"), key)):
        problems.append(
            Problem("key must be the ARN of a key", key, "write 'arn:aws:kms:...:key/...', or true", "setting-value")
        )
    vpc = given.get("vpc")
    if isinstance(vpc, Mapping):
        ids = {name: vpc.get(name) for name in _VPC}
        right = set(vpc) == set(_VPC) and all(
            _strings(listed) and listed and all(_matches(_VPC[name] + ".+", item) for item in listed)
            for name, listed in ids.items()
        )
    else:
        right = vpc is None or offers(vpc, "select_subnets")
    if not right:
        use = "write {'subnets': ['subnet-...'], 'security_groups': ['sg-...']}"
        problems.append(Problem("vpc must name subnets and security groups", vpc, use, "setting-value"))
    return problems


def unusable_environment(account: object, region: object) -> list[Problem]:
    """Find an account and a Region that are none; a CDK app finds it when it is deployed."""
    problems = []
    if account is not None and not _matches(_ACCOUNT, account):
        problems.append(Problem("account is no account", account, "write its 12 digits, as a string", "setting-value"))
    if region is not None and not _matches(_REGION, region):
        problems.append(Problem("region is no Region", region, "write one like 'eu-west-1'", "setting-value"))
    return problems


def _unusable_logs(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    logs_to = given.get("access_logs")
    if logs_to is not None and not offers(logs_to, "bucket_name") and not _matches(_BUCKET, logs_to):
        use = "write 'your-log-bucket', without s3://"
        problems.append(Problem("access_logs must be the name of a bucket", logs_to, use, "setting-value"))
    queue = given.get("dead_letters")
    if not is_dead_letters(queue):
        problems.append(Problem("dead_letters must be a queue", queue, "pass true, or an sqs.IQueue", "setting-value"))
    return problems


def is_dead_letters(value: object) -> bool:
    """Tell whether *value* says where dead letters go, or that they go nowhere."""
    return value is None or isinstance(value, bool) or offers(value, "queue_arn")


def _strings(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _matches(pattern: str, value: Any) -> bool:
    """Return whether *value* matches *pattern*; a token is taken to match."""
    return isinstance(value, str) and (is_token(value) or re.fullmatch(pattern, value) is not None)
