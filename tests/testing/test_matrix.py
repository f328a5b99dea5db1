"""Every job that is waited for, whatever SageMaker does to it, in both query languages: it ends as promised."""

from __future__ import annotations

from constructs_sm.actions import ACTIONS
from constructs_sm.testing import (
    MISSING,
    AccessDenied,
    Always,
    Failed,
    InUse,
    LimitExceeded,
    Output,
    Rehearsal,
    Stopped,
    Throttled,
    TimedOut,
)

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_action import job

GUIDE = ROOT / "docs" / "rehearsal.md"
LANGUAGES = {"JSONPath": None, "JSONata": sfn.QueryLanguage.JSONATA}
JOBS = {
    action.noun.removesuffix("Job").replace("HyperParameter", "").lower(): action for action in ACTIONS if action.sync
}
OUTCOMES = {
    "ok": lambda _: [],
    "throttled": lambda _: [Throttled()],
    "limit exceeded": lambda _: [Always(LimitExceeded())],
    "in use": lambda _: [Always(InUse())],
    "failed": lambda _: [Failed("AlgorithmError: no data")],
    "stopped": lambda _: [Stopped()],
    "timed out": lambda _: [Always(TimedOut())],
    "output incomplete": lambda action: [Output(**{action.arn_field: MISSING})],
    "access denied": lambda _: [Always(AccessDenied())],
}
PROMISED = {
    "ok": "succeeds",
    "throttled": "succeeds after 1 retry",
    "limit exceeded": "SageMaker.ResourceLimitExceededException after 20 retries",
    "in use": "SageMaker.ResourceInUseException",
    "failed": "States.TaskFailed",
    "stopped": "InvalidOutput",
    "timed out": "States.Timeout after 2 retries",
    "output incomplete": "InvalidOutput",
    "access denied": "SageMaker.AmazonSageMakerException after 6 retries",
}


def told(run):
    """What a run came to, in few words."""
    ended = "succeeds" if run.succeeded else run.error
    retries = len(run.waits)
    return f"{ended} after {retries} {'retry' if retries == 1 else 'retries'}" if retries else ended


@pytest.fixture(scope="module")
def runs():
    """All cells, each under its own policy."""
    found = {}
    for kind, action in JOBS.items():
        for language, setting in LANGUAGES.items():
            stack = Stack(App(), "Stack", env=Environment(account="123456789012", region="us-east-1"))
            body = sfn.DefinitionBody.from_chainable(job(stack, action, query_language=setting))
            sfn.StateMachine(stack, "StateMachine", definition_body=body)
            for outcome, steps in OUTCOMES.items():
                with Rehearsal.of(stack) as rehearsal:
                    found[kind, outcome, language] = rehearsal.script("Job", *steps(action)).start({"id": "x"})
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("kind", JOBS)
def test_job_ends_as_promised(runs, kind, outcome, language):
    run = runs[kind, outcome, language]

    assert told(run) == PROMISED[outcome], run.timeline
    assert run.left_running == []
    assert run.findings == []


def table(runs):
    rows = ["| job | SageMaker | JSONPath | JSONata |", "|---|---|---|---|"]
    for kind in JOBS:
        for outcome in OUTCOMES:
            cells = [told(runs[kind, outcome, language]) for language in LANGUAGES]
            rows.append(f"| {kind} | {outcome} | {' | '.join(cells)} |")
    return "\n".join(rows)


def test_guide_has_the_table_as_it_runs(runs):
    printed = table(runs)
    print(printed)  # noqa: T201 - for who has to put it there
    assert printed in GUIDE.read_text(), "put the printed table into docs/rehearsal.md"
