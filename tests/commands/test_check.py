"""`constructs-sm check`: formats, what is chosen and ignored, and exit codes for CI."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm.commands.cli import main

import pytest
from machines import THROTTLING, UNIQUE, machine, named, task

CLEAN = machine(
    Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING], Next="Check"),
    Check={
        "Type": "Choice",
        "Choices": [{"Variable": "$.ProcessingJobStatus", "StringEquals": "Completed", "Next": "Done"}],
        "Default": "Bad",
    },
    Done={"Type": "Succeed"},
    Bad={"Type": "Fail"},
)
FIXED = machine(
    Job=task(
        Parameters={name.removesuffix(".$"): value for name, value in named("nightly").items()},
        Retry=[THROTTLING],
        Catch=[{"ErrorEquals": ["States.TaskFaild"], "Next": "Bad"}],
        Next="Check",
    ),
    **{name: state for name, state in CLEAN["States"].items() if name != "Job"},
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, document):
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_clean_definition_exits_with_0(capsys):
    assert main(["check", write("clean.json", CLEAN)]) == 0
    assert capsys.readouterr().out == "nothing found in 1 state machine\n"


def test_findings_exit_with_1_and_have_state_line_rule_and_fix(capsys):
    assert main(["check", write("fixed.json", FIXED)]) == 1

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "fixed.json"
    assert printed[1] == "  warning  Job, line 4  [error-never-matches]"
    assert printed[2] == "           Step Functions has no such error, got 'States.TaskFaild'"
    assert printed[3] == "           fix: did you mean States.TaskFailed?"
    assert printed[4] == "  warning  Job, line 4  [job-name-fixed]"
    assert printed[-1] == "2 warnings in 1 state machine"


def test_file_that_cannot_be_read_exits_with_2_and_the_others_are_checked(capsys):
    write("broken.json", '{"StartAt": ')
    write("fixed.json", FIXED)

    assert main(["check", "broken.json", "fixed.json", "none.json"]) == 2
    told = capsys.readouterr()
    assert told.out.endswith("2 warnings in 1 state machine; 2 could not be read\n")
    assert [line.split(":")[1].strip() for line in told.err.splitlines()] == ["broken.json", "none.json"]


def test_glob_is_checked_as_its_files(capsys):
    write("a.asl.json", CLEAN)
    write("b.asl.json", CLEAN)

    assert main(["check", "*.asl.json"]) == 0
    assert capsys.readouterr().out == "nothing found in 2 state machines\n"


def test_definition_of_the_wrong_shape_is_a_finding(capsys):
    assert main(["check", write("empty.json", {"StartAt": "A", "States": {}})]) == 1
    assert "[asl-missing-field]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        (["--select", "job"], ["job-name-fixed"]),
        (["--select", "job-name-fixed,asl"], ["job-name-fixed"]),
        (["--ignore", "error"], ["job-name-fixed"]),
        (["--ignore", "error", "--ignore", "job-name-fixed"], []),
    ],
)
def test_rules_are_chosen_by_id_or_beginning(options, rules, capsys):
    assert main(["check", write("fixed.json", FIXED), "--json", *options]) == (1 if rules else 0)
    assert [one["rule"] for one in json.loads(capsys.readouterr().out)] == rules


def test_rule_that_there_is_not_is_refused(capsys):
    assert main(["check", write("fixed.json", FIXED), "--select", "job-name-fixd"]) == 2
    assert "there is no such rule; did you mean job-name-fixed?" in capsys.readouterr().err


def test_ignored_finding_counts_no_more_and_its_reason_is_kept(capsys):
    write("fixed.json", FIXED)
    write(".constructs-sm-ignore", "# ours\njob-name-fixed fixed.json#Jo* -- it runs once\n")

    assert main(["check", "fixed.json", "--json"]) == 1
    assert [(one["rule"], one.get("ignored")) for one in json.loads(capsys.readouterr().out)] == [
        ("error-never-matches", None),
        ("job-name-fixed", "it runs once"),
    ]
    assert main(["check", "fixed.json", "--ignore", "error"]) == 0
    assert capsys.readouterr().out == "nothing found in 1 state machine (1 ignored)\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "job-name-fixed *",
            "line 1 gives no reason, got 'job-name-fixed *'; write: rule [file][#state] [until 2026-12-31] -- reason",
        ),
        ("job-name-fixd -- why", "line 1 names no rule, got 'job-name-fixd'; did you mean job-name-fixed?"),
    ],
)
def test_line_without_reason_or_rule_is_refused(line, told, capsys):
    write("mine", line)

    assert main(["check", write("fixed.json", FIXED), "--ignore-file", "mine"]) == 2
    assert told in capsys.readouterr().err


def test_line_that_ignores_nothing_is_told(capsys):
    write(".constructs-sm-ignore", "job-name-fixed other.json -- it runs once\n")

    assert main(["check", write("clean.json", CLEAN)]) == 0
    assert capsys.readouterr().err == "constructs-sm: .constructs-sm-ignore: line 1 ignores nothing; take it out\n"


def test_github_has_a_command_for_each_finding(capsys):
    assert main(["check", write("fixed.json", FIXED), "--format", "github"]) == 1
    at = "::warning file=fixed.json,line=4,title="
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        f"{at}error-never-matches::Job: Step Functions has no such error, got 'States.TaskFaild'; "
        "did you mean States.TaskFailed?"
    )
    assert second == (
        f"{at}job-name-fixed::Job: the job has the same name in every execution, got 'nightly'; "
        "take the name from the execution: States.Format('train-{}', $$.Execution.Name)"
    )


def test_sarif_has_what_code_scanning_requires(capsys):
    write("a b.json", FIXED)
    write(".constructs-sm-ignore", "job-name-fixed -- it runs once\n")

    assert main(["check", "a b.json", "none.json", "--format", "sarif"]) == 2
    log = json.loads(capsys.readouterr().out)
    assert (log["version"], log["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["error-never-matches", "job-name-fixed"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["helpUri"].startswith("https://")
        assert rule["defaultConfiguration"] == {"level": "warning"}
    never, fixed = run["results"]
    assert rules[never["ruleIndex"]]["id"] == never["ruleId"] == "error-never-matches"
    (location,) = never["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.json"},
        "region": {"startLine": 4},
    }
    assert never["properties"] == {"pointer": "/States/Job/Catch/0/ErrorEquals"}
    assert fixed["suppressions"] == [{"kind": "external", "justification": "it runs once"}]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error"]


def test_sarif_of_nothing_is_a_run_without_results(capsys):
    assert main(["check", write("clean.json", CLEAN), "--format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


def test_detail_says_why_and_where_and_shows_info(capsys):
    assert main(["check", write("fixed.json", FIXED), "--detail"]) == 1

    printed = capsys.readouterr().out
    assert "           why: the retrier or catcher never does anything\n" in printed
    assert "           at: /States/Job/Catch/0/ErrorEquals; source: https://docs.aws.amazon.com/" in printed


def test_definition_in_yaml_has_lines_too(capsys):
    text = (
        "StartAt: A\nStates:\n  A:\n    Type: Task\n    Resource: arn:aws:states:::aws-sdk:sagemaker:listModels\n"
        "    Parameters: {}\n    End: true\n"
    )

    assert main(["check", write("a.yaml", text)]) == 1
    assert "  warning  A, line 3  [retry-misses-throttling]" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\1\2",
        b"\xff\xff",
        b"[1]",
        b"{",
        b"%PDF-1.7",
        b"a: &a [*a]",
        b'{"States": ' + b"[" * 5000,
        b" " * 2_000_000,
    ],
    ids=["empty", "zeros", "binary", "list", "half", "pdf", "itself", "deep", "large"],
)
@pytest.mark.parametrize("command", ["check", "grants"])
def test_bad_file_is_told_in_one_line(command, content, here, capsys):
    (here / "bad.json").write_bytes(content)

    assert main([command, "bad.json"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("constructs-sm: bad.json: ")
    assert "please report" not in line
