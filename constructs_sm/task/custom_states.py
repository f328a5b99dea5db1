"""States that stand between the calls of a fragment.

They are written in JSONata whatever the state machine is written in, which Step Functions allows state by state: a
field that is missing is nothing there, where JSONPath would end the execution with `States.Runtime`, and one state
counts and selects where JSONPath would need three.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.jsonata import UNCHANGED, jsonata_of, merged, merged_at, object_of
from constructs_sm.language.late_bound import LATE, is_jsonata, is_token
from constructs_sm.language.paths import keys_in, name_of, path_of
from constructs_sm.rollback import methods_in_words
from constructs_sm.task.changes import Changes, policy_of
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.task.step import Step

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.retry import RetryPolicy

    from constructs import Construct


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

    def __init__(self, scope: Construct, construct_id: str, **fields: Any) -> None:
        super().__init__(scope, construct_id, **fields)
        self._changes = Changes()

    def add_retry(self, policy: RetryPolicy | None = None, **retrier: Any) -> sfn.CustomState:
        """Retry what *policy*, or what the CDK's `add_retry` takes, says; asked before the retriers it has."""
        self._changes.retriers.append(policy_of(f"retry of '{self.node.path}'", policy, **retrier))
        return self

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:
        return self._changes.applied_to(catching_in_jsonata(super().to_state_json(top_level_query_language)))


@methods_in_words
class NamedState(sfn.CustomState):
    """A state that knows its name with its prefixes: as `state_id`, without a message over the bridge."""

    _name: str

    @property
    def prefixed_name(self) -> str:
        """The state's name with its prefixes."""
        return self._name

    def add_prefix(self, x: str) -> None:
        """Put *x* before the state's name, as the CDK does for `prefix_states`."""
        super().add_prefix(x)
        self._name = f"{x}{self._name}"


class OptionalState(NamedState):
    """A state in JSONata whose failure never is the execution's, written when the state machine is drawn.

    It names the states that it leads to, which are known then. The CDK is told of it in three messages: two that make
    and chain it, and one that draws it.

    Args:
        scope: The fragment.
        construct_id: Its name.
        fields: Gives its fields; among its catchers is one for `States.ALL`.
    """

    def __init__(self, scope: Construct, construct_id: str, fields: Callable[[], Mapping[str, Any]]) -> None:
        self._name = construct_id
        self._fields = fields
        super().__init__(scope, construct_id, state_json={})

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:  # noqa: ARG002
        return {"QueryLanguage": "JSONata", **self._fields()}


class GrantedState(sfn.CustomState):
    """A state that gives grants to whatever state machine it ends up in.

    Others are told nothing of that: to be told is a callback a state.
    """

    def __init__(self, scope: Construct, construct_id: str, *, grants: Sequence[Grant], **state: Any) -> None:
        self._job_scope = JobScope.of(scope)
        self._granted_as = scope if isinstance(scope, RunsInMachine) else None
        self._grants = grants
        super().__init__(scope, construct_id, **state)

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._job_scope.register(graph, self._grants)
        if self._granted_as is not None:
            self._granted_as.bind_grants(graph)


def is_chainable(value: object) -> bool:
    """Tell whether a state machine can go on to *value*: to a job, a state or a chain.

    Its class is asked: to ask itself is a message over the bridge.
    """
    return hasattr(type(value), "start_state")


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
        assign: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the state.

        Args:
            scope: The fragment.
            construct_id: Its name.
            key: Where the values are found.
            request: The values, rendered in the user's language; no structures.
            grants: What the state machine role needs for the fragment's own calls.
            jsonata: Whether the user's language is JSONata.
            assign: Variables that it sets, rendered likewise.
        """
        state: dict[str, Any] = {"Type": "Pass"}
        variables = assign or {}
        if jsonata:
            values = {field: _expression(value) for field, value in request.items()}
            state |= {"QueryLanguage": "JSONata", "Output": merged(key, object_of(values))}
            state |= {"Assign": dict(variables)} if variables else {}
        else:
            state |= {"Parameters": {**request, **variables}, "ResultPath": path_of(key)}
            # In JSONPath a variable is set from the result.
            names = [name.removesuffix(LATE) for name in variables]
            state |= {"Assign": {f"{name}{LATE}": f"$.{name}" for name in names}} if names else {}
        super().__init__(scope, construct_id, grants=grants, state_json=state)
        self._step = Step(scope, name_of(construct_id), lambda: self.state_id, calls=True).is_known()

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._step.is_bound = True


def _expression(value: Any) -> str:
    """A value as JSONata without its marks."""
    if is_jsonata(value):
        return f"({str(value).removeprefix('{%').removesuffix('%}').strip()})"
    return json.dumps(value, ensure_ascii=False)


_OUTPUT = "Output of the catcher"
"""Stands among the variables of a catcher for its Output, which no name of a variable can be like."""


def with_output(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a catcher whose `outputs` the CDK would leave out of what it takes for JSONPath."""
    if settings.get("outputs") is None:
        return dict(settings)
    kept = {name: value for name, value in settings.items() if name != "outputs"}
    return {**kept, "assign": {**(settings.get("assign") or {}), _OUTPUT: settings["outputs"]}}


def catching_in_jsonata(state: Mapping[Any, Any]) -> dict[Any, Any]:
    """A state in JSONata with its catchers in JSONata as well.

    The CDK takes every `CustomState` for JSONPath, and renders a ResultPath that a JSONata state must not have.
    """
    catchers = state.get("Catch")
    return {**state, "Catch": [_in_jsonata(catcher) for catcher in catchers]} if catchers else dict(state)


def _in_jsonata(catcher: Mapping[str, Any]) -> dict[str, Any]:
    kept = {field: value for field, value in catcher.items() if field != "ResultPath" and value is not None}
    if "Assign" in kept:
        variables = dict(kept.pop("Assign"))
        if _OUTPUT in variables:
            kept["Output"] = variables.pop(_OUTPUT)
        if variables:
            kept["Assign"] = dict(_assigned(name, value) for name, value in variables.items())
    given = catcher.get("ResultPath")
    keys = keys_in(str(given))
    if keys:
        kept["Output"] = merged_at(keys, "$states.errorOutput")
    elif is_token(given):
        # sfn.JsonPath.DISCARD
        kept["Output"] = UNCHANGED
    return kept


def _assigned(name: str, value: Any) -> tuple[str, Any]:
    """A variable that is set from the error, as a catcher in JSONata says it."""
    if not name.endswith(LATE):
        return name, value
    expression = jsonata_of(value).replace("$states.input", "$states.errorOutput", 1)
    return name.removesuffix(LATE), f"{{% {expression} %}}"


def describing(resource: str, arguments: Mapping[str, Any], retry: Sequence[RetryPolicy]) -> dict[str, Any]:
    """The fields of a Task that calls an API by the AWS SDK integration."""
    retries = {"Retry": [policy.to_state() for policy in retry]} if retry else {}
    return {"Type": "Task", "Resource": resource, "Arguments": dict(arguments), **retries}
