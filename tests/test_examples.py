"""Examples are promises: each synthesizes, runs, and stands in the README as it is."""

from __future__ import annotations

import runpy

from constructs_sm.settings import known
from constructs_sm.testing import Metrics, Rehearsal, definition, resolved, state_machine_policy

import pytest
from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README = runpy.run_path(str(ROOT / "tools" / "readme.py"))
INPUTS = {"train_each_dataset": {"datasets": [{"dataset": f"s3://your-bucket/{i}/", "rounds": i} for i in range(3)]}}

STEPS = {"stop_bad_models": {"Train": [Metrics(**{"validation:auc": 0.9})]}}
ANSWERS = {"stop_bad_models": {"Useful: Report": [{"Body": '{"recall": 0.7, "latency": {"p99": 12}}'}]}}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_synthesizes_and_runs_to_its_end(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stack = runpy.run_path(str(path), run_name="__main__")["stack"]

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        for state, steps in STEPS.get(path.stem, {}).items():
            rehearsal.script(state, *steps)
        for state, answers in ANSWERS.get(path.stem, {}).items():
            rehearsal.answer(state, *answers)
        run = rehearsal.run(resolved(definition(stack)), INPUTS.get(path.stem, {}))
    assert run.status == "SUCCEEDED", run.cause
    assert run.requests


def test_readme_is_filled_from_the_code():
    text = README["README"].read_text()
    assert README["filled"](text) == text, "run tools/readme.py"


def test_readme_names_every_job_and_setting():
    text = README["README"].read_text()
    assert [name for name in (*README["CLASSES"].values(), *known()) if f"`{name}`" not in text] == []
