"""The condition keys of a call by Step Functions, as IAM sees them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html for what every request
has; the Service Authorization Reference for what an action has besides. An action does not have what is not documented
for it. What it has, and cannot be told from the request, is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.sagemaker_keys import SPELLINGS
from constructs_sm.grants.service_authorization import iam_action
from constructs_sm.testing.world.condition_keys import ConditionKeys
from constructs_sm.testing.world.sagemaker_keys import sagemaker_keys
from constructs_sm.testing.world.truth import Unknown

if TYPE_CHECKING:
    from datetime import datetime

    from constructs_sm.grants.service_authorization import IamAction
    from constructs_sm.language.arns import Arns

_UNKNOWN_EVERYWHERE = (
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalTag/*",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/*",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:VpcSourceIp",
    "aws:userid",
)
"""Keys that a request may have of whoever makes it, of the network and of a resource's tags, and no definition says."""
_FIELDS: dict[str, str] = {
    "dynamodb:ReturnConsumedCapacity": "ReturnConsumedCapacity",
    "dynamodb:Select": "Select",
    "s3:VersionId": "VersionId",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:prefix": "Prefix",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-storage-class": "StorageClass",
    "secretsmanager:VersionId": "VersionId",
    "secretsmanager:VersionStage": "VersionStage",
    "ssm:Overwrite": "Overwrite",
}
"""Keys of other services that are one field of the request, and absent without it."""
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Caller of an API, and the time.

    Attributes:
        arns: Partition, Region and account of the state machine.
        at: The time of the call; None where it is not known.
        role: The ARN of the state machine role, where it is known.
    """

    arns: Arns
    at: datetime | None
    role: str | None = None

    def says(self) -> dict[str, str]:
        """The condition keys that say it."""
        return {
            **_times(self.at),
            "aws:RequestedRegion": self.arns.region,
            "aws:PrincipalAccount": self.arns.account,
            "aws:PrincipalType": "AssumedRole",
            "aws:PrincipalIsAWSService": "false",
            "aws:SecureTransport": "true",
            # The role's own credentials are used: nothing is done in the name of another caller.
            "aws:ViaAWSService": "false",
            **({"aws:PrincipalArn": self.role} if self.role else {}),
        }


def _times(at: datetime | None) -> dict[str, str]:
    return {} if at is None else {"aws:CurrentTime": at.isoformat(), "aws:EpochTime": str(int(at.timestamp()))}


def keys_of_call(
    action: str,
    resource: str | None,
    request: Any,
    caller: Caller,
    *,
    given: Mapping[str, Any] | None = None,
    added_tags: Mapping[str, str] | None = None,
    operation: str | None = None,
) -> ConditionKeys:
    """Return what is known of the condition keys of one action.

    Args:
        action: As IAM names it.
        resource: The ARN that is asked for, `*` or None.
        request: What is sent to the service.
        caller: Who calls, and when.
        given: Keys that whoever knows the call says: `iam:PassedToService`, `sagemaker:TaggingAction`.
        added_tags: Tags that Step Functions adds to those of the request. None as a value is not known.
        operation: The API that *request* is of, where the action is called otherwise.
    """
    said: Mapping[str, Any] = request if isinstance(request, Mapping) else {}
    documented = iam_action(action)
    known: dict[str, Any] = {**caller.says(), **_of_resource(resource)}
    open_keys = [key for key in _UNKNOWN_EVERYWHERE if key not in known]
    open_keys += [] if caller.role else ["aws:PrincipalArn"]
    open_keys += [] if caller.at else ["aws:CurrentTime", "aws:EpochTime"]
    open_keys += [] if "aws:ResourceAccount" in known else ["aws:ResourceAccount"]
    if documented is None or documented.documents("aws:TagKeys") or documented.documents("aws:RequestTag/x"):
        tags = {**_tags(said), **(added_tags or {})}
        if tags:
            known["aws:TagKeys"] = list(tags)
        known |= {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    own, unknown_own = _of_service(action, documented, said, caller.arns, operation or action.partition(":")[2])
    # What is given counts whatever the reference says.
    known |= own | dict(given or {})
    return ConditionKeys(known, unknown=[*open_keys, *unknown_own])


def keys_of_trust(arns: Arns, at: datetime, source_arn: str | None) -> ConditionKeys:
    """Return what a service says when it assumes a role for somebody.

    Args:
        arns: Where it is done.
        at: The time.
        source_arn: The state machine or the job for which the role is assumed; None where it is not known.
    """
    known = {
        "aws:SourceAccount": arns.account,
        "aws:RequestedRegion": arns.region,
        **_times(at),
        "aws:SecureTransport": "true",
        "aws:PrincipalIsAWSService": "true",
        **({"aws:SourceArn": source_arn} if source_arn else {}),
    }
    open_keys = ["aws:SourceOrgID", "aws:SourceOrgPaths", "sts:ExternalId", "aws:PrincipalServiceName"]
    return ConditionKeys(known, unknown=[*open_keys, *([] if source_arn else ["aws:SourceArn"])])


def _of_resource(resource: str | None) -> dict[str, str]:
    owner = resource.split(":")[4] if resource is not None and resource.count(":") > 4 else ""  # noqa: PLR2004
    # The ARN of a bucket does not say whose it is.
    return {"aws:ResourceAccount": owner} if _ACCOUNT.fullmatch(owner) else {}


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request, in the forms that AWS's services have for them."""
    given = next((request[name] for name in ("Tags", "tags", "TagList", "TagSet") if name in request), None)
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    found: dict[str, str] = {}
    for tag in given if isinstance(given, list) else ():
        if isinstance(tag, Mapping):
            folded = {str(name).lower().removeprefix("tag"): value for name, value in tag.items()}
            if "key" in folded:
                found[str(folded["key"])] = str(folded.get("value", ""))
    return found


def _of_service(
    action: str, documented: IamAction | None, request: Mapping[str, Any], arns: Arns, operation: str
) -> tuple[dict[str, Any], list[str]]:
    """The keys of the service itself: those that are known, and those that are not."""
    prefix = action.partition(":")[0].lower()
    if documented is None:
        return {}, [f"{prefix}:*"]
    values = sagemaker_keys(operation, request, arns) if prefix == "sagemaker" else {}
    known: dict[str, Any] = {}
    open_keys: list[str] = []
    for key in dict.fromkeys(_documented(documented)):
        if not key.lower().startswith(f"{prefix}:"):
            continue
        for spelling in SPELLINGS.get(key.lower(), (key,)):
            if spelling in values:
                value = values[spelling]
                if isinstance(value, Unknown):
                    open_keys.append(spelling)
                elif value is not None:
                    known[spelling] = value
            elif spelling in _FIELDS:
                if _FIELDS[spelling] in request:
                    known[spelling] = request[_FIELDS[spelling]]
            else:
                open_keys.append(re.split(r"\$\{|<", spelling)[0] + ("*" if re.search(r"\$\{|<", spelling) else ""))
    return known, open_keys


def _documented(action: IamAction) -> Iterator[str]:
    yield from action.condition_keys
    for of in action.resource_types:
        yield from of.condition_keys
