"""`constructs-sm rules`: every rule there is, and the reason and source of one."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import constructs_sm.rules
from constructs_sm.language.errors import did_you_mean
from constructs_sm.rules.rule import RULES

import click

if TYPE_CHECKING:
    from constructs_sm.rules.rule import Rule


@click.command("rules")
@click.argument("rule_id", metavar="ID", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(rule_id: str | None, *, as_json: bool) -> int:
    """List every rule; with ID, say why it is one, who says so, and what to do."""
    for module in vars(constructs_sm.rules)["__all__"]:
        import_module(f"constructs_sm.rules.{module}")  # its rules are in the registry once it is loaded
    ids = sorted(rule.id for rule in RULES)
    if rule_id is not None and rule_id not in ids:
        near = did_you_mean(rule_id, ids) or "constructs-sm rules lists them all"
        message = f"there is no rule {rule_id!r}; {near}"
        raise click.ClickException(message)
    shown = [RULES[each] for each in ids if rule_id in {None, each}]
    if as_json:
        click.echo(json.dumps([_document(rule) for rule in shown], indent=2))
    elif rule_id is None:
        _print(shown)
    else:
        click.echo("\n".join(f"{title:<8} {text}" for title, text in _document(shown[0]).items()))
    return 0


def _document(rule: Rule) -> dict[str, Any]:
    fields = ("id", "severity", "what", "why", "fix", "source")
    return {field: getattr(rule, field) for field in fields}


def _print(rules: list[Rule]) -> None:
    from rich.console import Console  # noqa: PLC0415 - not for JSON
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for title in ("rule", "severity", "wrong where it is broken"):
        table.add_column(title, no_wrap=title == "rule")
    for rule in rules:
        table.add_row(rule.id, rule.severity, rule.what)
    Console().print(table)
