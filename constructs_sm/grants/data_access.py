"""Statements about data: objects, prefixes and buckets of S3, and the keys that data and volumes are encrypted with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from constructs_sm.grants.statements import Grant
from constructs_sm.language.arns import Arns
from constructs_sm.values.s3 import bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.values.s3 import S3Location

_PREFIX = "An S3 prefix means whatever is under it"


def read_object_grants(location: S3Location, arns: Arns, file: str = "") -> tuple[Grant, ...]:
    """Let the state machine role read one object; nothing where it is not known what object that may be.

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
    """Let a role list a prefix; nothing where it is not known what prefix that may be."""
    if not _is_known(location):
        return ()
    bucket, prefix = _bucket_and_prefix(location)
    listed = (("StringLike", "s3:prefix", f"{prefix}*"),) if prefix else ()
    return (Grant(("s3:ListBucket",), (arns.of_bucket(bucket),), listed),)


def result_grants(location: S3Location, arns: Arns) -> tuple[Grant, ...]:
    """Let the state machine role write the results of a distributed map.

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


_OF_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "sns:Publish": ("Decrypt", "GenerateDataKey"),
    "sqs:SendMessage": ("Decrypt", "GenerateDataKey"),
    "s3:GetObject": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey",),
    # The parts of an upload are read back when it is complete.
    "s3:ListMultipartUploadParts": ("Decrypt",),
}
"""Needs of an action of the key that its resource is encrypted with."""


def key_needs(action: str, resource: str, keys: Mapping[str, str]) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Action, key and context of what an action on an encrypted resource needs of its key.

    Args:
        action: On the resource.
        resource: Its ARN.
        keys: The ARN of the key by that of what it encrypts; empty where that is known not to be encrypted.
    """
    if key := keys.get(resource.partition("/")[0]):
        via = {"kms:ViaService": f"{action.partition(':')[0]}.{key.split(':')[3]}.amazonaws.com"}
        for verb in _OF_KEYS.get(action, ()):
            yield f"kms:{verb}", key, via


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
