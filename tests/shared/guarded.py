"""Apps under guardrails, and what the CDK's report says of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass(frozen=True)
class Row:
    """One row of the report."""

    severity: str
    rule: str
    state: str
    what: str
    fix: str


def stack_in(app: Any, name: str = "Stack") -> Stack:
    return Stack(app, name, env=Environment(account=ACCOUNT, region=REGION))


def machine(stack: Any, chain: Any, name: str = "Machine", **settings: Any) -> sfn.StateMachine:
    return sfn.StateMachine(stack, name, definition_body=sfn.DefinitionBody.from_chainable(chain), **settings)


def rows(app: App) -> list[Row]:
    """The rows of the report, whether synthesis failed or not."""
    refused = ""
    try:
        app.synth(force=True)
    except RuntimeError as error:
        refused = str(error)
    path = Path(app.outdir) / "validation-report.json"
    reports = json.loads(path.read_text())["pluginReports"] if path.exists() else []
    found = [
        Row(
            row["severity"],
            row["ruleName"],
            row["violatingConstructs"][0]["cloudFormationResource"]["propertyPaths"][0].rpartition("/")[2],
            row["description"],
            row["suggestedFix"],
        )
        for each in reports
        if each["pluginName"] == "constructs-sm"
        for row in each["violations"]
    ]
    assert ("ValidationFailed" in refused) == any(row.severity == "error" for row in found), refused
    return found


def refused(app: App) -> set[tuple[str, str]]:
    """The rule and the state of each row that made synthesis fail."""
    return {(row.rule, row.state) for row in rows(app) if row.severity == "error"}


def template(app: App, name: str = "Stack") -> dict[str, Any]:
    read: dict[str, Any] = json.loads((Path(app.outdir) / f"{name}.template.json").read_text())
    return read


def denials(app: App, name: str = "Stack") -> list[dict[str, Any]]:
    """The statements that deny, of all roles of a stack that is synthesized."""
    return [
        statement
        for resource in template(app, name)["Resources"].values()
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]
