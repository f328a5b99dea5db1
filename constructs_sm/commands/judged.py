"""Findings of several files as a command prints them: text, JSON, SARIF, or commands of GitHub's log."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from constructs_sm.commands.cli import version_of
from constructs_sm.language.errors import printable
from constructs_sm.rules.catalogue import RULES

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.checking.findings import Finding

_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "cyan"}
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding, and where it is.

    Attributes:
        file: The path of the file, as it was given.
        machine: The state machine in it; empty of a definition.
        line: The line of the file; None where it is not known.
        finding: The finding itself.
        reason: Why it is ignored; empty where it stands.
    """

    file: str
    machine: str
    line: int | None
    finding: Finding
    reason: str = ""


@dataclass(slots=True)
class Report:
    """Everything that was found, and what could not be done."""

    judged: list[Judged] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    machines: int = 0

    @property
    def standing(self) -> list[Judged]:
        """The findings that nobody ignores."""
        return [one for one in self.judged if not one.reason]


def text(report: Report, *, detail: bool) -> Iterator[str]:
    """The findings for a reader, by state machine; info and reasons with *detail* alone."""
    shown = [one for one in report.standing if detail or one.finding.severity != "info"]
    place: tuple[str, str] | None = None
    for one in shown:
        if place != (one.file, one.machine):
            yield from ([""] if place else [])
            place = (one.file, one.machine)
            yield click.style(" ".join(filter(None, place)), bold=True)
        yield from _lines(one, detail=detail)
    if detail:
        for one in report.judged:
            if one.reason:
                yield f"ignored  {one.file}  {one.finding.rule.id}  {one.finding.state}: {one.reason}"
    yield from ([""] if shown else [])
    yield _summary(report, shown=len(shown))


def _lines(one: Judged, *, detail: bool) -> Iterator[str]:
    finding = one.finding
    severity = click.style(f"{finding.severity:<7}", fg=_COLOURS[finding.severity])
    at = f", line {one.line}" if one.line else ""
    where = f"{printable(finding.state) or 'the state machine'}{at}"
    yield f"  {severity}  {where}  {click.style(f'[{finding.rule.id}]', dim=True)}"
    yield f"           {printable(finding.message)}"
    yield f"           fix: {printable(finding.fix)}"
    if detail:
        yield f"           why: {finding.rule.why}"
        yield f"           at: {finding.pointer or '/'}; source: {finding.rule.source}"


def _summary(report: Report, *, shown: int) -> str:
    counted = Counter(one.finding.severity for one in report.standing)
    words = {"error": "error", "warning": "warning", "info": "info"}
    parts = [
        f"{counted[each]} {word}{'' if counted[each] == 1 or each == 'info' else 's'}"
        for each, word in words.items()
        if counted[each]
    ]
    machines = f"{report.machines} state machine{'' if report.machines == 1 else 's'}"
    ignored = sum(bool(one.reason) for one in report.judged)
    more = [f"{ignored} ignored"] if ignored else []
    if counted["info"] and shown < len(report.standing):
        more.append("--detail shows info")
    unread = f"; {len(report.failures)} could not be read" if report.failures else ""
    return f"{', '.join(parts) or 'nothing found'} in {machines}{unread}{f' ({chr(59).join(more)})' if more else ''}"


def as_json(report: Report) -> str:
    """The findings as JSON: a list with an entry for each, as other commands print lists."""
    found: list[dict[str, Any]] = [
        {
            "file": one.file,
            "machine": one.machine or None,
            "line": one.line,
            **one.finding.document(),
            **({"ignored": one.reason} if one.reason else {}),
        }
        for one in report.judged
    ]
    found += [{"file": path, "machine": None, "error": message} for path, message in report.failures]
    return json.dumps(found, indent=2)


def github(report: Report) -> Iterator[str]:
    """The findings as commands of GitHub's log, which shows them beside the lines."""
    for one in report.standing:
        finding = one.finding
        said = {"file": one.file, "line": str(one.line or 1), "title": finding.rule.id}
        properties = ",".join(f"{key}={_property(value)}" for key, value in said.items())
        state = f"{finding.state}: " if finding.state else ""
        yield f"::{_COMMANDS[finding.severity]} {properties}::{_data(f'{state}{finding.message}; {finding.fix}')}"
    for path, message in report.failures:
        yield f"::error file={_property(path)},title=constructs-sm::{_data(message)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report) -> str:
    """The findings as SARIF 2.1.0, for code scanning."""
    ids = sorted({one.finding.rule.id for one in report.judged})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "constructs-sm",
                "semanticVersion": version_of(),
                "rules": [_rule(rule_id) for rule_id in ids],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, ids) for one in report.judged],
        "invocations": [
            {
                "executionSuccessful": not report.failures,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": message}, "locations": [_location(path, 1)]}
                    for path, message in report.failures
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule_id: str) -> dict[str, Any]:
    rule = RULES[rule_id]
    address = rule.source.split(" ")[0]
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.what}."},
        "fullDescription": {"text": f"{rule.what}: {rule.why}."},
        "help": {"text": f"{rule.fix}. Source: {rule.source}."},
        **({"helpUri": address} if address.startswith("https://") else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(one: Judged, ids: list[str]) -> dict[str, Any]:
    finding = one.finding
    state = f"{finding.state}: " if finding.state else ""
    location = _location(one.file, one.line or 1)
    name = "/".join(filter(None, (one.machine, finding.state)))
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": ids.index(finding.rule.id),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{state}{finding.message}; {finding.fix}"},
        "locations": [location],
        "partialFingerprints": {"place/v1": f"{one.machine}#{finding.pointer}"},
        "properties": {"pointer": finding.pointer},
        **({"suppressions": [{"kind": "external", "justification": one.reason}]} if one.reason else {}),
    }


def _location(path: str, line: int) -> dict[str, Any]:
    uri = quote(Path(path).as_posix(), safe="/:._-~")
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}
