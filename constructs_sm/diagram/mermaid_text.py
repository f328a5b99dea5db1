"""A picture as a Mermaid flowchart."""

from __future__ import annotations

import re
from html.entities import codepoint2name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.diagram.graph import Edge, Graph, Node

# Labels are Mermaid's markdown strings: they need no HTML, which GitHub's renderer strips or refuses.
_SHAPES = {"Task": '("`{}`")', "Choice": '{{{{"`{}`"}}}}', "Succeed": '(["`{}`"])', "Fail": '(["`{}`"])'}
_BOX = '["`{}`"]'
# A solid fill brings its own text colour, a translucent one takes the page's: both are readable on light and on dark.
_STYLES = {
    "Task": "fill:#0969da,stroke:#54aeff,color:#ffffff,font-size:14px",
    "Choice": "fill:#d4a72c33,stroke:#bf8700,font-size:13px",
    "Succeed": "fill:#1a7f37,stroke:#4ac26b,color:#ffffff,font-size:13px",
    "Fail": "fill:#cf222e26,stroke:#cf222e,font-size:11px",
    "Wait": "fill:#8250df26,stroke:#8250df,font-size:13px",
    "Pass": "fill:#80808026,stroke:#808080,font-size:13px",
    "Map": "fill:#8080801a,stroke:#808080",
    "Parallel": "fill:#8080801a,stroke:#808080",
    "counterweight": "fill:none,stroke:none",
}
# What Mermaid or Markdown would take for their own, and no more: where labels are drawn without HTML, codes stay codes.
_SPECIAL = re.compile(
    r"""["`#<>&*\\~@]|(?<!\w)_|_(?!\w)|\$(?=\$)|%(?=%)|](?=\()|:(?=//)|^[-+](?=\s)|(?<=\d)[.)](?=\s)"""
)
_KEYWORDS = "call|class|classDef|click|default|end|flowchart|graph|href|interpolate|linkStyle|style|subgraph"


def mermaid_text(graph: Graph, *, leans: bool) -> str:
    """Write *graph* as a Mermaid flowchart.

    Args:
        graph: The picture.
        leans: Draw counterweights, which keep the way to success straight where failures branch off it.
    """
    drawing = _Drawing(leans=leans)
    lines = ["flowchart TB", *drawing.graph(graph, "  ")]
    # Mermaid forgets the class of a subgraph if an arrow from it comes later.
    lines += [f"  class {node} {kind}" for node, kind in drawing.subgraphs.items()]
    lines += [f"  classDef {kind} {style}" for kind, style in _STYLES.items() if kind in drawing.kinds]
    return "\n".join([*lines, "  linkStyle default font-size:12px", ""])


class _Drawing:
    def __init__(self, *, leans: bool) -> None:
        self.kinds: set[str] = set()
        self.subgraphs: dict[str, str] = {}
        self._leans = leans
        self._taken = set(_KEYWORDS.split("|"))

    def graph(self, graph: Graph, indent: str) -> Iterator[str]:
        ids = {node.name: self._new_id(node.name) for node in graph.nodes}
        nodes, out = {node.name: node for node in graph.nodes}, graph.out()
        for node in graph.nodes:
            yield from self._node(ids[node.name], node, indent)
            if self._leans and _leans(out[node.name], nodes):
                counterweight = self._new_id(f"{node.name} counterweight")
                yield f'{indent}{ids[node.name]} ~~~ {counterweight}[" "]:::counterweight'
                self.kinds.add("counterweight")
        for edge in graph.edges:
            label = f'|"{_escape(edge.label)}"|' if edge.label else ""
            yield f"{indent}{ids[edge.source]} {'-.->' if edge.caught else '-->'}{label} {ids[edge.target]}"

    def _node(self, node_id: str, node: Node, indent: str) -> Iterator[str]:
        self.kinds.add(node.kind)
        name = f"**{_escape(node.name)}**" if node.kind == "Task" or node.inner else _escape(node.name)
        lines = [name, *map(_escape, node.notes)]
        shape = node_id + _SHAPES.get(node.kind, _BOX)
        if not node.inner:
            yield indent + shape.format(f"\n{indent}  ".join(lines)) + f":::{node.kind}"
            return
        self.subgraphs[node_id] = node.kind
        # Mermaid has room for one line above a subgraph, and would break this one.
        title = " · ".join(lines).replace(" ", "\N{NO-BREAK SPACE}")
        yield f"{indent}subgraph {node_id}{_BOX.format(title)}"
        yield f"{indent}  direction TB"
        for inner in node.inner:
            yield from self.graph(inner, indent + "  ")
        yield f"{indent}end"

    def _new_id(self, name: str) -> str:
        stem = "_".join(re.findall("[A-Za-z0-9]+", name)) or "state"
        node, count = stem, 1
        while node in self._taken:
            count += 1
            node = f"{stem}_{count}"
        self._taken.add(node)
        return node


def _leans(edges: Sequence[Edge], nodes: Mapping[str, Node]) -> bool:
    """Tell if a node needs an invisible target, to the left of the one that comes next.

    Mermaid centres a state over its targets: with a single one off the way to success, that way runs askew, farther
    with every job. With one more on the other side it is a straight line.
    """
    onwards = {edge.target for edge in edges if not edge.aside}
    aside = {edge.target for edge in edges} - onwards
    return len(onwards) == len(aside) == 1 and not any(nodes[target].inner for target in onwards)


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(_code, " ".join(text.split()))
    # Mermaid takes "style…:…#…;" for CSS, and its last semicolon away.
    return re.sub(r":(?=\S*#)", _code, escaped)


def _code(character: re.Match[str]) -> str:
    number = ord(character[0])
    return f"#{codepoint2name.get(number, number)};"
