"""Statements of the execution role: what SageMaker may do under it.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, and the Service Authorization Reference
for the resource types.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from constructs_sm.grants.access import Source, Use
from constructs_sm.grants.data_access import (
    bucket_grant,
    data_key_grants,
    key_grant,
    listing_grants,
    objects_grant,
    volume_key_grant,
)
from constructs_sm.grants.statements import Grant, passing_grant, publish_grants
from constructs_sm.language.late_bound import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from constructs_sm.grants.access import Access
    from constructs_sm.language.arns import Arns
    from constructs_sm.values.s3 import S3Location

_PART = rf"(?:{TOKEN.pattern}|[^./])+?"
_ECR_IMAGE = re.compile(
    rf"(?P<account>{_PART})\.dkr[.-]ecr(?:-fips)?\.(?P<region>{_PART})\.(?:{TOKEN.pattern}|[a-z0-9.-]+)"
    rf"/(?P<repository>(?:{TOKEN.pattern}|[^:@])+)(?:[:@].*)?"
)
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


def execution_base_grants(arns: Arns) -> tuple[Grant, ...]:
    """Let every job, whatever it reads, write logs and metrics and log in to the registry."""
    logs = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return (
        Grant(logs, (arns.of("logs", "log-group:/aws/sagemaker/*"),), wildcard="SageMaker makes its log groups itself"),
        Grant(("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"), ("*",), wildcard="Neither takes a resource"),
    )


def execution_grants(access: Access, arns: Arns) -> tuple[Grant, ...]:
    """Let SageMaker serve a request that needs *access*: prefixes of S3, never whole buckets, and no `*`."""
    grants: list[Grant] = []
    for location in access.reads:
        grants += _read(location, arns)
    for location in access.read_back:
        grants += _read(location.folder(), arns, listed=location)
    for location in access.writes:
        grants += _write(location, arns)
    grants += map(partial(bucket_grant, arns=arns, action="s3:GetBucketLocation"), access.located)
    for use, name in access.uses:
        grants += _USES[use](name, arns)
    for source, fields in access.sources:
        grants += _SOURCES[source](fields, arns)
    named = map(partial(_repository_arn, arns=arns), access.images)
    grants += map(_pull, filter(None, (*access.repository_arns, *named)))
    grants += map(partial(_output_key, arns=arns), access.output_keys)
    grants += map(partial(volume_key_grant, arns=arns), access.volume_keys)
    if access.in_vpc:
        grants.append(Grant(_INTERFACES, ("*",), wildcard="Interfaces have no name before SageMaker makes them"))
    return tuple(dict.fromkeys(grants))


def self_passing_grant(role_arn: str) -> Grant:
    """Let a role be that of jobs which SageMaker starts for a job that runs under it: automated labeling."""
    return passing_grant(role_arn)


def _read(location: S3Location, arns: Arns, listed: S3Location | None = None) -> Iterator[Grant]:
    yield objects_grant(location, arns, "s3:GetObject")
    # A folder may be listed by its name without the slash.
    yield from listing_grants(listed or location, arns)
    yield from data_key_grants(location, "kms:Decrypt")


def _write(location: S3Location, arns: Arns) -> Iterator[Grant]:
    yield objects_grant(location, arns, "s3:AbortMultipartUpload", "s3:PutObject")
    # An upload in parts reads its own parts back.
    yield from data_key_grants(location, "kms:Decrypt", "kms:GenerateDataKey")


def _pull(repository: str) -> Grant:
    return Grant(("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), (repository,))


def _output_key(key: str, arns: Arns) -> Grant:
    return key_grant(key, arns, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def _call(function_arn: str, arns: Arns) -> Iterator[Grant]:
    built_in = _GROUND_TRUTH_FUNCTION.search(function_arn)
    # Those of Ground Truth itself stand in accounts of AWS's, and need no permission.
    if built_in is None or built_in["account"] == arns.account:
        yield Grant(("lambda:InvokeFunction",), (function_arn,))


def _publish(topic_arn: str, _: Arns) -> Iterable[Grant]:
    return publish_grants(topic_arn)


def _subscribe(topic_arn: str, arns: Arns) -> Iterator[Grant]:
    # Ground Truth makes the queue of a streaming job itself, with this in its name.
    queue = arns.of("sqs", "*GroundTruth*")
    of_queues = (("StringEquals", "sns:Protocol", "sqs"), ("StringLike", "sns:Endpoint", queue))
    yield Grant(("sns:Subscribe",), (topic_arn,), of_queues)
    yield Grant(("sns:Unsubscribe",), (topic_arn,))
    yield Grant(_STREAMING_QUEUE, (queue,), wildcard="Ground Truth names its queue itself")


def _put_records(feature_group: str, arns: Arns) -> Iterator[Grant]:
    yield Grant(("sagemaker:PutRecord",), (arns.named("sagemaker", "feature-group", feature_group),))


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
