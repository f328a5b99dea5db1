"""Loops in a picture: parts whose nodes all lead to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.diagram.graph import Edge


def loops(names: Sequence[str], edges: Mapping[str, Sequence[Edge]]) -> list[list[str]]:
    """Every loop, those within one another as one, its nodes in the order of *names*; in time linear in the edges.

    Kosaraju's way: in the reverse order in which a search leaves the nodes, each reaches backwards what leads to it.
    """
    back: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for edge in edges[name]:
            back[edge.target].append(name)
    position = {name: index for index, name in enumerate(names)}
    placed: set[str] = set()
    found = []
    for root in reversed(_left(names, edges)):
        loop = _reached(root, back, placed)
        if len(loop) > 1:
            found.append(sorted(loop, key=position.__getitem__))
    return found


def _left(names: Sequence[str], edges: Mapping[str, Sequence[Edge]]) -> list[str]:
    """The nodes in the order in which a search in depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for root in names:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(edges[root]))]
        while stack:
            name, following = stack[-1]
            target = next((edge.target for edge in following if edge.target not in seen), None)
            if target is None:
                order.append(name)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(edges[target])))
    return order


def _reached(root: str, back: Mapping[str, Sequence[str]], placed: set[str]) -> list[str]:
    """The nodes that lead to *root*, but for those placed; they are placed now."""
    waiting = [] if root in placed else [root]
    placed.add(root)
    found = []
    while waiting:
        name = waiting.pop()
        found.append(name)
        for source in back[name]:
            if source not in placed:
                placed.add(source)
                waiting.append(source)
    return found
