"""Examples are promises: each synthesizes, runs, and stands in the README as it is."""

from __future__ import annotations

import runpy

from constructs_sm.settings import known
from constructs_sm.testing import Failed, Rehearsal, definition, resolved, state_machine_policy

import pytest
from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README = runpy.run_path(str(ROOT / "tools" / "readme.py"))
INPUTS = {
    "check_the_input": {"dataset": "customers", "rounds": 7},
    "train_each_dataset": {"datasets": [{"dataset": f"s3://your-bucket/{i}/", "rounds": i} for i in range(3)]},
}
OF_OTHERS = ("Choose columns", "Prepare")
"""Tasks of other services in the example that has some: they succeed, and leave nothing."""


def played(machine):
    """A definition in which only SageMaker is called, and the handler of failures."""
    states = machine["States"]
    if not set(OF_OTHERS) <= set(states):
        return machine
    passed = {name: {"Type": "Pass", "Next": states[name]["Next"]} for name in OF_OTHERS}
    return {**machine, "States": {**states, **passed}}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_synthesizes_and_runs_to_its_end(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stack = runpy.run_path(str(path), run_name="__main__")["stack"]

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(played(resolved(definition(stack))), INPUTS.get(path.stem, {}))
    assert run.status == "SUCCEEDED", run.cause
    assert run.requests


def example(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")["stack"]


def test_example_with_inputs_refuses_wrong_ones_before_any_job(tmp_path, monkeypatch):
    machine = resolved(definition(example("check_the_input", tmp_path, monkeypatch)))

    with Rehearsal() as rehearsal:
        run = rehearsal.run(machine, {"dataset": "clicks", "eta": 2})
    assert (run.error, run.requests) == ("InvalidInput", [])
    assert run.cause == (
        'dataset must be one of "customers", "orders", got "clicks"; eta must be a number from 0 to 1, got 2'
    )


def test_example_between_lambda_and_glue_says_why_it_failed(tmp_path, monkeypatch):
    stack = example("train_between_lambda_and_glue", tmp_path, monkeypatch)
    machine = resolved(definition(stack))
    caught = [name for name, state in machine["States"].items() if "Catch" in state and not name.startswith("Failed")]
    assert caught == ["Choose columns", "Prepare", "Train"]

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        rehearsal.script("Train", Failed("AlgorithmError: no rows"))
        run = rehearsal.run(played(machine))
    assert (run.status, run.error) == ("FAILED", "Job.TaskFailed")
    assert run.cause.startswith("Train failed with States.TaskFailed: AlgorithmError: no rows")


def test_readme_is_filled_from_the_code():
    text = README["README"].read_text()
    assert README["filled"](text) == text, "run tools/readme.py"


def test_readme_names_every_job_and_setting():
    text = README["README"].read_text()
    assert [name for name in (*README["CLASSES"].values(), *known()) if f"`{name}`" not in text] == []
