"""Requests are checked against SageMaker's own model, wherever a value stands and whatever is wrong with it."""

from __future__ import annotations

import subprocess
import sys

from constructs_sm import InvalidInputError, requests
from constructs_sm.actions import ACTIONS, MODEL, TRAINING_JOB, TUNING_JOB

import pytest
from aws_cdk import Token
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS

ROLE = "arn:aws:iam::123456789012:role/execution"
TRAINING = {**REQUESTS["createTrainingJob"], "TrainingJobName": "churn", "RoleArn": ROLE}


def problems(**changes):
    request = {**TRAINING, **changes}
    return [str(problem) for problem in requests.problems(TRAINING_JOB, {k: v for k, v in request.items() if v != ""})]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_smallest_request_is_accepted(action):
    request = {**REQUESTS[action.api], action.name_field: "churn"}
    if action is TUNING_JOB:
        request["TrainingJobDefinition"] = {**request["TrainingJobDefinition"], "RoleArn": ROLE}
    elif action.role_path:
        request[action.role_field] = ROLE

    requests.check(action, request)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"RoleArn": ""}, "RoleArn is missing, got nothing; SageMaker requires it"),
        ({"Rolearn": ROLE}, "Rolearn is not a field of this API, got 'Rolearn'; did you mean RoleArn?"),
        ({"Tags": [{"Key": "a"}]}, "Tags[0].Value is missing, got nothing; SageMaker requires it"),
        ({"Tags": {"a": "b"}}, "Tags must be a list, got {'a': 'b'}; pass a list, also of one"),
        ({"Tags": [{"Key": "a", "Value": "b" * 257}]}, "Tags[0].Value is too long, got '257 characters'"),
        ({"Tags": [{"Key": "", "Value": "b"}]}, "Tags[0].Key is too short, got '0 characters'"),
        ({"Tags": [{"Key": "a§", "Value": ""}]}, "Tags[0].Key does not have the form SageMaker wants, got 'a§'"),
        ({"Tags": [{"Key": str(i), "Value": ""} for i in range(51)]}, "Tags is too long, got '51 items'"),
        ({"HyperParameters": {"a": 1}}, "HyperParameters.a must be a string, got 1; write '1'"),
        ({"HyperParameters": {"a" * 257: "1"}}, "is too long, got '257 characters'"),
        ({"EnableNetworkIsolation": "yes"}, "EnableNetworkIsolation must be a boolean, got 'yes'"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "MaxRuntimeInSeconds is too small, got 0; pass 1 or more"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 1.5}}, "MaxRuntimeInSeconds must be a whole number, got 1.5"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, "MaxRuntimeInSeconds must be a whole number, got True"),
        ({"RetryStrategy": {"MaximumRetryAttempts": 31}}, "MaximumRetryAttempts is too big, got 31; pass 30 or less"),
        ({"RoleArn": "execution"}, "RoleArn is too short, got '9 characters'"),
        ({"RoleArn": "arn:aws:iam::1:role/execution"}, "RoleArn does not have the form SageMaker wants"),
        ({"ResourceConfig": {"InstanceType": "m5.xlarge"}}, "got 'm5.xlarge'; did you mean ml.m5.xlarge?"),
        ({"InputDataConfig": ["s3://data"]}, "InputDataConfig[0] must be a mapping, got 's3://data'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_field_that_is_wrong_is_named_with_what_to_do(changes, said):
    found = problems(**changes)
    assert any(said in problem for problem in found), found


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidInputError) as caught:
        requests.check(TRAINING_JOB, {"TrainingJobNam": 1, "HyperParameters": {"a": 1}})

    assert caught.value.where == "CreateTrainingJob"
    assert len(caught.value.problems) == 6


@pytest.mark.parametrize(
    "late",
    [
        {"RoleArn": "", "RoleArn.$": "$.role"},
        {"ResourceConfig": {"InstanceType.$": "$.type", "InstanceCount": Token.as_number({"Ref": "Count"})}},
        {"InputDataConfig": "{% $states.input.channels %}"},
        {"HyperParameters": {"eta.$": "$.eta", "rounds": "{% $string(7) %}"}},
        {"RoleArn": Token.as_string({"Ref": "Role"})},
        {"StoppingCondition": {"MaxRuntimeInSeconds": sfn.JsonPath.number_at("$.seconds")}},
        {"Environment.$": "States.StringToJson($.environment)"},
    ],
    ids=str,
)
def test_values_that_are_not_known_yet_are_passed_over(late):
    assert problems(**late) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "AlgorithmName": "a", "TrainingInputMode": "File"}},
            "AlgorithmSpecification.TrainingImage and AlgorithmSpecification.AlgorithmName exclude each other",
        ),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "File"}},
            "AlgorithmSpecification.TrainingImage or AlgorithmSpecification.AlgorithmName is missing",
        ),
        ({"AlgorithmSpecification": ""}, "AlgorithmSpecification or ServerlessJobConfig is missing"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 60}},
            "StoppingCondition.MaxWaitTimeInSeconds must not be less than MaxRuntimeInSeconds, got '60 < 3600'",
        ),
    ],
    ids=["both", "neither", "none of two", "spot"],
)
def test_fields_that_exclude_or_require_each_other_are_named(changes, said):
    found = problems(**changes)
    assert any(said in problem for problem in found), found


def test_rules_hold_in_each_definition_of_a_tuning_job():
    request = {**REQUESTS[TUNING_JOB.api], "HyperParameterTuningJobName": "tune"}
    definition = {**request.pop("TrainingJobDefinition"), "RoleArn": ROLE}
    broken = {**definition, "AlgorithmSpecification": {"TrainingInputMode": "File"}}
    request["TrainingJobDefinitions"] = [definition, broken]

    (problem,) = requests.problems(TUNING_JOB, request)
    assert problem.what.startswith("TrainingJobDefinitions[1].AlgorithmSpecification.TrainingImage or")


def test_model_has_one_container_or_several():
    request = {"ModelName": "churn", "PrimaryContainer": {"Image": IMAGE}, "Containers": [{"Image": IMAGE}]}

    (problem,) = requests.problems(MODEL, request)
    assert problem.what == "PrimaryContainer and Containers exclude each other"


def test_every_pattern_of_the_model_can_be_checked():
    for action in ACTIONS:
        for shape in shapes(requests._input_shape(action.operation), set()):  # noqa: SLF001
            if "pattern" in shape.metadata:
                requests._compiled(shape.metadata["pattern"])  # noqa: SLF001


def shapes(shape, seen):
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    members = list(getattr(shape, "members", {}).values()) if shape.type_name == "structure" else []
    members += [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    for member in members:
        yield from shapes(member, seen)


def test_importing_the_package_reads_no_model():
    program = "import constructs_sm, sys; sys.exit(any(name.startswith('botocore') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", program], check=True)
