"""The app of this repository, as people run it: without a Node of their own, twice, and with its data."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from constructs_sm.testing import Failed, Rehearsal, Throttled, resolved
from constructs_sm.testing.source.templates import definition_of

import pytest
from conftest import ROOT

PREPARE = runpy.run_path(str(ROOT / "examples" / "churn" / "prepare.py"))


def synthesize(folder, *, outdir=None, without_node=True, hashes="0"):
    """Run app.py as a newcomer would; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CDK_OUTDIR", "JSII_NODE")}
    # Sets are in another order with another seed.
    environment["PYTHONHASHSEED"] = hashes
    if outdir is not None:
        environment["CDK_OUTDIR"] = str(outdir)
    if without_node:
        environment["PATH"] = str(folder)
    program = [sys.executable, "-W", "error", str(ROOT / "app.py")]
    ended = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return ended.stdout


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthesized")
    with ThreadPoolExecutor() as both:
        printed = both.map(
            lambda name, seed: synthesize(folder, outdir=folder / name, hashes=seed), ("one", "two"), "12"
        )
        assert list(printed) == ["", ""]
    return folder / "one", folder / "two"


def template(assembly):
    return json.loads((assembly / "Churn.template.json").read_text())


def test_two_syntheses_are_equal_to_the_byte(assemblies):
    one, two = assemblies
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in two.iterdir())
    assert filecmp.cmpfiles(one, two, names, shallow=False) == (names, [], [])


def test_output_folder_ignores_itself_in_any_repository(assemblies, tmp_path):
    one, _ = assemblies
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copytree(one, tmp_path / "cdk.out")

    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == ""


def test_settings_of_cdk_json_reach_the_template_without_the_cli(assemblies):
    resources = template(assemblies[0])["Resources"].values()
    schedules = [r["Properties"].get("ScheduleExpression") for r in resources if r["Type"] == "AWS::Events::Rule"]
    assert "rate(1 day)" in schedules


@pytest.fixture(scope="module")
def churn(assemblies):
    resources = template(assemblies[0])["Resources"].values()
    (machine,) = (r for r in resources if r["Type"] == "AWS::StepFunctions::StateMachine")
    return resolved(definition_of(machine))


def test_pipeline_runs_to_its_end(churn):
    with Rehearsal() as rehearsal:
        rehearsal.script("Train", Throttled(), Throttled())
        run = rehearsal.run(churn)

    assert run.status == "SUCCEEDED", run.cause
    assert [state for state in run.states if ":" not in state] == ["Prepare", "Train", "Model", "Score"]


def test_pipeline_stops_where_a_job_fails(churn):
    with Rehearsal() as rehearsal:
        rehearsal.script("Train", Failed("AlgorithmError: no data"))
        run = rehearsal.run(churn)

    assert (run.status, run.states[-2:]) == ("FAILED", ["JobFailed: Explain", "JobFailed"])
    assert run.cause.startswith("Train failed with States.TaskFailed: AlgorithmError: no data - https://")


def test_executions_do_not_write_into_each_other(churn):
    with Rehearsal() as rehearsal:
        runs = [rehearsal.run(churn) for _ in range(2)]

    places = [
        output["S3Output"]["S3Uri"]
        for run in runs
        for output in dict(run.requests)["Prepare"]["ProcessingOutputConfig"]["Outputs"]
    ]
    assert len(set(places)) == 6


def test_customers_are_split_into_disjoint_sets_with_the_label_first(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    with (raw / "customers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["age", "churned", "calls"], *[[age, age % 2, 3] for age in range(100)]])
    PREPARE["main"](raw, tmp_path / "out")

    rows = {}
    for name in ("train", "validation", "test"):
        with (tmp_path / "out" / name / f"{name}.csv").open() as file:
            rows[name] = list(csv.reader(file))

    assert {name: len(part) for name, part in rows.items()} == {"train": 70, "validation": 20, "test": 10}
    assert all(int(age) % 2 == int(label) for label, age, _ in [*rows["train"], *rows["validation"]])
    ages = [row[-2] for part in rows.values() for row in part]
    assert sorted(ages, key=int) == [str(age) for age in range(100)]


def test_no_customers_end_the_job_with_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match=r"no customers under .*: upload CSV files"):
        PREPARE["main"](tmp_path, tmp_path / "out")


def test_file_without_the_label_ends_the_job_and_shows_its_columns(tmp_path):
    (tmp_path / "customers.csv").write_text("age,calls\n1,2\n")
    with pytest.raises(SystemExit, match=r"customers.csv: no column 'churned', got \['age', 'calls'\]"):
        PREPARE["main"](tmp_path, tmp_path / "out")
