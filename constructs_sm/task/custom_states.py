"""States that stand between the calls of a fragment, and the loop that looks at something until it has settled.

They are written in JSONata whatever the state machine is written in, which Step Functions allows state by state: a
field that is missing is nothing there, where JSONPath would end the execution with `States.Runtime`, and one state
counts and selects where JSONPath would need three.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.jsonata import UNCHANGED, merged, merged_at, object_of, place_of
from constructs_sm.language.late_bound import is_jsonata, is_token
from constructs_sm.language.paths import keys_in, path_of
from constructs_sm.task.scope import JobScope

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.retry import RetryPolicy

    from constructs import Construct
    from typing_extensions import Self

_EVENTS_OF_A_LOOK = 9
"""Entered and exited thrice, and a task scheduled, started and succeeded."""
_MOST_LOOKS = 2_000
"""Leaves 7,000 of an execution's 25,000 events to the rest of it."""

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


class Rule(sfn.Condition):
    """A Choice rule in JSONPath that is Amazon States Language already."""

    def __init__(self, rule: Mapping[str, Any]) -> None:
        super().__init__()
        self._rule = rule

    def render_condition(self) -> Any:
        return self._rule


def holds(condition: str) -> sfn.Condition:
    """The rule of a Choice in JSONata; *condition* without its marks must be true or false, never undefined."""
    return sfn.Condition.jsonata(f"{{% {condition} %}}")


@cache
def always() -> sfn.Condition:
    """The rule in JSONata that holds whatever the input is. Made once, for all."""
    return holds("true")


class JsonataState(sfn.CustomState):
    """A state in JSONata in any state machine: its fields, as Amazon States Language has them."""

    def __init__(self, scope: Construct, construct_id: str, **fields: Any) -> None:
        super().__init__(scope, construct_id, state_json={"QueryLanguage": "JSONata", **fields})


class JsonataTask(JsonataState):
    """A Task in JSONata, which can catch as in JSONPath: `result_path` says where the error goes in the input."""

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:
        return catching_in_jsonata(super().to_state_json(top_level_query_language))


class GrantedState(sfn.CustomState):
    """A state that gives grants to whatever state machine it ends up in.

    Others are told nothing of that: to be told is a callback a state.
    """

    def __init__(self, scope: Construct, construct_id: str, *, grants: Sequence[Grant], **state: Any) -> None:
        self._job_scope = JobScope.of(scope)
        self._grants = grants
        super().__init__(scope, construct_id, **state)

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._job_scope.register(graph, self._grants)


class Begin(GrantedState):
    """The first state of a fragment: a Pass that puts what the user has said under *key*, and has the grants with it.

    It is in the user's query language, so that the states after it need not be.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: str,
        request: Mapping[str, Any],
        grants: Sequence[Grant],
        jsonata: bool,
    ) -> None:
        """Make the state.

        Args:
            scope: The fragment.
            construct_id: Its name.
            key: Where the values are found.
            request: The values, rendered in the user's language; no structures.
            grants: What the state machine role needs for the fragment's own calls.
            jsonata: Whether the user's language is JSONata.
        """
        state: dict[str, Any] = {"Type": "Pass"}
        if jsonata:
            values = {field: _expression(value) for field, value in request.items()}
            state |= {"QueryLanguage": "JSONata", "Output": merged(key, object_of(values))}
        else:
            state |= {"Parameters": dict(request), "ResultPath": path_of(key)}
        super().__init__(scope, construct_id, grants=grants, state_json=state)


def _expression(value: Any) -> str:
    """A value as JSONata without its marks."""
    if is_jsonata(value):
        return f"({str(value).removeprefix('{%').removesuffix('%}').strip()})"
    return json.dumps(value, ensure_ascii=False)


def catching_in_jsonata(state: Mapping[Any, Any]) -> dict[Any, Any]:
    """A state in JSONata with its catchers in JSONata as well.

    The CDK takes every `CustomState` for JSONPath, and renders a ResultPath that a JSONata state must not have.
    """
    catchers = state.get("Catch")
    return {**state, "Catch": [_in_jsonata(catcher) for catcher in catchers]} if catchers else dict(state)


def _in_jsonata(catcher: Mapping[str, Any]) -> dict[str, Any]:
    kept = {field: value for field, value in catcher.items() if field != "ResultPath" and value is not None}
    given = catcher.get("ResultPath")
    keys = keys_in(str(given))
    if keys:
        kept["Output"] = merged_at(keys, "$states.errorOutput")
    elif is_token(given):
        # sfn.JsonPath.DISCARD
        kept["Output"] = UNCHANGED
    return kept


@dataclass(frozen=True, slots=True)
class Looks:
    """How often something is looked at before it is given up, and how long between."""

    interval_seconds: int
    most: int

    @classmethod
    def of(cls, interval: Duration, timeout: Duration, problems: list[Problem]) -> Looks:
        """As often as *interval* goes into *timeout*; what is wrong with them goes to *problems*."""
        seconds = {"interval": seconds_of(interval), "timeout": seconds_of(timeout)}
        for argument, value in seconds.items():
            if value is None:
                shown = interval if argument == "interval" else timeout
                problems.append(
                    Problem(f"{argument} must be a Duration of whole seconds", shown, "pass Duration.hours(1)")
                )
        every, until = seconds["interval"] or 1, seconds["timeout"] or 1
        most = math.ceil(until / every)
        if most > _MOST_LOOKS and None not in seconds.values():
            problems.append(
                Problem(
                    "too many looks for the 25000 events an execution may have",
                    f"{most} looks of {_EVENTS_OF_A_LOOK} events",
                    f"pass an interval of {math.ceil(until / _MOST_LOOKS)} seconds or more",
                )
            )
        return cls(every, most)

    @property
    def total(self) -> str:
        """How long that is, in words."""
        return words_for(self.interval_seconds * self.most)


def words_for(seconds: int) -> str:
    """A time as a sentence says it."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds % size == 0), ("second", 1))
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def seconds_of(value: object) -> int | None:
    """A Duration in seconds; None if it is none, or not of whole seconds."""
    try:
        seconds = value.to_seconds() if isinstance(value, Duration) else None
    except RuntimeError:
        return None
    return int(seconds) if seconds and not is_token(seconds) else None


class Polling:
    """A Task that describes something, and a Wait before the next look.

    What is between them is the caller's: a Choice that says whether to go on, to give up (`is_exhausted`) or to wait.
    How often it was looked is counted in the record under *key*, which the description joins.

    Attributes:
        call: The fields of the Task.
        output: The Output of the Task.
        task: The Task. A look begins here.
        wait: The Wait, which counts and leads to the Task.
        is_exhausted: Whether it was looked often enough, in JSONata without its marks.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: tuple[str, str],
        call: Mapping[str, Any],
        key: str,
        record: Mapping[str, str],
        looks: Looks,
    ) -> None:
        """Make the two states.

        Args:
            scope: The fragment.
            names: What the Task and the Wait are called.
            call: The fields of the Task: see `describing`.
            key: Where the record is.
            record: What the record is after a look: JSONata expressions without their marks.
            looks: How often, and how long between.
        """
        place = place_of(key)
        self.call = call
        self.output = merged(key, object_of({**record, "Looks": f"{place}.Looks"}))
        self.task = JsonataTask(scope, names[0], **call, Output=self.output)
        self.wait = JsonataState(
            scope,
            names[1],
            Type="Wait",
            Seconds=looks.interval_seconds,
            Output=merged(key, f"$merge([{place}, {{'Looks': $sum([{place}.Looks, 1])}}])"),
        )
        self.wait.next(self.task)
        self.is_exhausted = f"$sum([{place}.Looks, 0]) >= {looks.most}"


def describing(resource: str, arguments: Mapping[str, Any], retry: Sequence[RetryPolicy]) -> dict[str, Any]:
    """The fields of a Task that calls an API by the AWS SDK integration."""
    retries = {"Retry": [policy.to_state() for policy in retry]} if retry else {}
    return {"Type": "Task", "Resource": resource, "Arguments": dict(arguments), **retries}


class NamedFragment(sfn.StateMachineFragment):
    """A fragment whose states are called `<construct id>: <state>`, and are in JSONata."""

    _id: str
    _tasks: list[Any]
    """What calls something, and can fail."""

    def add_catch(
        self, handler: sfn.IChainable, *, errors: Sequence[str] | None = None, result_path: str | None = None
    ) -> Self:
        """Go on to *handler* when a call fails for good.

        The Fails of the fragment are not caught: they end the execution. `to_single_state()` makes all of it one state
        that can catch them too.

        Args:
            handler: What to do then.
            errors: Error names. Default: `States.ALL`.
            result_path: Where error and cause go in the state's input. Default: in its place.
        """
        for task in self._tasks:
            task.add_catch(handler, errors=list(errors) if errors else None, result_path=result_path)
        return self

    def _named(self, state: str) -> str:
        return f"{self._id}: {state}"

    def _resource(self, api: str) -> str:
        """The Resource of a Task that calls an API: `aws-sdk:sagemaker:describeEndpoint`."""
        return JobScope.of(self).arns.integration(api)

    def _task(self, name: str, call: Mapping[str, Any], output: str, **fields: Any) -> JsonataTask:
        return JsonataTask(self, self._named(name), **call, **fields, Output=output)

    def _choice(self, name: str) -> sfn.Choice:
        return sfn.Choice(self, self._named(name), query_language=sfn.QueryLanguage.JSONATA)

    def _fail(self, name: str, error: str, cause: str) -> sfn.Fail:
        language = sfn.QueryLanguage.JSONATA
        return sfn.Fail(self, self._named(name), query_language=language, error=error, cause=cause)
