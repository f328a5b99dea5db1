"""Every typed argument that a program may use is one of its class, and says the field that the table has for it."""

from __future__ import annotations

import inspect

import constructs_sm
from constructs_sm.actions import ACTIONS
from constructs_sm.adopting import typed_arguments as tables
from constructs_sm.adopting.improvements import Improvements
from constructs_sm.adopting.program import program
from constructs_sm.requests.api_model import input_shape

import pytest

STRUCTURES = {
    "Channel": tables.CHANNEL,
    "Container": tables.CONTAINER,
    "ProcessingInput": tables.PROCESSING_INPUT,
    "ProcessingOutput": tables.PROCESSING_OUTPUT,
    "ServerlessConfig": tables.SERVERLESS,
    "Variant": tables.VARIANT,
}
TRAIN = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        "TrainingInputMode": "File",
    },
    "HyperParameters": {"rounds": "3"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri.$": "$.train"}},
        },
        {"ChannelName": "test", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/test/"}}},
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType.$": "$.type", "VolumeSizeInGB": 20},
    "RoleArn": "arn:aws:iam::123456789012:role/Jobs",
    "StoppingCondition": {"MaxRuntimeInSeconds": 7200},
    "Tags": [{"Key": "team", "Value": "churn"}],
    "TrainingJobName.$": "States.Format('train-{}', States.UUID())",
}
WRITTEN = """\
train = TrainingJob(
    stack,
    "Train",
    job_name=JobName.unique("train"),
    role=execution_role,
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    input_mode="File",
    inputs={"train": Channel(data="$.train", content_type="text/csv"), "test": "s3://data/test/"},
    output="s3://data/models/",
    instance_type="$.type",
    instance_count=1,
    volume_size=Size.gibibytes(20),
    max_runtime=Duration.hours(2),
    hyperparameters={"rounds": "3"},
    tags={"team": "churn"},
    output_check=None,
    retry=(),
    result_path="$",
)
"""


@pytest.mark.parametrize("of", tables.OF_ACTIONS.values(), ids=lambda of: of.construct)
def test_arguments_are_those_of_the_class(of):
    known = inspect.signature(getattr(constructs_sm, of.construct).__init__).parameters

    assert [argument for argument, *_ in of.rows if argument not in known] == []


@pytest.mark.parametrize(("construct", "rows"), STRUCTURES.items(), ids=STRUCTURES)
def test_arguments_are_those_of_the_structure(construct, rows):
    known = inspect.signature(getattr(constructs_sm, construct)).parameters

    assert [argument for argument, *_ in rows if argument not in known] == []


def test_every_action_of_the_table_has_typed_arguments():
    assert set(tables.OF_ACTIONS) == set(ACTIONS)


@pytest.mark.parametrize("action", tables.OF_ACTIONS, ids=lambda action: action.api)
def test_fields_are_those_of_the_request(action):
    of = tables.OF_ACTIONS[action]
    fields = [*(path for _, path, _ in of.rows), *of.filled, *(path for pair in of.filled_if for path in pair)]

    for path in fields:
        shape = input_shape(action.operation)
        for name in path.split("."):
            assert name in shape.members, path
            shape = shape.members[name]


def made(request, **state):
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": request,
        "End": True,
    }
    definition = {"StartAt": "Train", "States": {"Train": {**task, **state}}}
    return program(definition, title="churn", express=False, improvements=Improvements())


def test_request_is_said_by_typed_arguments():
    assert WRITTEN in made(TRAIN).text


def test_field_without_an_argument_stays_a_parameter():
    text = made({**TRAIN, "DebugHookConfig": {"S3OutputPath": "s3://data/debug/"}}).text

    assert '    parameters={"DebugHookConfig": {"S3OutputPath": "s3://data/debug/"}},\n' in text


def test_request_that_a_class_would_fill_is_given_as_parameters():
    text = made({name: value for name, value in TRAIN.items() if name != "StoppingCondition"}).text

    assert "max_runtime" not in text
    assert "CustomState" in text


def test_request_that_sagemaker_refuses_stays_a_custom_state_and_says_why():
    found = made({**TRAIN, "EnableNetworkIsolation": "yes"})

    assert "sfn.CustomState" in found.text
    assert found.left["Train"].startswith("CustomState: SageMaker refuses its request: EnableNetworkIsolation ")


def test_places_in_the_container_that_the_library_has_anyway_are_not_said():
    def data(name, path):
        place = {"S3Uri": f"s3://data/{name}/", "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": name, "S3Input": place}

    request = {
        "AppSpecification": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"},
        "ProcessingInputs": [
            data("raw", "/opt/ml/processing/input/raw"),
            data("code", "/opt/ml/processing/code"),
        ],
        "ProcessingJobName.$": "States.Format('prepare-{}', States.UUID())",
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "RoleArn": "arn:aws:iam::123456789012:role/Jobs",
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync", "End": True}
    definition = {"StartAt": "Prepare", "States": {"Prepare": {**task, "Parameters": request}}}

    text = program(definition, title="churn", express=False, improvements=Improvements()).text

    assert (
        "    inputs={\n"
        '        "raw": "s3://data/raw/",\n'
        '        "code": ProcessingInput(data="s3://data/code/", local_path="/opt/ml/processing/code"),\n'
        "    },\n"
    ) in text
