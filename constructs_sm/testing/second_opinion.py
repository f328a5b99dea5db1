"""AWS's own word on a state machine, state by state: TestState, with what a rehearsal plays as mocks.

It runs no job and costs nothing but the calls. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_STATES = 500
_ENDS = ("Succeed", "Fail")
_GROUPS = ("Map", "Parallel")


@dataclass(frozen=True, slots=True)
class Opinion:
    """AWS's word on one state.

    Attributes:
        state: Its name.
        status: `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
        next: The state that it leads to.
        output: What it hands on.
        error: The error that it ends with.
        cause: And why.
    """

    state: str
    status: str
    next: str | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None

    def __str__(self) -> str:
        said = f"{self.error}: {self.cause}" if self.error else f"-> {self.next or 'the end'}"
        return f"{self.state}  {self.status}  {said}"


def opinions(
    client: Any,
    definition: Mapping[str, Any],
    execution_input: Any,
    yielded: Sequence[tuple[str, Any]],
    *,
    validation: str = "STRICT",
    context: Mapping[str, Any] | None = None,
) -> Iterator[Opinion]:
    """Ask AWS about each state that an execution enters, up to a Map or a Parallel, which are not asked about.

    Args:
        client: Of Step Functions, as botocore or boto3 makes it; it needs `states:TestState` and no other right.
        definition: The state machine, without tokens.
        execution_input: What it is started with.
        yielded: State, and result or TaskError, of each attempt of a task: the mocks.
        validation: How strictly AWS compares a mock with the API's model: `STRICT`, `PRESENT` or `NONE`.
        context: The context object.
    """
    mocks: defaultdict[str, deque[Any]] = defaultdict(deque)
    for state, result in yielded:
        mocks[state].append(result)
    state, given, variables, attempt = definition["StartAt"], execution_input, "", 0
    text = json.dumps(definition)
    for _ in range(_MOST_STATES):
        kind = definition["States"][state]["Type"]
        if kind in _GROUPS:
            return
        request: dict[str, Any] = {
            "definition": text,
            "stateName": state,
            "input": json.dumps(given),
            "inspectionLevel": "DEBUG",
            **({"variables": variables} if variables else {}),
            **({"context": json.dumps(context)} if context else {}),
        }
        if kind == "Task":
            if not mocks[state]:
                return
            request["mock"] = _mock(mocks[state].popleft(), validation)
            request["stateConfiguration"] = {"retrierRetryCount": attempt}
        answer = client.test_state(**request)
        output = json.loads(answer["output"]) if answer.get("output") else None
        opinion = Opinion(
            state, answer["status"], answer.get("nextState"), output, answer.get("error"), answer.get("cause")
        )
        yield opinion
        variables = answer.get("inspectionData", {}).get("variables", variables)
        if opinion.status == "RETRIABLE":
            attempt += 1
            continue
        attempt = 0
        if opinion.next is None or opinion.status == "FAILED" or kind in _ENDS:
            return
        state, given = opinion.next, output


def _mock(result: Any, validation: str) -> dict[str, Any]:
    if isinstance(result, TaskError):
        return {"errorOutput": {"error": result.error, "cause": result.cause}, "fieldValidationMode": validation}
    return {"result": json.dumps(result), "fieldValidationMode": validation}


def difference(found: Sequence[Opinion], entered: Sequence[str], output: Any, *, succeeded: bool) -> str | None:
    """Say where AWS goes another way than a rehearsal; None if it goes the same, as far as it was asked.

    Args:
        found: What AWS says, in order.
        entered: The states that the rehearsal entered.
        output: What the rehearsal yields.
        succeeded: Whether it succeeded.
    """
    mine = [opinion.state for opinion in found if opinion.status != "RETRIABLE"]
    for number, (theirs, ours) in enumerate(zip(mine, entered, strict=False)):
        if theirs != ours:
            before = mine[number - 1] if number else "the beginning"
            return f"after {before} AWS goes to {theirs}, the rehearsal to {ours}"
    last = found[-1] if found else None
    if last is None or last.next is not None or last.status not in {"SUCCEEDED", "FAILED"}:
        return None
    if len(mine) < len(entered):
        return f"AWS ends in {last.state}, the rehearsal goes on to {entered[len(mine)]}"
    if (last.status == "SUCCEEDED") != succeeded:
        return f"AWS ends {last.status}, the rehearsal does not"
    if succeeded and last.output != output:
        return f"AWS's output is {json.dumps(last.output)}, the rehearsal's {json.dumps(output)}"
    return None
