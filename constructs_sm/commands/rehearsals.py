"""Rehearsals for the command line: opened with their script, and with every state told that has no answer yet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from constructs_sm.commands.scripts import play
from constructs_sm.commands.targets import json_option
from constructs_sm.language.machines import states_of
from constructs_sm.testing.world.errors import UnansweredError

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
    "items of s3:getObject": [{}],
    "items of s3:listObjectsV2": [{"Key": "part-0", "Size": 1}],
    "glue:startJobRun": {"JobRunState": "SUCCEEDED"},
    "lambda:invoke": {"StatusCode": 200, "Payload": {}},
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


def script_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what happens in a rehearsal."""
    for option in (
        click.option("--script", metavar="FILE|JSON", help="What happens, as JSON: see docs/rehearsal.md."),
        click.option("--input", "execution_input", metavar="FILE|JSON", help="The execution's input. Default: {}."),
    ):
        command = option(command)
    return command


@contextmanager
def rehearsal_of(
    target: Target, script: str | None, execution_input: str | None, **options: Any
) -> Iterator[tuple[Rehearsal, Any]]:
    """Open the rehearsal of *target*, and hand it on with its input.

    Raises:
        NoAnswerError: States have no answer; it names all of them.
    """
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415 - needs the extra `testing`

    parts = json_option(script, "--script")
    parts = {} if parts is None else parts
    given = json_option(execution_input, "--input")
    if given is None:
        given = parts.get("input", {}) if isinstance(parts, dict) else {}
    with Rehearsal.of(target.machine, **options) as rehearsal:
        play(rehearsal, parts)
        try:
            yield rehearsal, given
        except UnansweredError as error:
            missing = unanswered(target.machine.definition, parts.get("answers", {}))
            raise NoAnswerError(missing, skeleton(missing, parts)) from error


def unanswered(definition: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, str]:
    """The states that call something nobody plays and no answer is for, with what each calls."""
    from constructs_sm.testing.rehearsal import tasks_of  # noqa: PLC0415 - needs the extra `testing`

    found = {}
    maps = {name for name, state in states_of(definition) if state.get("Type") == "Map"}
    for state, resource in tasks_of(definition):
        api = _called(resource)
        if state in maps:
            api = f"items of {api}"
        played = (
            ":sagemaker:" in resource
            or api in _TOLD
            or api.startswith("applicationautoscaling:")
            or resource.endswith(_REPORTS_A_FAILURE)
        )
        if not played and state not in answers:
            found[state] = api
    return found


def skeleton(states: Mapping[str, str], script: Mapping[str, Any]) -> dict[str, Any]:
    """*script* with the beginning of an answer for each of *states*."""
    made = {state: [_ANSWERS.get(api.partition(".")[0], {})] for state, api in states.items()}
    return {"input": {}, **script, "answers": {**script.get("answers", {}), **made}}


def _called(resource: str) -> str:
    """The API in a Resource: `lambda:invoke`, `sqs:sendMessage.waitForTaskToken`; or the function or activity."""
    _, optimized, api = resource.rpartition(":states:::")
    return api.removeprefix("aws-sdk:") if optimized else ":".join(resource.split(":")[-2:])
