"""Resources that the settings of a pipeline stack ask for: key, data bucket, network, and the bound of roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import Acknowledgment, Duration, PermissionsBoundary, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.settings import Settings

    from aws_cdk import Stack
    from aws_cdk import aws_ec2 as ec2


def roles_boundary(settings: Settings) -> PermissionsBoundary | None:
    """The policy that bounds every role of the stack."""
    given = settings.permissions_boundary
    if not isinstance(given, str):
        return given
    return PermissionsBoundary.from_arn(given) if given.startswith("arn:") else PermissionsBoundary.from_name(given)


def encryption_key(stack: Stack, settings: Settings) -> kms.IKey | None:
    """The key of the stack: a new one, or the one that is named; None if it has none."""
    if settings.key is True:
        return kms.Key(
            stack,
            "Key",
            description=f"Encrypts data, messages and logs of {stack.stack_name}",
            enable_key_rotation=True,
            removal_policy=settings.removal(),
        )
    if isinstance(settings.key, str):
        return kms.Key.from_key_arn(stack, "Key", settings.key)
    return settings.key or None


def encryption_of_executions(settings: Settings, key: kms.IKey | None) -> sfn.EncryptionConfiguration | None:
    """The encryption of the definition and of the history of executions, where the settings ask for it."""
    return sfn.CustomerManagedEncryptionConfiguration(key) if key and settings.encrypt_executions else None


def data_bucket(stack: Stack, settings: Settings, key: kms.IKey | None) -> s3.IBucket:
    """The data bucket: a new one, or the one that is named."""
    if isinstance(settings.bucket, str):
        return s3.Bucket.from_bucket_attributes(stack, "Data", bucket_name=settings.bucket, encryption_key=key)
    if settings.bucket is not None:
        return settings.bucket
    named = settings.access_logs
    logs_to = s3.Bucket.from_bucket_name(stack, "AccessLogs", named) if isinstance(named, str) else named
    bucket = s3.Bucket(
        stack,
        "Data",
        encryption=s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS,
        encryption_key=key,
        # One call of KMS for many objects.
        bucket_key_enabled=None if key is None else True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        removal_policy=settings.removal(),
        versioned=settings.versioned,
        server_access_logs_bucket=logs_to,
        server_access_logs_prefix=None if logs_to is None else f"{stack.stack_name}/",
        lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7))],
    )
    if logs_to is None:
        Validations.of(bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-S1",
                reason="Access logs need a bucket of their own: one for the account, not one a pipeline",
            )
        )
    if any(not place.startswith("s3://") for place in settings.arrival_places()):
        # Not by the Bucket's own argument, which brings a Lambda function to set what the resource can say.
        resource = cast("s3.CfnBucket", bucket.node.default_child)
        resource.add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", value=True
        )
    return bucket


def job_security_group(stack: Stack, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    """Make the security group of the jobs that run in *vpc*."""
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415 - only who has a VPC has it

    return ec2.SecurityGroup(stack, "JobSecurityGroup", vpc=vpc, description="Of the jobs of this stack")


def network_of_jobs(
    vpc: ec2.IVpc | Mapping[str, Sequence[str]] | None, group: ec2.SecurityGroup | None
) -> dict[str, Any] | None:
    """The VpcConfig of jobs that are not told where they run."""
    if vpc is None:
        return None
    if isinstance(vpc, Mapping):
        return {"SecurityGroupIds": list(vpc["security_groups"]), "Subnets": list(vpc["subnets"])}
    assert group is not None  # noqa: S101  (made for every VPC)
    return {"SecurityGroupIds": [group.security_group_id], "Subnets": list(vpc.select_subnets().subnet_ids)}
