"""Fields of the state that every task and job takes, spelled as in the CDK, in both query languages."""

from __future__ import annotations

import math

from constructs_sm import (
    CreateModelPackage,
    InvalidInputError,
    JobPipeline,
    PolledJob,
    SageMakerTask,
    TrainingJob,
    polled_actions,
)
from constructs_sm.actions import TRAINING_JOB
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS

TRAINING = REQUESTS["createTrainingJob"]
JSON_PATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
LANGUAGES = [JSON_PATH, JSONATA]
CALLBACK = sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
WITH_TOKEN = {
    JSON_PATH: {**TRAINING, "Environment": {"TOKEN.$": "$$.Task.Token"}},
    JSONATA: {**TRAINING, "Environment": {"TOKEN": "{% $states.context.Task.Token %}"}},
}
ROLE = "arn:aws:iam::210987654321:role/other"


@pytest.fixture
def state(stack, machine):
    """Makes a job, and gives its Task."""

    def made(**arguments):
        machine(TrainingJob(stack, "Train", **{"parameters": TRAINING, **arguments}))
        return definition(stack)["States"][arguments.get("state_name") or "Train"]

    return made


def refused(stack, said, **arguments):
    before = len(stack.node.find_all())
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", **{"parameters": TRAINING, **arguments})
    assert len(stack.node.find_all()) == before


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
@pytest.mark.parametrize(
    "time",
    [3600, 3600.0, Duration.hours(1), sfn.Timeout.duration(Duration.minutes(60))],
    ids=["seconds", "float", "Duration", "Timeout"],
)
def test_time_of_a_task_is_the_same_however_it_is_given(state, language, time):
    made = state(
        task_timeout=Duration.hours(2),
        heartbeat_timeout=time,
        integration_pattern=CALLBACK,
        parameters=WITH_TOKEN[language],
        query_language=language,
        output_check=None,
    )

    assert made["TimeoutSeconds"] == 7200
    assert made["HeartbeatSeconds"] == 3600


@pytest.mark.parametrize(
    ("language", "time", "rendered"),
    [
        (JSON_PATH, "$.seconds", {"TimeoutSecondsPath": "$.seconds"}),
        (JSON_PATH, sfn.Timeout.at("$.seconds"), {"TimeoutSecondsPath": "$.seconds"}),
        (JSON_PATH, sfn.JsonPath.string_at("$.seconds"), {"TimeoutSecondsPath": "$.seconds"}),
        (JSONATA, "{% $states.input.seconds %}", {"TimeoutSeconds": "{% $states.input.seconds %}"}),
        (JSONATA, sfn.Timeout.at("{% $seconds %}"), {"TimeoutSeconds": "{% $seconds %}"}),
    ],
    ids=["path", "Timeout at a path", "token", "expression", "Timeout at an expression"],
)
def test_time_of_a_task_may_come_at_run_time(state, language, time, rendered):
    made = state(task_timeout=time, query_language=language)
    assert {name: value for name, value in made.items() if "Seconds" in name} == rendered


@pytest.mark.parametrize("argument", ["task_timeout", "heartbeat_timeout"])
@pytest.mark.parametrize("language", LANGUAGES, ids=str)
@pytest.mark.parametrize(
    "time",
    [True, False, 0, -1, 1.5, math.nan, math.inf, -math.inf, "1h", [60], Duration.millis(1500)],
    ids=["True", "False", "0", "-1", "1.5", "nan", "inf", "-inf", "a text", "a list", "a Duration of 1.5 seconds"],
)
def test_what_is_no_time_is_refused_by_name(stack, argument, language, time):
    refused(
        stack,
        f"{argument} must be a Duration of whole seconds",
        **{argument: time, "integration_pattern": CALLBACK},
        parameters=WITH_TOKEN[language],
        query_language=language,
    )


def test_time_of_a_task_is_no_intrinsic_function(stack):
    refused(stack, "task_timeout must be a Duration of whole seconds", task_timeout="States.StringToJson($.x)")


def test_time_in_the_other_query_language_is_refused(stack):
    refused(stack, "task_timeout is JSONata in a JSONPath state", task_timeout="{% 60 %}")
    refused(stack, "task_timeout is JSONPath in a JSONata state", task_timeout="$.x", query_language=JSONATA)


def test_time_that_step_functions_has_no_room_for_is_refused(stack):
    refused(stack, "task_timeout is too long, got 100000000; pass at most 99999999", task_timeout=100_000_000)


def test_heartbeat_that_is_no_shorter_than_the_timeout_is_refused(stack):
    refused(
        stack,
        "heartbeat_timeout must be shorter than task_timeout, got 60; pass less than 60",
        task_timeout=60,
        heartbeat_timeout=60,
        integration_pattern=CALLBACK,
        parameters=WITH_TOKEN[JSON_PATH],
    )


@pytest.mark.parametrize("argument", ["timeout", "heartbeat"])
def test_names_of_before_are_unknown(stack, argument):
    refused(stack, f"unknown argument, got '{argument}'", **{argument: 60})


def test_paths_of_input_and_output_stand_in_the_state(state):
    made = state(input_path="$.training", result_path="$.jobs.train", output_path="$.jobs")

    assert (made["InputPath"], made["ResultPath"], made["OutputPath"]) == ("$.training", "$.jobs.train", "$.jobs")


def test_output_is_checked_where_the_output_path_leaves_it(stack, machine):
    train = TrainingJob(stack, "Train", parameters=TRAINING, result_path="$.jobs.train", output_path="$.jobs")
    machine(train)

    (choice,) = definition(stack)["States"]["Train: ValidateOutput"]["Choices"]
    assert choice["Condition"].startswith("{% $states.input.train.(TrainingJobArn ")
    assert train.resource_arn.json_path == "$.train.TrainingJobArn"


def test_output_that_the_output_path_leaves_out_cannot_be_checked(stack):
    refused(stack, "the output is not kept, and cannot be checked", output_path="$.other")


def test_input_is_thrown_away_as_in_the_cdk(state):
    assert state(input_path=sfn.JsonPath.DISCARD)["InputPath"] is None


@pytest.mark.parametrize("argument", ["input_path", "output_path"])
@pytest.mark.parametrize("path", [5, "", "training", "States.UUID()", "{% 1 %}", math.nan], ids=str)
def test_what_is_no_path_is_refused_by_name(stack, argument, path):
    refused(stack, f"{argument} must be a path", **{argument: path})


@pytest.mark.parametrize("argument", ["input_path", "output_path"])
def test_paths_are_refused_in_jsonata(stack, argument):
    refused(stack, f"{argument} is JSONPath", **{argument: "$.training"}, query_language=JSONATA)


def test_input_path_that_hides_the_output_of_a_job_is_refused(stack):
    train = TrainingJob(stack, "First", parameters=TRAINING)
    refused(
        stack,
        r"input_path hides what other jobs leave, got \['ModelArtifacts.S3ModelArtifacts of First'\]",
        parameters=None,
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        output="s3://models/",
        inputs={"train": train.model_artifacts},
        input_path="$.training",
    )


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
def test_state_name_names_the_states_and_the_id_the_construct_and_the_result(stack, language):
    pipeline = JobPipeline(stack, "Pipeline", explain_failures=False)
    train = TrainingJob(pipeline, "Train", parameters=TRAINING, state_name="Train the model", query_language=language)
    pipeline.run(train)

    states = definition(stack)["States"]
    beside = [f"Train the model: {state}" for state in ("InvalidOutput", "Succeed", "ValidateOutput")]
    assert sorted(states) == ["Train the model", *beside]
    assert train.node.path == "Stack/Pipeline/Train"
    assert "Train.TrainingJobArn" in train.resource_arn
    assert "Train.(TrainingJobArn" in states["Train the model: ValidateOutput"]["Choices"][0]["Condition"]


def test_state_name_of_a_task_alone_is_not_its_id(stack, machine):
    task = SageMakerTask(stack, "Task", action=TRAINING_JOB, parameters=TRAINING, state_name="Train/now")
    machine(task.next(sfn.Pass(stack, "After")))

    states = definition(stack)["States"]
    assert list(states) == ["Train/now", "After"]
    assert task.node.path == "Stack/Task"
    assert (task.state_id, task.prefixed_name) == ("Train/now", "Train/now")


def test_state_name_gets_the_prefixes_of_the_cdk(stack, machine):
    machine(TrainingJob(stack, "Train", parameters=TRAINING, state_name="Go").prefix_states("EU: "))
    assert list(definition(stack)["States"])[:2] == ["EU: Go", "EU: Go: ValidateOutput"]


@pytest.mark.parametrize(
    "name", ["", "x" * 70, 5, sfn.JsonPath.string_at("$.name")], ids=["empty", "long", "number", "token"]
)
def test_what_is_no_name_of_a_state_is_refused(stack, name):
    refused(stack, "state_name names the states", state_name=name)


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
@pytest.mark.parametrize("given", ["role", "TaskRole", "Credentials"])
def test_credentials_are_rendered_and_granted_as_the_cdk_does(stack, state, language, given):
    role = iam.Role.from_role_arn(stack, "Other", ROLE)
    credentials = {
        "role": role,
        "TaskRole": sfn.TaskRole.from_role(role),
        "Credentials": sfn.Credentials(role=sfn.TaskRole.from_role(role)),
    }[given]

    assert state(credentials=credentials, query_language=language)["Credentials"] == {"RoleArn": ROLE}
    assumed = [s for s in state_machine_policy(stack) if s["Action"] == "sts:AssumeRole"]
    assert assumed == [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}]


def test_role_to_assume_may_come_at_run_time(stack, state):
    credentials = sfn.Credentials(role=sfn.TaskRole.from_role_arn_json_path("$.role"))

    assert state(credentials=credentials)["Credentials"] == {"RoleArn.$": "$.role"}
    assumed = [s["Resource"] for s in state_machine_policy(stack) if s["Action"] == "sts:AssumeRole"]
    assert assumed == ["*"]


def test_role_at_a_path_is_translated_in_jsonata(state):
    credentials = sfn.Credentials(role=sfn.TaskRole.from_role_arn_json_path("$.role"))

    made = state(credentials=credentials, query_language=JSONATA)
    assert made["Credentials"] == {"RoleArn": "{% $states.input.role %}"}


@pytest.mark.parametrize("credentials", [5, ROLE, {}, math.nan], ids=str)
def test_what_is_no_role_to_assume_is_refused(stack, credentials):
    refused(stack, "credentials must have a role", credentials=credentials)


def test_polled_job_makes_every_call_under_the_role_that_is_assumed(stack):
    pipeline = JobPipeline(stack, "Pipeline", explain_failures=False)
    job = PolledJob(
        pipeline,
        "Find",
        action=polled_actions.AUTO_ML_JOB_V2,
        role=iam.Role.from_role_arn(stack, "Execution", "arn:aws:iam::123456789012:role/execution"),
        parameters={
            "AutoMLJobInputDataConfig": [
                {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/"}}}
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://models/"},
            "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "y"}},
        },
        credentials=sfn.Credentials(role=sfn.TaskRole.from_role_arn_json_path("$.role")),
        task_timeout=60,
        state_name="Find a model",
    )
    pipeline.run(job)

    states = definition(stack)["States"]
    assert states["Find a model"]["TimeoutSeconds"] == 60
    roles = {name: state["Credentials"] for name, state in states.items() if state["Type"] == "Task"}
    assert roles == {
        "Find a model": {"RoleArn.$": "$.role"},
        "Find a model: Describe": {"RoleArn": "{% $states.input.role %}"},
        "Find a model: Stop": {"RoleArn": "{% $states.input.role %}"},
    }


@pytest.mark.parametrize("argument", ["output_path", "heartbeat_timeout", "result_path"])
def test_polled_job_refuses_what_would_move_its_result(stack, argument):
    with pytest.raises(InvalidInputError, match=f"a polled job takes no {argument}"):
        CreateModelPackage(stack, "Register", group="churn", **{argument: "$.x"})


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize("argument", ["assign", "parameters", "hyperparameters", "environment", "instance_count"])
def test_number_that_json_cannot_say_is_refused_by_name(stack, language, number, argument):
    value = {"instance_count": number, "parameters": {"Depth": {"of": [1, number]}}}.get(argument, {"x": number})
    field = {
        "assign": r"assign\.x",
        "parameters": r"Depth\.of\[1\]",
        "hyperparameters": r"HyperParameters\.x",
        "environment": r"Environment\.x",
        "instance_count": r"ResourceConfig\.InstanceCount",
    }[argument]
    with pytest.raises(InvalidInputError, match=f"{field} must be a finite number, got {number}"):
        TrainingJob(stack, "Train", image=IMAGE, **{argument: value}, query_language=language)


def test_what_holds_itself_is_refused_with_its_path(stack):
    endless = {}
    endless["Again"] = [endless]
    with pytest.raises(InvalidInputError, match=r"Environment\.Again\[0\] holds itself"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "Environment": endless})


def test_what_is_nested_without_end_is_refused(stack):
    deep = inner = {}
    for _ in range(10_000):
        inner["x"] = inner = {}
    with pytest.raises(InvalidInputError, match=r"Environment\.x\.x.* holds itself, or too many structures"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "Environment": deep})


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), iter(()), 1j], ids=lambda value: type(value).__name__)
def test_what_json_cannot_say_is_refused_with_its_path(stack, value):
    with pytest.raises(InvalidInputError, match=r"Tags\[0\]\.Value cannot be part of a request"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "Tags": [{"Key": "a", "Value": value}]})


def test_key_that_is_no_string_is_refused(stack):
    with pytest.raises(InvalidInputError, match="Environment has a key that is no string, got 5"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "Environment": {5: "a"}})
