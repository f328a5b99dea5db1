"""Drills and permissions of a part of a state machine; and grants that only unreached states may need."""

from __future__ import annotations

import json

from constructs_sm.commands.cli import main
from constructs_sm.testing import Rehearsal

import pytest
from machines import UNIQUE, machine, named, task

TELL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "tell"},
    "Next": "Last",
}
DEFINITION = machine(
    First=task(Parameters=named(UNIQUE), ResultPath="$.First", TimeoutSeconds=60, Next="Tell"),
    Tell=TELL,
    Last=task(Parameters=named(UNIQUE), TimeoutSeconds=60, End=True),
)
ANSWER = {"StatusCode": 200, "Payload": {}}


def found(**part):
    with Rehearsal.of(DEFINITION) as rehearsal:
        rehearsal.answer("Tell", ANSWER)
        return {finding.state for finding in rehearsal.drill({}, **part)}


def test_drill_is_of_the_part_that_is_run():
    assert found() == {"First", "Tell", "Last"}
    assert found(stop_before="Tell") == {"First"}
    assert found(start_at="Last") == {"Last"}
    assert found(start_at="Tell", stop_before="Last", state_input={}) == {"Tell"}


def test_drill_says_that_it_does_not_come_to_where_it_was_to_stop():
    with Rehearsal.of(DEFINITION) as rehearsal:
        findings = rehearsal.drill({}, start_at="Last", stop_before="First")

    assert str(findings[0]) == "it does not come to 'First', which it was to stop before"


def test_stopped_job_at_the_end_of_the_part_is_no_finding():
    # A state behind the part may check its status.
    with Rehearsal.of(DEFINITION) as rehearsal:
        problems = [finding.problem for finding in rehearsal.drill({}, stop_before="Tell")]

    assert not [each for each in problems if each.startswith("stopped")]


ALL = [
    {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "sagemaker:*", "iam:PassRole", "sqs:*"], "Resource": "*"}
]


def permissions(policy, **part):
    with Rehearsal.of(DEFINITION, policy=policy) as rehearsal:
        rehearsal.answer("Tell", ANSWER)
        return rehearsal.permissions({}, **part)


def test_grant_that_an_unreached_state_may_need_is_not_needless():
    told = permissions(ALL, stop_before="Tell")

    assert told.unreached == ("Tell", "Last")
    assert list(map(str, told.needless)) == ["sqs:* on *"]
    assert list(map(str, told.undecided)) == ["lambda:InvokeFunction on *"]
    assert "undecided 1 grant: only a state that no rehearsal reached may need it" in str(told)
    assert not permissions([{**ALL[0], "Action": ALL[0]["Action"][:3]}], stop_before="Tell").exact


def test_end_that_leaves_states_unreached_is_told():
    reads = {**DEFINITION, "States": {**DEFINITION["States"], "Tell": {**TELL, "InputPath": "$.absent"}}}
    with Rehearsal.of(reads, policy=ALL) as rehearsal:
        rehearsal.answer("Tell", ANSWER)
        told = rehearsal.permissions({})

    assert told.unreached == ("Tell", "Last")
    assert told.ends[0].startswith("FAILED after 0:01:00: States.Runtime")
    assert "give it the input or the script with which it goes on" in str(told)


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text(json.dumps(DEFINITION))
    return ["m.json", "--script", json.dumps({"answers": {"Tell": [ANSWER]}})]


def test_command_line_drills_a_part_and_names_the_rest(written, capsys):
    assert main(["drill", *written, "--until", "Tell"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in told[:-1]} == {"First"}
    assert told[-1] == "not drilled, since nothing comes to them where all goes well: Tell, Last"
    assert main(["drill", *written, "--from", "Lst"]) == 2
    assert "there is no such state to start at, got 'Lst'; did you mean Last?" in capsys.readouterr().err
    assert main(["drill", *written, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["not_drilled"] == []


def test_policy_of_a_part_has_what_the_part_needs(written, capsys):
    assert main(["permissions", *written, "--from", "Tell", "--until", "Last", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert [each["Action"] for each in told["policy"]["Statement"]] == [["lambda:InvokeFunction"]]
    assert told["unreached"] == ["First", "Last"]


def test_script_says_the_part_too(written, capsys):
    script = json.dumps({"answers": {"Tell": [ANSWER]}, "start_at": "Last"})
    assert main(["drill", written[0], "--script", script]) == 1
    assert {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()[:-1]} == {"Last"}
