"""Rehearsals for the command line: opened with their script, and with every state told that has no answer yet."""

from __future__ import annotations

import copy
import functools
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.commands.output_files import is_folder
from constructs_sm.commands.scripts import parts_of, play, section_in
from constructs_sm.commands.targets import json_option
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.world.errors import AbsentFileError, RehearsalError, UnansweredError
from constructs_sm.testing.world.script_addresses import state_of

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.commands.targets import Target
    from constructs_sm.testing import Rehearsal

_ANSWERS: dict[str, Any] = {
    "athena:getQueryResults": {"ResultSet": {"Rows": []}},
    "batch:submitJob": {"JobId": "1", "Status": "SUCCEEDED"},
    "dynamodb:getItem": {"Item": {}},
    "dynamodb:query": {"Items": [], "Count": 0},
    "ecs:runTask": {"Tasks": [{"LastStatus": "STOPPED"}], "Failures": []},
    "glue:startJobRun": {"JobRunState": "SUCCEEDED"},
    "lambda:invoke": {"StatusCode": 200, "Payload": {}},
    "items of s3:getObject": [{}],
    "items of s3:listObjectsV2": [{"Key": "part-0", "Size": 1}],
    "s3:listObjectsV2": {"Contents": [], "KeyCount": 0},
    "sqs:sendMessage": {"MessageId": "1"},
    "states:startExecution": {"Status": "SUCCEEDED", "Output": "{}"},
}
"""The beginning of an answer, for APIs that pipelines often call."""
_TOLD = ("sns:publish", "cloudwatch:putMetricAlarm")
_REPORTS_A_FAILURE = "sendTaskFailure.waitForTaskToken"


class NoAnswerError(UnansweredError):
    """States call what nobody plays, and the script has no answer for them.

    Attributes:
        states: The states, with what each calls.
        script: A script with the beginning of an answer for each.
    """

    def __init__(self, states: Mapping[str, str], script: dict[str, Any]) -> None:
        named = ", ".join(f"{state} ({api})" for state, api in states.items())
        super().__init__(f"no answer for {named}; fill in the script below, and give its file with --script")
        self.states = dict(states)
        self.script = script


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The script and the input that a command is given.

    Attributes:
        parts: The parts of the script.
        execution_input: The input.
        files: A folder with what is in S3; None if there is none.
        section: The part that is run, as arguments of `Rehearsal.run`; empty: all of it.
    """

    parts: dict[str, Any]
    execution_input: Any
    files: str | None = None
    section: Mapping[str, Any] = field(default_factory=dict)


def script_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what happens in a rehearsal; it gets them as `given`."""

    @functools.wraps(command)
    def with_given(
        *arguments: Any, script: str | None, execution_input: str | None, files: str | None, **more: Any
    ) -> Any:
        return command(*arguments, given=_given(script, execution_input, files), **more)

    made: Callable[..., Any] = with_given
    for option in (
        click.option("--files", metavar="FOLDER", help="What is in S3, as bucket/key: a Map reads its items there."),
        click.option("--script", metavar="FILE|JSON", help="What happens, as JSON: see docs/rehearsal.md."),
        click.option("--input", "execution_input", metavar="FILE|JSON", help="The execution's input. Default: {}."),
    ):
        made = option(made)
    return made


def section_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `script_options`, and those that say which part is run."""

    @functools.wraps(command)
    def with_section(
        *arguments: Any,
        given: Given,
        start_at: str | None,
        stop_before: str | None,
        state_input: str | None,
        variables: str | None,
        **more: Any,
    ) -> Any:
        said = {
            "start_at": start_at,
            "stop_before": stop_before,
            "state_input": json_option(state_input, "--state-input"),
            "variables": json_option(variables, "--variables"),
        }
        section = section_in(given.parts) | {name: value for name, value in said.items() if value is not None}
        return command(*arguments, given=replace(given, section=section), **more)

    made: Callable[..., Any] = with_section
    for option in (
        click.option("--variables", metavar="FILE|JSON", help="The variables that there are then. Default: none."),
        click.option("--state-input", metavar="FILE|JSON", help="Input of that state. Default: the execution's."),
        click.option("--until", "stop_before", metavar="STATE", help="Stop before this state."),
        click.option("--from", "start_at", metavar="STATE", help="Start at this state of the outermost level."),
    ):
        made = option(made)
    return script_options(made)


def _given(script: str | None, execution_input: str | None, files: str | None) -> Given:
    said = json_option(script, "--script")
    try:
        parts = parts_of({} if said is None else said)
    except InvalidInputError as error:
        shown = script if script and script.lstrip()[:1] not in {"{", "["} else "JSON"
        message = f"--script {shown}: {error.where}: {'; '.join(problem.sentence for problem in error.problems)}"
        raise click.UsageError(message) from error
    if files is not None and not is_folder(Path(files)):
        message = f"--files {files}: there is no such folder; give one that has bucket/key"
        raise click.UsageError(message)
    given = json_option(execution_input, "--input")
    return Given(parts=parts, execution_input=parts.get("input", {}) if given is None else given, files=files)


@contextmanager
def rehearsal_of(target: Target, given: Given, **options: Any) -> Iterator[Rehearsal]:
    """Open the rehearsal of *target*, with what it is given.

    Raises:
        NoAnswerError: States have no answer; it names all of them.
    """
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415 - needs the extra `testing`

    with Rehearsal.of(target.machine, files=given.files, **options) as rehearsal:
        play(rehearsal, given.parts)
        try:
            yield rehearsal
        except AbsentFileError as error:
            raise RehearsalError(f"{error.said}, or give --script its items as an answer") from error
        except UnansweredError as error:
            missing = unanswered(target.machine.definition, given.parts["answers"])
            if not missing:
                raise  # of a file that is not there, say
            raise NoAnswerError(missing, skeleton(missing, given.parts)) from error


def unanswered(definition: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, str]:
    """The states that call something nobody plays and no answer is for, with what each calls."""
    from constructs_sm.testing.rehearsal import tasks_of  # noqa: PLC0415 - needs the extra `testing`

    found = {}
    tasks = dict(tasks_of(definition))
    answered = {state_of(address, tasks) for address in answers}
    for state, resource in tasks.items():
        api = _called(resource)
        played = (
            ":sagemaker:" in resource
            or api in _TOLD
            or api.startswith("applicationautoscaling:")
            or resource.endswith(_REPORTS_A_FAILURE)
        )
        if not played and state not in answered:
            found[state] = api
    return found


def skeleton(states: Mapping[str, str], script: Mapping[str, Any]) -> dict[str, Any]:
    """*script* with the beginning of an answer for each of *states*."""
    made = {state: [beginning_of_answer(*api.split(":", 1))] for state, api in states.items()}
    said = {name: value for name, value in script.items() if value or name == "input"}
    return {"input": {}, **said, "answers": {**script.get("answers", {}), **made}}


def beginning_of_answer(service: str, api: str = "") -> Any:
    """The beginning of an answer of an API: `lambda`, `invoke`."""
    return copy.deepcopy(_ANSWERS.get(f"{service}:{api.partition('.')[0]}", {}))


def _called(resource: str) -> str:
    """The API in a Resource, `sqs:sendMessage.waitForTaskToken`; or the function, the activity, or a Map's items."""
    _, optimized, api = resource.rpartition(":states:::")
    if api.startswith("s3:"):
        return f"items of {api}"  # only a Map reads from S3 without the SDK
    return api.removeprefix("aws-sdk:") if optimized else ":".join(resource.split(":")[-2:])
