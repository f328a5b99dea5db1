"""`constructs-sm check`: everything that is wrong with state machines, for a terminal and for CI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking.acknowledged import AcknowledgedInApps
from constructs_sm.checking.findings import line_of
from constructs_sm.checking.machine import check_machine
from constructs_sm.commands import judged
from constructs_sm.commands.cli import WRONG
from constructs_sm.commands.error_lines import told
from constructs_sm.commands.judging import IGNORE_FILE, judging_options
from constructs_sm.commands.targets import Outcome, files_of, machine_options, machines_at
from constructs_sm.language.errors import did_you_mean
from constructs_sm.rules.catalogue import RULES

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.checking.ignoring import Ignored
    from constructs_sm.commands.judging import Judging

_SURPLUS: Final = frozenset({"grant-needless", "grant-too-wide"})
_FORMATS: Final = ("text", "json", "sarif", "github")


def _chosen(_: Any, parameter: Any, values: Sequence[str]) -> tuple[str, ...]:
    """Ids of rules, or their beginnings as `asl` and `grant`."""
    found = tuple(filter(None, (part.strip() for value in values for part in value.split(","))))
    for one in found:
        if not any(_is_of(rule.id, one) for rule in RULES):
            near = did_you_mean(one, [rule.id for rule in RULES]) or "constructs-sm rules lists them all"
            message = f"{parameter.opts[0]} {one}: there is no such rule; {near}"
            raise click.UsageError(message)
    return found


def _is_of(rule_id: str, chosen: str) -> bool:
    return rule_id == chosen or rule_id.startswith(f"{chosen}-")


@click.command("check")
@machine_options
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="Default: text.")
@click.option("--select", multiple=True, metavar="RULES", callback=_chosen, help="Only these: ids or beginnings.")
@click.option("--ignore", multiple=True, metavar="RULES", callback=_chosen, help="All but these.")
@judging_options
@click.option("--detail", is_flag=True, help="Show info too, and the reason and source of each finding.")
@click.option("--missing-only", is_flag=True, help="Of grants only those that are missing.")
@click.option("--no-grants", is_flag=True, help="Leave the role out.")
def command(
    paths: tuple[str, ...],
    *,
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    judging: Judging,
    detail: bool,
    missing_only: bool,
    no_grants: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Find what is wrong with state machines.

    Step Functions would refuse it, it goes wrong when it runs, or its role has too few or too many permissions.
    Exits with 0 if nothing is found, 1 if an error or a warning is, 2 if a file cannot be read.
    """
    used: set[Ignored] = set()
    apps = AcknowledgedInApps()
    report = judged.Report()
    outcome = _Failures(report)
    for path in files_of(paths, outcome):
        try:
            for machine, text in machines_at(path, **options):
                report.machines += 1
                apps.take_up(path, machine)
                for finding in check_machine(machine, role=not no_grants, limits=judging.limits):
                    rule = finding.rule.id
                    if (select and not _any(rule, select)) or _any(rule, ignore) or (missing_only and rule in _SURPLUS):
                        continue
                    line = judging.ignoring(path, finding)
                    used |= {line} if line else set()
                    name = " ".join(filter(None, (machine.stack, machine.id)))
                    reason = line.reason if line else apps.reason(path, machine, finding)
                    report.judged.append(judged.Judged(path, name, line_of(text, finding, machine.id), finding, reason))
        except Exception as error:
            # Whatever it is: one line of it.
            if os.environ.get("CONSTRUCTS_SM_DEBUG"):
                raise
            outcome.fail(path, error)
    _print(report, "json" if as_json else form, detail=detail)
    in_vain = [
        f"{IGNORE_FILE}: line {each.line} ignores nothing; take it out" for each in judging.ignored if each not in used
    ]
    # With a part of the rules, nobody knows.
    in_vain += [] if select or ignore or missing_only or no_grants else apps.in_vain()
    for message in in_vain:
        click.echo(f"constructs-sm: {message}", err=True)
    if report.failures:
        return WRONG
    return 1 if any(one.finding.severity != "info" for one in report.standing) else 0


class _Failures(Outcome):
    """Failures as the report has them."""

    def __init__(self, report: judged.Report) -> None:
        super().__init__(as_json=True)
        self.report = report

    def fail(self, path: str, error: Exception) -> None:
        message = told(path, error)
        self.report.failures.append((path, message))
        click.echo(f"constructs-sm: {message}", err=True)


def _any(rule_id: str, chosen: Sequence[str]) -> bool:
    return any(_is_of(rule_id, one) for one in chosen)


def _print(report: judged.Report, form: str, *, detail: bool) -> None:
    match form:
        case "json":
            click.echo(judged.as_json(report))
        case "sarif":
            click.echo(judged.sarif(report))
        case "github":
            for line in judged.github(report):
                click.echo(line)
        case _:
            click.echo("\n".join(judged.text(report, detail=detail)))
