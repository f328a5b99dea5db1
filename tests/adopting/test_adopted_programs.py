"""Programs of definitions are run, and build the same definitions: as they are, or but for what they improve."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from constructs_sm.adopting.equality import differences
from constructs_sm.adopting.improvements import Improvements, improvements_of
from constructs_sm.adopting.program import Program, program
from constructs_sm.adopting.proof import with_references
from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.checking.machine import check_machine
from constructs_sm.testing import definition
from constructs_sm.testing.source.machine import machine_of, machines_of

import generated_requests as generated
import pytest
from aws_cdk import App, Stack
from conftest import DATA, ROOT, every_action
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example
from hypothesis import HealthCheck, given, settings

RUFF = Path(sys.executable).with_name("ruff")
CONFORMANCE = {path.stem: json.loads(path.read_text()) for path in sorted((DATA / "conformance").glob("[0-9]*.json"))}
MEASURED = {each["what"]: each for each in json.loads((DATA / "conformance" / "measured.json").read_text())}
CREATED = {
    name: case["definition"]
    for name, case in {**CONFORMANCE, **MEASURED}.items()
    if "REFUSED" not in case["expected"]["status"]
}
"""The definitions that AWS was seen to create."""
PUBLISHED = {path.stem: json.loads(path.read_text())["definition"] for path in (DATA / "published").glob("*.json")}
WRITTEN = {path.stem: json.loads(path.read_text()) for path in sorted((DATA / "adopting").glob("*.json"))}
TEMPLATES = sorted(
    path
    for path in (DATA / "templates").iterdir()
    if path.name[:2] not in {"05", "15", "17"} and path.name[0].isdigit()
)
"""All but those that are refused by name."""


ARNS = {
    "Role": "arn:aws:iam::123456789012:role/{}",
    "Topic": "arn:aws:sns:us-east-1:123456789012:{}",
    "Function": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "Fn": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:{}",
}
"""Values of parameters that are called like what has an ARN."""


def deployed(made: Program) -> dict[str, str]:
    """Values for the parameters of a program."""
    found = {}
    for logical_id in made.parameters.values():
        form = next((form for word, form in ARNS.items() if word in logical_id), None)
        if form is not None:
            found[logical_id] = form.format(logical_id)
    return found


PATHS = {path.name: path for path in TEMPLATES}
ASL = {path.stem: json.loads(path.read_text()) for path in sorted((DATA / "asl").glob("*.json"))}
DEFINITIONS = {
    **CREATED,
    **PUBLISHED,
    **WRITTEN,
    **{f"guide {name}": content for name, content in ASL.items() if "States" in content},
}
NAMES = [*DEFINITIONS, *PATHS, *EXAMPLES, *ARGUMENTS]


@cache
def definitions(name: str) -> list[dict[str, Any]]:
    """The definitions of one name: of a file of the tests' data, a template, an example, a blueprint."""
    if name in DEFINITIONS:
        return [DEFINITIONS[name]]
    if name in PATHS:
        return [machine.definition for machine in machines_of(PATHS[name], references=True)]
    if name in ARGUMENTS:
        described = App(context={CONTEXT_KEY: {"blueprint": name, "arguments": ARGUMENTS[name], "stack_name": "Churn"}})
        return [definition(described_stack(described))]
    made = example(name).values()
    return [
        machine.definition
        for stack in made
        if isinstance(stack, Stack)
        for machine in machines_of(stack, references=True)
    ]


@cache
def adopted(name: str, *, improved: bool = False) -> list[Program]:
    found = []
    for each in definitions(name):
        improvements = improvements_of(each, express=False) if improved else Improvements()
        found.append(program(each, title=name, express=False, improvements=improvements))
    return found


def run(made: Program) -> Stack:
    names: dict[str, Any] = {}
    exec(compile(made.text, "adopted", "exec"), names)
    return names["stack"]


def rendered(made: Program, stack: Stack) -> dict[str, Any]:
    return with_references(machine_of(stack, references=True).definition, made.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_program_builds_the_same_definition(name):
    for original, made in zip(definitions(name), adopted(name), strict=True):
        assert list(map(str, differences(original, rendered(made, run(made))))) == []


@pytest.mark.parametrize("name", [*PUBLISHED, *WRITTEN, *EXAMPLES])
def test_improved_program_differs_in_what_it_says_and_its_role_lacks_nothing(name):
    for original, made in zip(definitions(name), adopted(name, improved=True), strict=True):
        stack = run(made)
        found = differences(original, rendered(made, stack))

        assert [str(each) for each in found if not made.improved.explain(each)] == []
        # Each improvement is one: none is said of what stays as it was.
        assert {each.state for each in found} == {each.state for each in made.improved.made}
        found = check_machine(machine_of(stack, parameters=deployed(made)))
        missing = [each.message for each in found if each.rule.id == "grant-missing"]
        assert missing == []


def test_programs_are_clean_and_laid_out_as_the_formatter_does(tmp_path):
    for name in NAMES:
        for number, made in enumerate([*adopted(name), *adopted(name, improved=True)]):
            ast.parse(made.text, feature_version=(3, 10))
            (tmp_path / f"program_{NAMES.index(name)}_{number}.py").write_text(made.text)
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]

    checked = subprocess.run(
        [RUFF, "check", *config, "--ignore", "INP001", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    formatted = subprocess.run(
        [RUFF, "format", "--check", *config, "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert checked.stdout == "All checks passed!\n"
    assert "would be reformatted" not in formatted.stdout


@every_action
def test_generated_requests_are_those_of_typed_arguments_and_parameters_together(action):
    requests = []

    @settings(max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(generated.valid(action.operation))
    def collect(request):
        requests.append(request)

    collect()
    # Names of their own: a job that is named by another has to run before it.
    requests = [{**request, action.name_field: f"job-{number}"} for number, request in enumerate(requests)]
    resource = f"arn:aws:states:::sagemaker:{action.api}"
    states = {
        f"Call {number}": {"Type": "Task", "Resource": resource, "Parameters": request, "Next": f"Call {number + 1}"}
        for number, request in enumerate(requests)
    }
    states[f"Call {len(requests)}"] = {"Type": "Succeed"}
    original = {"StartAt": "Call 0", "States": states}

    made = program(original, title="Generated", express=False, improvements=Improvements())

    assert list(map(str, differences(original, rendered(made, run(made))))) == []
    # A model without a role is none that a job makes.
    assert set(made.left.values()) <= {"CustomState: it names no execution role, and a job makes one"}
