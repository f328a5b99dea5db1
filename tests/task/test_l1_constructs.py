"""L1 constructs in the place of L2 constructs and ids: refused in one line that says what to pass."""

from __future__ import annotations

from constructs_sm import (
    Approval,
    Channel,
    InvalidInputError,
    JobPipeline,
    PipelineStack,
    ProcessingJob,
    S3Location,
    TrainingJob,
)

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1"


@pytest.fixture
def stack():
    return Stack(App(), "S")


def key(stack):
    return kms.CfnKey(stack, "CfnKey")


def bucket(stack):
    return s3.CfnBucket(stack, "CfnBucket")


def role(stack):
    return iam.CfnRole(stack, "CfnRole", assume_role_policy_document={})


def topic(stack):
    return sns.CfnTopic(stack, "CfnTopic")


def vpc(stack):
    return ec2.CfnVPC(stack, "CfnVPC", cidr_block="10.0.0.0/16")


def subnet(stack):
    return ec2.CfnSubnet(stack, "CfnSubnet", vpc_id="vpc-1", cidr_block="10.0.0.0/24")


def group(stack):
    return ec2.CfnSecurityGroup(stack, "CfnSecurityGroup", group_description="g")


def training(stack, **arguments):
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", **arguments}
    return TrainingJob(stack, "Train", **given)


CASES = {
    "a key of a job": (key, lambda stack, l1: training(stack, output_key=l1), "output_key is a CfnKey"),
    "a role": (role, lambda stack, l1: training(stack, role=l1), "role is a CfnRole"),
    "an output": (bucket, lambda stack, l1: training(stack, output=l1), "output is a CfnBucket"),
    "a channel": (bucket, lambda stack, l1: training(stack, inputs={"a": l1}), "inputs['a'] is a CfnBucket"),
    "data of a channel": (
        bucket,
        lambda stack, l1: training(stack, inputs={"a": Channel(data=l1)}),
        "inputs['a'].data is a CfnBucket",
    ),
    "further reads": (bucket, lambda stack, l1: training(stack, reads=[l1]), "reads[0] is a CfnBucket"),
    "a field": (key, lambda stack, l1: training(stack, parameters={"X": {"KmsKeyId": l1}}), "['KmsKeyId'] is a CfnKey"),
    "a VPC": (vpc, lambda stack, l1: training(stack, vpc=l1), "vpc is a CfnVPC"),
    "a subnet": (
        subnet,
        lambda stack, l1: training(stack, subnets=[l1], security_groups=["sg-1"]),
        "subnets[0] is a CfnSubnet",
    ),
    "a group": (
        group,
        lambda stack, l1: training(stack, subnets=["subnet-1"], security_groups=[l1]),
        "security_groups[0] is a CfnSecurityGroup",
    ),
    "a processing": (role, lambda stack, l1: ProcessingJob(stack, "P", image=IMAGE, role=l1), "role is a CfnRole"),
    "a pipeline's topic": (topic, lambda stack, l1: JobPipeline(stack, "P", topic=l1), "topic is a CfnTopic"),
    "a pipeline's key": (key, lambda stack, l1: JobPipeline(stack, "P", key=l1), "key is a CfnKey"),
    "a pipeline's role": (role, lambda stack, l1: JobPipeline(stack, "P", role=l1), "role is a CfnRole"),
    "an approval's topic": (topic, lambda stack, l1: Approval(stack, "A", notify=l1), "notify is a CfnTopic"),
    "a stack's bucket": (
        bucket,
        lambda stack, l1: PipelineStack(stack.node.scope, "P", bucket=l1),
        "bucket is a CfnBucket",
    ),
    "a stack's key": (key, lambda stack, l1: PipelineStack(stack.node.scope, "P", key=l1), "key is a CfnKey"),
    "a stack's VPC": (vpc, lambda stack, l1: PipelineStack(stack.node.scope, "P", vpc=l1), "vpc is a CfnVPC"),
    "a place": (bucket, lambda stack, l1: S3Location.of(l1), "a place in S3 is a CfnBucket"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_l1_construct_is_refused_by_name_in_one_line(stack, case):
    l1, build, told = CASES[case]
    given = l1(stack)

    with pytest.raises(InvalidInputError) as refused:
        build(stack, given)
    assert told in str(refused.value)
    assert "an L1 construct; pass " in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
