"""A role's permissions boundary is read where the template has it, and named where it has not."""

from __future__ import annotations

from typing import Any

from constructs_sm.testing.source.boundaries import Boundary, boundary_of
from constructs_sm.testing.world.policy_decision import allows

import pytest

ARN = {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:*:*:training-job/*"}
LIMIT = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": ARN}],
        }
    },
}


def resources(**properties: Any) -> dict[str, Any]:
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}, "Limit": LIMIT}


def test_boundary_in_the_template_is_read() -> None:
    found = boundary_of(resources(PermissionsBoundary={"Ref": "Limit"}), "Role")

    assert found is not None
    assert found.name == "${Limit}"
    assert found.document is not None
    assert found.document["Statement"][0]["Resource"] == "arn:${AWS::Partition}:sagemaker:*:*:training-job/*"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("arn:aws:iam::123456789012:policy/limit", "arn:aws:iam::123456789012:policy/limit"),
        ({"Ref": "Parameter"}, "${Parameter}"),
        ({"Fn::ImportValue": "limit"}, "${ImportValue limit}"),
        ({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/limit"}, "arn:aws:iam::${AWS::AccountId}:policy/limit"),
    ],
)
def test_boundary_elsewhere_is_named_and_unread(given: Any, name: str) -> None:
    assert boundary_of(resources(PermissionsBoundary=given), "Role") == Boundary(name, None)


@pytest.mark.parametrize("properties", [{}, {"PermissionsBoundary": {"Ref": "AWS::NoValue"}}])
def test_role_without_a_boundary_has_none(properties: dict[str, Any]) -> None:
    assert boundary_of(resources(**properties), "Role") is None
    assert boundary_of({}, "Role") is None


def test_boundary_limits_what_the_policy_gives() -> None:
    wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    limit = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}

    assert allows(wide, "s3:GetObject", "arn:aws:s3:::b/x", boundary=limit) is False
    assert allows(wide, "sagemaker:CreateModel", "arn:aws:sagemaker:us-east-1:1:model/m", boundary=limit) is True
