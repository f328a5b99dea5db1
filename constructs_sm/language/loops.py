"""Loops of states, or of the nodes of a picture: parts in which each leads to all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def loops(leads: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Every loop, those within one another as one; in time linear in the ways there are.

    Kosaraju's way: in the reverse order in which a search leaves the nodes, each reaches backwards what leads to it.

    Args:
        leads: The nodes that each node leads to. Those of a loop are in this order.
    """
    back: dict[str, list[str]] = {name: [] for name in leads}
    for name, targets in leads.items():
        for target in targets:
            back[target].append(name)
    position = {name: index for index, name in enumerate(leads)}
    placed: set[str] = set()
    found = []
    for root in reversed(_left(leads)):
        loop = _reached(root, back, placed)
        if len(loop) > 1:
            found.append(sorted(loop, key=position.__getitem__))
    return found


def _left(leads: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes in the order in which a search in depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for root in leads:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(leads[root]))]
        while stack:
            name, following = stack[-1]
            target = next((one for one in following if one not in seen), None)
            if target is None:
                order.append(name)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(leads[target])))
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
