"""Failures told in words: lines that every state would draw to one handler become notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from constructs_sm.diagram.graph import Graph, on_the_way

if TYPE_CHECKING:
    from constructs_sm.diagram.graph import Edge, Node

_SHARED = 3
"""A target of so many failures is named instead of drawn to."""
_MOST = 2
"""The notes that a node may have of them."""


def with_stubs(graph: Graph) -> Graph:
    """Make of *graph* one whose failures that lead back, or to a shared handler, are notes of where they come from."""
    position = {node.name: index for index, node in enumerate(graph.nodes)}
    aside = Counter(edge.target for edge in graph.edges if edge.aside)

    following = graph.out()
    well = {name: [edge for edge in edges if not edge.aside] for name, edges in following.items()}
    main = set(on_the_way(graph.nodes[0].name, well)) if graph.nodes else set()

    def is_told(edge: Edge) -> bool:
        back = position[edge.target] <= position[edge.source] or (edge.target in main and edge.source not in main)
        leads_back = edge.caught and back
        return edge.aside and (leads_back or aside[edge.target] >= _SHARED)

    def noted(node: Node) -> Node:
        targets: dict[str, list[str]] = {}
        for edge in following[node.name]:
            if is_told(edge):
                targets.setdefault(edge.target, []).append(edge.label or "otherwise")
        notes = [f"{' or '.join(dict.fromkeys(labels))} → {target}" for target, labels in targets.items()]
        more = len(notes) - _MOST
        if more > 1:
            notes[_MOST:] = [f"and {more} others"]
        return replace(node, notes=(*node.notes, *notes), inner=tuple(map(with_stubs, node.inner)))

    return Graph(tuple(map(noted, graph.nodes)), tuple(edge for edge in graph.edges if not is_told(edge)))
