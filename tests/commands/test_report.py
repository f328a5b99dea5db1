"""`constructs-sm report`: which state machines stand in the page, and what of their rehearsals."""

from __future__ import annotations

import json

from constructs_sm.commands.cli import main
from constructs_sm.testing.source.synthesized import synthesized

import html5lib
from every_example import example
from machines import THROTTLING, UNIQUE, machine, named, task

ASKING = machine(
    Ask={"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True}
)
JOB = machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING], End=True))
TEMPLATE = {
    "Resources": {
        name: {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/R", "Definition": definition},
        }
        for name, definition in (("First", JOB), ("Second", ASKING))
    }
}


def told(path):
    """The text of a page without its style and script, with one space for white space."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(path.read_text(encoding="utf-8"))
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag in {"style", "script"}:
                child.text = ""
    return " ".join(" ".join(tree.itertext()).split())


def test_report_is_written_to_report_html_and_nothing_is_overwritten(written, tmp_path, monkeypatch, capsys):
    path = written("machine.asl.json", JOB)
    monkeypatch.chdir(tmp_path)

    assert main(["report", path]) == 0
    assert capsys.readouterr().out == "written to report.html\n"
    assert main(["report", path]) == 2
    assert "report.html: the file is there already; give another file, or --force" in capsys.readouterr().err
    assert main(["report", path, "--force", "-o", str(tmp_path / "no" / "r.html")]) == 2
    assert "No such file or directory; give a file that can be written" in capsys.readouterr().err


def test_every_state_machine_of_the_files_has_a_section(written, tmp_path):
    output = tmp_path / "r.html"

    assert (
        main(["report", written("t.json", TEMPLATE), written("m.json", JOB), "-o", str(output), "--title", "Ours"]) == 0
    )
    page = html5lib.parse(output.read_text(), namespaceHTMLElements=False)
    assert [each.findtext("bdi") for each in page.iter("h2")] == ["First", "Second", "m.json"]
    assert page.findtext(".//h1/bdi") == "Ours"
    assert [each.get("href") for each in page.findall(".//nav[@aria-label='State machines']//a")] == [
        "#m1",
        "#m2",
        "#m3",
    ]


def test_machine_that_is_named_stands_in_the_page_alone(written, tmp_path):
    output = tmp_path / "r.html"

    assert main(["report", written("t.json", TEMPLATE), "--machine", "Second", "-o", str(output)]) == 0
    page = html5lib.parse(output.read_text(), namespaceHTMLElements=False)
    assert [each.findtext("bdi") for each in page.iter("h2")] == ["Second"]


def test_file_that_cannot_be_read_is_told_and_the_others_are_in_the_page(written, tmp_path, capsys):
    output = tmp_path / "r.html"
    path = written("m.json", JOB)

    assert main(["report", str(tmp_path / "absent.json"), path, "-o", str(output)]) == 2
    assert "absent.json: there is no such file" in capsys.readouterr().err
    assert "m.json" in told(output)


def test_state_is_told_with_its_call_retries_check_and_request(written, tmp_path):
    output = tmp_path / "r.html"
    checked = machine(
        Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING], Next="Good", TimeoutSeconds=7200),
        Good={
            "Type": "Choice",
            "Choices": [{"Variable": "$.ProcessingJobStatus", "StringEquals": "Completed", "Next": "Done"}],
            "Default": "Bad",
        },
        Done={"Type": "Succeed"},
        Bad={"Type": "Fail", "Error": "Bad"},
    )
    assert main(["report", written("m.json", checked), "-o", str(output)]) == 0

    page = told(output)
    assert "arn:aws:states:::sagemaker:createProcessingJob.sync waits until it has ended" in page
    assert "Limits ends after 2 h" in page
    assert 'Check by Good : if ProcessingJobStatus = "Completed" to Done otherwise to Bad' in page
    # 2 + 6 + 18: three attempts, each wait three times as long.
    assert (
        "SageMaker.AmazonSageMakerException : 3 times, after 2 s, each 3 times as long; waits 26 s at most in all"
        in page
    )
    assert '"ProcessingJobName.$": "States.Format(\'nightly-{}\', States.UUID())"' in page


def test_findings_and_what_is_ignored_are_told_by_rule(written, tmp_path):
    output = tmp_path / "r.html"
    ignoring = written("ignored", "retry-misses-throttling #Job -- it is called once a year\n")
    unsound = machine(Job=task(Parameters=named(UNIQUE), End=True))

    assert main(["report", written("m.json", unsound), "-o", str(output), "--ignore-file", ignoring]) == 0
    page = told(output)
    assert "Findings 1 warning" in page
    assert "Rule stopped-as-success" in page
    assert "Ignored, since: it is called once a year" in page


def test_answers_that_nobody_gave_are_made_up_and_the_page_says_so(written, tmp_path):
    output, path = tmp_path / "r.html", written("m.json", ASKING)

    assert main(["report", path, "-o", str(output)]) == 0
    assert (
        "the rehearsals play answers that are made up, and another answer may lead elsewhere: Ask ( lambda:invoke )"
        in told(output)
    )
    script = json.dumps({"answers": {"Ask": [{"Payload": {}}]}})
    assert main(["report", path, "-o", str(output), "--force", "--script", script]) == 0
    assert "made up" not in told(output)


def test_failures_are_rehearsed_and_those_not_survived_are_findings(written, tmp_path):
    output = tmp_path / "r.html"

    assert main(["report", written("m.json", JOB), "-o", str(output)]) == 0
    page = told(output)
    assert "SUCCEEDED after 0:01:00. 1 state transition, 8 events." in page
    assert "Failures rehearsed 5, 2 with findings" in page
    assert "throttled failed stopped never ends output incomplete Job goes on fails finding finding goes on" in page
    assert "Job : stopped: a stopped job passes for a success: check its status" in page
    assert "Job throttled SUCCEEDED after 0:01:02" in page


def test_nothing_is_rehearsed_where_that_is_asked(written, tmp_path):
    output = tmp_path / "r.html"

    assert main(["report", written("m.json", JOB), "-o", str(output), "--no-rehearsals"]) == 0
    assert "Not rehearsed: --no-rehearsals was given" in told(output)


def test_what_is_written_is_told_as_json(written, tmp_path, capsys):
    output, path = tmp_path / "r.html", written("m.json", JOB)

    assert main(["report", path, "-o", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"file": path, "machine": None, "report": str(output), "findings": {"warning": 1}, "rehearsed": True}
    ]


def test_guardrails_are_held_against_each_job_and_exceptions_are_told(written, tmp_path):
    output = tmp_path / "r.html"
    rails = written("rails.json", {"reason": "Budget.", "instance_types": ["ml.c5.*"]})
    template = {
        "Metadata": {"constructs-sm:acknowledged": {"App/Train": {"guardrail-image": "agreed (until 2026-12-31)"}}},
        **TEMPLATE,
    }
    path = written("t.json", template)

    assert main(["report", path, "-o", str(output), "--machine", "First", "--guardrails", rails]) == 0
    page = told(output)
    assert "an instance type is not allowed, got 'ml.m5.large' Fix: use ml.c5.*: Budget." in page
    assert "1 exception Acknowledged by the app guardrail-image at App/Train : agreed (until 2026-12-31)" in page


def test_ignored_finding_stands_again_when_its_exception_has_ended(written, tmp_path):
    output, path = tmp_path / "r.html", written("m.json", JOB)
    ignoring = written("ignored", "stopped-as-success #Job until 2026-06-30 -- until the new check is there\n")
    options = ["report", path, "-o", str(output), "--force", "--ignore-file", ignoring]

    assert main([*options, "--as-of", "2026-06-30"]) == 0
    assert "Findings nothing found" in told(output)
    assert main([*options, "--as-of", "2026-07-01"]) == 0
    assert "Findings 1 warning" in told(output)


def test_jobs_that_may_be_reused_are_told_with_what_becomes_of_them(tmp_path):
    path, output = tmp_path / "reuse.template.json", tmp_path / "r.html"
    path.write_text(json.dumps(synthesized(example("reuse_results")["stack"]).template))

    assert main(["report", str(path), "-o", str(output)]) == 0
    page = told(output)
    assert "In a second execution with the same input: " in page
    assert "Prepare : reused" in page


def test_state_machines_of_one_name_are_told_apart_by_their_files(written, tmp_path):
    output = tmp_path / "r.html"
    paths = [written(f"{name}.json", TEMPLATE) for name in "ab"]

    assert main(["report", *paths, "--machine", "First", "-o", str(output)]) == 0
    page = html5lib.parse(output.read_text(), namespaceHTMLElements=False)
    assert [each.findtext("bdi") for each in page.iter("h2")] == [f"First in {path}" for path in paths]
