"""`history`: a real execution becomes a script, with which a rehearsal goes as the execution went."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from constructs_sm.commands.cli import main

import pytest
from histories import INVOKE, START, SYNC, History

TRAIN = {
    "TrainingJobName.$": "States.Format('t-{}', States.UUID())",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/c:1",
        "TrainingInputMode": "File",
    },
    "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
THROTTLED = "Rate exceeded (Service: AmazonSageMaker; Status Code: 400; Error Code: ThrottlingException; Proxy: null)"
FAILED = json.dumps({"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: no rows in s3://data/train/"})
RETRY = [{"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "MaxAttempts": 3}]
PATHS = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f"},
            "ResultPath": "$.asked",
            "Next": "Train",
        },
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "TimeoutSeconds": 9000,
            "Parameters": TRAIN,
            "Retry": RETRY,
            "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Parse"}],
            "ResultPath": "$.trained",
            "Next": "Done",
        },
        "Parse": {
            "Type": "Pass",
            "Parameters": {"told.$": "States.StringToJson($.error.Cause)"},
            "OutputPath": "$.told",
            "Next": "Tell",
        },
        "Tell": {"Type": "Fail", "Error": "Training", "CausePath": "$.FailureReason"},
        "Done": {"Type": "Succeed"},
    },
}
EXPRESSIONS = {
    "QueryLanguage": "JSONata",
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f"},
            "Assign": {"asked": "{% $states.result.Payload %}"},
            "Next": "Train",
        },
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "TimeoutSeconds": 9000,
            "Arguments": {
                **{name: value for name, value in TRAIN.items() if not name.endswith(".$")},
                "TrainingJobName": "{% 't-' & $uuid() %}",
            },
            "Retry": RETRY,
            "Catch": [
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "Output": "{% $parse($states.errorOutput.Cause) %}",
                    "Next": "Tell",
                }
            ],
            "Next": "Done",
        },
        "Tell": {"Type": "Fail", "Error": "Training", "Cause": "{% $states.input.FailureReason %}"},
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name, content):
    with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123 - in the folder that the test is in
        file.write(content if isinstance(content, str) else json.dumps(content))
    return name


def of_yesterday():
    """The Lambda answered, training was throttled once, and failed after twenty minutes."""
    history = History('{"id": "monday"}')
    history.enter("Task", "Ask", '{"id": "monday"}')
    history.task(INVOKE, "TaskSucceeded", 2, output='{"StatusCode": 200, "Payload": 7}')
    history.exit("Task", "Ask", assignedVariables={"asked": "7"})
    history.enter("Task", "Train", '{"id": "monday", "asked": 7}')
    history.task(SYNC, "TaskSubmitFailed", error="SageMaker.AmazonSageMakerException", cause=THROTTLED)
    history.task(SYNC, "TaskFailed", 1200, error="States.TaskFailed", cause=FAILED)
    history.add("ExecutionFailed", error="Training", cause="AlgorithmError: no rows in s3://data/train/")
    return history


def scripted(history, capsys, *arguments):
    """The script of a history, with what is said on the way."""
    put("history.json", history if isinstance(history, str) else history.page())
    assert main(["history", "history.json", *arguments]) == 0
    told = capsys.readouterr()
    return json.loads(told.out), told.err


def rehearsed(definition, capsys, *arguments):
    put("machine.json", definition)
    code = main(["rehearse", "machine.json", "--json", *arguments])
    (document,) = json.loads(capsys.readouterr().out)
    return code, document


@pytest.mark.parametrize("definition", [PATHS, EXPRESSIONS], ids=["JSONPath", "JSONata"])
def test_failure_of_yesterday_is_replayed(folder, capsys, definition):
    put("history.json", of_yesterday().page())

    assert main(["history", "history.json", "-o", "script.json"]) == 0
    told = capsys.readouterr()
    assert told.out == "written to script.json\n"
    assert told.err.splitlines() == [
        "the execution ended: FAILED: Training: AlgorithmError: no rows in s3://data/train/",
        "next: constructs-sm rehearse PATH --script script.json",
    ]
    code, run = rehearsed(definition, capsys, "--script", "script.json")
    assert code == 1
    assert (run["status"], run["error"]) == ("FAILED", "Training")
    assert run["cause"] == "AlgorithmError: no rows in s3://data/train/"
    assert 1200 < run["seconds"] < 1220
    assert [request["state"] for request in run["requests"]] == ["Train", "Train"]


def test_script_has_what_each_attempt_came_to(folder, capsys):
    script, _ = scripted(of_yesterday(), capsys)

    assert script == {
        "input": {"id": "monday"},
        "steps": {
            "Train": [
                {"Recorded": {"error": "SageMaker.AmazonSageMakerException", "cause": THROTTLED}},
                {"Recorded": {"error": "States.TaskFailed", "cause": FAILED, "seconds": 1200}},
            ]
        },
        "answers": {"Ask": [{"StatusCode": 200, "Payload": 7}]},
    }


@pytest.mark.parametrize(
    ("definition", "given"),
    [(PATHS, {"id": "monday", "asked": 7}), (EXPRESSIONS, {"id": "monday", "asked": 7})],
    ids=["JSONPath", "JSONata"],
)
def test_replay_starts_at_a_state_with_what_it_was_given(folder, capsys, definition, given):
    script, _ = scripted(of_yesterday(), capsys, "--from", "Train")

    assert (script["start_at"], script["state_input"], script["variables"]) == ("Train", given, {"asked": 7})
    assert script["answers"] == {}
    put("script.json", script)
    _, run = rehearsed(definition, capsys, "--script", "script.json")
    assert run["states"][0] == "Train"
    assert run["error"] == "Training"


def test_state_that_the_execution_did_not_come_to_is_named(folder, capsys):
    put("history.json", of_yesterday().page())

    assert main(["history", "history.json", "--from", "Trian"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: history.json: the execution has not come to this state, got 'Trian'; did you mean Train? "
        "[history-of-execution]\n"
    )


SQUARED = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Square",
                "States": {
                    "Square": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
                        "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 2}],
                        "OutputPath": "$.Payload",
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    },
}


def test_each_iteration_of_a_map_gets_what_it_got(folder, capsys):
    """The iterations run beside each other, and end in another order than they began."""
    history = History("[1, 2, 3]")
    history.enter("Map", "Each", "[1, 2, 3]")
    of = history.add("MapStateStarted", length=3)
    begun = [history.add("MapIterationStarted", of=of, name="Each", index=index) for index in range(3)]
    entered = [history.add("TaskStateEntered", of=one, name="Square", input="0") for one in begun]
    last = history.task(INVOKE, "TaskSucceeded", of=entered[2], output='{"Payload": 9}')
    failed = history.task(INVOKE, "TaskFailed", of=entered[1], error="Lambda.TooManyRequestsException", cause="busy")
    history.add("TaskStateExited", of=last, name="Square", output="9")
    history.add("MapIterationSucceeded", name="Each", index=2)
    first = history.task(INVOKE, "TaskSucceeded", of=entered[0], output='{"Payload": 1}')
    history.add("TaskStateExited", of=first, name="Square", output="1")
    history.add("MapIterationSucceeded", name="Each", index=0)
    again = history.task(INVOKE, "TaskSucceeded", of=failed, output='{"Payload": 4}')
    history.add("TaskStateExited", of=again, name="Square", output="4")
    history.add("MapIterationSucceeded", name="Each", index=1)
    history.add("MapStateSucceeded")
    history.exit("Map", "Each", "[1, 4, 9]")
    history.add("ExecutionSucceeded", output="[1, 4, 9]")

    script, _ = scripted(history, capsys)
    assert script["answers"] == {
        "Square[2]": [{"Payload": 9}],
        "Square[1]": [{"Recorded": {"error": "Lambda.TooManyRequestsException", "cause": "busy"}}, {"Payload": 4}],
        "Square[0]": [{"Payload": 1}],
    }
    put("script.json", script)
    code, run = rehearsed(SQUARED, capsys, "--script", "script.json")
    assert (code, run["output"]) == (0, [1, 4, 9])


def beside(*names):
    branches = [
        {
            "StartAt": name,
            "States": {
                name: {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                    "Parameters": TRAIN,
                    "TimeoutSeconds": 9000,
                    "End": True,
                }
            },
        }
        for name in names
    ]
    return {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}}


def redriven(*, again_entered=False):
    """One branch failed and the other was stopped; the redrive ran both once more."""
    history = History()
    history.enter("Parallel", "Both")
    of = history.add("ParallelStateStarted")
    left = history.add("TaskStateEntered", of=of, name="Left", input="{}")
    right = history.add("TaskStateEntered", of=of, name="Right", input="{}")
    history.task(SYNC, None, of=left)
    failed = history.task(SYNC, "TaskFailed", 60, of=right, error="States.TaskFailed", cause=FAILED)
    history.add("TaskStateAborted", of=failed)
    history.add("ParallelStateFailed", of=failed)
    history.add("ExecutionFailed", error="States.TaskFailed", cause=FAILED)
    redrive = history.add("ExecutionRedriven", 3600, redriveCount=1)
    for name, entered in (("Left", left), ("Right", right)):
        of = history.add("TaskStateEntered", of=redrive, name=name, input="{}") if again_entered else entered
        history.task(SYNC, "TaskSucceeded", 30, of=of, output=f'{{"TrainingJobName": "{name}"}}')
        history.add("TaskStateExited", name=name, output="{}")
    history.add("ParallelStateSucceeded")
    history.exit("Parallel", "Both")
    history.add("ExecutionSucceeded", output="[]")
    return history


@pytest.mark.parametrize("again_entered", [False, True], ids=["goes on", "enters again"])
def test_redriven_execution_is_redriven_in_the_rehearsal(folder, capsys, again_entered):
    script, _ = scripted(redriven(again_entered=again_entered), capsys)

    assert script["redrives"] == 1
    assert [list(step) for step in script["steps"]["Left"]] == [["TimedOut"], ["Recorded"]]
    put("script.json", script)
    code, run = rehearsed(beside("Left", "Right"), capsys, "--script", "script.json")
    assert (code, run["status"]) == (0, "SUCCEEDED")
    assert run["output"] == [{"TrainingJobName": "Left"}, {"TrainingJobName": "Right"}]
    assert len(run["requests"]) == 4


def test_redrive_that_names_no_state_goes_to_the_state_that_made_the_call(folder, capsys):
    history = of_yesterday()
    redrive = history.add("ExecutionRedriven", 60, of=0, redriveCount=1)
    history.task(SYNC, "TaskSucceeded", 30, of=redrive, output='{"TrainingJobName": "t"}')
    history.add("ExecutionSucceeded", output="{}")

    script, _ = scripted(history, capsys)
    assert len(script["steps"]["Train"]) == 3
    assert script["steps"].keys() == {"Train"}


def test_evaluation_that_fails_and_is_retried_leads_back_to_its_state(folder, capsys):
    """Step Functions lets such an event come of no other."""
    history = History()
    history.enter("Task", "Other")
    history.task(INVOKE, "TaskSucceeded", output="1")
    history.exit("Task", "Other")
    history.enter("Task", "Ask")
    history.task(INVOKE, "TaskSucceeded", output="2")
    failed = history.add("EvaluationFailed", of=0, state="Ask", error="States.QueryEvaluationError", cause="c")
    history.task(INVOKE, "TaskSucceeded", of=failed, output="3")
    history.exit("Task", "Ask")
    history.add("ExecutionSucceeded", output="{}")

    script, _ = scripted(history, capsys)
    assert script["answers"] == {"Other": [1], "Ask": [2, 3]}


def test_history_without_data_leaves_a_script_to_fill_in(folder, capsys):
    history = of_yesterday()
    for event in history.events:
        for name in list(event):
            if name.endswith("EventDetails"):
                event[name] = {
                    key: value
                    for key, value in event[name].items()
                    if key not in {"input", "output", "inputDetails", "outputDetails", "assignedVariables"}
                }

    script, said = scripted(history, capsys)
    assert script["input"] == {}
    assert script["answers"] == {"Ask": [{"StatusCode": 200, "Payload": {}}]}
    assert len(script["steps"]["Train"]) == 2
    assert said.splitlines()[1:] == [
        "note: the execution's input is not in the history (includeExecutionData=false, or it was cut); fill it in",
        "note: what Ask yielded is not in the history (includeExecutionData=false, or it was cut); fill it in",
    ]


def test_output_that_was_cut_is_not_taken_for_whole(folder, capsys):
    history = History()
    history.enter("Task", "Train")
    history.task(SYNC, "TaskSucceeded", 90, output='{"TrainingJobName": "t', outputDetails={"truncated": True})
    history.add("ExecutionSucceeded", output="{}")

    script, _ = scripted(history, capsys)
    assert script["steps"] == {"Train": [{"Output": {"seconds": 90}}]}


def test_cause_that_was_cut_is_replayed_as_it_was(folder, capsys):
    cut = FAILED[:40]
    history = of_yesterday()
    history.events[-2]["taskFailedEventDetails"]["cause"] = cut
    put("script.json", scripted(history, capsys)[0])

    _, run = rehearsed(PATHS, capsys, "--script", "script.json")
    assert run["error"] == "States.IntrinsicFailure"
    assert "States.StringToJson" in run["cause"]


@pytest.mark.parametrize(
    ("call", "limits", "seconds", "step"),
    [
        (SYNC, {"timeoutInSeconds": 9000}, 9000, {"TimedOut": {}}),
        (
            {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken"},
            {"heartbeatInSeconds": 5},
            5,
            {"NoHeartbeat": {}},
        ),
        (
            {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken"},
            {"heartbeatInSeconds": 5, "timeoutInSeconds": 600},
            600,
            {"TimedOut": {}},
        ),
    ],
    ids=["timeout", "heartbeat", "timeout with heartbeats"],
)
def test_task_that_nobody_ended_is_played_so(folder, capsys, call, limits, seconds, step):
    history = History()
    history.enter("Task", "A")
    history.task(call, "TaskTimedOut", seconds, limits=limits, error="States.Timeout")
    history.add("ExecutionFailed", error="States.Timeout")

    script, _ = scripted(history, capsys)
    assert {**script["steps"], **script["answers"]} == {"A": [step]}


def test_functions_and_activities_are_calls_too(folder, capsys):
    history = History()
    history.enter("Task", "Function")
    history.add("LambdaFunctionScheduled", resource="arn:aws:lambda:us-east-1:1:function:f", input="{}")
    history.add("LambdaFunctionStarted")
    history.add("LambdaFunctionSucceeded", output='{"n": 1}')
    history.exit("Task", "Function")
    history.enter("Task", "Activity")
    history.add("ActivityScheduled", resource="arn:aws:states:us-east-1:1:activity:a")
    history.add("ActivityStarted", workerName="w")
    history.add("ActivityFailed", 40, error="Broken", cause="c")
    history.add("ExecutionFailed", error="Broken", cause="c")

    script, _ = scripted(history, capsys)
    assert script["answers"] == {
        "Function": [{"n": 1}],
        "Activity": [{"Recorded": {"error": "Broken", "cause": "c", "seconds": 40}}],
    }


def test_failure_without_a_name_has_none_in_the_rehearsal(folder, capsys):
    call = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken"}
    history = History()
    history.enter("Task", "A")
    history.task(call, "TaskFailed", 3)
    history.add("ExecutionFailed")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    put("script.json", scripted(history, capsys)[0])

    _, run = rehearsed({"StartAt": "A", "States": {"A": state}}, capsys, "--script", "script.json")
    assert (run["status"], run["error"], run["seconds"]) == ("FAILED", None, 3)


def test_aborted_execution_is_aborted(folder, capsys):
    history = History()
    history.enter("Task", "Left")
    history.task(SYNC, None)
    history.add("ExecutionAborted", 300)
    put("script.json", scripted(history, capsys)[0])

    code, run = rehearsed(beside("Left"), capsys, "--script", "script.json")
    assert (code, run["status"], run["seconds"]) == (1, "ABORTED", 300)


def test_execution_that_has_not_ended_says_so(folder, capsys):
    history = History()
    history.enter("Task", "Train")
    history.task(SYNC, None)

    script, said = scripted(history, capsys)
    assert script["steps"] == {"Train": [{"TimedOut": {}}]}
    assert "the execution ended: RUNNING\nnote: the execution had not ended" in said


def test_distributed_map_says_that_its_children_are_elsewhere(folder, capsys):
    history = History()
    history.enter("Map", "Each file")
    history.add("MapStateStarted", length=3)
    history.add("MapRunStarted", mapRunArn="arn:aws:states:us-east-1:1:mapRun:m/Eachfile:1")
    history.add("MapRunFailed", error="States.ExceedToleratedFailureThreshold", cause="c")
    history.add("ExecutionFailed", error="States.ExceedToleratedFailureThreshold")

    _, said = scripted(history, capsys)
    assert "note: Each file: each child workflow of this distributed Map has a history of its own" in said


@pytest.mark.parametrize(
    "pages",
    [
        lambda one: [one.page(4), one.page(0, 4, nextToken="t")],
        lambda one: [one.page(0, 4, nextToken="t") + "\n" + one.page(4)],
        lambda one: [json.dumps([json.loads(one.page(0, 4, NextToken="t")), json.loads(one.page(4))])],
        lambda one: [json.dumps(one.events[::-1])],
        lambda one: ["\ufeff" + one.page()],
    ],
    ids=["files", "one behind the other", "list of pages", "in reverse order", "byte order mark"],
)
def test_pages_make_one_history(folder, capsys, pages):
    whole, _ = scripted(of_yesterday(), capsys)
    files = [put(f"{number}.json", page) for number, page in enumerate(pages(of_yesterday()))]

    assert main(["history", *files]) == 0
    assert json.loads(capsys.readouterr().out) == whole


@pytest.mark.parametrize(
    "written",
    [
        lambda seconds: datetime.fromtimestamp(seconds, timezone.utc).isoformat(),
        lambda seconds: datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123Z"),
        lambda seconds: str(datetime.fromtimestamp(seconds, timezone.utc)),
        lambda seconds: int(seconds * 1000),
    ],
    ids=["AWS CLI 2", "Z", "boto3", "milliseconds"],
)
def test_times_are_read_as_tools_write_them(folder, capsys, written):
    history = of_yesterday()
    for event in history.events:
        event["timestamp"] = written(event["timestamp"])

    script, _ = scripted(history, capsys)
    assert script["steps"]["Train"][1]["Recorded"]["seconds"] == 1200
    assert START == 1_790_000_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("{", "this is no JSON, got 'line 1, column 2"),
        ('{"States": {}}', "this is no history of an execution, got 'an object with States'; give the output of: aws"),
        ('{"events": []}', "the history has no events"),
        ('{"events": [{"id": 1}]}', "event 1 is none of Step Functions: it has no type"),
        ('{"events": [{"type": "ExecutionStarted", "id": "1"}]}', "it has no id"),
        ('{"events": [7]}', "it has no type"),
        ("3", "this is no history of an execution, got 3"),
        ("[" * 100_000, "nested too deeply"),
        (
            lambda: of_yesterday().page(0, 4, nextToken="t"),
            "the history goes on: it ends with a nextToken, got '4 events'",
        ),
        (lambda: of_yesterday().page(4), "events 1 to 4 are missing"),
        (lambda: of_yesterday().page() + History('{"x": 1}').page(), "two events have one number"),
    ],
    ids=[
        "empty",
        "no JSON",
        "definition",
        "no events",
        "no type",
        "text id",
        "number",
        "text",
        "deep",
        "page",
        "gap",
        "two",
    ],
)
def test_what_is_no_history_is_one_line(folder, capsys, content, said):
    put("history.json", content() if callable(content) else content)

    assert main(["history", "history.json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("constructs-sm: history.json: ")
    assert told.err.count("\n") == 1
    assert said in told.err


def test_script_that_is_there_is_not_overwritten(folder, capsys):
    put("history.json", of_yesterday().page())
    put("script.json", "mine")

    assert main(["history", "history.json", "-o", "script.json"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: script.json: the file is there already; give another file, or --force\n"
    )
    assert main(["history", "history.json", "-o", "script.json", "--force"]) == 0
    assert (folder / "script.json").read_text().startswith('{\n  "input"')
