"""A picture before it is drawn: nodes, edges, and the pictures within nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Node:
    """A state, or several that a reader takes for one.

    Attributes:
        name: The name of the state; unique in the whole state machine.
        kind: The type of the state, which decides its shape and colour.
        notes: Lines below the name.
        inner: The pictures within it: branches, or the work for each item.
        states: The states that it stands for.
    """

    name: str
    kind: str
    notes: tuple[str, ...] = ()
    inner: tuple[Graph, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node to another.

    Attributes:
        source: Name of a node.
        target: Name of a node.
        label: The condition on which it is taken.
        caught: True where an error takes it.
        aside: True where it is off the way to success.
    """

    source: str
    target: str
    label: str = ""
    caught: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order in which an execution can come to them, and the ways between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def out(self) -> dict[str, list[Edge]]:
        """The edges out of each node."""
        found: dict[str, list[Edge]] = {node.name: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge)
        return found


def on_the_way(start: str, edges: Mapping[str, Sequence[Edge]]) -> list[str]:
    """Every node, in the order in which an execution can come to it."""
    names = {start: None}
    waiting = [start]
    for name in waiting:
        for edge in edges[name]:
            if edge.target not in names:
                names[edge.target] = None
                waiting.append(edge.target)
    return list(names)
