"""`constructs-sm actions`: the SageMaker APIs that there are jobs for."""

from __future__ import annotations

import json

import constructs_sm
from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import POLLED_ACTIONS

import click


@click.command("actions")
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(text: str | None, as_json: bool) -> int:
    """List the SageMaker APIs that there are jobs for; with TEXT, those that have it in their name."""
    rows = [row for row in _rows() if (text or "").lower() in " ".join(row.values()).lower()]
    if not rows:
        message = f"no API has {text!r} in its name; constructs-sm actions lists them all"
        raise click.ClickException(message)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _print(rows)
    return 0


def _rows() -> list[dict[str, str]]:
    rows = []
    for action in ACTIONS:
        waits = "waits (.sync)" if action.sync else "answers at once"
        rows.append({"api": action.api, "construct": _construct(action.operation, action.noun), "pattern": waits})
    rows += [{"api": each.api, "construct": "PolledJob", "pattern": "is polled"} for each in POLLED_ACTIONS]
    return rows


def _construct(operation: str, noun: str) -> str:
    names: list[str] = vars(constructs_sm)["__all__"]
    return operation if operation in names else next(name for name in names if noun.endswith(name))


def _print(rows: list[dict[str, str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - not for JSON
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for title in ("API", "construct", "how it ends"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        table.add_row(row["api"], row["construct"], row["pattern"])
    Console().print(table)
