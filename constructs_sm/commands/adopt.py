"""`constructs-sm adopt`: a program that builds a state machine that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.adopting.improvements import Improvements, improvements_of
from constructs_sm.adopting.program import Program, program
from constructs_sm.checking.machine import check_definition, check_machine
from constructs_sm.commands.output_files import OutputFiles, output_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.rules.definition_rules import API_MISSING, MISSING
from constructs_sm.rules.machine_rules import MISSING_GRANT
from constructs_sm.testing.source.machine import Machine, machines_of

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ADOPTED_ALL_THE_SAME = frozenset({API_MISSING.id, MISSING.id})
"""Rules of what a request lacks, which a program can lack as well."""
_AROUND = "around the state machine: its name, log, schedule, alarms and tags; see JobPipeline and PipelineStack"


@click.command("adopt")
@machine_options
@output_options
@click.option("--as-is", is_flag=True, help="Improve nothing: the same definition, state by state.")
@click.option("--prove", is_flag=True, help="Run the program and compare what it builds. Needs Node.")
def command(
    paths: tuple[str, ...],
    *,
    output: str | None,
    force: bool,
    as_is: bool,
    prove: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Write Python that builds the same state machine with the jobs of this library and states of the CDK.

    It says what the program improves, and what is left as it was. References of a template, and placeholders of a
    definition, become parameters of the stack. Exits with 1 if a proof was asked for and does not succeed.
    """
    outcome = Outcome(as_json)
    files = OutputFiles(output, "py", force=force)

    def adopt(target: Target) -> None:
        definition = _written(target, options)
        express = target.machine.express
        _refuse_invalid(target, definition, express=express)
        better = Improvements() if as_is else improvements_of(definition, express=express)
        title = target.machine.id or Path(target.path).name.split(".")[0]
        made = program(definition, title=title, express=express, improvements=better)
        wrong = _unproven(made, definition) if prove else None
        code = 1 if wrong else 0
        improved = [*made.improved.sentences(), *_lacking(target.machine)]
        left = [*(f"{state}: {why}" for state, why in made.left.items()), *_no_text(definition), _AROUND]
        document: dict[str, Any] = {"program": made.text, "improved": improved, "left": left}
        outcome.add(target, code, document if wrong is None else {**document, "differences": wrong})
        path = files.write(target, made.text)
        if as_json:
            return
        click.echo(f"written to {path}" if path is not None else made.text.rstrip("\n"))
        for line in _report(improved, left, wrong):
            # What is no program goes where programs are not read from.
            click.echo(line, err=path is None)

    return each_target(paths, outcome, adopt, headings=output is None, **options)


def _report(improved: list[str], left: list[str], wrong: list[str] | None) -> Iterator[str]:
    yield from (f"improved  {each}" for each in improved)
    yield from (f"left      {each}" for each in left)
    if wrong is not None:
        yield from (f"differs   {each}" for each in wrong)
        but = " but for what is improved" if improved else ""
        yield "not proven" if wrong else f"proven: it builds the same definition{but}"


def _written(target: Target, options: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a target with its references; without them, where they stand outside of texts."""
    chosen = {**options, "stack": target.machine.stack or None, "machine": target.machine.id or None}
    try:
        found = next(machines_of(target.path, **chosen, references=True), None)
    except InvalidInputError:
        found = None
    return (found or target.machine).definition


def _refuse_invalid(target: Target, definition: Mapping[str, Any], *, express: bool) -> None:
    refused = [
        Problem(f"{each.state}: {each.message}" if each.state else each.message, "", each.fix, each.rule.id)
        for each in check_definition(definition, express=express)
        if each.severity == "error" and each.rule.id.startswith("asl-") and each.rule.id not in _ADOPTED_ALL_THE_SAME
    ]
    if refused:
        raise InvalidInputError(f"{target.name}: Step Functions refuses the definition", refused)


def _no_text(definition: Mapping[str, Any]) -> list[str]:
    return [] if isinstance(definition.get("Comment", ""), str) else ["the Comment of the definition, which is no text"]


def _unproven(made: Program, definition: Mapping[str, Any]) -> list[str]:
    from constructs_sm.adopting.proof import unexplained  # noqa: PLC0415 - runs the CDK

    return [str(each) for each in unexplained(made, definition)]


def _lacking(machine: Machine) -> list[str]:
    """The grants that the role of a machine lacks, and that of the program has."""
    if machine.policy is None:
        return []
    found = [each for each in check_machine(machine) if each.rule.id == MISSING_GRANT.id]
    return [
        f"{each.state}: {each.what.replace('the role lacks', 'is granted')}, which its role lacked" for each in found
    ]
