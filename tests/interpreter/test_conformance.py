"""The state machines that AWS was seen to run, or to refuse: see tests/data/conformance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from constructs_sm.interpreter.calls import TaskError, Waiting
from constructs_sm.rules.rule import InvalidDefinitionError

import pytest
from played import Played, ran

FOLDER = Path(__file__).parents[1] / "data" / "conformance"
MEASURED = json.loads((FOLDER / "measured.json").read_text())
RECORDED = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("[0-9]*.json"))}
CASES = [*RECORDED.values(), *MEASURED]
NAMES = [*(f"{stem} {case['what']}" for stem, case in RECORDED.items()), *(case["what"] for case in MEASURED)]
OF_SAGEMAKER = {"BestTrainingJob": {"TrainingJobName": "tuning-001-8c2a1f0e"}}
"""As the output of a .sync tuning job was seen: the best training has a name, and no more."""


def answered(answer: Any) -> Any:
    if answer == "NoHeartbeat":
        return Waiting(None, beats=False)
    if answer == "TimedOut":
        return Waiting(None)
    is_failure = isinstance(answer, dict) and answer.keys() == {"error", "cause"}
    return TaskError(answer["error"], answer["cause"]) if is_failure else answer


def came_to(case: dict[str, Any]) -> dict[str, Any]:
    answers = {state: [answered(one) for one in given] for state, given in case["answers"].items()}
    if not answers and ":sagemaker:" in json.dumps(case["definition"]):
        answers = {"A": [OF_SAGEMAKER]}
    try:
        run = ran(case["definition"], case["input"], Played(answers, case.get("s3")))
    except InvalidDefinitionError as refused:
        return {"status": "REFUSED", "output": None, "error": "InvalidDefinition", "cause": str(refused)}
    return {"status": run.status, "output": run.output, "error": run.error, "cause": run.cause}


def names_in(value: Any) -> Any:
    return {name: names_in(member) for name, member in value.items()} if isinstance(value, dict) else None


def test_every_case_is_there():
    assert len(RECORDED) == 71
    assert len(MEASURED) == 152


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_execution_comes_to_what_aws_answered(case):
    expected = case["expected"]

    got = came_to(case)

    assert got["status"] in expected["status"].split(" or ")
    if got["status"] == "SUCCEEDED":
        if case.get("keys_only"):
            assert names_in(got["output"]) == names_in(expected["output"])
        else:
            assert json.dumps(got["output"], sort_keys=True) == json.dumps(expected["output"], sort_keys=True)
    if "error" in expected:
        assert got["error"] == expected["error"]
    assert (expected.get("cause_has") or "") in (got["cause"] or "")


def test_a_missed_heartbeat_and_a_timeout_have_no_cause():
    assert [came_to(RECORDED[stem])["cause"] for stem in ("13", "14", "16", "94")] == [None] * 4
