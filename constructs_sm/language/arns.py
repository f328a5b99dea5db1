"""ARNs of a partition, a Region and an account."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_sm.language.late_bound import is_token


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
