"""Tasks of other services: answers by state, and what happens where there is none."""

from __future__ import annotations

import os

from constructs_sm.testing import Failed, Rehearsal, TaskError, Throttled, TimedOut, UnansweredError

import pytest
from machines import CATCH_ALL, UNIQUE, machine, named, task

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:label"
RESOURCES = {
    "Lambda": "arn:aws:states:::lambda:invoke",
    "a function's ARN": FUNCTION,
    "SNS": "arn:aws:states:::sns:publish",
    "S3 by the SDK": "arn:aws:states:::aws-sdk:s3:getObject",
    "Glue": "arn:aws:states:::glue:startJobRun.sync",
    "a nested execution": "arn:aws:states:::states:startExecution.sync:2",
    "a task token": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "an activity": "arn:aws:states:us-east-1:123456789012:activity:label",
    "HTTP": "arn:aws:states:::http:invoke",
    "SageMaker at run time": "arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint",
}
REQUESTS = {
    RESOURCES["Lambda"]: {"FunctionName": "label"},
    RESOURCES["SNS"]: {"TopicArn": TOPIC, "Message": "done"},
    RESOURCES["S3 by the SDK"]: {"Bucket": "b", "Key": "k"},
    RESOURCES["Glue"]: {"JobName": "clean"},
    RESOURCES["a nested execution"]: {
        "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:Other",
        "Input": {"id": "x"},
    },
    RESOURCES["a task token"]: {
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
        "MessageBody": {"token.$": "$$.Task.Token"},
    },
    RESOURCES["HTTP"]: {
        "ApiEndpoint": "https://example.com/",
        "Method": "GET",
        "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1"},
    },
    RESOURCES["SageMaker at run time"]: {"EndpointName": "nightly", "Body": "x"},
}
"""The smallest request that each takes."""
every_resource = pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)


def call(resource=RESOURCES["Lambda"], **fields):
    request = {"Parameters": REQUESTS[resource]} if resource in REQUESTS else {}
    return {"Type": "Task", "Resource": resource, **request, **fields, **({} if "Next" in fields else {"End": True})}


def answered(definition, *answers, state="Call", policy=None):
    with Rehearsal(policy) as rehearsal:
        rehearsal.answer(state, *answers)
        return rehearsal.run(definition, {"id": "x"})


@every_resource
def test_answer_is_the_task_s_result(resource):
    run = answered(machine(Call=call(resource)), {"label": "cat"})

    assert (run.status, run.output) == ("SUCCEEDED", {"label": "cat"}), run.cause


@pytest.mark.parametrize("resource", [RESOURCES[name] for name in RESOURCES if name != "SNS"])
def test_task_without_an_answer_is_an_error_at_once_that_names_the_state(resource):
    with Rehearsal() as rehearsal, pytest.raises(UnansweredError, match=r"state 'Call' calls .*answer\('Call'"):
        rehearsal.run(machine(Call=call(resource, Catch=CATCH_ALL)))


def test_message_that_is_published_needs_no_answer():
    with Rehearsal() as rehearsal:
        run = rehearsal.run(machine(Call=call(RESOURCES["SNS"])))

    assert list(run.output) == ["MessageId"]


@pytest.mark.parametrize("message", ["send it with --task-output '{no}'", {"token.$": "$$.Task.Token"}])
def test_message_that_waits_for_a_task_token_needs_one(message):
    request = {"TopicArn": TOPIC, "Message": message}
    state = call(f"{RESOURCES['SNS']}.waitForTaskToken", Parameters=request)
    with Rehearsal() as rehearsal, pytest.raises(UnansweredError, match=r"say what is sent: .*'Call', \.\.\.\)$"):
        rehearsal.run(machine(Call=state))


@every_resource
def test_error_can_be_retried_and_caught(resource):
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 3}]

    run = answered(machine(Call=call(resource, Retry=retry)), TaskError("Lambda.TooManyRequestsException", "slow"), {})

    assert (run.status, run.waits) == ("SUCCEEDED", [3])


def test_answers_are_given_one_an_attempt_and_the_last_for_good():
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {"StartAt": "Call", "States": {"Call": call()}},
        "End": True,
    }
    with Rehearsal() as rehearsal:
        rehearsal.answer("Call", 1, 2)
        run = rehearsal.run(machine(Each=each), {"items": [0, 0, 0]})

    assert run.output == [1, 2, 2]


def test_answer_may_be_made_from_the_request():
    run = answered(
        machine(Call=call(Parameters={"FunctionName": "f", "Payload.$": "$"})), lambda request: request["Payload"]
    )

    assert run.output == {"id": "x"}


def test_function_that_raises_fails_its_task():
    def refuse(_request):
        raise TaskError("Refused", "no")

    assert answered(machine(Call=call()), refuse).error == "Refused"


def test_function_that_is_broken_is_no_failure_of_the_execution():
    with pytest.raises(ZeroDivisionError):
        answered(machine(Call=call(Catch=CATCH_ALL)), lambda _: 1 / 0)


def test_calls_are_told_with_their_requests():
    run = answered(machine(Call=call(RESOURCES["SNS"], Parameters={"TopicArn": "t", "Message.$": "$.id"})), {})

    assert run.calls == [("Call", "sns:publish", {"TopicArn": "t", "Message": "x"})]


def test_task_token_is_in_the_request():
    seen = []
    parameters = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}

    answered(
        machine(Call=call(RESOURCES["a task token"], Parameters=parameters)), lambda request: seen.append(request) or {}
    )

    assert len(seen[0]["MessageBody"]["token"]) > 20


@pytest.mark.parametrize(("step", "error"), [(Failed("no"), "States.TaskFailed"), (TimedOut(), "States.Timeout")])
def test_steps_that_every_service_knows_are_answers(step, error):
    assert answered(machine(Call=call(RESOURCES["Glue"], TimeoutSeconds=60)), step).error == error


def test_step_of_sagemaker_is_no_answer():
    with Rehearsal() as rehearsal, pytest.raises(TypeError, match="TaskError"):
        rehearsal.answer("Call", Throttled())


def test_answers_for_a_state_that_calls_nothing_are_an_error():
    with pytest.raises(LookupError, match=r"\['Cal'\].*\['Call'\]"):
        answered(machine(Call=call()), {}, state="Cal")


@pytest.mark.parametrize(
    ("resource", "parameters", "action", "arn", "error"),
    [
        ("Lambda", {"FunctionName": "label"}, "lambda:InvokeFunction", FUNCTION, "Lambda.AWSLambdaException"),
        (
            "SNS",
            REQUESTS[RESOURCES["SNS"]],
            "sns:Publish",
            "arn:aws:sns:us-east-1:123456789012:t",
            "SNS.AmazonSNSException",
        ),
        ("S3 by the SDK", {"Bucket": "b", "Key": "k"}, "s3:GetObject", "arn:aws:s3:::b/k", "S3.S3Exception"),
    ],
)
def test_call_that_the_role_may_not_make_fails_with_the_service_s_own_error(resource, parameters, action, arn, error):
    definition = machine(Call=call(RESOURCES[resource], Parameters=parameters))

    assert answered(definition, {}, policy=[{"Effect": "Allow", "Action": action, "Resource": arn}]).succeeded
    denied = answered(definition, {}, policy=[{"Effect": "Allow", "Action": action, "Resource": f"{arn}x"}])
    assert (denied.error, action in denied.cause) == (error, True)


def distributed(**fields):
    inner = {"StartAt": "Job", "States": {"Job": task(Parameters=named(UNIQUE))}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner}
    return machine(Each={"Type": "Map", "ItemProcessor": processor, "End": True, **fields})


READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON"},
    "Parameters": {"Bucket": "data", "Key": "items.json"},
}


def test_distributed_map_runs_a_child_workflow_an_item():
    with Rehearsal() as rehearsal:
        run = rehearsal.run(distributed(ItemsPath="$.items"), {"items": [1, 2, 3]})

    assert run.states == ["Each", "Job", "Job", "Job"]
    assert [one["ProcessingJobStatus"] for one in run.output] == ["Completed"] * 3


def test_distributed_map_reads_its_items_from_the_script():
    run = answered(distributed(ItemReader=READER), [{"id": 1}, {"id": 2}], state="Each")

    assert len(run.output) == 2


def test_distributed_map_reads_its_items_from_a_folder_of_files(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "items.json").write_text("[1, 2, 3, 4]")
    with Rehearsal(files=tmp_path) as rehearsal:
        run = rehearsal.run(distributed(ItemReader=READER))

    assert len(run.output) == 4


def test_files_are_listed_with_their_etag_and_time(tmp_path):
    (tmp_path / "data" / "in").mkdir(parents=True)
    file = tmp_path / "data" / "in" / "a.txt"
    file.write_text("a")
    os.utime(file, (1_789_180_622, 1_789_180_622))
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "data", "Prefix": "in/"}}

    inner = {"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": True}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner}

    with Rehearsal(files=tmp_path) as rehearsal:
        run = rehearsal.run(distributed(ItemReader=reader, ItemProcessor=processor))

    assert run.output == [
        {
            "Etag": '"0cc175b9c0f1b6a831c399e269772661"',
            "Key": "in/a.txt",
            "LastModified": 1_789_180_622.0,
            "Size": 1,
            "StorageClass": "STANDARD",
        }
    ]


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "folder"])
def test_distributed_map_reads_no_more_objects_than_it_is_to(scripted, tmp_path):
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "ReaderConfig": {"MaxItems": 2},
        "Parameters": {"Bucket": "data", "Prefix": "in/"},
    }
    keys = ["in/a", "in/b", "in/c"]
    for key in keys:
        path = tmp_path / "data" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with Rehearsal(files=tmp_path) as rehearsal:
        if scripted:
            rehearsal.answer("Each", [{"Key": key} for key in keys])
        run = rehearsal.run(distributed(ItemReader=reader))

    assert run.succeeded, run.cause
    assert len(run.output) == 2


def test_role_must_be_allowed_the_object_that_a_map_reads(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "items.json").write_text("[]")
    wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/items.json"}
    with Rehearsal([wide, deny], files=tmp_path) as rehearsal:
        run = rehearsal.run(distributed(ItemReader=READER))

    assert (run.error, "s3:GetObject" in run.cause) == ("States.ItemReaderFailed", True)


@pytest.mark.parametrize("key", ["absent.json", "../outside.json"])
def test_file_that_is_not_in_the_folder_is_an_error_that_names_it(key, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "outside.json").write_text("[]")
    reader = {**READER, "Parameters": {"Bucket": "..", "Key": key} if ".." in key else {"Bucket": "data", "Key": key}}

    with (
        Rehearsal(files=tmp_path / "files") as rehearsal,
        pytest.raises(UnansweredError, match=f"there is no file .*{key}"),
    ):
        rehearsal.run(distributed(ItemReader=reader))


def test_distributed_map_without_its_items_is_an_error_that_names_them():
    with (
        Rehearsal() as rehearsal,
        pytest.raises(UnansweredError, match=r"'Each' reads its items from s3://data/items.json"),
    ):
        rehearsal.run(distributed(ItemReader=READER))


@pytest.mark.parametrize(("tolerated", "status"), [(0, "FAILED"), (50, "SUCCEEDED")])
def test_distributed_map_fails_when_too_many_of_its_children_do(tolerated, status):
    with Rehearsal() as rehearsal:
        rehearsal.script("Job", Failed())
        run = rehearsal.run(distributed(ItemsPath="$.items", ToleratedFailurePercentage=tolerated), {"items": [1, 2]})

    assert (run.status, run.error) == (status, None if tolerated else "States.ExceedToleratedFailureThreshold")


CALLS = {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": FUNCTION, "End": True}}}


def test_answers_given_after_a_run_count_from_the_next_attempt():
    with Rehearsal.of(CALLS) as rehearsal:
        rehearsal.answer("Call", {"n": 1}, {"n": 2})
        first = [rehearsal.start().output for _ in range(3)]
        rehearsal.answer("Call", {"n": 3}, {"n": 4})
        second = [rehearsal.start().output for _ in range(3)]

    assert (first, second) == ([{"n": 1}, {"n": 2}, {"n": 2}], [{"n": 3}, {"n": 4}, {"n": 4}])


def test_answers_that_are_left_are_given_before_those_that_come_later():
    with Rehearsal.of(CALLS) as rehearsal:
        rehearsal.answer("Call", {"n": 1}, {"n": 2})
        rehearsal.answer("Call", {"n": 3})

        assert [rehearsal.start().output["n"] for _ in range(4)] == [1, 2, 3, 3]


TOKENS = {
    "sns:publish.waitForTaskToken": {"TopicArn": TOPIC, "Message.$": "$$.Task.Token"},
    "sqs:sendMessage.waitForTaskToken": REQUESTS[RESOURCES["a task token"]],
    "lambda:invoke.waitForTaskToken": {"FunctionName": "label", "Payload": {"token.$": "$$.Task.Token"}},
    "events:putEvents.waitForTaskToken": {
        "Entries": [{"Source": "s", "DetailType": "d", "Detail": {"token.$": "$$.Task.Token"}}]
    },
}


@pytest.mark.parametrize("api", TOKENS)
def test_state_whose_token_nobody_sends_back_waits_until_its_timeout(api):
    waiting = {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Parameters": TOKENS[api], "End": True}
    with Rehearsal.of(machine(Call={**waiting, "TimeoutSeconds": 600})) as rehearsal:
        run = rehearsal.start({})
    assert (run.error, run.seconds) == ("States.Timeout", 600)

    with Rehearsal.of(machine(Call=waiting)) as rehearsal, pytest.raises(UnansweredError, match="Call"):
        rehearsal.start({})


def test_token_that_comes_back_is_an_answer():
    api = "sns:publish.waitForTaskToken"
    waiting = {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Parameters": TOKENS[api], "End": True}

    assert answered(machine(Call={**waiting, "TimeoutSeconds": 600}), {"label": 1}).output == {"label": 1}


@pytest.mark.parametrize("api", ["createModelPackage", "createJob", "describeEndpoint", "createAutoMLJobV2"])
def test_request_without_the_name_of_its_resource_is_refused_as_sagemaker_does(api):
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:sagemaker:{api}",
        "Arguments": "{% {} %}",
        "End": True,
    }
    with Rehearsal.of({**machine(Call=state), "QueryLanguage": "JSONata"}) as rehearsal:
        run = rehearsal.start({})
    assert (run.status, run.error) in {("FAILED", "SageMaker.SageMakerException"), ("SUCCEEDED", None)}
