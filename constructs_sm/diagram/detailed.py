"""The picture of every state, with every error that is caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.diagram.graph import Edge, Graph, Node, on_the_way
from constructs_sm.diagram.wording import caught, condition, notes_of
from constructs_sm.language.machines import machines_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.language.machines import Json


def detailed(machine: Json) -> Graph:
    """Make the picture of every state of a state machine, and of those within them."""
    states: Mapping[str, Json] = machine["States"]
    edges = {name: edges_of(name, state, states) for name, state in states.items()}
    names = on_the_way(machine["StartAt"], edges)
    nodes = [_node(name, states[name]) for name in names]
    return Graph(tuple(nodes), tuple(edge for name in names for edge in edges[name]))


def _node(name: str, state: Json) -> Node:
    return Node(name, state["Type"], tuple(notes_of(state)), tuple(map(detailed, machines_in(state))), (name,))


def edges_of(name: str, state: Json, states: Mapping[str, Json]) -> list[Edge]:
    """The ways out of a state: those to success first. What is not there is not drawn."""
    edges = []
    for rule in state.get("Choices", []):
        fails = rule.get("Condition") == "{% true %}" or _type(states, rule.get("Next")) == "Fail"
        edges.append(Edge(name, rule.get("Next", ""), condition(rule, fails=fails), aside=fails))
    if default := state.get("Default"):
        edges.append(Edge(name, default, "otherwise", aside=_type(states, default) == "Fail"))
    if following := state.get("Next"):
        edges.append(Edge(name, following))
    edges += [
        Edge(name, catcher.get("Next", ""), caught(catcher["ErrorEquals"]), caught=True, aside=True)
        for catcher in state.get("Catch", [])
    ]
    return sorted((edge for edge in edges if edge.target in states), key=lambda edge: edge.aside)


def _type(states: Mapping[str, Json], name: str | None) -> str:
    return str(states.get(name or "", {}).get("Type", ""))
