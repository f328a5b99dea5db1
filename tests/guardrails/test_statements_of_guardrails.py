"""Statements of guardrails deny keys that are absent, empty, in another case, or have one bad value of many."""

from __future__ import annotations

from constructs_sm import Guardrails
from constructs_sm.guardrails.rails import RAILS
from constructs_sm.guardrails.statements import conditions
from constructs_sm.testing import allows

import pytest

ALLOW = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:x/y"
OURS = "arn:aws:kms:us-east-1:123456789012:key/ours"
TRAIN, CONFIG, LABEL, MODEL = "CreateTrainingJob", "CreateEndpointConfig", "CreateLabelingJob", "CreateModel"
TYPES = {"instance_types": ["ml.m5.*", "ml.c5.large"]}
SUBNETS = {"subnets": ["subnet-a", "subnet-b"]}
TAGS = {"tags": {"team": ["ml", "risk-*"], "owner": None}}
MOST, KIND = "sagemaker:MaxRuntimeInSeconds", "sagemaker:InstanceTypes"


@pytest.mark.parametrize(
    ("line", "operation", "context", "allowed"),
    [
        (TYPES, TRAIN, {KIND: ["ml.m5.large", "ml.c5.large"]}, True),
        (TYPES, TRAIN, {KIND: ["ml.m5.large", "ml.p4d.24xlarge"]}, False),
        (TYPES, TRAIN, {KIND: ["ML.M5.LARGE"]}, False),
        (TYPES, TRAIN, {KIND: []}, False),
        (TYPES, TRAIN, {}, False),
        (TYPES, CONFIG, {}, False),
        (TYPES, CONFIG, {"sagemaker:ServerlessMaxConcurrency": "5"}, True),
        (SUBNETS, TRAIN, {"sagemaker:VpcSubnets": ["subnet-a", "subnet-b"]}, True),
        (SUBNETS, TRAIN, {"sagemaker:VpcSubnets": ["subnet-a", "subnet-c"]}, False),
        (SUBNETS, TRAIN, {}, False),
        (SUBNETS, CONFIG, {"sagemaker:ModelArn": ARN}, True),
        ({"longest_runtime": 3600}, TRAIN, {MOST: "3600"}, True),
        ({"longest_runtime": 3600}, TRAIN, {MOST: "3601"}, False),
        ({"longest_runtime": 3600}, TRAIN, {}, False),
        ({"longest_runtime": "P1D"}, TRAIN, {}, True),
        ({"volume_keys": [OURS]}, TRAIN, {"sagemaker:VolumeKmsKey": OURS}, True),
        ({"volume_keys": [OURS]}, TRAIN, {"sagemaker:VolumeKmsKey": OURS.replace("ours", "theirs")}, False),
        ({"volume_keys": [OURS]}, TRAIN, {}, False),
        ({"network_isolation": True}, TRAIN, {"sagemaker:NetworkIsolation": "true"}, True),
        ({"network_isolation": True}, TRAIN, {"sagemaker:NetworkIsolation": "false"}, False),
        ({"network_isolation": True}, TRAIN, {}, False),
        (TAGS, TRAIN, {"aws:RequestTag/team": "risk-1", "aws:RequestTag/owner": "ada"}, True),
        (TAGS, TRAIN, {"aws:RequestTag/team": "sales", "aws:RequestTag/owner": "ada"}, False),
        (TAGS, TRAIN, {"aws:RequestTag/team": "ML", "aws:RequestTag/owner": "ada"}, False),
        (TAGS, TRAIN, {"aws:RequestTag/team": "ml"}, False),
        (TAGS, TRAIN, {"aws:RequestTag/owner": "ada"}, False),
        ({"public_work_teams": False}, LABEL, {"sagemaker:WorkteamType": "private-crowd"}, True),
        ({"public_work_teams": False}, LABEL, {"sagemaker:WorkteamType": "public-crowd"}, False),
        ({"public_work_teams": False}, LABEL, {}, True),
        ({"public_endpoints": False}, MODEL, {"sagemaker:VpcSubnets": ["subnet-x"]}, True),
        ({"public_endpoints": False}, MODEL, {}, False),
        (
            {"public_endpoints": False},
            CONFIG,
            {"sagemaker:ServerlessMaxConcurrency": "5", "sagemaker:ModelArn": ARN},
            False,
        ),
    ],
)
def test_statements_deny_what_is_beyond_a_rail_and_nothing_else(line, operation, context, allowed):
    limits = Guardrails(**line, reason="r")
    denying = [
        {"Effect": "Deny", "Action": f"sagemaker:{operation}", "Resource": "*", "Condition": condition}
        for rail in RAILS
        if rail.line in limits.lines and rail.is_enforced(operation)
        for condition in conditions(rail, limits, operation)
    ]

    assert denying
    assert allows([ALLOW, *denying], f"sagemaker:{operation}", ARN, context) is allowed
