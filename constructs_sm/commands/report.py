"""`constructs-sm report`: one page about state machines, to be read in a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.commands.cli import version_of
from constructs_sm.commands.error_lines import told
from constructs_sm.commands.judging import judging_options
from constructs_sm.commands.output_files import refuse_if_there, write
from constructs_sm.commands.progress import working
from constructs_sm.commands.rehearsals import NoAnswerError, rehearsal_of, script_options
from constructs_sm.commands.scripts import parts_of
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options, machines_at
from constructs_sm.language.errors import InvalidInputError

import click

if TYPE_CHECKING:
    from constructs_sm.commands.judging import Judging
    from constructs_sm.commands.rehearsals import Given
    from constructs_sm.report.machine import MachineReport
    from constructs_sm.report.rehearsals import Rehearsed

_NOT_ASKED: Final = "--no-rehearsals was given"


@click.command("report")
@machine_options
@script_options
@click.option("--output", "-o", metavar="FILE", default="report.html", show_default=True, help="Where to write it.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.option("--title", help="The title of the page. Default: the names of the files.")
@click.option("--no-rehearsals", is_flag=True, help="Run nothing: no timelines, and of the role what is seen at once.")
@judging_options
def command(
    paths: tuple[str, ...],
    *,
    given: Given,
    output: str,
    force: bool,
    title: str | None,
    no_rehearsals: bool,
    judging: Judging,
    as_json: bool,
    **options: Any,
) -> int:
    """Write one page about state machines: picture, states, findings, rehearsals, permissions, quotas.

    The page is one file that needs nothing else: it can be sent, kept, and opened without a network.
    """
    from constructs_sm.checking.machine import check_machine  # noqa: PLC0415 - likewise
    from constructs_sm.report.machine import report_of  # noqa: PLC0415 - with the data of AWS, which is large
    from constructs_sm.report.page import page_of  # noqa: PLC0415 - needs Jinja

    path = Path(output)
    refuse_if_there(path, force=force)
    outcome = Outcome(as_json)
    reports: list[MachineReport] = []

    def report(target: Target) -> None:
        key = f"m{len(reports) + 1}"
        with working(f"rehearsing {target.name}"):
            rehearsed, why = (None, _NOT_ASKED) if no_rehearsals else _rehearsed(target, given, key)
        every = check_machine(target.machine, limits=judging.limits)
        found = [(one, judging.ignoring(target.path, one)) for one in every]
        made = report_of(target.machine, found, file=target.path, key=key, rehearsed=rehearsed, not_rehearsed=why)
        reports.append(made)
        outcome.add(target, 0, {"report": str(path), "findings": made.counted, "rehearsed": not why})

    code = each_target(paths, outcome, report, headings=False, read=machines_at, **options)
    if reports:
        names = ", ".join(dict.fromkeys(Path(each).name or each for each in paths))
        page = page_of(reports, title=title or names, version=version_of())
        write(path, page, force=force)
        if not as_json:
            click.echo(f"written to {path}")
    return code


def _rehearsed(target: Target, given: Given, key: str) -> tuple[Rehearsed | None, str]:
    """The rehearsals of a state machine, or why there are none; where answers are missing, with some made up."""
    from constructs_sm.report.machine import misshapen_by  # noqa: PLC0415 - likewise
    from constructs_sm.report.rehearsals import CHANCE, rehearsed  # noqa: PLC0415 - needs the extra `testing`
    from constructs_sm.testing.world.errors import RehearsalError  # noqa: PLC0415 - likewise

    if why := misshapen_by(target.machine, target.path):
        return None, why
    made_up: dict[str, str] = {}
    try:
        try:
            with rehearsal_of(target, given, seed=CHANCE) as rehearsal:
                return rehearsed(rehearsal, given.execution_input, key, made_up=made_up), ""
        except NoAnswerError as error:
            made_up, given = error.states, replace(given, parts=parts_of(error.script))
        with rehearsal_of(target, given, seed=CHANCE) as rehearsal:
            return rehearsed(rehearsal, given.execution_input, key, made_up=made_up), ""
    except (InvalidInputError, RehearsalError, TimeoutError) as error:
        return None, told(target.path, error)
