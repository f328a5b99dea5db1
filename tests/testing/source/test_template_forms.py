"""Every form of template that a state machine can stand in."""

from __future__ import annotations

import json
import re

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.source import sam
from constructs_sm.testing.source.machine import machine_of, machines_of

import pytest
from conftest import DATA

TEMPLATES = DATA / "templates"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
PUBLISH = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}
SUCCEEDING = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}


def parameters(name, state="Tell"):
    return machine_of(TEMPLATES / name).definition["States"][state]["Parameters"]


@pytest.mark.parametrize(
    "name",
    [
        "01_definition_object.yaml",
        "02_definitionstring_sub.yaml",
        "03_definitionstring_substitutions.yaml",
        "06_sam_inline_policies.yaml",
        "07_sam_definitionuri_json.yaml",
        "08_sam_definitionuri_yaml.yaml",
        "09_sam_policies_statement.yaml",
        "12_conditions_if.yaml",
    ],
)
def test_definition_is_read_with_its_references_decided(name):
    assert parameters(name) == {"TopicArn": TOPIC, "Message": "hi"}


def test_text_with_a_dollar_sign_of_its_own_keeps_it():
    said = "in us-east-1 for stack; price ${literal}"

    assert parameters("04_definitionstring_yaml_block_sub.yaml")["Message"] == said


def test_references_in_joined_text_are_decided():
    machine = machine_of(TEMPLATES / "10_getatt_select_split.yaml")

    assert machine.definition["States"]["L"]["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert machine.definition["States"]["T"]["Parameters"]["TopicArn"] == TOPIC


def test_condition_decides_a_number():
    definition = machine_of(TEMPLATES / "12_conditions_if.yaml").definition

    assert definition["States"]["W"]["Seconds"] == 30


@pytest.mark.parametrize(("given", "seconds"), [({}, 2), ({"Count": "40"}, 40)], ids=["default", "given"])
def test_parameter_stands_for_a_number(given, seconds):
    definition = machine_of(TEMPLATES / "13_numeric_substitution.yaml", parameters=given).definition

    assert definition["States"]["W"]["Seconds"] == seconds


def test_definition_may_be_yaml_in_a_text():
    assert machine_of(TEMPLATES / "19_yaml_boolean_keys.yaml").definition == SUCCEEDING


def test_keys_that_yaml_takes_for_booleans_are_texts(tmp_path):
    path = tmp_path / "machine.yaml"
    path.write_text(
        "StartAt: Yes\nStates:\n  Yes: {Type: Pass, Next: 'No'}\n  No: {Type: Succeed}\n  on: {Type: Fail}\n"
    )

    # The value is a boolean, as YAML 1.1 has it; the keys are what stands there.
    with pytest.raises(InvalidInputError, match="name one of its states, got True; use one of Yes, No, on"):
        machine_of(path)
    path.write_text(path.read_text().replace("StartAt: Yes", "StartAt: 'Yes'"))
    assert list(machine_of(path).definition["States"]) == ["Yes", "No", "on"]


def test_dates_and_numbers_of_accounts_stay_texts(tmp_path):
    path = tmp_path / "machine.yaml"
    path.write_text("StartAt: A\nStates:\n  A: {Type: Pass, Result: {v: 2012-10-17, n: 012345678901}, End: true}\n")

    assert machine_of(path).definition["States"]["A"]["Result"] == {"v": "2012-10-17", "n": "012345678901"}


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("01_definition_object.yaml", [PUBLISH]),
        ("06_sam_inline_policies.yaml", [{**PUBLISH, "Action": ["sns:Publish"]}]),
        ("07_sam_definitionuri_json.yaml", [PUBLISH]),
        ("09_sam_policies_statement.yaml", []),
        (
            "11_role_as_arn_and_managed.yaml",
            [PUBLISH, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
        ),
        ("14_policy_resource_separate.yaml", [PUBLISH, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]),
        ("16_no_role.yaml", None),
        ("18_plain_asl.yaml", None),
    ],
)
def test_policy_of_the_role_is_found_wherever_it_stands(name, statements):
    assert machine_of(TEMPLATES / name).policy == statements


def test_policy_whose_statements_are_elsewhere_is_named():
    machine = machine_of(TEMPLATES / "09_sam_policies_statement.yaml")

    assert machine.unread_policies == (
        "Policies/0 on 'other' (give the ARN with --set)",
        "arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess",
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "05_definition_s3.yaml",
            "M: the definition is in S3 (DefinitionS3Location), got 's3://b/k.asl.json'; download",
        ),
        ("15_transform_include.yaml", "a transform that is not read, got 'AWS::Include'"),
        ("17_serverless.yml", "a file of the Serverless Framework is not read"),
    ],
)
def test_form_that_is_not_read_is_refused_by_name(name, said):
    with pytest.raises(InvalidInputError, match=re.escape(f"{TEMPLATES / name}: {said}")):
        machine_of(TEMPLATES / name)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"Transform": ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"]}, "got 'AWS::LanguageExtensions'"),
        ({"Transform": {"Name": "My::Macro"}}, "a transform that is not read, got 'My::Macro'"),
        (
            {"Resources": {"Fn::ForEach::Topics": ["x", ["a"], {}]}},
            "a loop that is not read, got 'Fn::ForEach::Topics'",
        ),
    ],
    ids=["language extensions", "macro", "loop"],
)
def test_transform_other_than_sam_s_is_refused_by_name(section, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        machine_of({"Resources": {}, **section})


def test_account_and_region_are_those_that_the_arns_name():
    machine = machine_of(TEMPLATES / "20_of_another_account.json")

    assert (machine.account, machine.region) == ("111122223333", "eu-west-1")
    assert machine.arn == "arn:aws:states:eu-west-1:111122223333:stateMachine:m"


def test_account_and_region_that_are_given_come_first():
    machine = machine_of(TEMPLATES / "20_of_another_account.json", account="444455556666", region="us-west-2")

    assert (machine.account, machine.region) == ("444455556666", "us-west-2")


def value(given, **options):
    """The value of *given* in the definition of a template."""
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"it": given}, "End": True}}}
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Names": {"Type": "CommaDelimitedList"}},
        "Mappings": {"Of": {"dev": {"size": 1, "kind": "ml.m5.large"}, "prod": {"size": 9, "kind": "ml.m5.xlarge"}}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
            "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
            "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
        },
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Stage}-queue"}}},
            "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": definition}},
        },
    }
    return machine_of(template, **options).definition["States"]["A"]["Result"].get("it", "left out")


@pytest.mark.parametrize(
    ("given", "decided"),
    [
        ({"Ref": "Topic"}, TOPIC),
        ({"Ref": "Queue"}, "https://sqs.us-east-1.amazonaws.com/123456789012/dev-queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:us-east-1:123456789012:dev-queue"),
        ({"Fn::GetAtt": "Queue.QueueName"}, "dev-queue"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::NoValue"}, "left out"),
        ({"Fn::If": ["IsProd", "prod", {"Ref": "AWS::NoValue"}]}, "left out"),
        ({"Fn::If": ["IsDev", 1, 2]}, 1),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::FindInMap": ["Of", {"Ref": "Stage"}, "size"]}, 1),
        ({"Fn::FindInMap": ["Of", "none", "size", {"DefaultValue": 7}]}, 7),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b-c"]}]}, "b"),
        ({"Fn::Select": ["5", {"Fn::Split": [":", {"Fn::GetAtt": ["Queue", "Arn"]}]}]}, "dev-queue"),
        ({"Fn::Select": [2, ["made", "up"]]}, "up-2"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Stage"}, 3, True]]}, "a/dev/3/true"),
        ({"Fn::Sub": "${Stage} ${Topic} ${Queue.QueueName} ${!Stage}"}, f"dev {TOPIC} dev-queue ${{Stage}}"),
        ({"Fn::Sub": ["${a}-${Stage}", {"a": {"Ref": "AWS::Region"}}]}, "us-east-1-dev"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::Cidr": ["10.0.0.0/24", 2, 5]}, ["10.0.0.0/27", "10.0.0.32/27"]),
        ({"Fn::Length": [1, 2, 3]}, 3),
        ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, '{"a": "dev"}'),
        ({"Ref": "Names"}, ["names"]),
        ({"Fn::ImportValue": "Shared"}, "Shared"),
    ],
    ids=lambda each: json.dumps(each)[:50] if isinstance(each, dict) else "",
)
def test_function_is_decided(given, decided):
    assert value(given) == decided


def test_parameter_that_is_given_decides_conditions_and_mappings():
    given = {"Fn::If": ["IsProd", {"Fn::FindInMap": ["Of", {"Ref": "Stage"}, "kind"]}, "none"]}

    assert value(given, parameters={"Stage": "prod"}) == "ml.m5.xlarge"
    assert value({"Ref": "Names"}, parameters={"Names": "a, b"}) == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Fn::Jion": ["", []]}, "CloudFormation has no such function, got 'Fn::Jion'; did you mean Fn::Join?"),
        ({"Fn::If": ["Nope", 1, 2]}, "there is no such condition, got 'Nope'"),
        ({"Fn::Join": 7}, "Fn::Join cannot be decided, got '7'"),
        ({"Fn::FindInMap": ["Of", "x", "y"]}, "Mappings have no such value, got 'Of, x, y'"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "a transform that is not read, got 'AWS::Include'"),
    ],
    ids=["unknown", "condition", "operand", "mapping", "transform"],
)
def test_function_that_cannot_be_decided_is_named(given, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        value(given)


def test_parameter_that_the_template_has_not_is_refused():
    with pytest.raises(InvalidInputError, match=r"no such parameter, got 'Stge'; did you mean Stage\?"):
        value(1, parameters={"Stge": "x"})


def test_conditions_that_refer_to_each_other_are_refused():
    template = {
        "Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}},
        "Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Condition": "A"}},
    }
    with pytest.raises(InvalidInputError, match="a condition refers to itself, got 'A'"):
        machine_of(template)


def test_state_machine_whose_condition_does_not_hold_is_not_there():
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": SUCCEEDING}}
    template = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"Kept": machine, "Gone": {**machine, "Condition": "No"}, "Also": machine},
    }

    assert [each.id for each in machines_of(template)] == ["Kept", "Also"]


@pytest.mark.parametrize(
    "role",
    [
        {"Ref": "Role"},
        {"Fn::GetAtt": ["Role", "Arn"]},
        {"Fn::GetAtt": "Role.Arn"},
        {"Fn::Sub": "${Role.Arn}"},
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/service/machine"},
        {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":role/service/", {"Ref": "Role"}]]},
        "arn:aws:iam::123456789012:role/service/machine",
    ],
    ids=["Ref", "GetAtt list", "GetAtt text", "Sub", "Sub of the ARN", "Join", "ARN"],
)
def test_role_is_found_however_it_is_named(role):
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}
    document = {"Statement": [statement]}
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "machine",
                "Path": "/service/",
                "ManagedPolicyArns": [{"Ref": "Managed"}, "arn:aws:iam::aws:policy/Elsewhere"],
            },
        },
        "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
        "Own": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {"RoleName": {"Ref": "Role"}, "PolicyName": "p", "PolicyDocument": document},
        },
        "M": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": role, "Definition": SUCCEEDING, "StateMachineType": "EXPRESS"},
        },
    }
    machine = machine_of({"Resources": resources})

    assert machine.policy == [statement, statement]
    assert machine.unread_policies == ("arn:aws:iam::aws:policy/Elsewhere",)
    assert machine.express


def of_sam(*policies):
    resources = {
        "F": {"Type": "AWS::Serverless::Function"},
        "M": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {"Definition": SUCCEEDING, "Policies": list(policies)},
        },
    }
    return machine_of({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources})


def test_sam_policy_template_is_filled_in():
    (statement,) = of_sam({"LambdaInvokePolicy": {"FunctionName": {"Ref": "F"}}}).policy

    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:f*"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"SNSPublishPolicy": {"TopicName": "t"}}, "SAM has no such policy template, got 'SNSPublishPolicy'"),
        ({"SNSPublishMessagePolicy": {}}, "SAM's SNSPublishMessagePolicy needs TopicName"),
        (7, "this is no policy, got 'Policies/0'"),
    ],
    ids=["unknown", "without its parameter", "number"],
)
def test_sam_policy_that_is_none_is_refused(policy, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        of_sam(policy)


def test_sam_policy_template_is_unread_where_its_data_is_missing(monkeypatch):
    monkeypatch.setattr(sam, "_policy_templates", lambda: None)
    machine = machine_of(TEMPLATES / "06_sam_inline_policies.yaml")

    assert machine.policy == []
    assert machine.unread_policies == ("SAM's SNSPublishMessagePolicy (to read it: pip install 'constructs-sm[cli]')",)


def test_text_of_a_definition_alone_stays_where_nobody_fills_it():
    said = {"command": "ls ${HOME} ${AWS::Region} ${Place}"}
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": said, "End": True}}}

    for given in (definition, json.dumps(definition)):
        read = machine_of(given, parameters={"Place": 'a "b"'}).definition["States"]["A"]["Result"]
        assert read == {"command": 'ls ${HOME} ${AWS::Region} a "b"'}


def test_text_of_a_definition_in_a_template_stays_where_no_substitution_fills_it():
    state = {"Type": "Pass", "Result": "${HOME} ${Place}", "End": True}
    properties = {
        "RoleArn": "arn:aws:iam::123456789012:role/x",
        "DefinitionString": json.dumps({"StartAt": "A", "States": {"A": state}}),
        "DefinitionSubstitutions": {"Place": "here"},
    }
    template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}

    assert machine_of(template).definition["States"]["A"]["Result"] == "${HOME} here"


def test_placeholder_in_a_called_function_stands_for_its_arn():
    state = {"Type": "Task", "Resource": "${TrainFunction}", "Parameters": {"n": "${Name}"}, "End": True}
    definition = {"StartAt": "A", "States": {"A": state}}
    read = machine_of(definition, parameters={"Name": "x"}).definition["States"]["A"]

    assert read["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:TrainFunction"
    assert read["Parameters"] == {"n": "x"}
    with pytest.raises(InvalidInputError, match=r"no such placeholder, got 'Nam'; did you mean Name\?"):
        machine_of(definition, parameters={"Nam": "x"})
