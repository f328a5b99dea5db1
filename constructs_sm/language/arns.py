"""ARNs of a partition, a Region and an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_sm.language.late_bound import is_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Arns:
    """Partition, Region and account of ARNs, each literal or a token."""

    partition: str
    region: str
    account: str

    def of(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def integration(self, api: str) -> str:
        """The Resource of a Task that calls an API: `sagemaker:createTrainingJob.sync`, `aws-sdk:s3:getObject`."""
        return f"arn:{self.partition}:states:::{api}"

    def of_bucket(self, bucket: str) -> str:
        return f"arn:{self.partition}:s3:::{bucket}"

    def named(self, service: str, resource_type: str, name: str) -> str:
        """The ARN of a resource that is named, or given by its ARN already."""
        return name if name.startswith("arn:") or is_token(name) else self.of(service, f"{resource_type}/{name}")


def partition_of(region: str) -> str:
    """The partition that a Region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def spellings(resource: str, others: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """An ARN, and those that it may have in its place where its name was made up.

    Args:
        resource: The ARN, or that of something within: an object of a bucket, a version of a function.
        others: The other ARNs, by the one that was made up.
    """
    for whole in (resource, resource.partition("/index/")[0], resource.rpartition(":")[0], resource.partition("/")[0]):
        if found := others.get(whole):
            return (resource, *(f"{other}{resource[len(whole) :]}" for other in found))
    return (resource,)
