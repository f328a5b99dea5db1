"""`constructs-sm ask`: what AWS's TestState says of each state, with what a rehearsal plays as mocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.commands.rehearsals import rehearsal_of, script_options
from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options

import click

if TYPE_CHECKING:
    from constructs_sm.commands.rehearsals import Given
    from constructs_sm.testing.second_opinion import Opinion

_STARTED = "2026-01-01T00:00:00Z"
_MODES = ("STRICT", "PRESENT", "NONE")


@click.command("ask")
@machine_options
@script_options
@click.option("--profile", help="A profile of your AWS configuration. Default: as the AWS CLI finds credentials.")
@click.option("--ask-region", help="The Region that is asked. Default: that of the machine.")
@click.option(
    "--validation", type=click.Choice(_MODES), default="STRICT", help="How strictly AWS judges mocks. Default: STRICT."
)
def command(
    paths: tuple[str, ...],
    *,
    given: Given,
    as_json: bool,
    profile: str | None,
    ask_region: str | None,
    validation: str,
    **options: Any,
) -> int:
    """Ask AWS about each state that a rehearsal enters, and say where AWS goes another way.

    This calls states:TestState with your credentials. It starts nothing: each task is answered by what the rehearsal
    plays.
    """
    outcome = Outcome(as_json)

    def ask(target: Target) -> None:
        from constructs_sm.testing.second_opinion import difference, opinions  # noqa: PLC0415 - needs the extra

        with rehearsal_of(target, given) as rehearsal:
            yielded = rehearsal.recorded()
            run = rehearsal.start(given.execution_input)
        client = _client(profile, ask_region or target.machine.region)
        found = []
        execution = {
            "Id": target.machine.arn or "execution",
            "Input": given.execution_input,
            "Name": "asked",
            "StartTime": _STARTED,
        }
        context = {"Execution": execution}
        for opinion in opinions(
            client,
            target.machine.definition,
            given.execution_input,
            yielded,
            validation=validation,
            context=context,
        ):
            found.append(opinion)
            if not as_json:
                click.echo(str(opinion))
        differs = difference(target.machine.definition, found, run.states, run.output, succeeded=run.succeeded)
        outcome.add(target, 1 if differs else 0, _document(found, differs))
        if not as_json:
            click.echo(differs or f"AWS goes the same way, in the {len(found)} states that it was asked about")

    return each_target(paths, outcome, ask, **options)


def _client(profile: str | None, region: str) -> Any:
    from botocore.session import Session  # noqa: PLC0415 - an HTTP client comes with it

    return Session(profile=profile).create_client("stepfunctions", region_name=region)


def _document(found: list[Opinion], differs: str | None) -> dict[str, Any]:
    states = [{"state": one.state, "status": one.status, "next": one.next, "error": one.error} for one in found]
    return {"same": differs is None, "difference": differs, "states": states}
