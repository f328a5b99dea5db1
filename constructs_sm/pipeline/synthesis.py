"""Synthesis without the cdk CLI: the settings in `cdk.json`, and a summary of what was made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from constructs_sm.cdk_json import OUTDIR, CdkJson, program_folder, warn_of_unread
from constructs_sm.language.errors import raise_unless
from constructs_sm.language.machines import definition_of, machines_in

from aws_cdk import App

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aws_cdk import IPolicyValidationPluginBeta1, IPropertyInjector, IReusableStackSynthesizer
    from aws_cdk.cx_api import CloudAssembly, CloudFormationStackArtifact
    from typing_extensions import Unpack

_NESTED = ".nested.template.json"
_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_SHOWN_MESSAGES = {"aws:cdk:warning": "warning", "aws:cdk:error": "error"}


class AppArguments(TypedDict, total=False):
    """Arguments that every app takes: see `aws_cdk.App`."""

    analytics_reporting: bool | None
    auto_synth: bool | None
    default_stack_synthesizer: IReusableStackSynthesizer | None
    policy_validation_beta1: Sequence[IPolicyValidationPluginBeta1] | None
    post_cli_context: Mapping[str, Any] | None
    property_injectors: Sequence[IPropertyInjector] | None
    stack_traces: bool | None
    tree_metadata: bool | None


class PipelineApp(App):
    """An app that is what the cdk CLI makes of it, with the CLI and without: `python app.py`.

    The context of the `cdk.json` beside the program is read, settings of pipelines and feature flags alike, or that of
    the one in the current folder whose `app` runs the program. Without the CLI the output goes where it names, or to
    `cdk.out` beside it.

    Args:
        context: More context, in place of that of `cdk.json` where both have a key.
        outdir: The output folder. Default: the CLI's, that of `cdk.json`, or `cdk.out` beside it.
        app: What every app takes: default_stack_synthesizer, analytics_reporting, ...

    Raises:
        InvalidInputError: The context is no mapping.
    """

    def __init__(
        self,
        *,
        context: Mapping[str, Any] | None = None,
        outdir: str | None = None,
        **app: Unpack[AppArguments],
    ) -> None:
        if context is not None:
            raise_unless("PipelineApp", context=(context, Mapping, "a dict"))
        read = CdkJson.beside()
        found = {} if read is None else read.context
        named = None if read is None else read.output
        beside = program_folder() if read is None else read.path.parent
        folder = os.environ.get(OUTDIR, str(named or (beside or Path.cwd()) / "cdk.out"))
        super().__init__(
            context={**found, **(context or {})},
            outdir=folder if outdir is None else outdir,
            **app,
        )


def synthesize(app: App) -> CloudAssembly:
    """Synthesize *app*, and print what was made, what the CDK warns of, and where the templates are.

    Run by the cdk CLI it prints nothing, since the CLI does.

    Args:
        app: A `PipelineApp`, or any `aws_cdk.App`.

    Raises:
        InvalidInputError: It is none.
    """
    raise_unless("synthesize", app=(app, App, "an App"))
    warn_of_unread(app.node)
    assembly = app.synth()
    if OUTDIR not in os.environ:
        print(summary(assembly))  # noqa: T201  (it is there to print)
    return assembly


def summary(assembly: CloudAssembly) -> str:
    """The stacks of *assembly*: how much each holds, what its state machines run, what the CDK warns of, and where."""
    lines: list[str] = []
    for stack in assembly.stacks_recursively:
        lines += _of_stack(stack)
    return "\n".join([*lines, "", f"written to {_near(Path(assembly.directory))}/"])


def _of_stack(stack: CloudFormationStackArtifact) -> Iterator[str]:
    template: Mapping[str, Any] = stack.template
    resources = template.get("Resources", {})
    yield f"{stack.stack_name}: {len(resources)} resources, {Path(stack.template_full_path).stat().st_size:,} bytes"
    for each in (template, *_nested_templates(stack)):
        yield from _state_machines(each.get("Resources", {}))
    for message in stack.messages:
        if message.entry.type in _SHOWN_MESSAGES:
            yield f"  {_SHOWN_MESSAGES[message.entry.type]} at {message.id}: {message.entry.data}"


def _nested_templates(stack: CloudFormationStackArtifact) -> Iterator[Mapping[str, Any]]:
    """The templates of the nested stacks in a stack: files that it is deployed with."""
    folder = Path(stack.template_full_path).parent
    manifest = folder / f"{stack.id}.assets.json"
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"].values() if manifest.is_file() else ()
    for path in (str(file.get("source", {}).get("path", "")) for file in files):
        if path.endswith(_NESTED):
            yield json.loads((folder / path).read_text(encoding="utf-8"))


def _state_machines(resources: Mapping[str, Any]) -> Iterator[str]:
    for logical_id, resource in resources.items():
        if resource["Type"] != _STATE_MACHINE:
            continue
        definition = definition_of(resource["Properties"].get("DefinitionString"))
        if definition is not None:
            yield f"  state machine {logical_id}: {len(definition['States'])} states"
            yield from (f"    {line}" for line in _tasks(definition))


def _tasks(definition: Mapping[str, Any]) -> Iterator[str]:
    """The Task states, in the order of the definition, with what each calls."""
    tasks = {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}
    width = max(map(len, tasks), default=0)
    for name, state in tasks.items():
        yield f"{name:<{width}}  {state['Resource'].rpartition(':')[2]}"
    for state in definition["States"].values():
        for inner in machines_in(state):
            yield from _tasks(inner)


def _near(path: Path) -> str:
    """*path* as seen from here, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
