"""`constructs-sm drill`: let everything go wrong once, and print the failures that are not survived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.commands.progress import working
from constructs_sm.commands.rehearsals import rehearsal_of, section_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options
from constructs_sm.language.errors import printable

import click

if TYPE_CHECKING:
    from constructs_sm.commands.rehearsals import Given
    from constructs_sm.testing import Run


def _left(target: Target, well: Run) -> list[str]:
    """The tasks that a run in which all goes well does not come to."""
    from constructs_sm.testing.rehearsal import tasks_of  # noqa: PLC0415 - needs the extra `testing`

    return [name for name, _ in tasks_of(target.machine.definition) if name not in well.states]


@click.command("drill")
@machine_options
@section_options
def command(paths: tuple[str, ...], given: Given, as_json: bool, **options: Any) -> int:
    """Let everything be throttled, fail and never end, and print the failures that are not survived."""
    outcome = Outcome(as_json)

    def drill(target: Target) -> None:
        with rehearsal_of(target, given) as rehearsal, working(f"drilling {target.name}"):
            runs = list(rehearsal.drill_runs(given.execution_input, **given.section))
        findings = list(dict.fromkeys(finding for run in runs for finding in run.findings))
        found = [{"state": finding.state, "problem": finding.problem} for finding in findings]
        left = _left(target, runs[0].run)
        outcome.add(target, 1 if findings else 0, {"findings": found, "not_drilled": left})
        if not as_json:
            click.echo("\n".join(map(str, findings)) or "nothing found")
            if left:
                names = ", ".join(left)
                click.echo(printable(f"not drilled, since nothing comes to them where all goes well: {names}"))

    return each_target(paths, outcome, drill, **options)
