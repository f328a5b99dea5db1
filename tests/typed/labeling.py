"""Every argument of LabelingJob and PublicWorkteam."""

from __future__ import annotations

from constructs_sm import LabelingJob, PublicWorkteam

from aws_cdk import Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function"


def by_public_workers(stack: Stack) -> LabelingJob:
    """A type of AWS's, a price, and a model that learns."""
    bucket = s3.Bucket(stack, "Bucket")
    key = kms.Key(stack, "Key")
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    return LabelingJob(
        stack,
        "Boxes",
        manifest="s3://photos/manifest.json",
        content_classifiers=["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"],
        label_attribute_name="boxes",
        output=bucket,
        label_categories="s3://photos/categories.json",
        task_type="BoundingBox",
        ui_template="s3://photos/template.liquid",
        workteam=PublicWorkteam(price_in_usd="0.036"),
        title="Draw boxes",
        description="Draw a box around each cat",
        keywords=["images", "cats"],
        workers_per_object=3,
        task_time_limit=Duration.minutes(5),
        task_availability=Duration.hours(6),
        max_concurrent_tasks=500,
        max_labeled_objects=1000,
        max_labeled_percentage=80,
        active_learning="object-detection",
        initial_model="arn:aws:sagemaker:eu-west-1:123456789012:model/boxes",
        tags={"team": "vision"},
        vpc=vpc,
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        security_groups=[group],
        kms_key=key,
        volume_kms_key=key,
    )


def streaming(stack: Stack) -> LabelingJob:
    """Objects and labels by SNS, and a task of one's own."""
    return LabelingJob(
        stack,
        "Stream",
        input_topic=sns.Topic(stack, "Objects"),
        label_attribute_name="label",
        output="s3://labels/",
        output_topic=sns.Topic(stack, "Labels"),
        pre_annotation_lambda=lambda_.Function.from_function_arn(stack, "Before", f"{FUNCTION}:before"),
        annotation_consolidation_lambda=f"{FUNCTION}:after",
        human_task_ui_arn="arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/own",
        workteam="arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team",
        title="Read",
        description="Read the text",
        workers_per_object=1,
        task_time_limit=Duration.minutes(5),
    )
