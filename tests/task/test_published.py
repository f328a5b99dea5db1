"""State machines like those that are published: rehearsed as they are, what they do wrong is told, and nothing breaks.

Each file in `data/published` is of one kind that is found in the open, in words, names and values of our own.
"""

from __future__ import annotations

import json

from constructs_sm.testing import InvalidDefinitionError, Rehearsal

import pytest
from conftest import DATA

FILES = sorted((DATA / "published").glob("*.json"))
ENDS = {
    "name_from_the_execution_s_arn": ("FAILED", "SageMaker.AmazonSageMakerException"),
    "prepare_train_tell": ("SUCCEEDED", None),
    "tune_and_serve": ("SUCCEEDED", None),
    "weekly_forecast": ("SUCCEEDED", None),
}
REFUSED = {"chunks_in_a_map": "'Clean'/Parameters: The field \"RoleArn\" is required but was missing"}
"""Those that lack a field which Step Functions asks for when it creates a state machine."""
FOUND = {
    "name_from_the_execution_s_arn": ["Train: fails when all goes well: TrainingJobName is too long"],
    "prepare_train_tell": [
        "Prepare: failed: its failure is caught, and the execution ends as a success",
        "Prepare: failed: asks for the name 'prepare-",
        "Prepare: stopped: a stopped job passes for a success",
        "Prepare: never ends: a job that never ends is waited for without end",
        "Train: throttled: its failure is caught, and the reason is lost: 'Rate exceeded'",
        "Train: failed: its failure is caught, and the reason is lost: 'AlgorithmError: the drill'",
    ],
    "tune_and_serve": [
        "Extract: never ends: what never ends is waited for without end",
        "Best training: throttled: one throttled call ends the execution, with Lambda.TooManyRequestsException",
        "Search: throttled: one throttled call ends the execution",
        "Search: stopped: a stopped job passes for a success",
        "Model: throttled: one throttled call ends the execution",
        "Change: throttled: one throttled call ends the execution",
    ],
    "weekly_forecast": [
        "Train: a second execution with this input ends with SageMaker.ResourceInUseException",
        "Forecast: throttled: one throttled call ends the execution",
        "Forecast: never ends: a job that never ends is waited for without end",
    ],
}


@pytest.fixture(scope="module")
def rehearsed():
    """How each ends when all goes well, and what the drill finds."""
    found = {}
    for path in [path for path in FILES if path.stem in ENDS]:
        published = json.loads(path.read_text())
        with Rehearsal.of(published["definition"]) as rehearsal:
            for state, answers in published["answers"].items():
                rehearsal.answer(state, *answers)
            found[path.stem] = rehearsal.start(published["input"]), rehearsal.drill(published["input"])
    return found


def test_every_file_has_its_expectations():
    assert [path.stem for path in FILES] == sorted([*ENDS, *REFUSED])
    assert sorted(ENDS) == sorted(FOUND)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_as_when_it_is_created(name):
    published = json.loads((DATA / "published" / f"{name}.json").read_text())
    with pytest.raises(InvalidDefinitionError) as refused:
        Rehearsal.of(published["definition"])
    assert REFUSED[name] in str(refused.value)


@pytest.mark.parametrize("name", ENDS)
def test_it_runs_as_it_is(rehearsed, name):
    run, _ = rehearsed[name]

    assert (run.status, run.error) == ENDS[name], run.timeline


@pytest.mark.parametrize(("name", "finding"), [(name, one) for name, several in FOUND.items() for one in several])
def test_what_it_does_wrong_is_found(rehearsed, name, finding):
    _, findings = rehearsed[name]

    assert any(str(each).startswith(finding) for each in findings), "\n".join(map(str, findings))
