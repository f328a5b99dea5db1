"""Every policy statement there is, for both roles.

Statements are plain values until the last moment: equal ones are one, and none costs a call over the jsii bridge twice.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html for the state machine role,
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html for the execution role, and the Service
Authorization Reference for the resource types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.access import Source, Use
from constructs_sm.late_bound import TOKEN, is_jsonata, is_token
from constructs_sm.names import arn_suffix
from constructs_sm.polled_actions import MODEL_PACKAGE
from constructs_sm.rendering import LATE, spelled
from constructs_sm.s3 import S3Location, bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from constructs_sm.access import Access
    from constructs_sm.actions import Action
    from constructs_sm.polled_actions import PolledAction

_PART = rf"(?:{TOKEN.pattern}|[^./])+?"
_ECR_IMAGE = re.compile(
    rf"(?P<account>{_PART})\.dkr[.-]ecr(?:-fips)?\.(?P<region>{_PART})\.(?:{TOKEN.pattern}|[a-z0-9.-]+)"
    rf"/(?P<repository>(?:{TOKEN.pattern}|[^:@])+)(?:[:@].*)?"
)
_PASSED_TO_SAGEMAKER = (("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"),)


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


SERVICE_GRANT = Grant((), ("*",), wildcard="Log deliveries and traces take no resource; the CDK grants them")
"""What the CDK itself gives a state machine role that logs and is traced: here only to say why."""


@dataclass(frozen=True, slots=True)
class Arns:
    """Where ARNs are: partition, Region and account, each literal or a token."""

    partition: str
    region: str
    account: str

    def of(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


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
    resources = tuple(_resources(action, request, arns, shared_prefix))
    why = "A name ends in a random part or comes at run time; its literal beginning, if any, is kept"
    own = tuple(resource for resource in resources if f":{action.arn_type}/" in resource)
    verbs = (action.verb, "Describe", "Stop") if sync else (action.verb,)
    grants = [
        Grant(tuple(f"sagemaker:{verb}{action.noun}" for verb in verbs), resources, wildcard=why),
        Grant(("sagemaker:ListTags",), ("*",), wildcard="As AWS documents it for Step Functions"),
    ]
    if action.takes_tags:
        grants.append(Grant(("sagemaker:AddTags",), own, wildcard=why))
    grants += [
        Grant(("iam:PassRole",), (role_arn,), _PASSED_TO_SAGEMAKER, wildcard="The role comes at run time")
        for role_arn in role_arns
    ]
    if sync and action.sync_rule:
        events = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
        rule = arns.of("events", f"rule/{action.sync_rule.name}")
        grants.append(Grant(events, (rule,), wildcard="AWS does not publish the name of this rule"))
    for key in keys:
        grants += [_volume_key(key, arns), _key(key, arns, "kms:DescribeKey")]
    return tuple(grants)


def _resources(action: Action, request: Mapping[str, Any], arns: Arns, shared_prefix: str | None) -> Iterator[str]:
    for arn_type, name_field in ((action.arn_type, action.name_field), *action.extra_resources):
        key = spelled(request, name_field)
        suffix = "*" if key is None else arn_suffix(str(request[key]), run_time=key.endswith(LATE))
        if shared_prefix and suffix.startswith(f"{shared_prefix}-"):
            suffix = f"{shared_prefix}-*"
        yield arns.of("sagemaker", f"{arn_type}/{suffix}")
        # A token must not be lower-cased: that would no longer be the token.
        if action.lower_cases_arn and not is_token(suffix) and suffix != suffix.lower():
            yield arns.of("sagemaker", f"{arn_type}/{suffix.lower()}")


def execution_base_grants(arns: Arns) -> tuple[Grant, ...]:
    """What every job does whatever it reads: its logs, its metrics, and logging in to the registry."""
    logs = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return (
        Grant(logs, (arns.of("logs", "log-group:/aws/sagemaker/*"),), wildcard="SageMaker makes its log groups itself"),
        Grant(("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"), ("*",), wildcard="Neither takes a resource"),
    )


def execution_grants(access: Access, arns: Arns) -> tuple[Grant, ...]:
    """What SageMaker may do to serve a request that needs *access*: prefixes of S3, never whole buckets, and no `*`."""
    grants = [grant for location in access.reads for grant in _read(location, arns)]
    grants += [grant for location in access.writes for grant in _write(location, arns)]
    grants += [Grant(("s3:GetBucketLocation",), (_bucket_arn(location, arns),)) for location in access.located]
    grants += [grant for use, name in access.uses for grant in _USES[use](name, arns)]
    grants += [grant for source, fields in access.sources for grant in _SOURCES[source](fields, arns)]
    repositories = [*access.repository_arns, *filter(None, (_repository_arn(image, arns) for image in access.images))]
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    grants += [Grant(pull, (repository,)) for repository in repositories]
    grants += [_key(key, arns, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey") for key in access.output_keys]
    grants += [_volume_key(key, arns) for key in access.volume_keys]
    if access.in_vpc:
        grants.append(Grant(_INTERFACES, ("*",), wildcard="Interfaces have no name before SageMaker makes them"))
    return tuple(dict.fromkeys(grants))


def self_passing_grant(role_arn: str) -> Grant:
    """What lets a role be that of jobs which SageMaker starts for a job that runs under it: automated labeling."""
    return Grant(("iam:PassRole",), (role_arn,), _PASSED_TO_SAGEMAKER)


_PREFIX = "An S3 prefix means whatever is under it"
# EC2's Describe calls take no resource either.
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def _read(location: S3Location, arns: Arns) -> Iterator[Grant]:
    _, prefix = _bucket_and_prefix(location)
    bucket_arn = _bucket_arn(location, arns)
    yield Grant(("s3:GetObject",), (f"{bucket_arn}/{prefix}*",), wildcard=_PREFIX)
    listed = (("StringLike", "s3:prefix", f"{prefix}*"),) if prefix else ()
    yield Grant(("s3:ListBucket",), (bucket_arn,), listed)
    if location.key is not None:
        yield Grant(("kms:Decrypt",), (location.key.key_arn,))


def read_object_grants(location: S3Location, arns: Arns, file: str = "") -> tuple[Grant, ...]:
    """What the state machine role needs to read one object; nothing where it is not known what object that may be.

    Args:
        location: The object.
        arns: Where the resources are.
        file: How its name ends, where the rest comes at run time.
    """
    if location.within is None or bucket_and_prefix(location.within) is None:
        return ()
    _, prefix = _bucket_and_prefix(location)
    name = prefix if location.is_exact else f"{prefix}*{file}"
    grants = [Grant(("s3:GetObject",), (f"{_bucket_arn(location, arns)}/{name}",), wildcard=_PREFIX)]
    if location.key is not None:
        grants.append(Grant(("kms:Decrypt",), (location.key.key_arn,)))
    return tuple(grants)


def listing_grants(location: S3Location, arns: Arns) -> tuple[Grant, ...]:
    """What the state machine role needs to list a prefix; nothing where it is not known what prefix that may be."""
    if location.within is None or bucket_and_prefix(location.within) is None:
        return ()
    _, prefix = _bucket_and_prefix(location)
    listed = (("StringLike", "s3:prefix", f"{prefix}*"),) if prefix else ()
    return (Grant(("s3:ListBucket",), (_bucket_arn(location, arns),), listed),)


def result_grants(location: S3Location, arns: Arns) -> tuple[Grant, ...]:
    """What the state machine role needs to write the results of a distributed map.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    _, prefix = _bucket_and_prefix(location)
    uploads = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")
    grants = [Grant(uploads, (f"{_bucket_arn(location, arns)}/{prefix}*",), wildcard=_PREFIX)]
    if location.key is not None:
        grants.append(Grant(("kms:Decrypt", "kms:GenerateDataKey"), (location.key.key_arn,)))
    return tuple(grants)


def _write(location: S3Location, arns: Arns) -> Iterator[Grant]:
    _, prefix = _bucket_and_prefix(location)
    written = f"{_bucket_arn(location, arns)}/{prefix}*"
    yield Grant(("s3:AbortMultipartUpload", "s3:PutObject"), (written,), wildcard=_PREFIX)
    if location.key is not None:
        # An upload in parts reads its own parts back.
        yield Grant(("kms:Decrypt", "kms:GenerateDataKey"), (location.key.key_arn,))


def _bucket_and_prefix(location: S3Location) -> tuple[str, str]:
    found = bucket_and_prefix(location.within or "")
    if found is None:
        message = f"no S3 prefix to grant: {location}"
        raise AssertionError(message)
    bucket, prefix = found
    # A key may hold what IAM takes for a wildcard.
    return bucket, re.sub(r"[*?]", r"${\g<0>}", prefix)


def _bucket_arn(location: S3Location, arns: Arns) -> str:
    return f"arn:{arns.partition}:s3:::{_bucket_and_prefix(location)[0]}"


def _call(function_arn: str, arns: Arns) -> Iterator[Grant]:
    built_in = _GROUND_TRUTH_FUNCTION.search(function_arn)
    # Those of Ground Truth itself stand in accounts of AWS's, and need no permission.
    if built_in is None or built_in["account"] == arns.account:
        yield Grant(("lambda:InvokeFunction",), (function_arn,))


def _publish(topic_arn: str, _: Arns) -> Iterator[Grant]:
    yield Grant(("sns:Publish",), (topic_arn,))


def _subscribe(topic_arn: str, arns: Arns) -> Iterator[Grant]:
    # Ground Truth makes the queue of a streaming job itself, with this in its name.
    queue = arns.of("sqs", "*GroundTruth*")
    of_queues = (("StringEquals", "sns:Protocol", "sqs"), ("StringLike", "sns:Endpoint", queue))
    yield Grant(("sns:Subscribe",), (topic_arn,), of_queues)
    yield Grant(("sns:Unsubscribe",), (topic_arn,))
    yield Grant(_STREAMING_QUEUE, (queue,), wildcard="Ground Truth names its queue itself")


def _put_records(feature_group: str, arns: Arns) -> Iterator[Grant]:
    group = feature_group if _is_arn(feature_group) else arns.of("sagemaker", f"feature-group/{feature_group}")
    yield Grant(("sagemaker:PutRecord",), (group,))


def _describe_hub_content(content_arn: str, _: Arns) -> Iterator[Grant]:
    yield Grant(("sagemaker:DescribeHubContent",), (content_arn,))


def _file_system(fields: Mapping[str, str], arns: Arns) -> Iterator[Grant]:
    if fields["FileSystemType"] != "EFS":
        yield Grant(("fsx:DescribeFileSystems",), ("*",), wildcard="FSx describes file systems without a resource")
        return
    client = [] if fields.get("FileSystemAccessMode") == "ro" else ["elasticfilesystem:ClientWrite"]
    mount = ("elasticfilesystem:ClientMount", *client, "elasticfilesystem:DescribeMountTargets")
    yield Grant(mount, (arns.of("elasticfilesystem", f"file-system/{fields['FileSystemId']}"),))


def _athena(fields: Mapping[str, str], arns: Arns) -> Iterator[Grant]:
    query = ("athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution")
    yield Grant(query, (arns.of("athena", f"workgroup/{fields.get('WorkGroup', 'primary')}"),))
    database = fields["Database"]
    tables = tuple(arns.of("glue", part) for part in ("catalog", f"database/{database}", f"table/{database}/*"))
    metadata = ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable")
    yield Grant(metadata, tables, wildcard="Which tables a query reads stands in its text")


def _redshift(fields: Mapping[str, str], arns: Arns) -> Iterator[Grant]:
    cluster = fields["ClusterId"]
    of_cluster = (f"dbname:{cluster}/{fields['Database']}", f"dbuser:{cluster}/{fields['DbUser']}")
    yield Grant(("redshift:GetClusterCredentials",), tuple(arns.of("redshift", part) for part in of_cluster))
    cluster_arn = arns.of("redshift", f"cluster:{cluster}")
    yield Grant(("redshift-data:ExecuteStatement", "redshift:DescribeClusters"), (cluster_arn,))
    yield Grant(("redshift-data:DescribeStatement",), ("*",), wildcard="A statement has no name before it is run")


_GROUND_TRUTH_FUNCTION = re.compile(r":(?P<account>[^:]+):function:(PRE|ACS)-[A-Z]")
_STREAMING_QUEUE = (
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:SetQueueAttributes",
)
_USES: dict[Use, Callable[[str, Arns], Iterable[Grant]]] = {
    Use.CALL: _call,
    Use.PUBLISH: _publish,
    Use.SUBSCRIBE: _subscribe,
    Use.PUT_RECORDS: _put_records,
    Use.DESCRIBE_HUB_CONTENT: _describe_hub_content,
}
_SOURCES: dict[Source, Callable[[Mapping[str, str], Arns], Iterable[Grant]]] = {
    Source.FILE_SYSTEM: _file_system,
    Source.ATHENA: _athena,
    Source.REDSHIFT: _redshift,
}


def _repository_arn(image: str, arns: Arns) -> str | None:
    """The repository of an image in ECR; None for one of another registry, which IAM has no say in."""
    match = _ECR_IMAGE.fullmatch(image)
    if match is None:
        return None
    return f"arn:{arns.partition}:ecr:{match['region']}:{match['account']}:repository/{match['repository']}"


def _is_arn(name: str) -> bool:
    return name.startswith("arn:") or is_token(name)


def _volume_key(key: str, arns: Arns) -> Grant:
    return _key(key, arns, "kms:CreateGrant", conditions=(("Bool", "kms:GrantIsForAWSResource", "true"),))


def _key(key: str, arns: Arns, *actions: str, conditions: tuple[tuple[str, str, str], ...] = ()) -> Grant:
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
    return Grant(actions, (key if _is_arn(key) else arns.of("kms", f"key/{key}"),), conditions)


_BEGINNING = "A name ends in a random part or comes at run time; its literal beginning, if any, is kept"


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
    begun_on = tuple(
        arns.of("sagemaker", f"{arn_type}/{name}")
        for arn_type, at in action.extra_resources
        for name in _names(action, request, at, shared_prefix)
    )
    begun = (*(own if action.begun_on_itself else ()), *begun_on)
    grants = [Grant((f"sagemaker:{action.operation}",), begun, wildcard=_BEGINNING)]
    if spelled(request, "Tags"):
        grants.append(Grant(("sagemaker:AddTags",), own, wildcard=_BEGINNING))
    grants += [
        Grant(("iam:PassRole",), (arn,), _PASSED_TO_SAGEMAKER, wildcard="The role comes at run time")
        for arn in role_arns
    ]
    return tuple(grants)


def polling_grant(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, *, shared_prefix: str | None = None
) -> Grant:
    """To look at the job of *request* until it has ended, and to stop one that takes too long."""
    apis = tuple(f"sagemaker:{api}" for api in (action.describe, action.stop) if api)
    return Grant(apis, _polled_resources(action, request, arns, shared_prefix), wildcard=_BEGINNING)


def _polled_resources(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, shared_prefix: str | None
) -> tuple[str, ...]:
    names = _names(action, request, action.resource_field or action.name_field, shared_prefix)
    return tuple(arns.of("sagemaker", f"{action.arn_type}/{name}{action.under}") for name in names)


def _names(action: Action, request: Mapping[str, Any], field_name: str, shared_prefix: str | None) -> list[str]:
    """How the ARN of a resource may end that a field of the request names, as far as IAM can say it.

    A name that is known of a resource that is there already is taken as it is.
    """
    key = spelled(request, field_name)
    value = "" if key is None else str(request[key])
    if key is None:
        name = "*"
    elif key.endswith(LATE) or is_jsonata(value) or field_name == action.name_field:
        name = arn_suffix(value, run_time=key.endswith(LATE))
        if shared_prefix and name.startswith(f"{shared_prefix}-"):
            name = f"{shared_prefix}-*"
    else:
        name = value.rpartition("/")[2]
    return _spellings(name, lower_cased=action.lower_cases_arn)


def _spellings(name: str, *, lower_cased: bool) -> list[str]:
    """A name, and how SageMaker may spell it in an ARN. A token must not be lower-cased: it would be another."""
    return list(dict.fromkeys([name, name.lower()])) if lower_cased and not is_token(name) else [name]


def sagemaker_grant(arns: Arns, operation: str, arn_type: str, name: str) -> Grant:
    """One SageMaker API on the resources of a type whose names IAM can say so."""
    resources = [arns.of("sagemaker", f"{arn_type}/{spelling}") for spelling in _spellings(name, lower_cased=True)]
    return Grant((f"sagemaker:{operation}",), tuple(resources), wildcard=_BEGINNING)


def registry_grant(operation: str, request: Mapping[str, Any], arns: Arns) -> Grant:
    """One SageMaker API on the group of a CreateModelPackage request, or on the versions in it."""
    arn_type, under = ("model-package-group", "") if operation.endswith("Group") else (MODEL_PACKAGE.arn_type, "/*")
    names = _names(MODEL_PACKAGE, request, "ModelPackageGroupName", None)
    resources = tuple(arns.of("sagemaker", f"{arn_type}/{name}{under}") for name in names)
    return Grant((f"sagemaker:{operation}",), resources, wildcard="The versions of the group")


def publish_grants(topic_arn: str, key_arn: str | None) -> tuple[Grant, ...]:
    """To publish to a topic, and to one that is encrypted."""
    published = Grant(("sns:Publish",), (topic_arn,))
    return (published,) if key_arn is None else (published, Grant(("kms:Decrypt", "kms:GenerateDataKey"), (key_arn,)))


def alarm_grant(arns: Arns, names: Iterable[str]) -> Grant:
    """To see whether alarms ring."""
    return Grant(("cloudwatch:DescribeAlarms",), tuple(arns.of("cloudwatch", f"alarm:{name}") for name in names))
