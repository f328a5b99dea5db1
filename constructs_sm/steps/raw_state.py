"""RawState: a state of any type, exactly as Amazon States Language has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem, raise_all, where_of
from constructs_sm.language.leaves import with_leaves
from constructs_sm.rollback import WholeOrNotMade, methods_in_words
from constructs_sm.task.chaining import GoesOnOnce
from constructs_sm.task.custom_states import always, is_chainable
from constructs_sm.task.step import Step
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from constructs import Construct

_INNER = "{}: {}"


@methods_in_words
class RawState(WholeOrNotMade, GoesOnOnce, sfn.CustomState):
    """A state of any type exactly as Amazon States Language has it, where no class of the CDK can say it.

    A `CustomState` with what that cannot have: a name with a slash, nulls, choices, and catchers whose `Output` the CDK
    leaves out. States that it leads to by `Catch`, `Choices` or `Default` are told by `leads_to`; `next` goes on from
    it as from any state.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state.
        state_json: The state.
        state_name: The name of the state. Default: the construct id.

    Raises:
        InvalidInputError: The state is no object with a Type, or the name is none.

    Grants: none.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, state_json: Mapping[str, Any], state_name: str | None = None
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        problems = id_problems(construct_id, LONGEST_STATE_NAME)
        if state_name is not None:
            problems += id_problems(state_name, LONGEST_STATE_NAME, "state_name")
        if not isinstance(state_json, Mapping) or not isinstance(state_json.get("Type"), str):
            use = "write it as Amazon States Language: {'Type': 'Pass'}"
            problems.append(Problem("state_json must be a state", state_json, use, "argument-type"))
        raise_all(where, problems)
        self._raw = with_leaves(_null, state_json)
        self._named = construct_id if state_name is None else state_name
        self._led_to: dict[str, sfn.State] = {}
        self._inner: list[sfn.StateGraph] = []
        super().__init__(scope, construct_id, state_json=self._raw)
        self._step = Step(self, self._named, lambda: self._named).is_known()

    @property
    def state_id(self) -> str:
        """The name of the state, with its prefixes."""
        return self._named

    def add_prefix(self, x: str) -> None:
        """Put *x* before the state's name, as the CDK does for `prefix_states`."""
        self._named = f"{x}{self._named}"

    def leads_to(self, *states: sfn.IChainable) -> RawState:
        """Say which states its `Catch`, `Choices` or `Default` name.

        Raises:
            InvalidInputError: One is no state.
        """
        for each in states:
            self._judge(each)
            state = each.start_state
            self._led_to[state.state_id] = state
            # Only so that it stands in the same state machine: nothing of it is rendered.
            self._add_choice(always(), state)
        return self

    def branch(self, *branches: sfn.IChainable) -> RawState:
        """Add branches to a Parallel, after which there is no `Branches` in *state_json*.

        Raises:
            InvalidInputError: One is no state.
        """
        for each in branches:
            graph = self._graph(each, f"branch {len(self._inner) + 1}")
            self._add_branch(graph)
        return self

    def item_processor(self, processor: sfn.IChainable) -> RawState:
        """Say what a Map runs for each item. `ItemProcessor` in *state_json* has the `ProcessorConfig` alone.

        Raises:
            InvalidInputError: It is no state.
        """
        self._add_item_processor(self._graph(processor, "ItemProcessor"))
        return self

    def _graph(self, start: sfn.IChainable, what: str) -> sfn.StateGraph:
        self._judge(start)
        graph = sfn.StateGraph(start.start_state, _INNER.format(self._named, what))
        self._inner.append(graph)
        return graph

    def _judge(self, state: sfn.IChainable) -> None:
        if not is_chainable(state):
            problem = Problem("this is no state", state, "pass a job, a state or a chain", "argument-type")
            raise_all(where_of(type(self).__name__, self), [problem])

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:
        self._step.is_bound = True
        state: dict[str, Any] = {**super().to_state_json(top_level_query_language), **self._raw}
        if {"Next", "Choices"} & self._raw.keys() or state["Type"] in {"Succeed", "Fail"}:
            # A CustomState that nothing was chained to ends.
            state.pop("End", None)
        inner = [graph.to_graph_json() for graph in self._inner]
        if inner and state["Type"] == "Map":
            state["ItemProcessor"] = {**state.get("ItemProcessor", {}), **inner[0]}
        elif inner:
            state["Branches"] = inner
        return self._by_their_names(state)

    def _by_their_names(self, state: dict[str, Any]) -> dict[str, Any]:
        """A state that leads to others by the names that they have now."""
        names = {name: each.state_id for name, each in self._led_to.items()}
        for field in sorted({"Catch", "Choices"} & state.keys()):
            state[field] = [
                {**each, "Next": names.get(each["Next"], each["Next"])} if "Next" in each else each
                for each in state[field]
            ]
        if "Default" in state:
            state["Default"] = names.get(state["Default"], state["Default"])
        return state


def _null(value: Any) -> Any:
    """A leaf as it crosses the bridge, which drops nulls; the CDK has a token for them."""
    return sfn.JsonPath.DISCARD if value is None else value
