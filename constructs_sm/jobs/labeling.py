"""LabelingJob: createLabelingJob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.actions import LABELING_JOB
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.fields import data_under, tag_list, vpc_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.errors import Problem
    from constructs_sm.jobs.fields import Key, SecurityGroups, Subnets
    from constructs_sm.s3 import S3Data

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class LabelingJob(SageMakerJob):
    """Let people label data with Ground Truth and wait until they have. Ground Truth is closed to new customers.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        manifest: The input manifest.
        label_attribute_name: The key of the labels in the output manifest.
        output: Where the labels go. Default, in a `PipelineStack`: its bucket.
        label_categories: The file with the categories.
        human_task_config: Who labels what, and how, in SageMaker's words.
        tags: Of the job.
        vpc: Where the instances of automated labeling are reachable; its private subnets, unless *subnets* says
            otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Required in a VPC.
        kms_key: Encrypts the labels. Default: SageMaker's own.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopLabelingJob on this job, ListTags, AddTags, PassRole, and every managed rule of
        SageMaker's, as AWS does not publish the name of this one (not verified on AWS); to the execution role S3 read
        of *manifest*, S3 write of *output*, use of *kms_key*. What the manifest points to is not known here.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        manifest: S3Data | None = None,
        label_attribute_name: str | None = None,
        output: S3Data | None = None,
        label_categories: S3Data | None = None,
        human_task_config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        kms_key: Key | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        in_vpc = vpc_config(vpc, subnets, security_groups, problems)
        super().__init__(
            scope,
            construct_id,
            action=LABELING_JOB,
            given={
                "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}},
                "LabelAttributeName": label_attribute_name,
                "OutputConfig": {"S3OutputPath": output, "KmsKeyId": kms_key},
                "LabelCategoryConfigS3Uri": label_categories,
                "HumanTaskConfig": human_task_config,
                "LabelingJobAlgorithmsConfig": {"LabelingJobResourceConfig": {"VpcConfig": in_vpc}},
                "Tags": tag_list(tags),
            },
            defaults={"OutputConfig": {"S3OutputPath": data_under(scope, construct_id)}},
            problems=problems,
            **arguments,
        )
