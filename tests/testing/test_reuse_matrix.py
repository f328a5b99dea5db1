"""Every kind of job that can be reused, in everything that may be so when it is its turn: what docs/reuse.md says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from constructs_sm import (
    CreateModel,
    PipelineStack,
    ProcessingJob,
    Reuse,
    TrainingJob,
    TransformJob,
    TuningJob,
    images,
)
from constructs_sm.testing import Failed, Rehearsal, TaskError

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT

MONTH = 30 * 24 * 3600
LANGUAGES = (sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA)
XGBOOST = images.xgboost("1.7-1")
OWN = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tools:1"
JOB = "Job"


def training(stack, *, compared=1, machine="ml.m5.xlarge", **settings):
    return TrainingJob(
        stack,
        JOB,
        image=XGBOOST,
        instance_type=machine,
        inputs={"train": stack.data("train/")},
        hyperparameters={"num_round": compared},
        **settings,
    )


def processing(stack, *, compared=1, machine="ml.m5.xlarge", **settings):
    return ProcessingJob(
        stack,
        JOB,
        image=OWN,
        instance_type=machine,
        inputs={"raw": stack.data("raw/")},
        outputs=["clean"],
        environment={"ROWS": compared},
        **settings,
    )


def transform(stack, *, compared=1, machine="ml.m5.xlarge", **settings):
    language = {"query_language": settings["query_language"]}
    data = stack.data("models/model.tar.gz")
    # The model has a new name in each execution.
    model = CreateModel(stack, "Model", image=XGBOOST, model_data=data, environment={"LEVEL": compared}, **language)
    job = TransformJob(
        stack, JOB, model=model, instance_type=machine, data=stack.data("test/"), content_type="text/csv", **settings
    )
    return model.next(job)


def tuning(stack, *, compared=1, machine="ml.m5.xlarge", **settings):
    return TuningJob(
        stack,
        JOB,
        image=XGBOOST,
        instance_type=machine,
        inputs={"train": stack.data("train/"), "validation": stack.data("validation/")},
        objective="validation:auc",
        ranges={"eta": (0.1, 0.5)},
        hyperparameters={"num_round": compared, "objective": "binary:logistic"},
        **settings,
    )


KINDS = {"training": training, "processing": processing, "transform": transform, "tuning": tuning}


@cache
def definition_of(kind, language, **changed):
    """The state machine of one job, resolved, and its role."""
    reuse = Reuse(expire_after=Duration.days(30), check_artifacts=True)
    stack = PipelineStack(App(), "Stack", reuse=reuse, run_parts=True)
    stack.run(KINDS[kind](stack, query_language=language, **changed))
    return Rehearsal.of(stack).machine


@dataclass
class Account:
    """Runs of one job in one account."""

    kind: str
    language: Any
    rehearsal: Rehearsal

    def run(self, given=None, **changed):
        return self.rehearsal.run(definition_of(self.kind, self.language, **changed).definition, given)


def first(account):
    return account.run()


def again(account):
    account.run()
    return account.run()


def compared_field(account):
    account.run()
    return account.run(compared=2)


def other_field(account):
    account.run()
    return account.run(machine="ml.m5.2xlarge")


def expired(account):
    account.run()
    # The first has ended after a minute.
    account.rehearsal.let_pass(MONTH + 60)
    return account.run()


def artifact_gone(account):
    account.run()
    account.rehearsal.answer(f"{JOB}: Artifact", {"KeyCount": 0, "IsTruncated": False})
    return account.run()


def denied(account):
    statements = definition_of(account.kind, account.language).policy
    policy = [one for one in statements if "dynamodb:GetItem" not in one["Action"]]
    assert len(policy) < len(statements)
    with Rehearsal(policy) as rehearsal:
        return Account(account.kind, account.language, rehearsal).run()


def throttled(account):
    account.run()
    refused = TaskError("DynamoDb.ThrottlingException", "Rate exceeded")
    account.rehearsal.answer(f"{JOB}: Reuse", refused).answer(f"{JOB}: Keep", refused)
    return account.run()


def at_once(account):
    """The second begins, and ends, while the first has run and not kept its result yet."""
    machine = definition_of(account.kind, account.language).definition
    earlier = account.rehearsal._begun(machine, {})  # noqa: SLF001  (two executions beside each other)
    assert earlier.go_on(lambda call: call.state == f"{JOB}: Keep")
    later = account.run()
    assert earlier.run().succeeded
    assert account.run().reused == [JOB]
    return later


def failed_before(account):
    account.rehearsal.script(JOB, Failed("no rows"))
    assert account.run().status == "FAILED"
    return account.run()


def forced(account):
    account.run()
    return account.run({"run": {"force": True}})


SITUATIONS = {
    "first run": first,
    "the same again": again,
    "a compared field changed": compared_field,
    "another field changed": other_field,
    "the result expired": expired,
    "its artifact gone": artifact_gone,
    "the table denied": denied,
    "the table throttled": throttled,
    "two executions at once": at_once,
    "a failed run before": failed_before,
    "forced": forced,
}
WANTED = {
    "first run": "runs: nothing is kept under its key",
    "the same again": "reused",
    "a compared field changed": "runs: nothing is kept under its key",
    "another field changed": "reused",
    "the result expired": "runs: what is kept has expired",
    "its artifact gone": "runs: its artifact is gone",
    "the table denied": "runs: the table was not asked; not kept",
    "the table throttled": "runs: the table was not asked; not kept",
    "two executions at once": "runs: nothing is kept under its key",
    "a failed run before": "runs: nothing is kept under its key",
    "forced": "runs: the run is forced",
}


def told(run):
    """What the execution's output says of the job, in short."""
    said = run.output[JOB]["Reuse"]
    if "From" in said:
        return "reused"
    why = re.split(r"[:,] ", said["Ran"])[0]
    return f"runs: {why}{'; not kept' if 'NotKept' in said else ''}"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_job_ends_as_documented(situation, kind, language):
    machine = definition_of(kind, language)
    with Rehearsal(machine.policy) as rehearsal:
        run = SITUATIONS[situation](Account(kind, language, rehearsal))

    assert run.succeeded, str(run)
    assert told(run) == WANTED[situation]
    ran = JOB in [state for state, _ in run.requests]
    assert ran == (run.reused == []) == told(run).startswith("runs")
    assert run.findings == []


def test_table_of_the_documentation_is_that_of_the_matrix():
    rows = [f"| {situation} | {' | '.join([WANTED[situation]] * len(KINDS))} |" for situation in SITUATIONS]
    table = "\n".join([f"| | {' | '.join(KINDS)} |", f"|---|{'---|' * len(KINDS)}", *rows])

    assert table in (ROOT / "docs" / "reuse.md").read_text()
