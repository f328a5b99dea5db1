"""`constructs-sm drill`: let everything go wrong once, and print the failures that are not survived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.commands.progress import working
from constructs_sm.commands.rehearsals import rehearsal_of, script_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options

import click

if TYPE_CHECKING:
    from constructs_sm.commands.rehearsals import Given


@click.command("drill")
@machine_options
@script_options
def command(paths: tuple[str, ...], given: Given, as_json: bool, **options: Any) -> int:
    """Let everything be throttled, fail and never end, and print the failures that are not survived."""
    outcome = Outcome(as_json)

    def drill(target: Target) -> None:
        with rehearsal_of(target, given) as rehearsal, working(f"drilling {target.name}"):
            findings = rehearsal.drill(given.execution_input)
        found = [{"state": finding.state, "problem": finding.problem} for finding in findings]
        outcome.add(target, 1 if findings else 0, {"findings": found})
        if not as_json:
            click.echo("\n".join(map(str, findings)) or "nothing found")

    return each_target(paths, outcome, drill, **options)
