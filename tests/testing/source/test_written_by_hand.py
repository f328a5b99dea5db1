"""Templates as people write them by hand: what they leave open is unknown, not missing."""

from __future__ import annotations

import json

from constructs_sm.checking.machine import check_machine
from constructs_sm.testing import Rehearsal
from constructs_sm.testing.source.machine import machine_of

import pytest

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
READ = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:getItem",
    "Parameters": {"TableName": "t", "Key": {"k": {"S": "x"}}},
    "End": True,
}
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


def template(policy, state=READ, **more):
    """A role with one policy, and a state machine of one state."""
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [{"PolicyName": "p", "PolicyDocument": policy}]}
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "M": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Definition": {"StartAt": "A", "States": {"A": state}},
                },
            },
        },
        **more,
    }


def allow(action, *resources, **more):
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": list(resources), **more}]}


def of_grants(source):
    return [(one.rule.id, one.what) for one in check_machine(machine_of(source)) if one.rule.id.startswith("grant-")]


def rehearsed(source):
    with Rehearsal.of(source) as rehearsal:
        rehearsal.answer("A", {})
        return rehearsal.permissions()


def test_grant_on_a_parameter_without_a_value_is_unread():
    source = template(allow("dynamodb:GetItem", {"Ref": "TableArn"}), Parameters={"TableArn": {"Type": "String"}})

    assert machine_of(source).unread_policies == ("p on 'tablearn' (give the ARN with --set)",)
    assert of_grants(source) == []
    found = rehearsed(source)
    assert (found.missing, found.needless, found.exact) == ((), (), False)
    assert str(found.unknown[0]).startswith(f"A: dynamodb:GetItem on {TABLE} hangs on p on 'tablearn'")
    assert of_grants(machine_of(source, parameters={"TableArn": TABLE})) == []
    assert machine_of(source, parameters={"TableArn": TABLE}).unread_policies == ()


def test_resources_beside_one_that_is_not_known_are_read():
    source = template(allow("dynamodb:GetItem", TABLE, {"Fn::ImportValue": "Other"}))
    machine = machine_of(source)

    assert machine.policy == [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": [TABLE]}]
    assert machine.unread_policies == ("p on 'Other' (give the ARN with --set)",)


def test_document_of_a_policy_may_be_a_text():
    text = json.dumps(allow("dynamodb:GetItem", "arn:aws:dynamodb:${AWS::Region}:${Account}:table/t"))
    source = template({"Fn::Sub": [text, {"Account": {"Ref": "AWS::AccountId"}}]})

    assert of_grants(source) == []
    assert rehearsed(source).exact


@pytest.mark.parametrize("within", [True, False])
def test_connectors_of_sam_are_unread_policies(within):
    connector = {"Destination": {"Id": "Table"}, "Permissions": ["Read"]}
    made = template(allow("states:DescribeExecution", "*"), Transform="AWS::Serverless-2016-10-31")
    machine = made["Resources"]["M"]
    machine["Type"] = "AWS::Serverless::StateMachine"
    machine["Properties"]["Role"] = machine["Properties"].pop("RoleArn")
    if within:
        machine["Connectors"] = {"Reads": {"Properties": connector}}
    else:
        properties = {"Source": {"Id": "M"}, **connector}
        made["Resources"]["Reads"] = {"Type": "AWS::Serverless::Connector", "Properties": properties}

    assert machine_of(made).unread_policies == ("M.Connectors.Reads" if within else "Reads",)
    assert [rule for rule, _ in of_grants(made)] == ["grant-needless"]
    assert rehearsed(made).missing == ()


def test_managed_policy_of_aws_may_give_what_is_not_denied():
    source = template(allow("s3:GetObject", "arn:aws:s3:::b/*"))
    properties = source["Resources"]["Role"]["Properties"]
    properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]
    found = rehearsed(source)

    assert found.missing == ()
    (told,) = map(str, found.unknown)
    assert told.startswith(f"A: dynamodb:GetItem on {TABLE} hangs on arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess,")
    properties["Policies"][0]["PolicyDocument"]["Statement"].append(
        {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    )
    assert [one.need.action for one in rehearsed(source).missing] == ["dynamodb:GetItem"]


@pytest.mark.parametrize(
    ("pattern", "is_named"),
    [
        ("${AWS::StackName}-Table-*", True),
        ("${AWS::StackName}*", True),
        ("Other-*", False),
    ],
)
def test_name_that_cloudformation_makes_up_may_match_a_pattern(pattern, is_named):
    named = {"Fn::Sub": f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{pattern}"}
    state = {**READ, "Parameters": {"TableName": {"Ref": "Table"}, "Key": {"k": {"S": "x"}}}}
    source = template(allow("dynamodb:GetItem", named), state)
    source["Resources"]["Table"] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}

    rules = [] if is_named else ["grant-missing", "grant-needless"]
    assert [rule for rule, _ in of_grants(source)] == rules
    found = rehearsed(source)
    assert (bool(found.missing), bool(found.needless)) == (not is_named, not is_named)


def test_name_that_a_template_gives_is_no_other():
    named = {"Fn::Sub": "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/stack-Table-*"}
    source = template(allow("dynamodb:GetItem", named))
    source["Resources"]["Table"] = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t"}}

    assert [rule for rule, _ in of_grants(source)] == ["grant-missing", "grant-needless"]


def test_service_of_ecs_is_named_with_its_cluster():
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
        "Parameters": {"Service": {"Ref": "Service"}, "Cluster": {"Ref": "Cluster"}, "DesiredCount": 1},
        "End": True,
    }
    source = template(allow("ecs:UpdateService", {"Ref": "Service"}), state)
    source["Resources"] |= {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {"Cluster": {"Ref": "Cluster"}}},
    }

    assert of_grants(source) == []


def test_needless_grants_of_one_statement_are_one_finding():
    source = template(allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"], TABLE, f"{TABLE}/index/*"))

    assert of_grants(source) == [
        ("grant-needless", f"no state needs dynamodb:GetItem, dynamodb:PutItem, dynamodb:Scan on {TABLE}/index/*"),
        ("grant-needless", f"no state needs dynamodb:PutItem, dynamodb:Scan on {TABLE}"),
    ]


def test_key_that_stands_twice_in_a_template_is_the_last(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("Resources:\n  A: {Type: AWS::SNS::Topic}\n  A: {Type: AWS::SQS::Queue}\n" + MACHINE)

    assert machine_of(path).definition == {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}


MACHINE = """\
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition: {StartAt: S, States: {S: {Type: Succeed}}}
"""


def test_key_of_the_machine_itself_and_of_its_topic_are_used():
    key = {"Type": "AWS::KMS::Key"}
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": {"Ref": "Topic"}, "Message": "x"},
        "End": True,
    }
    policy = allow("sns:Publish", {"Ref": "Topic"})
    policy["Statement"] += allow(["kms:Decrypt", "kms:GenerateDataKey"], {"Fn::GetAtt": ["Key", "Arn"]})["Statement"]
    source = template(policy, publish)
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}}
    source["Resources"] |= {"Key": key, "Topic": topic}

    assert of_grants(source) == []
    topic["Properties"] = {}
    assert [rule for rule, _ in of_grants(source)] == ["grant-needless"]
    own = {"KmsKeyId": {"Ref": "Key"}, "Type": "CUSTOMER_MANAGED_KMS_KEY"}
    source["Resources"]["M"]["Properties"]["EncryptionConfiguration"] = own
    assert of_grants(source) == []


def test_placeholders_in_the_arn_of_a_resource_are_the_place():
    resources = {
        "A": "arn:${partition}:states:::sagemaker:createModel",
        "B": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
        "C": "${Function}",
    }
    states = {name: {"Type": "Task", "Resource": arn, "End": True} for name, arn in resources.items()}
    machine = machine_of({"StartAt": "A", "States": states}, region="cn-north-1", account="111122223333")

    assert [state["Resource"] for state in machine.definition["States"].values()] == [
        "arn:aws-cn:states:::sagemaker:createModel",
        "arn:aws-cn:lambda:cn-north-1:111122223333:function:f",
        "arn:aws-cn:lambda:cn-north-1:111122223333:function:Function",
    ]


def test_placeholder_in_a_request_is_not_held_to_the_model():
    model = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createModel",
        "Parameters": {"ModelName": "m", "ExecutionRoleArn": "${Role}", "PrimaryContainer": {"Image": "${Image}"}},
        "End": True,
    }
    definition = {"StartAt": "A", "States": {"A": model}}
    with Rehearsal.of(definition) as rehearsal:
        assert rehearsal.start().succeeded
    model["Parameters"]["ExecutionRoleArn"] = "short"
    with Rehearsal.of(definition) as rehearsal:
        assert "ExecutionRoleArn" in rehearsal.start().cause
