"""AWS's TestState is asked state by state, with mocks; here botocore's stubber answers."""

from __future__ import annotations

import json

from constructs_sm.commands import ask
from constructs_sm.commands.cli import main
from constructs_sm.interpreter.calls import TaskError
from constructs_sm.testing.second_opinion import difference, opinions

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.session import Session
from botocore.stub import ANY, Stubber

SUM = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f"},
            "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
            "Next": "Good?",
        },
        "Good?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.Payload.good", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Bad",
        },
        "Done": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "not good"},
    },
}
BUSY = TaskError("Lambda.TooManyRequestsException", "slow down")
GOOD = {"Payload": {"good": True}}


@pytest.fixture
def stubbed():
    """A client that nobody answers but the stubber, and without credentials."""
    client = Session().create_client(
        "stepfunctions", region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def answered(stubber, state, answer, *, mock=None, attempt=0, given=ANY):
    wanted = {"definition": ANY, "stateName": state, "input": given, "inspectionLevel": "DEBUG"}
    if mock is not None:
        mocked = {**mock, "fieldValidationMode": "STRICT"}
        wanted |= {"mock": mocked, "stateConfiguration": {"retrierRetryCount": attempt}}
    stubber.add_response("test_state", answer, wanted)


def test_each_state_is_asked_with_what_the_one_before_handed_on_and_the_next_mock(stubbed):
    client, stubber = stubbed
    error = {"errorOutput": {"error": BUSY.error, "cause": BUSY.cause}}
    answered(stubber, "Ask", {"status": "RETRIABLE", "error": BUSY.error}, mock=error, given='{"id": 1}')
    done = {"status": "SUCCEEDED", "output": json.dumps(GOOD), "nextState": "Good?"}
    answered(stubber, "Ask", done, mock={"result": json.dumps(GOOD)}, attempt=1, given='{"id": 1}')
    chosen = {"status": "SUCCEEDED", "output": json.dumps(GOOD), "nextState": "Done"}
    answered(stubber, "Good?", chosen, given=json.dumps(GOOD))
    answered(stubber, "Done", {"status": "SUCCEEDED", "output": json.dumps(GOOD)}, given=json.dumps(GOOD))

    found = list(opinions(client, SUM, {"id": 1}, [("Ask", BUSY), ("Ask", GOOD)]))
    assert [(opinion.state, opinion.status, opinion.next) for opinion in found] == [
        ("Ask", "RETRIABLE", None),
        ("Ask", "SUCCEEDED", "Good?"),
        ("Good?", "SUCCEEDED", "Done"),
        ("Done", "SUCCEEDED", None),
    ]
    assert difference(found, ["Ask", "Good?", "Done"], GOOD, succeeded=True) is None


@pytest.mark.parametrize(
    ("entered", "output", "succeeded", "said"),
    [
        (["Ask", "Good?", "Bad"], None, False, "after Good? AWS goes to Done, the rehearsal to Bad"),
        (["Ask", "Good?", "Done", "Tell"], GOOD, True, "AWS ends in Done, the rehearsal goes on to Tell"),
        (["Ask", "Good?", "Done"], {}, True, "AWS's output is"),
        (["Ask", "Good?", "Done"], None, False, "AWS ends SUCCEEDED, the rehearsal does not"),
    ],
)
def test_difference_is_named(stubbed, entered, output, succeeded, said):
    client, stubber = stubbed
    for state, after in (("Ask", "Good?"), ("Good?", "Done"), ("Done", None)):
        answer = {"status": "SUCCEEDED", "output": json.dumps(GOOD), **({"nextState": after} if after else {})}
        answered(stubber, state, answer, mock={"result": json.dumps(GOOD)} if state == "Ask" else None)

    found = list(opinions(client, SUM, {}, [("Ask", GOOD)]))
    assert said in difference(found, entered, output, succeeded=succeeded)


def test_nothing_is_asked_about_a_map_or_a_parallel(stubbed):
    client, _ = stubbed
    machine = {"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": True}}}

    assert list(opinions(client, machine, {}, [])) == []
    assert difference([], ["Each"], {}, succeeded=True) is None


@pytest.mark.parametrize(("after", "code"), [("Done", 0), ("Bad", 1)])
def test_command_asks_about_a_rehearsal_and_says_if_aws_differs(stubbed, tmp_path, monkeypatch, capsys, after, code):
    client, stubber = stubbed
    monkeypatch.setattr(ask, "_client", lambda _profile, _region: client)
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(SUM))
    done = {"status": "SUCCEEDED", "output": json.dumps(GOOD), "nextState": "Good?"}
    chosen = {"status": "SUCCEEDED", "output": json.dumps(GOOD), "nextState": after}
    last = {"status": "SUCCEEDED", "output": json.dumps(GOOD)}
    if after == "Bad":
        last = {"status": "FAILED", "error": "Bad", "cause": "not good"}
    for state, answer in (("Ask", done), ("Good?", chosen), (after, last)):
        wanted = {"definition": ANY, "stateName": state, "input": ANY, "inspectionLevel": "DEBUG", "context": ANY}
        if state == "Ask":
            wanted |= {"mock": ANY, "stateConfiguration": {"retrierRetryCount": 0}}
        stubber.add_response("test_state", answer, wanted)

    script = json.dumps({"answers": {"Ask": [GOOD]}})
    assert main(["ask", str(file), "--script", script]) == code
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == (
        "AWS goes the same way, in the 3 states that it was asked about"
        if code == 0
        else "after Good? AWS goes to Bad, the rehearsal to Done"
    )
