"""Places for the nodes of a picture: in layers from top to bottom, in columns where that makes a page of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.diagram.graph import Edge, Graph, Node

LINE = 16
TITLE = 26
GAP = 34
LABELED_GAP = 48
BETWEEN = 30
COLUMN_GAP = 56
PADDING = 16
_MIN_WIDTH = 130
_PASSING = 24
_TALLEST_COLUMN = 760
"""A column that is longer is broken: two or three stand on a page."""
_SWEEPS = 9
_WIDE = 0x2E80
"""The first of the characters that are as wide as high."""

_Neighbours: TypeAlias = "tuple[dict[str, list[str]], dict[str, list[str]]]"


@dataclass(slots=True)
class Box:
    """A node in its place.

    Attributes:
        node: The node; None where an edge passes through its layer.
        width: How wide it is.
        height: How high.
        x: Its left edge.
        y: Its upper edge.
        inner: What stands in it, measured from its own corner.
    """

    node: Node | None
    width: float
    height: float
    x: float = 0
    y: float = 0
    inner: list[Placed] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def middle_y(self) -> float:
        return self.y + self.height / 2


@dataclass(slots=True)
class Path:
    """An edge as the points that it leads through."""

    edge: Edge
    points: list[tuple[float, float]]


@dataclass(slots=True)
class Placed:
    """A picture with every node in its place."""

    boxes: list[Box]
    paths: list[Path]
    width: float
    height: float
    x: float = 0
    y: float = 0


def text_width(text: str, size: float) -> float:
    """About how wide a text is: a sans-serif font has 0.6 of its size a character, a CJK one all of it."""
    return sum(size if ord(character) >= _WIDE else size * 0.6 for character in text)


def placed(graph: Graph) -> Placed:
    """Give every node of *graph* a place."""
    boxes = {node.name: _box(node) for node in graph.nodes}
    plain = [box for box in boxes.values() if not box.inner]
    widest = max((box.width for box in plain), default=0)
    for box in plain:
        box.width = widest
    layers, chains = _layers(graph, boxes)
    for layer in layers:
        layer.sort(key=lambda name: boxes[name].x)
    near_by = _neighbours(layers, chains)
    _order(layers, near_by, boxes)
    columns = _columns(layers, chains, boxes)
    labeled = {edge.source for edge in graph.edges if edge.label}
    left = 0.0
    height = 0.0
    for column in columns:
        width = _set_column(column, near_by, boxes, left)
        height = max(height, _stack(column, boxes, labeled))
        left += width + COLUMN_GAP
    column_of = {name: column for column in columns for layer in column for name in layer}
    return Placed(
        [box for box in boxes.values() if box.node is not None],
        [Path(edge, _points(chain, boxes, column_of)) for edge, chain in chains],
        left - COLUMN_GAP if columns else 0,
        height,
    )


def _box(node: Node) -> Box:
    lines = [(node.name, 13.5), *((note, 11.0) for note in node.notes)]
    width = max(_MIN_WIDTH, *(text_width(text, size) + 2 * PADDING for text, size in lines))
    height = TITLE + LINE * len(node.notes) + 6
    if not node.inner:
        return Box(node, width, height)
    inner = [placed(graph) for graph in node.inner if graph.nodes]
    left = float(PADDING)
    for each in inner:
        each.x, each.y = left, height + 8
        left += each.width + BETWEEN
    inside = left - BETWEEN + PADDING
    spare = max(0.0, (width - inside) / 2)
    for each in inner:
        each.x += spare
    tallest = max((each.height for each in inner), default=0)
    return Box(node, max(width, inside), height + 8 + tallest + PADDING, inner=inner)


def _layers(graph: Graph, boxes: dict[str, Box]) -> tuple[list[list[str]], list[tuple[Edge, list[str]]]]:
    """The names of each layer, and each edge as the nodes and the passing points that it leads through."""
    back = _back_edges(graph)
    depth = {node.name: 0 for node in graph.nodes}
    forward = [edge for edge in graph.edges if edge not in back]
    for _ in graph.nodes:
        changed = False
        for edge in forward:
            if depth[edge.target] < depth[edge.source] + 1:
                depth[edge.target] = depth[edge.source] + 1
                changed = True
        if not changed:
            break
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name, layer in depth.items():
        boxes[name].x = len(layers[layer])
        layers[layer].append(name)
    chains: list[tuple[Edge, list[str]]] = []
    for number, edge in enumerate(graph.edges):
        if edge in back:
            chains.append((edge, [edge.source, edge.target]))
            continue
        passing = [f"\0{number}:{layer}" for layer in range(depth[edge.source] + 1, depth[edge.target])]
        for layer, name in enumerate(passing, depth[edge.source] + 1):
            label = text_width(edge.label, 11) + 8 if name == passing[0] else 0
            boxes[name] = Box(None, max(_PASSING, label), 0, x=len(layers[layer]) + 0.5)
            layers[layer].append(name)
        chains.append((edge, [edge.source, *passing, edge.target]))
    return layers, chains


def _back_edges(graph: Graph) -> set[Edge]:
    """The edges that close a loop: those to a node that the search is still within."""
    following = graph.out()
    state: dict[str, int] = {}
    found: set[Edge] = set()
    for root in following:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(following[root]))]
        while stack:
            name, out = stack[-1]
            for edge in out:
                if state.get(edge.target) == 1:
                    found.add(edge)
                elif edge.target not in state:
                    state[edge.target] = 1
                    stack.append((edge.target, iter(following[edge.target])))
                    break
            else:
                state[name] = 2
                stack.pop()
    return found


def _neighbours(layers: list[list[str]], chains: list[tuple[Edge, list[str]]]) -> _Neighbours:
    """The names above each name and below it, by the edges that lead down."""
    level = {name: index for index, layer in enumerate(layers) for name in layer}
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for _, chain in chains:
        for upper, lower in pairwise(chain):
            if level.get(upper, 0) < level.get(lower, 0):
                above.setdefault(lower, []).append(upper)
                below.setdefault(upper, []).append(lower)
    return above, below


def _order(layers: list[list[str]], near_by: _Neighbours, boxes: Mapping[str, Box]) -> None:
    """Put each node of a layer near its neighbours, sweeping down and up."""
    above, below = near_by
    rank = {name: float(index) for layer in layers for index, name in enumerate(layer)}
    for sweep in range(_SWEEPS):
        near, way = (above, layers) if sweep % 2 == 0 else (below, layers[::-1])
        for layer in way:
            layer.sort(key=lambda name: (_mean([rank[each] for each in near.get(name, ())], rank[name]), rank[name]))
            for index, name in enumerate(layer):
                rank[name] = index - (len(layer) - 1) / 2
    for layer in layers:
        for name in layer:
            boxes[name].x = rank[name]


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _height(layer: list[str], boxes: Mapping[str, Box]) -> float:
    return max((boxes[name].height for name in layer), default=0)


def _columns(
    layers: list[list[str]], chains: list[tuple[Edge, list[str]]], boxes: Mapping[str, Box]
) -> list[list[list[str]]]:
    """Break a long picture where a single edge leads from one layer to the next."""
    total = sum(_height(layer, boxes) + GAP for layer in layers)
    wanted = max(1, -(-int(total) // _TALLEST_COLUMN))
    crossing = _crossings(layers, chains)
    columns: list[list[list[str]]] = [[]]
    filled = 0.0
    for index, layer in enumerate(layers):
        height = _height(layer, boxes) + GAP
        full = filled + height / 2 > total / wanted and len(columns) < wanted
        if columns[-1] and full and crossing[index] == 1 and len(layer) == 1:
            columns.append([])
            filled = 0.0
        columns[-1].append(layer)
        filled += height
    return columns


def _crossings(layers: list[list[str]], chains: list[tuple[Edge, list[str]]]) -> list[int]:
    """The number of edges that lead into each layer from the one above it."""
    level = {name: index for index, layer in enumerate(layers) for name in layer}
    found = [0] * len(layers)
    for _, chain in chains:
        ends = sorted((level[chain[0]], level[chain[-1]]))
        for layer in range(ends[0] + 1, ends[1] + 1):
            found[layer] += 1
    return found


def _set_column(column: list[list[str]], near_by: _Neighbours, boxes: Mapping[str, Box], left: float) -> float:
    """Give the nodes of a column their places from left to right; returns its width."""
    inside = {name for layer in column for name in layer}
    above, below = near_by
    for layer in column:
        at = 0.0
        for name in layer:
            boxes[name].x = at
            at += boxes[name].width + BETWEEN
        shift = (at - BETWEEN) / 2
        for name in layer:
            boxes[name].x -= shift
    for sweep in range(_SWEEPS):
        near = above if sweep % 2 == 0 else below
        for layer in column if sweep % 2 == 0 else column[::-1]:
            wanted = {
                name: _mean([boxes[each].middle for each in near.get(name, ()) if each in inside], boxes[name].middle)
                for name in layer
            }
            _settle(layer, wanted, boxes)
    leftmost = min(boxes[name].x for name in inside)
    rightmost = max(boxes[name].x + boxes[name].width for name in inside)
    for name in inside:
        boxes[name].x += left - leftmost
    return rightmost - leftmost


def _settle(layer: list[str], wanted: Mapping[str, float], boxes: Mapping[str, Box]) -> None:
    """Move the nodes of a layer to where they are wanted, as far as they do not overlap; the mean shift is undone."""
    at = None
    for name in layer:
        box = boxes[name]
        x = wanted[name] - box.width / 2
        box.x = x if at is None else max(x, at)
        at = box.x + box.width + BETWEEN
    off = sum(boxes[name].middle - wanted[name] for name in layer) / len(layer)
    for name in layer:
        boxes[name].x -= off


def _stack(column: list[list[str]], boxes: Mapping[str, Box], labeled: set[str]) -> float:
    """Give the nodes of a column their places from top to bottom; returns its height."""
    top = gap = 0.0
    for layer in column:
        height = _height(layer, boxes)
        for name in layer:
            box = boxes[name]
            box.y = top + (height - box.height) / 2
            if box.node is None:
                box.y, box.height = top, height
        gap = GAP if labeled.isdisjoint(layer) else LABELED_GAP
        top += height + gap
    return top - gap


def _points(
    chain: list[str], boxes: Mapping[str, Box], column_of: Mapping[str, list[list[str]]]
) -> list[tuple[float, float]]:
    """The points of an edge: out at the bottom, in at the top, and around where it leads to another column."""
    first, last = boxes[chain[0]], boxes[chain[-1]]
    column = column_of[chain[0]]
    if column is not column_of[chain[-1]]:
        right = max(boxes[name].x + boxes[name].width for layer in column for name in layer)
        between, below = right + COLUMN_GAP / 2, first.y + first.height
        out = [(first.middle, below), (first.middle, below + GAP / 2), (between, below + GAP / 2)]
        return [*out, (between, -GAP / 2), (last.middle, -GAP / 2), (last.middle, last.y)]
    if first.y >= last.y:
        return _way_back(chain, boxes, column)
    points = [(first.middle, first.y + first.height)]
    for name in chain[1:-1]:
        points += [(boxes[name].middle, boxes[name].y), (boxes[name].middle, boxes[name].y + boxes[name].height)]
    return [*points, (last.middle, last.y)]


def _way_back(chain: list[str], boxes: Mapping[str, Box], column: list[list[str]]) -> list[tuple[float, float]]:
    """The points of an edge that leads back up: around all that is between, on the side where less is in its way."""
    first, last = boxes[chain[0]], boxes[chain[-1]]
    layer_of = {name: layer for layer in column for name in layer}
    between = [boxes[name] for name in layer_of if last.y <= boxes[name].middle_y <= first.y + first.height]
    left = layer_of[chain[0]][0] == chain[0] and layer_of[chain[0]][-1] != chain[0]
    end = 0 if left else -1
    side = min(box.x for box in between) - BETWEEN / 2
    if not left:
        side = max(box.x + box.width for box in between) + BETWEEN / 2

    def edge_of(box: Box) -> float:
        return box.x if left else box.x + box.width

    out = [(edge_of(first), first.middle_y), (side, first.middle_y)]
    if layer_of[chain[0]][end] != chain[0]:
        below = first.y + first.height
        out = [(first.middle, below), (first.middle, below + GAP / 2), (side, below + GAP / 2)]
    into = [(side, last.middle_y), (edge_of(last), last.middle_y)]
    if layer_of[chain[-1]][end] != chain[-1]:
        above = last.y - GAP / 2
        into = [(side, above), (last.middle + PADDING, above), (last.middle + PADDING, last.y)]
    return [*out, *into]
