"""`constructs-sm check --guardrails`: anybody's definition, and the role that a template has for it."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm import Guardrails
from constructs_sm.commands.cli import main

import pytest
from aws_cdk import App
from every_action import REQUESTS
from guarded import machine, stack_in

LINES = {
    "instance_types": ["ml.m5.*"],
    "most_instances": 2,
    "reason": "hours are booked",
    "contact": "ml@example.com",
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rails.json").write_text(json.dumps(LINES))
    return tmp_path


def definition(**cluster):
    request = {**REQUESTS["createTrainingJob"], "ResourceConfig": {"VolumeSizeInGB": 10, **cluster}}
    request |= {"TrainingJobName.$": "States.UUID()", "RoleArn": "arn:aws:iam::123456789012:role/r"}
    train = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": request,
        "End": True,
    }
    Path("machine.json").write_text(json.dumps({"StartAt": "Train", "States": {"Train": train}}))


def found(capsys, *arguments):
    """The findings of guardrails, and the exit code."""
    code = main(["check", "machine.json", "--select", "guardrail", "--json", *arguments])
    rows = json.loads(capsys.readouterr().out)
    return code, [(row["severity"], row["rule"], row["pointer"].rpartition("/")[2], row["got"]) for row in rows]


def test_known_value_beyond_guardrails_is_an_error_with_its_place(capsys):
    definition(InstanceType="ml.p4d.24xlarge", InstanceCount=3)

    assert found(capsys, "--guardrails", "rails.json") == (
        1,
        [
            ("error", "guardrail-instance-type", "InstanceType", "'ml.p4d.24xlarge'"),
            ("error", "guardrail-instance-count", "InstanceCount", "3"),
        ],
    )
    assert main(["check", "machine.json", "--select", "guardrail", "--guardrails", "rails.json"]) == 1
    assert "fix: use ml.m5.*: hours are booked (ask ml@example.com)" in capsys.readouterr().out


def test_values_within_guardrails_are_taken(capsys):
    definition(InstanceType="ml.m5.large", InstanceCount=2)

    assert found(capsys, "--guardrails", "rails.json") == (0, [])


def test_late_value_is_warned_of_where_iam_could_limit_it_and_refused_where_not(capsys):
    definition(**{"InstanceType.$": "$.type", "InstanceCount.$": "$.count"})

    code, rows = found(capsys, "--guardrails", "rails.json")
    assert code == 1
    assert [row[:2] for row in rows] == [("warning", "guardrail-late"), ("error", "guardrail-instance-count")]


def test_placeholders_are_late(capsys):
    definition(InstanceType="${Type}", InstanceCount=1)

    assert [row[1] for row in found(capsys, "--guardrails", "rails.json")[1]] == ["guardrail-late"]


def test_role_of_a_template_that_limits_a_late_value_is_enough(capsys, tmp_path):
    from test_guardrails import training  # noqa: PLC0415

    app = App(outdir=str(tmp_path / "out"))
    stack = stack_in(app)
    Guardrails(instance_types=["ml.m5.*"], reason="r").apply(app)
    machine(stack, training(stack, ResourceConfig__InstanceType="$.type"))
    app.synth()
    template = tmp_path / "out" / "Stack.template.json"

    assert main(["check", str(template), "--select", "guardrail", "--guardrails", "rails.json"]) == 0
    text = template.read_text().replace('"Deny"', '"Allow"')
    (tmp_path / "open.json").write_text(text)
    assert main(["check", "open.json", "--select", "guardrail", "--guardrails", "rails.json"]) == 1
    assert "guardrail-late" in capsys.readouterr().out


def test_exception_in_the_ignore_file_ends_on_its_day(capsys):
    definition(InstanceType="ml.p4d.24xlarge", InstanceCount=1)
    Path(".constructs-sm-ignore").write_text("guardrail-instance-type machine.json#Train until 2026-12-31 -- agreed\n")

    for as_of, code in ((None, 0), ("2026-12-31", 0), ("2027-01-01", 1)):
        days = [] if as_of is None else ["--as-of", as_of]
        assert main(["check", "machine.json", "--select", "guardrail", "--guardrails", "rails.json", *days]) == code
    capsys.readouterr()


def test_day_that_is_none_is_refused(capsys):
    definition(InstanceType="ml.m5.large", InstanceCount=1)
    Path(".constructs-sm-ignore").write_text("guardrail-instance-type until soon -- agreed\n")

    assert main(["check", "machine.json"]) == 2
    assert "line 1 ends on no day, got 'soon'" in capsys.readouterr().err


def test_file_that_is_none_is_refused_in_one_line(capsys):
    definition(InstanceType="ml.m5.large", InstanceCount=1)
    Path("rails.json").write_text('{"instance_type": []}')

    assert main(["check", "machine.json", "--guardrails", "rails.json"]) == 2
    assert "rails.json: guardrails have no such line, got 'instance_type'" in capsys.readouterr().err
