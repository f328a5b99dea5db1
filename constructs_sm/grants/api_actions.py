"""The IAM actions that an API needs, where they are not called like it.

An action is mostly called like the API, with the name that requests are signed for before it. What differs stands here;
what is in neither the reference nor here is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.service_authorization import has_service, iam_action

if TYPE_CHECKING:
    from constructs_sm.grants.called_apis import ClientModel

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/APIReference/"


IAM_PREFIXES: dict[str, str] = {
    "cloudcontrol": "cloudformation",
    "cloudwatch": "cloudwatch",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
    "sso": "sso",
}
"""Names that IAM has for a service, by botocore's name, where its requests are signed for another.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Needs of an API that are not called like it.

    Attributes:
        actions: The actions.
        source: Where AWS says so.
    """

    actions: tuple[str, ...]
    source: str


def _rows(prefix: str, source: str, **actions: str) -> dict[str, Renamed]:
    return {
        api: Renamed(tuple(f"{prefix}:{action}" for action in names.split()), source) for api, names in actions.items()
    }


_CONFIGURED = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
"""Kinds of S3's configurations that are put, got, listed and deleted with two actions."""


def _s3_configurations() -> dict[str, Renamed]:
    found: dict[str, Renamed] = {}
    for kind in _CONFIGURED:
        for api, verb in (("Get{}", "Get"), ("Put{}", "Put"), ("Delete{}", "Put"), ("List{}s", "Get")):
            found[api.format(f"Bucket{kind}Configuration")] = Renamed((f"s3:{verb}{kind}Configuration",), _S3)
    for api, name in (
        ("Encryption", "Encryption"),
        ("Lifecycle", "Lifecycle"),
        ("LifecycleConfiguration", "Lifecycle"),
        ("Replication", "Replication"),
    ):
        for verb, needed in (("Get", "Get"), ("Put", "Put"), ("Delete", "Put")):
            found[f"{verb}Bucket{api}"] = Renamed((f"s3:{needed}{name}Configuration",), _S3)
    # The lifecycle is got and put under two names, and deleted under one.
    del found["DeleteBucketLifecycleConfiguration"]
    return found


RENAMED: dict[str, dict[str, Renamed]] = {
    "s3": {
        **_s3_configurations(),
        **_rows(
            "s3",
            _S3,
            CompleteMultipartUpload="PutObject",
            CopyObject="GetObject PutObject",
            CreateMultipartUpload="PutObject",
            DeleteBucketCors="PutBucketCORS",
            DeleteBucketTagging="PutBucketTagging",
            DeleteObjects="DeleteObject",
            DeletePublicAccessBlock="PutBucketPublicAccessBlock",
            GetBucketAccelerateConfiguration="GetAccelerateConfiguration",
            GetBucketNotificationConfiguration="GetBucketNotification",
            GetObjectLockConfiguration="GetBucketObjectLockConfiguration",
            GetPublicAccessBlock="GetBucketPublicAccessBlock",
            HeadBucket="ListBucket",
            HeadObject="GetObject",
            ListBuckets="ListAllMyBuckets",
            ListMultipartUploads="ListBucketMultipartUploads",
            ListObjects="ListBucket",
            ListObjectsV2="ListBucket",
            ListObjectVersions="ListBucketVersions",
            ListParts="ListMultipartUploadParts",
            PutBucketAccelerateConfiguration="PutAccelerateConfiguration",
            PutBucketNotificationConfiguration="PutBucketNotification",
            PutObjectLockConfiguration="PutBucketObjectLockConfiguration",
            PutPublicAccessBlock="PutBucketPublicAccessBlock",
            SelectObjectContent="GetObject",
            UploadPart="PutObject",
            UploadPartCopy="GetObject PutObject",
        ),
    },
    "lambda": _rows(
        "lambda",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html",
        GetLayerVersionByArn="GetLayerVersion",
        Invoke="InvokeFunction",
        InvokeWithResponseStream="InvokeFunction",
    ),
    "bedrock-runtime": _rows(
        "bedrock",
        _BEDROCK,
        Converse="InvokeModel",
        ConverseStream="InvokeModelWithResponseStream",
        StartAsyncInvoke="InvokeModel",
    ),
    "sqs": _rows(
        "sqs",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html",
        ChangeMessageVisibilityBatch="ChangeMessageVisibility",
        DeleteMessageBatch="DeleteMessage",
        SendMessageBatch="SendMessage",
    ),
    "sns": _rows("sns", "https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html", PublishBatch="Publish"),
    "kms": _rows(
        "kms",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html",
        ReEncrypt="ReEncryptFrom ReEncryptTo",
    ),
    "apigatewaymanagementapi": _rows(
        "execute-api",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html",
        DeleteConnection="ManageConnections",
        GetConnection="ManageConnections",
        PostToConnection="ManageConnections",
    ),
    "dynamodb": _rows(
        "dynamodb",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html",
        TransactGetItems="GetItem",
    ),
    "emr": _rows(
        "elasticmapreduce",
        "https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
        ModifyInstanceFleet="ModifyInstanceFleet ListInstanceFleets",
        ModifyInstanceGroups="ModifyInstanceGroups ListInstanceGroups",
    ),
}
"""Actions by botocore's name of the service and the operation."""


def _of_statement(statement: object) -> tuple[str, ...] | None:
    verb = re.match(r"\s*(select|insert|update|delete)\b", str(statement), re.IGNORECASE)
    return None if verb is None else (f"dynamodb:PartiQL{verb[1].capitalize()}",)


def _of_statements(field: str) -> Callable[[Mapping[str, Any]], tuple[str, ...] | None]:
    def of(request: Mapping[str, Any]) -> tuple[str, ...] | None:
        entries = _mappings(request.get(field))
        return None if entries is None else _each([_of_statement(one.get("Statement")) for one in entries])

    return of


_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def _of_writes(request: Mapping[str, Any]) -> tuple[str, ...] | None:
    entries = _mappings(request.get("TransactItems"))
    if entries is None:
        return None
    kinds = [kind for entry in entries for kind in entry]
    return _each([(f"dynamodb:{_WRITES[kind]}",) if kind in _WRITES else None for kind in kinds])


def _mappings(entries: Any) -> list[Mapping[str, Any]] | None:
    """The items of a list of mappings; None if it is none."""
    if not isinstance(entries, list):
        return None
    given = [entry for entry in entries if isinstance(entry, Mapping)]
    return given if len(given) == len(entries) else None


def _each(found: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    known = [actions for actions in found if actions is not None]
    return tuple(dict.fromkeys(action for actions in known for action in actions)) if known == found else None


BY_REQUEST: dict[tuple[str, str], Callable[[Mapping[str, Any]], tuple[str, ...] | None]] = {
    ("dynamodb", "ExecuteStatement"): lambda request: _of_statement(request.get("Statement")),
    ("dynamodb", "BatchExecuteStatement"): _of_statements("Statements"),
    ("dynamodb", "ExecuteTransaction"): _of_statements("TransactStatements"),
    ("dynamodb", "TransactWriteItems"): _of_writes,
}
"""Calls whose request says what is needed. Sources: the guide on PartiQL's permissions and that on transactions."""
_BY_METHOD = frozenset({"apigateway", "apigatewayv2"})
"""Services whose actions are HTTP methods: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html."""


def iam_prefix(model: ClientModel) -> str:
    """Return what IAM calls the service of *model*."""
    return IAM_PREFIXES.get(model.client, model.signing_name)


def actions_of(model: ClientModel, operation: str, request: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The actions that a call needs to be allowed; None where AWS does not say.

    Args:
        model: Of the service.
        operation: As the service spells it.
        request: The request, which says it of some.
    """
    by_request = BY_REQUEST.get((model.client, operation))
    if by_request is not None:
        return by_request(request)
    renamed = RENAMED.get(model.client, {}).get(operation)
    if renamed is not None:
        return renamed.actions
    prefix = iam_prefix(model)
    if model.client in _BY_METHOD:
        return (f"{prefix}:{model.methods[operation]}",)
    if not has_service(prefix):
        return None
    found = iam_action(f"{prefix}:{operation}")
    return None if found is None else (found.name,)
