"""The command line: what it prints, and what it exits with."""

from __future__ import annotations

import json

from constructs_sm.commands.cli import main

import pytest
from machines import SOUND, THROTTLING, UNIQUE, machine, named, task

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
ARN = "arn:aws:states:::sns:publish"


ASKING = machine(
    Ask={
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "label"},
        "End": True,
    }
)
JOB = machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING], End=True))
TELLING = machine(
    Tell={"Type": "Task", "Resource": ARN, "Parameters": {"TopicArn": TOPIC, "Message.$": "$.id"}, "End": True}
)


def test_rehearsal_prints_its_timeline_and_exits_well(written, capsys):
    assert main(["rehearse", written("machine.json", JOB)]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split(" | ") == ["      0:00:00  Job", "entered"]
    assert printed[-3] == "SUCCEEDED after 0:01:00"
    assert "1 state transitions, 8 of 25,000 history events" in printed[-2]
    assert printed[-1].startswith("no policy is enforced")


def test_failed_execution_exits_with_1_and_says_why(written, capsys):
    script = written("script.json", {"steps": {"Job": ["Throttled", {"Failed": "no data"}]}})

    assert main(["rehearse", written("machine.json", JOB), "--script", script]) == 1
    printed = capsys.readouterr().out
    assert "waits 2 s to retry" in printed
    assert "FAILED after 0:01:02: States.TaskFailed: no data" in printed


@pytest.mark.parametrize("given", ["option", "file", "script"])
def test_input_is_json_or_a_file_or_in_the_script(written, given):
    content = {"id": "x"}
    script = {"answers": {"Tell": [{}]}} | ({"input": content} if given == "script" else {})
    option = {"option": json.dumps(content), "file": written("input.json", content)}.get(given)

    arguments = ["--script", written("script.json", script), *(["--input", option] if option else [])]
    assert main(["rehearse", written("machine.json", TELLING), *arguments]) == 0


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"step": {}}, "unknown part, got 'step'; use abort_after_seconds, answers, exists, input"),
        ({"steps": {"Job": ["Throtled"]}}, "steps of 'Job': no such step, got 'Throtled'; use one of AccessDenied"),
        ({"steps": {"Job": [{"Failed": {"why": "x"}}]}}, "unexpected keyword argument 'why'"),
        ({"steps": {"Jbo": ["Throttled"]}}, r"the script is for ['Jbo']"),
        ("{", "Expecting property name"),
    ],
    ids=["part", "step", "argument", "state", "no JSON"],
)
def test_wrong_script_is_one_clear_line(written, capsys, script, said):
    assert main(["rehearse", written("machine.json", JOB), "--script", written("script.json", script)]) == 2

    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1


def test_every_step_can_be_said_in_json(written, capsys):
    steps = [
        {"Refused": ["ThrottlingException", "slow"]},
        {"Always": {"Output": {"ProcessingJobStatus": "MISSING", "ExitMessage": "x", "seconds": 5}}},
    ]

    script = written("script.json", {"steps": {"Job": steps}, "exists": {"endpoint": ["churn"]}})
    assert main(["rehearse", written("machine.json", JOB), "--script", script]) == 0
    assert "SUCCEEDED after 0:00:07" in capsys.readouterr().out


def test_error_of_an_answer_can_be_said_in_json(written, capsys):
    script = written("script.json", {"answers": {"Tell": [{"TaskError": ["SNS.Gone", "no topic"]}]}})

    assert main(["rehearse", written("machine.json", TELLING), "--script", script, "--input", '{"id": "x"}']) == 1
    assert "SNS.Gone: no topic" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (ASKING, "no answer for Ask (lambda:invoke); fill in the script below, and give its file with --script"),
        ({"StartAt": "X", "States": {"X": {"Type": "Tusk"}}}, "Tusk"),
    ],
    ids=["unanswered", "no definition"],
)
def test_machine_that_cannot_be_rehearsed_is_one_clear_line(written, capsys, document, said):
    assert main(["rehearse", written("machine.json", document), "--input", '{"id": "x"}']) == 2

    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1


def test_file_that_is_not_there_is_one_clear_line(capsys):
    assert main(["permissions", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("constructs-sm: nowhere: there is no such file")


def test_drill_prints_what_is_found(written, capsys):
    assert main(["drill", written("machine.json", JOB)]) == 1
    assert "Job: stopped: a stopped job passes for a success: check its status" in capsys.readouterr().out


def test_drill_that_finds_nothing_exits_well(written, capsys):
    assert main(["drill", written("machine.json", SOUND)]) == 0
    assert capsys.readouterr().out == "nothing found\n"


@pytest.mark.parametrize(
    ("action", "code", "said"), [("sns:Publish", 0, "exact"), ("sns:*Topic", 1, "missing   Tell: sns:Publish")]
)
def test_permissions_are_printed(written, capsys, action, code, said):
    role = {
        "AssumeRolePolicyDocument": {
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]
        },
        "Policies": [
            {
                "PolicyName": "tell",
                "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": action, "Resource": TOPIC}]},
            }
        ],
    }
    properties = {"DefinitionString": json.dumps(TELLING), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties},
        }
    }
    script = written("script.json", {"input": {"id": "x"}, "answers": {"Tell": [{}]}})

    assert main(["permissions", written("template.json", template), "--script", script]) == code
    assert said in capsys.readouterr().out


def test_script_that_is_no_object_is_one_clear_line(written, capsys):
    assert main(["rehearse", written("machine.json", JOB), "--script", written("script.json", ["Throttled"])]) == 2

    assert "the script: an object was expected, got ['Throttled']" in capsys.readouterr().err
