"""A picture in DOT, the language of Graphviz."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.diagram.graph import Graph, Node

_STYLES = {
    "Choice": 'shape=diamond style=filled fillcolor="#f5e9c3"',
    "Fail": 'shape=box style="rounded,filled" fillcolor="#f8d7da"',
    "Pass": 'shape=box style="rounded,dashed"',
    "Succeed": 'shape=box style="rounded,filled" fillcolor="#cfe8d5"',
    "Task": 'shape=box style="rounded,filled" fillcolor="#cfe2ff"',
    "Wait": 'shape=box style="rounded,filled" fillcolor="#e6dcf8"',
}
_STYLE = 'shape=box style="rounded"'


def dot_text(graph: Graph) -> str:
    """Write *graph* in DOT."""
    lines = [
        "digraph {",
        "  compound=true",
        '  node [fontname="Helvetica,sans-serif" fontsize=11]',
        '  edge [fontname="Helvetica,sans-serif" fontsize=9 color="#6e7781" fontcolor="#57606a"]',
    ]
    return "\n".join([*lines, *_Drawing().graph(graph, "  "), "}", ""])


class _Drawing:
    def __init__(self) -> None:
        self._number = count(1)
        self._ends: dict[str, tuple[str, str]] = {}
        """The ids that arrows to a node and from it are drawn at; of one with others in it, the first and the last."""

    def graph(self, graph: Graph, indent: str) -> Iterator[str]:
        ids = {node.name: f"n{next(self._number)}" for node in graph.nodes}
        for node in graph.nodes:
            yield from self._node(ids[node.name], node, indent)
        clusters = {node.name: f"cluster_{ids[node.name]}" for node in graph.nodes if node.inner}
        for edge in graph.edges:
            style = [f"label={_quoted(edge.label)}"] if edge.label else []
            style += ["style=dashed"] if edge.caught else []
            # An arrow leads from node to node, and is cut at the edge of the cluster around it.
            style += [f"ltail={clusters[edge.source]}"] if edge.source in clusters else []
            style += [f"lhead={clusters[edge.target]}"] if edge.target in clusters else []
            ends = f"{self._ends[edge.source][1]} -> {self._ends[edge.target][0]}"
            yield f"{indent}{ends}{f' [{chr(32).join(style)}]' if style else ''}"

    def _node(self, node_id: str, node: Node, indent: str) -> Iterator[str]:
        label = _quoted("\n".join([node.name, *node.notes]))
        self._ends[node.name] = (node_id, node_id)
        if not node.inner:
            yield f"{indent}{node_id} [label={label} {_STYLES.get(node.kind, _STYLE)}]"
            return
        yield f"{indent}subgraph cluster_{node_id} {{"
        yield f'{indent}  label={label} style="rounded" color="#8c959f" fontname="Helvetica,sans-serif" fontsize=11'
        for inner in node.inner:
            yield from self.graph(inner, indent + "  ")
        yield f"{indent}}}"
        middle = node.inner[len(node.inner) // 2].nodes
        self._ends[node.name] = (self._ends[middle[0].name][0], self._ends[middle[-1].name][1])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
