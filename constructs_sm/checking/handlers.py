"""Retriers and catchers that never match, that miss what happens, or that lose what was there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from constructs_sm.checking.scene import errors_of
from constructs_sm.language.error_names import ALL, TASK_FAILED
from constructs_sm.language.errors import did_you_mean
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.rules import machine_rules as rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.rules.rule import Violation

_OF_STEP_FUNCTIONS: Final = frozenset(
    {
        ALL,
        TASK_FAILED,
        "States.BranchFailed",
        "States.DataLimitExceeded",
        "States.ExceedToleratedFailureThreshold",
        "States.HeartbeatTimeout",
        "States.Http.Socket",
        "States.IntrinsicFailure",
        "States.ItemReaderFailed",
        "States.NoChoiceMatched",
        "States.ParameterPathFailure",
        "States.Permissions",
        "States.QueryEvaluationError",
        "States.ResultPathMatchFailure",
        "States.ResultWriterFailed",
        "States.Runtime",
        "States.Timeout",
    }
)
"""Every error whose name Step Functions has reserved.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""
_CODES: Final = "States.Http.StatusCode."
_PREFIXES: Final[dict[str, frozenset[str]]] = {
    "Batch": frozenset({"batch"}),
    "DynamoDB": frozenset({"dynamodb"}),
    "DynamoDb": frozenset({"dynamodb"}),
    "ECS": frozenset({"ecs"}),
    "Ecs": frozenset({"ecs"}),
    "Glue": frozenset({"glue"}),
    "Lambda": frozenset({"lambda"}),
    "SageMaker": frozenset({"sagemaker"}),
    "SNS": frozenset({"sns"}),
    "Sns": frozenset({"sns"}),
    "SQS": frozenset({"sqs"}),
    "Sqs": frozenset({"sqs"}),
}
"""The services whose errors begin so, by the beginning."""
_OF_ANYBODY: Final = frozenset({"lambda", "states", "sfn", "http", "apigateway", "eks"})
"""Services that hand on errors of others."""
_CATCH_ALL: Final = frozenset({ALL, TASK_FAILED})
_THROTTLED: Final = {False: "SageMaker.AmazonSageMakerException", True: "SageMaker.SageMakerException"}
"""The name of a throttled call, by whether the integration is `aws-sdk`."""


def handlers(scene: Scene) -> Iterator[Violation]:
    """Find what is wrong with retriers and catchers."""
    own = {str(one.state.get("Error")) for one in scene.states if one.kind == "Fail"}
    for located in scene.states:
        for field in ("Retry", "Catch"):
            yield from _never_matching(located, field, own)
            yield from _shadowed(located, field)
        yield from _unretried(located)
        yield from _losing(located)


def _never_matching(located: Located, field: str, own: Collection[str]) -> Iterator[Violation]:
    called = located.called
    for number, handler in enumerate(located.handlers(field)):
        listed = errors_of(handler)
        for name in listed:
            where = f"{located.where}/{field}[{number}]/ErrorEquals"
            if name in own:
                continue  # a Fail state of the state machine has made it up
            if name.startswith("States.") and name not in _OF_STEP_FUNCTIONS and not name.startswith(_CODES):
                fix = did_you_mean(name, _OF_STEP_FUNCTIONS) or rules.NEVER_MATCHES.fix
                yield rules.NEVER_MATCHES.broken(where, name, what="Step Functions has no such error", fix=fix)
            elif name == "States.HeartbeatTimeout" and not {ALL, "States.Timeout"} & {*listed}:
                what = "a heartbeat that is missed has the error States.Timeout"
                yield rules.NEVER_MATCHES.broken(where, name, what=what, fix="list States.Timeout")
            elif name == "States.Runtime":
                what = "States.Runtime can be neither retried nor caught"
                yield rules.NEVER_MATCHES.broken(where, name, what=what, fix="take it out")
            elif called is not None and called.service not in _OF_ANYBODY and called.pattern != "waitForTaskToken":
                services = _PREFIXES.get(name.partition(".")[0])
                if services is not None and called.service not in services:
                    what = f"{called.service}:{called.api} cannot fail with an error of another service"
                    yield rules.NEVER_MATCHES.broken(where, name, what=what)
                elif name == _THROTTLED[not called.sdk] and _THROTTLED[called.sdk] not in _all_errors(located, field):
                    kind = "the AWS SDK integration" if called.sdk else "the optimized integration"
                    what, fix = f"{kind} names its errors otherwise", f"list {_THROTTLED[called.sdk]}"
                    yield rules.NEVER_MATCHES.broken(where, name, what=what, fix=fix)


def _all_errors(located: Located, field: str) -> set[str]:
    return {name for handler in located.handlers(field) for name in errors_of(handler)}


def _shadowed(located: Located, field: str) -> Iterator[Violation]:
    seen: dict[str, int] = {}
    for number, handler in enumerate(located.handlers(field)):
        for name in errors_of(handler):
            earlier = seen.get(name)
            if earlier is None and TASK_FAILED in seen and not name.startswith("States.") and located.kind == "Task":
                earlier = seen[TASK_FAILED]
            if earlier is not None and earlier != number:
                where = f"{located.where}/{field}[{number}]/ErrorEquals"
                yield rules.SHADOWED.broken(where, name, what=f"{field}[{earlier}] takes this error before")
        for name in errors_of(handler):
            seen.setdefault(name, number)


_ROOT_KEY: Final = re.compile(r"\"\$\.([A-Za-z_]\w*)")
_OF_AN_ERROR: Final = frozenset({"Error", "Cause"})


def _losing(located: Located) -> Iterator[Violation]:
    """Find catchers whose next state reads an input that the error has taken the place of."""
    for number, catcher in enumerate(located.handlers("Catch")):
        target = located.siblings.get(str(catcher.get("Next")))
        if located.jsonata or catcher.get("ResultPath", "$") != "$" or not isinstance(target, dict):
            continue
        if target.get("Type") in {"Parallel", "Map"} or is_in_jsonata(target):
            continue
        taken = {key: value for key, value in target.items() if key not in {"ResultPath", "ResultSelector", "Catch"}}
        read = [key for key in _ROOT_KEY.findall(json.dumps(taken, default=str)) if key not in _OF_AN_ERROR]
        if read:
            what = f"'{catcher['Next']}' reads $.{read[0]}, and the error has taken the place of the whole input"
            yield rules.CAUSE_LOST.broken(f"{located.where}/Catch[{number}]", what=what)


def _unretried(located: Located) -> Iterator[Violation]:
    called = located.called
    if called is None or not called.is_sagemaker:
        return
    for one in (located, *located.around):
        for handler in one.handlers("Retry"):
            if {*_CATCH_ALL, _THROTTLED[called.sdk]} & {*errors_of(handler)} and handler.get("MaxAttempts") != 0:
                return
    named = _all_errors(located, "Retry") | _all_errors(located, "Catch")
    if any(name.startswith(("SageMaker.", "Sagemaker.")) for name in named):
        # Somebody has thought of it, under names of their own.
        return
    yield rules.NO_RETRY.broken(located.where, fix=f"retry {_THROTTLED[called.sdk]}, with a backoff")
