"""Drills of what a pipeline calls besides jobs, of its handlers and loops; and what is no finding."""

from __future__ import annotations

import itertools

from constructs_sm.testing import Rehearsal, TaskError

import pytest
from machines import SOUND_RETRY, THROTTLING, UNIQUE, guarded, machine, named, task

ANY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 3}]
ENDED_BY_A_THROTTLE = "{0}: throttled: one throttled call ends the execution, with {1}: retry {1}"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
TELL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sns:publish",
    "Parameters": {"TopicArn": TOPIC, "Message.$": "States.Format('{}: {}', $.error.Error, $.error.Cause)"},
    "Retry": ANY,
}


REQUESTS = {
    "lambda:invoke": {"FunctionName": "f"},
    "sns:publish": {"TopicArn": TOPIC, "Message": "x"},
    "glue:startJobRun": {"JobName": "j"},
    "glue:startJobRun.sync": {"JobName": "j"},
    "sqs:sendMessage.waitForTaskToken": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
    "aws-sdk:dynamodb:describeTable": {"TableName": "t"},
    "aws-sdk:sagemaker:listModels": {},
}


def call(resource, **more):
    arn = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": arn, "Parameters": REQUESTS[resource], "End": True, **more}


def drilled(definition, given=None, **answers):
    with Rehearsal.of(definition) as rehearsal:
        for state, told in answers.items():
            rehearsal.answer(state, *told)
        return [str(finding) for finding in rehearsal.drill({"id": "x"} if given is None else given)]


def drilled_of(name, state, *answers):
    return drilled({"StartAt": name, "States": {name: state}}, **({name: answers} if answers else {}))


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ("lambda:invoke", "Lambda.TooManyRequestsException"),
        ("sns:publish", "SNS.AmazonSNSException"),
        ("glue:startJobRun", "Glue.AWSGlueException"),
        ("aws-sdk:dynamodb:describeTable", "DynamoDb.DynamoDbException"),
    ],
)
def test_throttled_call_of_any_service_is_found_where_nothing_retries_it(resource, error):
    found = drilled_of("Call", call(resource), {})

    assert found == [ENDED_BY_A_THROTTLE.format("Call", error)]
    assert drilled_of("Call", call(resource, Retry=ANY), {}) == []
    assert drilled_of("Call", call(resource, Retry=[{"ErrorEquals": [error]}]), {}) == []


def test_other_error_that_the_state_retries_by_name_will_do():
    retry = [{"ErrorEquals": ["Lambda.ServiceException", "Lambda.SdkClientException"], "MaxAttempts": 2}]

    assert drilled_of("Ask", call("lambda:invoke", Retry=retry), {}) == []


def test_throttled_call_that_is_caught_at_once_is_found():
    definition = guarded(Retry=[], Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Stop"}])
    definition["States"]["Stop"] = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}

    assert ENDED_BY_A_THROTTLE.format("Job", "SageMaker.AmazonSageMakerException") in drilled(definition)


@pytest.mark.parametrize("resource", ["glue:startJobRun.sync", "sqs:sendMessage.waitForTaskToken"])
def test_work_of_others_that_never_ends_is_found(resource):
    assert drilled_of("Work", call(resource, Retry=ANY), {}) == [
        "Work: never ends: what never ends is waited for without end: set TimeoutSeconds"
    ]
    assert drilled_of("Work", call(resource, Retry=ANY, TimeoutSeconds=600), {}) == []


def test_reason_of_another_service_that_is_lost_is_found():
    definition = {
        "StartAt": "Ask",
        "States": {
            "Ask": call("lambda:invoke", Retry=SOUND_RETRY, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Stop"}]),
            "Stop": {"Type": "Fail", "Error": "Pipeline", "Cause": "see the logs"},
        },
    }

    found = drilled(definition, Ask=[{}])
    assert "Ask: failed: its failure is caught, and the reason is lost: 'AlgorithmError: the drill'" in found


def test_failure_that_is_told_and_ends_as_a_success_is_found():
    definition = guarded(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}])
    definition["States"]["Tell"] = {**TELL, "End": True}
    said = "its failure is caught, and the execution ends as a success: end in a Fail state"

    assert f"Job: failed: {said}" in drilled(definition)
    definition["States"]["Tell"] = {**TELL, "ResultPath": None, "Next": "Stop"}
    definition["States"]["Stop"] = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
    assert drilled(definition) == []


def test_failure_after_which_the_work_goes_on_is_on_purpose():
    """A report that may fail: it is caught, and told in the end."""
    definition = {
        "StartAt": "Report",
        "States": {
            "Report": {
                **call("lambda:invoke", Retry=ANY),
                "ResultPath": "$.report",
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.report", "Next": "Tell"}],
                "Next": "Tell",
            },
            "Tell": {
                **call("sns:publish", Retry=ANY),
                "Parameters": {"TopicArn": TOPIC, "Message.$": "States.JsonToString($)"},
            },
        },
    }
    del definition["States"]["Report"]["End"]

    assert drilled(definition, Report=[{}]) == []


def test_job_that_is_tried_again_on_purpose_is_no_finding():
    retry = [*SOUND_RETRY, {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]

    assert drilled(guarded(Parameters=named(UNIQUE), Retry=retry)) == []


def counting(count):
    return lambda _: {"id": f"n{next(count)}"}


@pytest.mark.parametrize(
    "answers",
    [
        lambda: [{"id": "a"}],
        lambda: [{"id": "a"}, {"id": "b"}],
        lambda: [counting(itertools.count())],
    ],
    ids=["one", "two", "function"],
)
def test_name_that_a_lambda_gives_is_taken_for_a_new_one_each_time(answers):
    definition = guarded(Parameters={**named("$.named.id")})
    definition["StartAt"] = "Name"
    definition["States"]["Name"] = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "ResultPath": "$.named",
        "Retry": ANY,
        "Next": "Job",
    }

    assert [each for each in drilled(definition, Name=answers()) if "names are taken once" in each] == []


def test_name_that_stands_in_the_definition_is_taken_once():
    fixed = {**named(UNIQUE), "ProcessingJobName": "nightly"}
    del fixed["ProcessingJobName.$"]

    found = drilled(guarded(Parameters=fixed))
    assert (
        "Job: a second execution with this input ends with SageMaker.ResourceInUseException: names are taken once"
        in (found)
    )


def deployed(create, *, until=("InService",), bound=False, **machine_fields):
    """A machine that makes an endpoint, and looks at it until it has one of these statuses."""
    done = [{"Variable": "$.d.EndpointStatus", "StringEquals": each, "Next": "Ok"} for each in until]
    turns = {"And": [{"Variable": "$.d.EndpointStatus", "StringEquals": "Failed"}], "Next": "Bad"}
    states = {
        "Up": {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{create}",
            "Parameters": {"EndpointName.$": "States.Format('e-{}', States.UUID())", "EndpointConfigName": "c"},
            "ResultPath": "$.u",
            "Retry": ANY,
            "Next": "Name",
        },
        "Name": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.ArrayGetItem(States.StringSplit($.u.EndpointArn, '/'), 1)"},
            "Next": "W",
        },
        "W": {"Type": "Wait", "Seconds": 30, "Next": "D"},
        "D": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint",
            "Parameters": {"EndpointName.$": "$.n"},
            "ResultPath": "$.d",
            "Retry": ANY,
            "Next": "C",
        },
        "C": {"Type": "Choice", "Choices": [*([turns] if bound else []), *done], "Default": "W"},
        "Ok": {"Type": "Succeed"},
        **({"Bad": {"Type": "Fail", "Error": "NotInService"}} if bound else {}),
    }
    return {"StartAt": "Up", "States": states, **machine_fields}


WITHOUT_END = (
    "Up: never ends: what it begins is looked at without end: "
    "count the turns, or set TimeoutSeconds of the state machine"
)


@pytest.mark.parametrize("create", ["sagemaker:createEndpoint", "aws-sdk:sagemaker:createEndpoint"])
def test_endpoint_that_is_looked_at_without_end_is_found(create):
    assert drilled(deployed(create, bound=True)) == [WITHOUT_END]
    assert drilled(deployed(create, bound=True, TimeoutSeconds=7200)) == []


def test_endpoint_that_fails_and_passes_for_a_success_is_found():
    found = drilled(deployed("sagemaker:createEndpoint", until=("InService", "Failed"), TimeoutSeconds=7200))

    assert found == ["Up: fails later: what it begins fails, and passes for a success: check its status"]


def test_absent_endpoint_that_is_looked_for_on_purpose_is_no_finding():
    """Who looks for an endpoint catches by its name that there is none, whatever fails later."""
    definition = deployed("sagemaker:createEndpoint", bound=True, TimeoutSeconds=7200)
    definition["StartAt"] = "Find"
    definition["States"]["Find"] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint",
        "Parameters": {"EndpointName": "other"},
        "ResultPath": None,
        "Catch": [{"ErrorEquals": ["SageMaker.SageMakerException"], "ResultPath": None, "Next": "Up"}],
        "Next": "Up",
    }

    assert drilled(definition) == []


def test_calls_of_sagemaker_by_the_sdk_are_throttled_too():
    definition = machine(Look=task(Parameters=named(UNIQUE), Retry=SOUND_RETRY))
    definition["States"]["Look"] = call("aws-sdk:sagemaker:listModels")

    assert drilled(definition) == [ENDED_BY_A_THROTTLE.format("Look", "SageMaker.SageMakerException")]


def test_failure_of_the_script_itself_is_said_before_anything_is_drilled():
    with Rehearsal.of({"StartAt": "Ask", "States": {"Ask": call("lambda:invoke")}}) as rehearsal:
        rehearsal.answer("Ask", TaskError("Lambda.Unknown", "gone"))
        found = [str(each) for each in rehearsal.drill()]

    assert found[-1] == (
        "Ask: the execution ends with Lambda.Unknown before anything is drilled: script what it needs to succeed"
    )


def test_retry_that_a_throttle_outlives_is_found():
    """A retrier that does not try again is none."""
    retry = [{**THROTTLING, "MaxAttempts": 0}]

    assert any(each.startswith("Job: throttled: one throttled call ends") for each in drilled(guarded(Retry=retry)))
