"""AWS's TestState is asked state by state, with mocks; here botocore's stubber answers."""

from __future__ import annotations

import json

from constructs_sm.commands import ask
from constructs_sm.commands.cli import main
from constructs_sm.interpreter.calls import TaskError
from constructs_sm.testing import Rehearsal
from constructs_sm.testing.second_opinion import difference, opinions
from constructs_sm.testing.world.account import ItemsRead

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
    assert difference(SUM, found, ["Ask", "Good?", "Done"], GOOD, succeeded=True) is None


@pytest.mark.parametrize(
    ("entered", "output", "succeeded", "said"),
    [
        (["Ask", "Good?", "Bad"], None, False, "after Good? AWS goes to Done, the rehearsal to Bad"),
        (["Ask", "Good?", "Done", "Bad"], GOOD, True, "AWS ends in Done, the rehearsal goes on to Bad"),
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
    assert said in difference(SUM, found, entered, output, succeeded=succeeded)


def probed(stubber, state, inspected, *, given=ANY):
    """A Map or Parallel is asked what is inside gets, with a mock that says nothing."""
    answer = {"status": "SUCCEEDED", "output": "[]", "inspectionData": inspected}
    answered(stubber, state, answer, mock={"result": ANY}, given=given)


def mapped(processor, **fields):
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": each}}


ONE = {"StartAt": "Train", "States": {"Train": {"Type": "Task", "Resource": "arn:aws:states:::x:y", "End": True}}}
REFUSED = TaskError("SageMaker.ResourceLimitExceededException", "no more")


def test_items_of_a_map_are_walked_and_their_outputs_are_its_mock(stubbed):
    client, stubber = stubbed
    probed(stubber, "Each", {"afterItemSelector": "[1, 2]"}, given='{"all": [1, 2]}')
    for item, made in ((1, '"one"'), (2, '"two"')):
        wanted = {"definition": ANY, "stateName": "Train", "input": str(item), "inspectionLevel": "DEBUG"}
        wanted["mock"] = {"result": made, "fieldValidationMode": "STRICT"}
        wanted["stateConfiguration"] = {"retrierRetryCount": 0}
        wanted["context"] = json.dumps({"Map": {"Item": {"Index": item - 1, "Value": item}}})
        stubber.add_response("test_state", {"status": "SUCCEEDED", "output": made}, wanted)
    done = {"status": "SUCCEEDED", "output": '["one", "two"]'}
    answered(stubber, "Each", done, mock={"result": '["one", "two"]'}, given='{"all": [1, 2]}')

    machine = mapped(ONE, ItemsPath="$.all")
    found = list(opinions(client, machine, {"all": [1, 2]}, [("Train[1]", "two"), ("Train[0]", "one")]))
    walked = [(("Each[0]",), "Train"), (("Each[1]",), "Train"), ((), "Each")]
    assert [(one.inside, one.state) for one in found] == walked
    assert str(found[1]) == "Each[1] / Train  SUCCEEDED  -> the end"
    output = ["one", "two"]
    assert difference(machine, found, ["Each", "Train", "Train"], output, succeeded=True) is None
    said = difference(machine, found, ["Each", "Train"], output, succeeded=True)
    assert said == "inside Each AWS enters Train 2 times, the rehearsal 1 times"


def test_branches_of_a_parallel_are_walked_and_a_failure_in_one_is_its_mock(stubbed):
    client, stubber = stubbed
    other = {"StartAt": "Note", "States": {"Note": {"Type": "Pass", "End": True}}}
    both = {"Type": "Parallel", "Branches": [other, ONE], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}]}
    both["Next"] = "Told"
    machine = {"StartAt": "Both", "States": {"Both": both, "Told": {"Type": "Succeed"}}}
    probed(stubber, "Both", {"input": '{"a": 1}'})
    noted = {"definition": ANY, "stateName": "Note", "input": '{"a": 1}', "inspectionLevel": "DEBUG"}
    stubber.add_response("test_state", {"status": "SUCCEEDED", "output": '{"a": 1}'}, noted)
    error = {"error": REFUSED.error, "cause": REFUSED.cause}
    answered(stubber, "Train", {"status": "FAILED", **error}, mock={"errorOutput": error}, given='{"a": 1}')
    wanted = {"definition": ANY, "stateName": "Both", "input": '{"a": 1}', "inspectionLevel": "DEBUG"}
    wanted["mock"] = {"errorOutput": error, "fieldValidationMode": "STRICT"}
    wanted["stateConfiguration"] = {"retrierRetryCount": 0, "errorCausedByState": "Train"}
    caught = {"status": "CAUGHT_ERROR", "output": '{"Error": "E"}', "nextState": "Told"}
    stubber.add_response("test_state", caught, wanted)
    answered(stubber, "Told", {"status": "SUCCEEDED", "output": '{"Error": "E"}'})

    found = list(opinions(client, machine, {"a": 1}, [("Train", REFUSED)]))
    assert [(one.inside, one.state, one.status) for one in found] == [
        (("Both[0]",), "Note", "SUCCEEDED"),
        (("Both[1]",), "Train", "FAILED"),
        ((), "Both", "CAUGHT_ERROR"),
        ((), "Told", "SUCCEEDED"),
    ]
    entered = ["Both", "Note", "Train", "Told"]
    assert difference(machine, found, entered, {"Error": "E"}, succeeded=True) is None
    said = difference(machine, found, ["Both", "Train", "Told"], {"Error": "E"}, succeeded=True)
    assert said is None  # a branch may be stopped before it has begun


def test_map_that_reads_and_writes_is_asked_with_what_it_read_and_where_it_wrote(stubbed):
    client, stubber = stubbed
    distributed = {**ONE, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "all.json"}}
    machine = mapped(distributed, ItemReader=reader, ResultWriter={"Resource": "arn:aws:states:::s3:putObject"})
    settings = {"retrierRetryCount": 0, "mapItemReaderData": "[7]"}
    details = {"MapRunArn": "arn", "ResultWriterDetails": {"Bucket": "b", "Key": "k"}}
    for mock, answer in (
        ({"result": "[]"}, {"status": "SUCCEEDED", "output": "[]", "inspectionData": {"afterItemSelector": "[7]"}}),
        ({"result": json.dumps(details)}, {"status": "SUCCEEDED", "output": json.dumps(details)}),
    ):
        wanted = {"definition": ANY, "stateName": "Each", "input": "{}", "inspectionLevel": "DEBUG"}
        wanted |= {"mock": {**mock, "fieldValidationMode": "STRICT"}, "stateConfiguration": settings}
        if mock["result"] != "[]":
            inner = {"definition": ANY, "stateName": "Train", "input": "7", "inspectionLevel": "DEBUG"}
            inner |= {"mock": ANY, "stateConfiguration": {"retrierRetryCount": 0}, "context": ANY}
            stubber.add_response("test_state", {"status": "SUCCEEDED", "output": "8"}, inner)
        stubber.add_response("test_state", answer, wanted)

    yielded = [("Each", ItemsRead("[7]")), ("Train[0]", 8), ("Each", details)]
    found = list(opinions(client, machine, {}, yielded))
    assert [one.state for one in found] == ["Train", "Each"]
    assert found[-1].output == details


def test_tolerated_failures_of_a_distributed_map_are_counted(stubbed):
    client, stubber = stubbed
    distributed = {**ONE, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    machine = mapped(distributed, ToleratedFailureCount=1)
    probed(stubber, "Each", {"afterItemSelector": "[1]"})
    error = {"error": REFUSED.error, "cause": REFUSED.cause}
    inner = {"definition": ANY, "stateName": "Train", "input": "1", "inspectionLevel": "DEBUG", "context": ANY}
    inner |= {"mock": ANY, "stateConfiguration": {"retrierRetryCount": 0}}
    stubber.add_response("test_state", {"status": "FAILED", **error}, inner)
    left = [{"Status": "FAILED", "Error": REFUSED.error, "Cause": REFUSED.cause}]
    wanted = {"definition": ANY, "stateName": "Each", "input": ANY, "inspectionLevel": "DEBUG"}
    wanted["mock"] = {"result": json.dumps(left), "fieldValidationMode": "STRICT"}
    wanted["stateConfiguration"] = {"retrierRetryCount": 0, "mapIterationFailureCount": 1}
    stubber.add_response("test_state", {"status": "SUCCEEDED", "output": json.dumps(left)}, wanted)

    found = list(opinions(client, machine, [1], [("Train[0]", REFUSED)]))
    assert difference(machine, found, ["Each", "Train"], left, succeeded=True) is None


@pytest.mark.parametrize(
    ("fields", "inspected"),
    [
        ({}, {}),
        ({"ItemReader": {"Resource": "r"}}, None),
        ({"ItemReader": {"Resource": "r", "ReaderConfig": {"InputType": "PARQUET"}}}, None),
        ({"ResultWriter": {"Resource": "r"}}, {"afterItemSelector": "[]"}),
    ],
    ids=["no items are told", "nothing was read", "read in another way", "nothing was written"],
)
def test_walk_ends_at_a_map_of_which_too_little_is_known(stubbed, fields, inspected):
    client, stubber = stubbed
    if inspected is not None:
        probed(stubber, "Each", inspected)
    machine = mapped(ONE, **fields)

    assert list(opinions(client, machine, [], [])) == []
    assert difference(machine, [], ["Each"], {}, succeeded=True) is None


def test_context_goes_with_a_mock_alone(stubbed):
    client, stubber = stubbed
    context = {"Execution": {"Name": "asked"}}
    asked = {"definition": ANY, "stateName": "Ask", "input": ANY, "inspectionLevel": "DEBUG", "mock": ANY}
    asked |= {"stateConfiguration": ANY, "context": json.dumps(context)}
    stubber.add_response("test_state", {"status": "SUCCEEDED", "output": "{}", "nextState": "Good?"}, asked)
    answered(stubber, "Good?", {"status": "SUCCEEDED", "output": "{}", "nextState": "Bad"})
    answered(stubber, "Bad", {"status": "FAILED", "error": "Bad", "cause": "not good"})

    assert len(list(opinions(client, SUM, {}, [("Ask", GOOD)], context=context))) == 3


def test_rehearsal_records_items_places_and_the_number_of_each_iteration(tmp_path):
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "all.json"}}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}}
    call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}
    inner = {"StartAt": "Call", "States": {"Call": {**call, "End": True}}}
    inner["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    machine = mapped(inner, ItemReader=reader, ResultWriter=writer)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "all.json").write_text("[1, 2]")
    with Rehearsal(files=tmp_path) as rehearsal:
        yielded = rehearsal.recorded()
        rehearsal.answer("Call", {"Payload": 1}, {"Payload": 2})
        run = rehearsal.run(machine)

    assert yielded[0] == ("Each", ItemsRead("[1, 2]"))
    assert dict(yielded[1:3]) == {"Call[0]": {"Payload": 1}, "Call[1]": {"Payload": 2}}
    assert yielded[3] == ("Each", run.output)


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
        wanted = {"definition": ANY, "stateName": state, "input": ANY, "inspectionLevel": "DEBUG"}
        if state == "Ask":
            wanted |= {"mock": ANY, "stateConfiguration": {"retrierRetryCount": 0}, "context": ANY}
        stubber.add_response("test_state", answer, wanted)

    script = json.dumps({"answers": {"Ask": [GOOD]}})
    assert main(["ask", str(file), "--script", script]) == code
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == (
        "AWS goes the same way, in the 3 states that it was asked about"
        if code == 0
        else "after Good? AWS goes to Bad, the rehearsal to Done"
    )
