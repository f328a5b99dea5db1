"""`constructs-sm rehearse`: run state machines offline, and print their timelines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from constructs_sm.commands.rehearsals import rehearsal_of, section_options, skeleton, unanswered
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options
from constructs_sm.language.errors import printable

import click

if TYPE_CHECKING:
    from constructs_sm.commands.rehearsals import Given
    from constructs_sm.testing import Run


@click.command("rehearse")
@machine_options
@section_options
@click.option("--skeleton", "only_skeleton", is_flag=True, help="Print a script to fill in, and run nothing.")
def command(
    paths: tuple[str, ...],
    *,
    given: Given,
    as_json: bool,
    only_skeleton: bool,
    **options: Any,
) -> int:
    """Run state machines offline, and print their timelines.

    PATH is a cdk.out, a template (CloudFormation, SAM), the JSON of `terraform show -json`, or a definition.
    """
    outcome = Outcome(as_json)
    section = given.section
    aborted = given.parts.get("abort_after_seconds")

    def rehearse(target: Target) -> None:
        watch = None if as_json else lambda moment: click.echo(str(moment))
        with rehearsal_of(target, given, watch=watch) as rehearsal:
            run = rehearsal.start(given.execution_input, abort_after_seconds=aborted, **section)
            for _ in range(given.parts["redrives"]):
                if run.succeeded or run.stopped:
                    break
                run = run.redrive()
        is_well = run.stopped or (run.succeeded and section.get("stop_before") is None)
        outcome.add(target, 0 if is_well else 1, _document(run))
        if not as_json:
            click.echo("\n".join(_ending(target, run, section.get("stop_before"))))

    def print_skeleton(target: Target) -> None:
        missing = unanswered(target.machine.definition, given.parts["answers"])
        click.echo(json.dumps(skeleton(missing, given.parts), indent=2))

    return each_target(paths, outcome, print_skeleton if only_skeleton else rehearse, **options)


def _ending(target: Target, run: Run, stop_before: str | None) -> list[str]:
    """The summary; the cause whole, where the summary has its beginning alone; and what nothing was held to."""
    lines = [run.summary]
    if run.stopped:
        lines += [f"input: {json.dumps(run.output)}", f"variables: {json.dumps(dict(run.variables))}"]
    elif stop_before is not None:
        lines.append(f"it did not come to {stop_before}")
    if run.cause and run.cause not in run.summary:
        lines += [printable(line) for line in f"cause: {run.cause}".splitlines()]
    if target.machine.policy is None:
        lines.append("no policy is enforced: the file has no role with its policies; see constructs-sm permissions")
    return lines


def _document(run: Run) -> dict[str, Any]:
    return {
        "status": run.status,
        "output": run.output,
        "variables": dict(run.variables),
        "error": run.error,
        "cause": run.cause,
        "seconds": run.seconds,
        "transitions": run.transitions,
        "events": run.events,
        "largest_payload": run.largest_payload,
        "states": run.states,
        "timeline": [{"seconds": m.seconds, "state": m.state, "text": m.text} for m in run.history.moments],
        "requests": [{"state": state, "request": request} for state, request in run.requests],
        "calls": [{"state": state, "api": api, "request": request} for state, api, request in run.calls],
        "left_running": run.left_running,
        "findings": [{"state": finding.state, "problem": finding.problem} for finding in run.findings],
    }
