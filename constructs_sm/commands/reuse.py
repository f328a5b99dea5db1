"""`constructs-sm reuse`: the commands of the AWS CLI that show and clear kept results."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from constructs_sm.commands.targets import Outcome, Target, each_target, machine_options
from constructs_sm.language.flow import LOOKS
from constructs_sm.language.machines import states_of
from constructs_sm.task.kept_results import EXECUTION, EXPIRES, JOB, KEPT_AT, KEY, RESULT

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHOWN = (KEY, EXECUTION, KEPT_AT, EXPIRES, RESULT)


@click.command("reuse")
@machine_options
@click.option(
    "--job", "jobs", metavar="STATE", multiple=True, help="Name of a job's state. Default: each that is reused."
)
@click.option("--table", metavar="NAME", help="Name of the table. Default: asked for by the stack's name.")
@click.option("--clear", is_flag=True, help="Print the commands that delete what is kept.")
def command(
    paths: tuple[str, ...],
    *,
    jobs: tuple[str, ...],
    table: str | None,
    clear: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Print the commands of the AWS CLI that show, or clear, what is kept of the jobs of a pipeline.

    Nothing is called: run the commands where your credentials are. A job whose results are cleared runs again.
    """
    outcome = Outcome(as_json)

    def tell(target: Target) -> None:
        kept = dict(_kept(target.machine.definition))
        if unknown := [name for name in jobs if name not in kept]:
            known = f"name one of {', '.join(kept)}" if kept else "none of its jobs has reuse="
            message = f"{target.name}: nothing is kept of {', '.join(unknown)}; {known}"
            raise click.ClickException(message)
        lines = [*_of_table(target, table)] if kept else []
        for name in jobs or kept:
            lines += [f"# {name}", _cleared(kept[name]) if clear else _shown(kept[name])]
        outcome.add(target, 0, {"jobs": {name: kept[name] for name in jobs or kept}, "commands": lines})
        if not as_json:
            click.echo("\n".join(lines) if lines else "no job of it is reused")

    return each_target(paths, outcome, tell, **options)


def _kept(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each job that is reused, by its state, with its name in the table."""
    for name, state in states_of(definition):
        key = state.get("Arguments", {}).get("Key") if name.endswith(LOOKS) else None
        if isinstance(key, dict):
            yield name.removesuffix(LOOKS), str(key[JOB]["S"])


def _of_table(target: Target, table: str | None) -> Iterator[str]:
    if table is not None:
        yield f"TABLE={shlex.quote(table)}"
        return
    stack = shlex.quote(target.machine.stack or "STACK")
    found = "StackResources[?ResourceType=='AWS::DynamoDB::Table' && contains(LogicalResourceId, 'KeptResults')]"
    query = shlex.quote(f"{found}.PhysicalResourceId | [0]")
    yield f"TABLE=$(aws cloudformation describe-stack-resources --stack-name {stack} --query {query} --output text)"


def _query(job: str, names: tuple[str, ...]) -> str:
    placeholders = {f"#{name.lower()}": name for name in (JOB, *names)}
    return " ".join(
        (
            'aws dynamodb query --table-name "$TABLE"',
            f"--key-condition-expression '#{JOB.lower()} = :job'",
            f"--projection-expression '{', '.join(f'#{name.lower()}' for name in names)}'",
            f"--expression-attribute-names {shlex.quote(json.dumps(placeholders))}",
            f"--expression-attribute-values {shlex.quote(json.dumps({':job': {'S': job}}))}",
        )
    )


def _shown(job: str) -> str:
    return f"{_query(job, _SHOWN)} --output json"


def _cleared(job: str) -> str:
    """Delete each item of a job by its key; a key may have a blank in it, so a line each."""
    texts = shlex.quote(f"Items[].[{KEY}.S]")
    begin = shlex.quote(f'{{"{JOB}": {{"S": {json.dumps(job)}}}, "{KEY}": {{"S": "')
    key = f'{begin}"$key"{shlex.quote(chr(34) + "}}")}'
    delete = f'aws dynamodb delete-item --table-name "$TABLE" --key {key}'
    return f"{_query(job, (KEY,))} --query {texts} --output text | while IFS= read -r key; do {delete}; done"
