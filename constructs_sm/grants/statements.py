"""Policy statements: what one is, those of the state machine role, and those that both roles have.

Statements are plain values until the last moment: equal ones are one, and none costs a call over the jsii bridge twice.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html, and the Service Authorization
Reference for the resource types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.arns import Arns
from constructs_sm.language.fields import spelled
from constructs_sm.language.late_bound import LATE, is_jsonata, is_token
from constructs_sm.polled_actions import MODEL_PACKAGE
from constructs_sm.values.names import arn_suffix
from constructs_sm.values.s3 import bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.polled_actions import PolledAction
    from constructs_sm.values.s3 import S3Location

_BEGINNING = "A name ends in a random part or comes at run time; its literal beginning, if any, is kept"
_PREFIX = "An S3 prefix means whatever is under it"


@dataclass(frozen=True, slots=True)
class Grant:
    """One Allow statement."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()
    """Operator, condition key, value."""
    wildcard: str = field(default="", compare=False)
    """Why a resource in it is not spelled out."""

    def to_policy(self) -> dict[str, Any]:
        """The statement as JSON."""
        policy: dict[str, Any] = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        for operator, key, value in self.conditions:
            policy.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        return policy


def listed(element: Any) -> list[Any]:
    """What stands in an element of a policy: a list, or one alone."""
    return list(element) if isinstance(element, (list, tuple)) else [element]


SERVICE_GRANT = Grant((), ("*",), wildcard="Log deliveries and traces take no resource; the CDK grants them")
"""What the CDK itself gives a state machine role that logs and is traced: here only to say why."""
SEND_FAILURE_GRANT = Grant(
    ("states:SendTaskFailure",), ("*",), wildcard="A task token says whose it is: the API takes no resource"
)


def state_machine_grants(
    action: Action,
    request: Mapping[str, Any],
    role_arns: Iterable[str],
    arns: Arns,
    *,
    sync: bool,
    shared_prefix: str | None = None,
    keys: Iterable[str] = (),
) -> tuple[Grant, ...]:
    """What Step Functions may do to call *action*: AWS's documented template, and `sagemaker:AddTags` on the resource.

    Step Functions tags what it starts; without AddTags it is refused. `ListTags` stays on `*` as AWS documents it:
    whether the resource's ARN would do is not verified on AWS.

    Args:
        action: The row of the table.
        request: The request, whose literal name (or literal beginning of a name) scopes the grants.
        role_arns: The execution roles that are passed.
        arns: Where the resources are.
        sync: Whether Step Functions waits for the job, and so must see, stop and be told of it.
        shared_prefix: A literal beginning that the names of all jobs of a pipeline have: they share their grants.
        keys: Keys of volumes that the caller, not the execution role, must let SageMaker use.
    """
    named = ((action.arn_type, action.name_field), *action.extra_resources)
    resources = _named_by(request, named, action, arns, shared_prefix)
    own = tuple(resource for resource in resources if f":{action.arn_type}/" in resource)
    verbs = (action.verb, "Describe", "Stop") if sync else (action.verb,)
    grants = [
        Grant(tuple(f"sagemaker:{verb}{action.noun}" for verb in verbs), resources, wildcard=_BEGINNING),
        Grant(("sagemaker:ListTags",), ("*",), wildcard="As AWS documents it for Step Functions"),
    ]
    if action.takes_tags:
        grants.append(Grant(("sagemaker:AddTags",), own, wildcard=_BEGINNING))
    grants += map(passing_grant, role_arns)
    if sync and action.sync_rule:
        events = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
        rule = arns.of("events", f"rule/{action.sync_rule.name}")
        grants.append(Grant(events, (rule,), wildcard="AWS does not publish the name of this rule"))
    for key in keys:
        grants += [volume_key_grant(key, arns), key_grant(key, arns, "kms:DescribeKey")]
    return tuple(grants)


def polled_grants(
    action: PolledAction,
    request: Mapping[str, Any],
    role_arns: Iterable[str],
    arns: Arns,
    *,
    shared_prefix: str | None = None,
) -> tuple[Grant, ...]:
    """What the state machine role needs to begin a job that has to be polled.

    Step Functions adds no tags by the AWS SDK integration, so `sagemaker:AddTags` is needed for those of the request
    alone. No EventBridge rule, and no ListTags.
    """
    own = _polled_resources(action, request, arns, shared_prefix)
    begun_on = _named_by(request, action.extra_resources, action, arns, shared_prefix, there=True)
    begun = (*(own if action.begun_on_itself else ()), *begun_on)
    grants = [Grant((f"sagemaker:{action.operation}",), begun, wildcard=_BEGINNING)]
    if spelled(request, "Tags"):
        grants.append(Grant(("sagemaker:AddTags",), own, wildcard=_BEGINNING))
    return (*grants, *map(passing_grant, role_arns))


def polling_grant(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, *, shared_prefix: str | None = None
) -> Grant:
    """To look at the job of *request* until it has ended, and to stop one that takes too long."""
    apis = tuple(f"sagemaker:{api}" for api in (action.describe, action.stop) if api)
    return Grant(apis, _polled_resources(action, request, arns, shared_prefix), wildcard=_BEGINNING)


def _polled_resources(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, shared_prefix: str | None
) -> tuple[str, ...]:
    named = [(action.arn_type, action.resource_field or action.name_field)]
    there = action.resource_field is not None
    return _named_by(request, named, action, arns, shared_prefix, there=there, under=action.under)


def sagemaker_grant(arns: Arns, operation: str, arn_type: str, name: str) -> Grant:
    """One SageMaker API on the resources of a type whose names IAM can say so."""
    resources = [arns.of("sagemaker", f"{arn_type}/{spelling}") for spelling in _spellings(name, lower_cased=True)]
    return Grant((f"sagemaker:{operation}",), tuple(resources), wildcard=_BEGINNING)


def registry_grant(operation: str, request: Mapping[str, Any], arns: Arns) -> Grant:
    """One SageMaker API on the group of a CreateModelPackage request, or on the versions in it."""
    arn_type, under = ("model-package-group", "") if operation.endswith("Group") else (MODEL_PACKAGE.arn_type, "/*")
    named = [(arn_type, "ModelPackageGroupName")]
    resources = _named_by(request, named, MODEL_PACKAGE, arns, None, there=True, under=under)
    return Grant((f"sagemaker:{operation}",), resources, wildcard="The versions of the group")


def _named_by(
    request: Mapping[str, Any],
    named: Iterable[tuple[str, str]],
    action: Action,
    arns: Arns,
    shared_prefix: str | None,
    *,
    there: bool = False,
    under: str = "",
) -> tuple[str, ...]:
    """ARNs of the resources that a request to *action* names, as far as IAM can say them.

    Args:
        request: The request.
        named: The type of each resource, and the field that names it.
        action: The row of the table.
        arns: Where the resources are.
        shared_prefix: See `state_machine_grants`.
        there: Whether they are there already, so that one whose name is known has that name and no other.
        under: What follows the name.
    """
    return tuple(
        arns.of("sagemaker", f"{arn_type}/{spelling}{under}")
        for arn_type, field_name in named
        for spelling in _spellings(
            _name(request, field_name, shared_prefix, there=there), lower_cased=action.lower_cases_arn
        )
    )


def _name(request: Mapping[str, Any], field_name: str, shared_prefix: str | None, *, there: bool) -> str:
    key = spelled(request, field_name)
    if key is None:
        return "*"
    value, late = str(request[key]), key.endswith(LATE)
    if there and not late and not is_jsonata(value):
        return value.rpartition("/")[2]
    name = arn_suffix(value, run_time=late)
    return f"{shared_prefix}-*" if shared_prefix and name.startswith(f"{shared_prefix}-") else name


def _spellings(name: str, *, lower_cased: bool) -> list[str]:
    """A name, and how SageMaker may spell it in an ARN. A token must not be lower-cased: it would be another."""
    return list(dict.fromkeys([name, name.lower()])) if lower_cased and not is_token(name) else [name]


def passing_grant(role_arn: str) -> Grant:
    """To have SageMaker run something under a role."""
    to_sagemaker = ("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com")
    return Grant(("iam:PassRole",), (role_arn,), (to_sagemaker,), wildcard="The role comes at run time")


def publish_grants(topic_arn: str, key_arn: str | None = None) -> tuple[Grant, ...]:
    """To publish to a topic, and to one that is encrypted."""
    published = Grant(("sns:Publish",), (topic_arn,))
    return (published,) if key_arn is None else (published, Grant(("kms:Decrypt", "kms:GenerateDataKey"), (key_arn,)))


def alarm_grant(arns: Arns, names: Iterable[str]) -> Grant:
    """To see whether alarms ring."""
    return Grant(("cloudwatch:DescribeAlarms",), tuple(arns.of("cloudwatch", f"alarm:{name}") for name in names))


def read_object_grants(location: S3Location, arns: Arns, file: str = "") -> tuple[Grant, ...]:
    """What the state machine role needs to read one object; nothing where it is not known what object that may be.

    Args:
        location: The object.
        arns: Where the resources are.
        file: How its name ends, where the rest comes at run time.
    """
    if not _is_known(location):
        return ()
    rest = "" if location.is_exact else f"*{file}"
    return (objects_grant(location, arns, "s3:GetObject", rest=rest), *data_key_grants(location, "kms:Decrypt"))


def listing_grants(location: S3Location, arns: Arns) -> tuple[Grant, ...]:
    """What lists a prefix; nothing where it is not known what prefix that may be."""
    if not _is_known(location):
        return ()
    bucket, prefix = _bucket_and_prefix(location)
    listed = (("StringLike", "s3:prefix", f"{prefix}*"),) if prefix else ()
    return (Grant(("s3:ListBucket",), (arns.of_bucket(bucket),), listed),)


def result_grants(location: S3Location, arns: Arns) -> tuple[Grant, ...]:
    """What the state machine role needs to write the results of a distributed map.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    uploads = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")
    return (
        objects_grant(location, arns, *uploads),
        *data_key_grants(location, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def objects_grant(location: S3Location, arns: Arns, *actions: str, rest: str = "*") -> Grant:
    """*actions* on the objects whose names are the prefix of a location and *rest*."""
    bucket, prefix = _bucket_and_prefix(location)
    return Grant(actions, (f"{arns.of_bucket(bucket)}/{prefix}{rest}",), wildcard=_PREFIX)


def bucket_grant(location: S3Location, arns: Arns, action: str) -> Grant:
    """*action* on the bucket of a location."""
    return Grant((action,), (arns.of_bucket(_bucket_and_prefix(location)[0]),))


def data_key_grants(location: S3Location, *actions: str) -> tuple[Grant, ...]:
    """Use of the key that data is encrypted with, if it is not S3's own."""
    return () if location.key is None else (Grant(actions, (location.key.key_arn,)),)


def _is_known(location: S3Location) -> bool:
    return location.within is not None and bucket_and_prefix(location.within) is not None


def _bucket_and_prefix(location: S3Location) -> tuple[str, str]:
    found = bucket_and_prefix(location.within or "")
    if found is None:
        message = f"no S3 prefix to grant: {location}"
        raise AssertionError(message)
    bucket, prefix = found
    # A key may hold what IAM takes for a wildcard.
    return bucket, re.sub(r"[*?]", r"${\g<0>}", prefix)


def volume_key_grant(key: str, arns: Arns) -> Grant:
    """To have volumes encrypted with a key."""
    return key_grant(key, arns, "kms:CreateGrant", conditions=(("Bool", "kms:GrantIsForAWSResource", "true"),))


def key_grant(key: str, arns: Arns, *actions: str, conditions: tuple[tuple[str, str, str], ...] = ()) -> Grant:
    """Use of a key, however the request names it: ARN, id or alias."""
    owner = arns
    if key.startswith("arn:") and ":alias/" in key:
        _, partition, _, region, account, key = key.split(":", 5)
        owner = Arns(partition, region, account)
    if key.startswith("alias/"):
        # Except as a condition.
        alias = ("ForAnyValue:StringEquals", "kms:ResourceAliases", key)
        return Grant(
            actions, (owner.of("kms", "key/*"),), (*conditions, alias), wildcard="IAM knows no key by its alias"
        )
    return Grant(actions, (arns.named("kms", "key", key),), conditions)
