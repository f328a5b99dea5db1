"""The state machines that commands are for: several files, globs, options; and one line for whatever is wrong."""

from __future__ import annotations

import json

from constructs_sm.commands import permissions
from constructs_sm.commands.cli import main

import pytest
from conftest import DATA
from machines import SOUND

TEMPLATES = DATA / "templates"
COUNTED = str(TEMPLATES / "13_numeric_substitution.yaml")
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
CALLING = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f"},
            "Next": "Queue",
        },
        "Queue": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": TOPIC, "Message": "x"},
            "End": True,
        },
    },
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to be in: two state machines, and what is none."""
    monkeypatch.chdir(tmp_path)
    for name, content in {"a.json": json.dumps(SOUND), "b.json": json.dumps(CALLING), "c.json": "{"}.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_several_files_are_each_done_and_each_failure_told(folder, capsys):
    assert main(["drill", "a.json", "b.json", "c.json", "d.json"]) == 2

    told = capsys.readouterr()
    assert told.out.startswith("== a.json\nnothing found\n== b.json\n")
    lines = told.err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["b.json", "c.json", "d.json"]
    assert lines[1].startswith("constructs-sm: c.json: this is no JSON, got 'line 1, column 2")
    assert lines[2] == (
        "constructs-sm: d.json: there is no such file, got 'd.json'; give a template, a definition or a cdk.out "
        "[source-of-rehearsal]"
    )


def test_glob_that_the_shell_has_left_is_matched(folder, capsys):
    (folder / "more").mkdir()
    (folder / "more" / "e.json").write_text(json.dumps(SOUND))

    assert main(["drill", "**/[ae].json"]) == 0
    assert capsys.readouterr().out == "== a.json\nnothing found\n== more/e.json\nnothing found\n"


def test_glob_that_matches_nothing_is_told(folder, capsys):
    assert main(["drill", "*.yaml"]) == 2
    assert capsys.readouterr().err.startswith("constructs-sm: *.yaml: nothing matches")


def test_every_state_without_an_answer_is_named_with_a_script_to_fill_in(folder, capsys):
    assert main(["rehearse", "b.json"]) == 2

    told = capsys.readouterr()
    assert told.err == (
        "constructs-sm: b.json: no answer for Ask (lambda:invoke), Queue (sqs:sendMessage.waitForTaskToken); "
        "fill in the script below, and give its file with --script\n"
    )
    script = told.out[told.out.index("{") :]
    assert json.loads(script) == {
        "input": {},
        "answers": {"Ask": [{"StatusCode": 200, "Payload": {}}], "Queue": [{"MessageId": "1"}]},
    }
    (folder / "script.json").write_text(script)
    assert main(["rehearse", "b.json", "--script", "script.json"]) == 0


def test_skeleton_alone_is_printed_and_keeps_what_is_answered(folder, capsys):
    script = json.dumps({"answers": {"Ask": [{"Payload": 7}]}})

    assert main(["rehearse", "b.json", "--skeleton", "--script", script]) == 0
    assert json.loads(capsys.readouterr().out)["answers"] == {"Ask": [{"Payload": 7}], "Queue": [{"MessageId": "1"}]}


def test_failures_are_told_in_a_line_each_and_stand_in_the_json_too(folder, capsys):
    assert main(["rehearse", "a.json", "b.json", "c.json", "--json"]) == 2

    told = capsys.readouterr()
    well, unanswered, bad = json.loads(told.out)
    assert told.err.splitlines() == [f"constructs-sm: {unanswered['error']}", f"constructs-sm: {bad['error']}"]
    assert (well["file"], well["status"], well["states"][0]) == ("a.json", "SUCCEEDED", "Job")
    assert unanswered["script"]["answers"].keys() == {"Ask", "Queue"}
    assert bad["error"].startswith("c.json: this is no JSON")


@pytest.mark.parametrize(
    "command", ["adopt", "check", "diagram", "drill", "grants", "permissions", "rehearse", "report", "reuse"]
)
def test_every_command_that_prints_json_tells_of_an_empty_file_in_a_line_too(folder, command, capsys):
    (folder / "empty.json").write_text("")

    assert main([command, "empty.json", "--json"]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("constructs-sm: empty.json: the file is empty, got '0 bytes'; give a ")
    assert told.err.count("\n") == 1
    assert [each["error"] for each in json.loads(told.out)] == [told.err.removeprefix("constructs-sm: ").rstrip()]


def test_everything_that_step_functions_refuses_is_one_line(tmp_path, capsys):
    path = tmp_path / "m.json"
    states = {"A": {"Type": "Pass", "Retry": [], "Next": "Nowhere"}, "B": {"Type": "Succeed"}}
    path.write_text(json.dumps({"StartAt": "A", "States": states}))

    assert main(["rehearse", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"constructs-sm: {path}: ")
    assert "Nowhere" in told
    assert "(3) " in told
    assert told.count("\n") == 1


def test_long_cause_is_printed_whole(tmp_path, capsys):
    path = tmp_path / "m.json"
    cause = f"AlgorithmError: {'x' * 500} the end"
    path.write_text(json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": cause}}}))

    assert main(["rehearse", str(path)]) == 1
    assert cause in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--account", "12"], "--account 12: an account has 12 digits"),
        (["--region", "somewhere"], "--region somewhere: a Region is called like eu-west-1"),
        (["--set", "Stage"], "--set Stage: write it as Name=value"),
        (["--script", "{"], "--script {: this is no JSON, at line 1, column 2"),
        (
            ["--script", "nowhere.json"],
            "--script nowhere.json: there is no such file, got 'nowhere.json'; give JSON, or a file of it",
        ),
        (["--input", "[" * 100_000], "nested too deeply"),
        (["--machine", "X"], "there is no such state machine, got 'X'"),
        (["--set", "Cuont=3"], "the template has no such parameter, got 'Cuont'; did you mean Count?"),
        (["--colour"], "No such option '--colour'; see constructs-sm rehearse --help"),
    ],
    ids=["account", "region", "set", "script", "no script", "input", "machine", "parameter", "option"],
)
def test_option_that_is_wrong_is_one_clear_line(capsys, options, said):
    assert main(["rehearse", COUNTED, *options]) == 2

    told = capsys.readouterr()
    assert told.err.startswith("constructs-sm: ")
    assert told.err.count("\n") == 1
    assert said in told.err


def test_parameter_account_and_region_are_as_given(capsys):
    given = ["--set", "Count=40", "--account", "444455556666", "--region", "eu-west-1", "--json"]

    assert main(["rehearse", COUNTED, *given]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["seconds"] == 40
    assert document["calls"][0]["request"]["TopicArn"] == "arn:aws:sns:eu-west-1:444455556666:topic"


def test_policy_that_would_do_is_printed_where_none_is_enforced(capsys):
    path = str(TEMPLATES / "18_plain_asl.yaml")

    assert main(["permissions", path, "--json", "--set", "TopicArn=arn:aws:sns:us-east-1:123456789012:alarms"]) == 1
    (document,) = json.loads(capsys.readouterr().out)
    assert not document["enforced"]
    assert document["policy"]["Statement"] == [
        {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "arn:aws:sns:us-east-1:123456789012:alarms"}
    ]
    assert main(["permissions", path]) == 1
    assert capsys.readouterr().out.startswith("no policy is enforced: the file has no role with its policies")


def test_needless_grants_are_not_told_where_only_missing_ones_are_asked_for(capsys):
    path = str(TEMPLATES / "14_policy_resource_separate.yaml")
    script = ["--script", '{"answers": {"T": [{}]}}']

    assert main(["permissions", path, *script]) == 1
    assert "needless  sns:Publish" in capsys.readouterr().out
    assert main(["permissions", path, *script, "--missing-only"]) == 0
    assert capsys.readouterr().out == "nothing is missing\n"


def test_error_of_this_program_is_one_line_without_its_words(folder, capsys, monkeypatch):
    def broken(*_, **__):
        raise KeyError("inner")

    monkeypatch.setattr(permissions, "rehearsal_of", broken)
    assert main(["permissions", "a.json"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("constructs-sm: a.json: an error of this program (KeyError)")
    assert "inner" not in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_is_told_how_to_complete(capsys, shell):
    assert main(["completion", shell]) == 0
    assert "_CONSTRUCTS_SM_COMPLETE" in capsys.readouterr().out


def test_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("constructs-sm ")


def test_actions_are_listed_and_searched(capsys):
    assert main(["actions", "--json"]) == 0
    rows = {row["api"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["createHyperParameterTuningJob"] == {
        "api": "createHyperParameterTuningJob",
        "construct": "TuningJob",
        "pattern": "waits (.sync)",
    }
    assert rows["createAutoMLJobV2"]["construct"] == "PolledJob"
    assert main(["actions", "endpoint"]) == 0
    assert "createTrainingJob" not in capsys.readouterr().out
    assert main(["actions", "nothing"]) == 2


def test_rules_are_listed_and_one_is_told_whole(capsys):
    assert main(["rules"]) == 0
    assert "asl-unreachable-state" in capsys.readouterr().out
    assert main(["rules", "asl-unreachable-state"]) == 0
    assert "https://docs.aws.amazon.com/step-functions/" in capsys.readouterr().out
    assert main(["rules", "asl-unreachable-stat"]) == 2
    assert "did you mean asl-unreachable-state?" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "ending"), [("mermaid", "mmd"), ("dot", "dot"), ("svg", "svg")])
def test_diagram_is_written_and_nothing_overwritten(folder, capsys, kind, ending):
    target = f"picture.{ending}"

    assert main(["diagram", "a.json", "-o", target]) == 0
    written = (folder / target).read_text()
    assert written.startswith({"mermaid": "flowchart", "dot": "digraph", "svg": "<svg"}[kind])
    capsys.readouterr()
    assert main(["diagram", "a.json", "-o", target]) == 2
    assert capsys.readouterr().err.startswith(f"constructs-sm: {target}: the file is there already")
    assert main(["diagram", "b.json", "-o", target, "--force"]) == 0
    assert (folder / target).read_text() != written


def test_diagrams_of_several_machines_go_to_a_folder(folder):
    assert main(["diagram", "a.json", "b.json", "-o", "pictures/", "--format", "svg"]) == 0
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == ["a.svg", "b.svg"]
    assert main(["diagram", "a.json", "b.json", "-o", "one.svg"]) == 2


def test_part_of_a_machine_is_rehearsed(folder, capsys):
    script = ["--script", '{"answers": {"Ask": [{"Payload": 7}], "Queue": [{"MessageId": "1"}]}}']

    assert main(["rehearse", "b.json", *script, "--until", "Tell"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-3:] == [
        'input: {"MessageId": "1"}',
        "variables: {}",
        "no policy is enforced: the file has no role with its policies; see constructs-sm permissions",
    ]
    given = ["--from", "Tell", "--state-input", '{"MessageId": "1"}', "--json"]
    assert main(["rehearse", "b.json", *script, *given]) == 0
    assert json.loads(capsys.readouterr().out)[0]["states"] == ["Tell"]
    assert main(["rehearse", "b.json", *script, "--from", "Tell", "--until", "Ask"]) == 1
    assert "it did not come to Ask" in capsys.readouterr().out
    assert main(["rehearse", "b.json", *script, "--from", "Tel"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: b.json: the run: there is no such state to start at, got 'Tel'; did you mean Tell? "
        "[script-of-rehearsal]\n"
    )


def test_items_of_a_map_come_from_a_folder_or_from_the_script(folder, capsys):
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    each = {
        "Type": "Map",
        "ItemReader": {**reader, "Parameters": {"Bucket": "data", "Key": "items.json"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner},
        "End": True,
    }
    (folder / "m.json").write_text(json.dumps({"StartAt": "Each", "States": {"Each": each}}))

    assert main(["rehearse", "m.json"]) == 2
    told = capsys.readouterr()
    assert told.err == (
        "constructs-sm: m.json: no answer for Each (items of s3:getObject); fill in the script below, "
        "and give its file with --script\n"
    )
    assert json.loads(told.out[told.out.index("{") :]) == {"input": {}, "answers": {"Each": [[{}]]}}
    (folder / "s3" / "data").mkdir(parents=True)
    (folder / "s3" / "data" / "items.json").write_text("[1, 2]")
    assert main(["rehearse", "m.json", "--files", "s3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["output"] == [1, 2]
    (folder / "s3" / "data" / "items.json").unlink()
    assert main(["rehearse", "m.json", "--files", "s3"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: m.json: Map state 'Each' reads s3://data/items.json, and there is no file s3/data/items.json; "
        "put it there, or give --script its items as an answer\n"
    )
    assert main(["rehearse", "m.json", "--files", "nowhere"]) == 2
    assert "--files nowhere: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"answers": {"Ask": []}}, "no answer for 'Ask'"),
        ({"answers": {"Ask": [{"Recorded": {"seconds": "x"}}]}}, "seconds is a number of seconds"),
        ({"answers": {"Ask": [{"Recorded": {"error": 3}}]}}, "error is a text"),
        ({"steps": {"Ask": ["NoHeartbeat"]}}, "a script is made of steps"),
        ({"steps": {"Ask": [{"Always": "Nothing"}]}}, "no such step, got 'Nothing'"),
        ({"answers": ["Ask"]}, "answers: an object was expected"),
        ({"redrives": -1}, "redrives: a number of times was expected, got -1"),
        ({"abort_after_seconds": "soon"}, "abort_after_seconds: a number of seconds was expected"),
        ({"start_at": 3}, "start_at: the name of a state was expected, got 3"),
        ({"variables": 3}, "variables are an object, got 3"),
        ({"answers": {"Queue": [{"NoHeartbeat": {}}], "Ask": [1]}}, "has no HeartbeatSeconds"),
        ({"answers": {"Queue[0": [{}], "Ask": [1]}}, "there are answers for ['Queue[0']"),
    ],
)
def test_script_that_says_what_cannot_be_is_one_clear_line(folder, capsys, script, said):
    assert main(["rehearse", "b.json", "--script", json.dumps(script)]) == 2

    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert "an error of this program" not in told.err
    assert "rehearsal.answer" not in told.err
