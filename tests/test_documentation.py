"""The pages for users: what they show runs as it stands."""

from __future__ import annotations

import ast
import json
import re
import runpy
import textwrap

from constructs_sm import PipelineStack
from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.commands.cli import main
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example

REFERENCE = runpy.run_path(str(ROOT / "tools" / "reference.py"))
NAME = {"TrainingJobName", "TrainingJobName.$"}
"""What a job is called: each way of saying a job says it otherwise."""


def blocks(page, language):
    """The blocks of a page in a language, in their order."""
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(block, **names):
    exec(compile(block, "block", "exec"), names)
    return names


def test_settings_of_the_page_are_taken_in_each_environment():
    settings = [json.loads(block) for block in blocks("docs/settings.md", "json") if '"environments"' in block]
    assert len(settings) == 1
    context = settings[0]["context"]

    def of(environment):
        stack = PipelineStack(App(context=context), "Churn", environment=environment)
        return stack.account if environment else None, stack.key is not None

    assert (of("dev"), of("prod"), of(None)) == (("111111111111", False), ("222222222222", True), (None, False))


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The state `Train` of every block of the page, in their order, and what the machine has besides."""

    def made(block):
        stack = Stack(App(outdir=str(tmp_path_factory.mktemp("moved"))), "Yours")
        train = run(block, stack=stack)["train"]
        sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(train))
        return definition(stack)["States"]

    return [made(block) for block in blocks("docs/moving.md", "python")]


def test_request_stays_when_a_job_moves(moved):
    def request(states):
        return {field: value for field, value in states["Train"]["Parameters"].items() if field not in NAME}

    by_hand, by_parameters, by_arguments, by_task = map(request, moved)
    assert by_parameters == by_hand
    assert by_arguments == by_hand
    assert by_task.keys() == {*by_hand}
    assert by_task["StoppingCondition"] == by_hand["StoppingCondition"]
    assert by_task["ResourceConfig"] == by_hand["ResourceConfig"]


def test_what_changes_when_a_job_moves_is_what_the_page_says(moved):
    by_hand, by_parameters, by_arguments, by_task = moved
    added = ["Train: InvalidOutput", "Train: Succeed", "Train: ValidateOutput"]

    assert list(by_hand) == list(by_task) == ["Train"]
    assert sorted(by_parameters) == sorted(by_arguments) == ["Train", *added]
    for states in (by_parameters, by_arguments):
        assert states["Train"]["Parameters"]["TrainingJobName.$"] == "States.Format('train-{}', States.UUID())"
        assert states["Train"]["ResultPath"] == by_hand["Train"]["ResultPath"] == "$.Train"
    assert "Retry" not in by_task["Train"]


def test_reference_is_written_from_the_code():
    assert REFERENCE["left_out"]() == set(), "give it a group in tools/reference.py"
    pages = {f"reference/{path.name}": path.read_text() for path in (ROOT / "docs" / "reference").glob("*.md")}
    pages["reference.md"] = (ROOT / "docs" / "reference.md").read_text()
    assert pages == REFERENCE["pages"](), "run tools/reference.py"


def test_every_argument_in_the_reference_is_explained():
    row = re.compile(r"^\| `(\w+)` \| (?:`(?:[^`]*)` )?\|?(?: \*\*Required\.\*\*)? *\|$", re.MULTILINE)
    pages = [path for path in (ROOT / "docs" / "reference").glob("*.md") if path.name != "types.md"]
    assert [(path.name, name) for path in pages for name in row.findall(path.read_text())] == []


@pytest.mark.parametrize("job", ["training-job", "processing-job", "transform-job", "tuning-job", "labeling-job"])
def test_page_of_a_job_has_what_all_jobs_take(job):
    text = (ROOT / "docs" / "reference" / f"{job}.md").read_text()
    arguments = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert {"role", "retry", "keep", "tags", "job_name", "output_check", "task_timeout", "reads"} <= arguments


def failing(machine):
    """The names that the Fails of a definition end with, inside others too, where they are literal."""
    for state in machine.get("States", {}).values():
        if state["Type"] == "Fail" and not state.get("Error", "{%").startswith("{%"):
            yield state["Error"]
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {}), state.get("Iterator", {})):
            yield from failing(inner)


def written():
    """The names that the code gives to a Fail or to the error of a check, as literals."""
    for wing in ("task", "jobs", "steps", "pipeline"):
        yield from _written_in(ROOT / "constructs_sm" / wing)


def _written_in(folder):
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = [keyword.value for keyword in node.keywords if keyword.arg == "error"]
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                yield from [*given, *(node.args[1:2] if name == "_fail" else [])]
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "error":
                yield node.value


def named_in(tree):
    return {
        node.value for node in tree if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]\w+", str(node.value))
    }


def test_errors_are_those_of_the_code():
    page = (ROOT / "docs" / "errors.md").read_text()
    table = page.partition("## Names that the library gives")[2].partition("\n## ")[0]
    documented = {name for name in re.findall(r"^\| `([\w.<>]+)` \|", table, re.MULTILINE) if "." not in name}

    described = [{CONTEXT_KEY: {"blueprint": name, "arguments": given}} for name, given in ARGUMENTS.items()]
    stacks = [described_stack(App(context=context)) for context in described]
    stacks += [example(name)["stack"] for name in EXAMPLES]
    synthesized = {error for stack in stacks for error in failing(definition(stack))}
    assert synthesized | named_in(written()) == documented


STARTED = [ROOT / "app.py", *sorted((ROOT / "examples").rglob("*.py")), *sorted((ROOT / "benchmarks").glob("*.py"))]
SHOWN = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]


def out_of_order(program):
    """Imports of the CDK before the first of ours, in a program that has both."""
    names = [
        name.partition(".")[0]
        for node in ast.parse(program).body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    ours = [names.index(name) for name in ("constructs_sm", "app") if name in names]
    return [name for name in names[: min(ours)] if name in {"aws_cdk", "constructs"}] if ours else []


@pytest.mark.parametrize("path", STARTED, ids=lambda path: str(path.relative_to(ROOT)))
def test_program_imports_the_library_before_the_cdk(path):
    assert out_of_order(path.read_text()) == []


@pytest.mark.parametrize("page", SHOWN)
def test_page_imports_the_library_before_the_cdk(page):
    programs = [textwrap.dedent(block) for block in blocks(page, "python[^\\n]*")]
    assert [out_of_order(program) for program in programs if out_of_order(program)] == []


def test_imports_out_of_order_are_found():
    assert out_of_order("import aws_cdk\nfrom constructs import Construct\nimport constructs_sm") == [
        "aws_cdk",
        "constructs",
    ]
    assert out_of_order("import constructs_sm\nimport aws_cdk") == out_of_order("import aws_cdk") == []


def test_page_of_the_command_line_lists_every_command(capsys):
    assert main(["--help"]) == 0
    commands = re.findall(r"^  (\w+)  ", capsys.readouterr().out.partition("Commands:")[2], re.MULTILINE)
    listed = re.findall(r"^\| `constructs-sm (\w+)", (ROOT / "docs" / "command-line.md").read_text(), re.MULTILINE)

    assert sorted(listed) == commands
