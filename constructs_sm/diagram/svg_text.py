"""A picture as SVG that is readable on light and on dark pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from constructs_sm.diagram.layout import GAP, LINE, PADDING, Box, Path, Placed, placed
from constructs_sm.diagram.stubs import with_stubs
from constructs_sm.diagram.svg_style import style_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_sm.diagram.graph import Graph, Node

_MARGIN = 24
_TOP, _SIDE = _MARGIN + GAP / 2, _MARGIN + 8
"""Room around a picture, in which edges to another column, and back, lead around."""
_TITLE_AT = 19
_ABOVE = 17
_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


@dataclass(frozen=True, slots=True)
class InPage:
    """The page that a picture stands in, which has its style: `svg_style.style_in_page`.

    Attributes:
        title: The name of the picture, for whoever does not see it.
        key: Begins the ids in it, so that several pictures do not share any.
        address: Tells where a node leads; None where it leads nowhere.
    """

    title: str
    key: str
    address: Callable[[Node], str | None]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture for a page.

    Attributes:
        svg: The element.
        width: Its width, in points of the page.
    """

    svg: str
    width: float


def svg_text(graph: Graph) -> str:
    """Write *graph* as SVG, as a file of its own."""
    # An image, of which nothing is read out: who does not see it has the text around it.
    about = 'xmlns="http://www.w3.org/2000/svg" role="img"'
    return _element(placed(with_stubs(graph)), about, [f"<style>{style_of_file()}</style>"], _Drawing(None))


def svg_in_page(graph: Graph, page: InPage) -> Drawn:
    """Write *graph* as SVG for a page, in which nodes are links."""
    picture = placed(with_stubs(graph))
    about = f'aria-label="{_text(page.title, quote=True)}" role="group"'
    return Drawn(_element(picture, about, [], _Drawing(page)), picture.width + 2 * _SIDE)


def _element(picture: Placed, about: str, style: list[str], drawing: _Drawing) -> str:
    width, height = picture.width + 2 * _SIDE, picture.height + 2 * _TOP
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    lines = [f"<svg {about} {size}>", *style, drawing.head, *drawing.picture(picture, _SIDE, _TOP), "</svg>"]
    return "\n".join([*lines, ""])


class _Drawing:
    def __init__(self, page: InPage | None) -> None:
        self._page = page
        self._head = f"{page.key if page else ''}head"

    @property
    def head(self) -> str:
        """The head of an arrow."""
        shape = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"'
        return f'<defs><marker id="{self._head}" {shape}><path class="head" d="M0 0.5 8 4 0 7.5Z"/></marker></defs>'

    def picture(self, picture: Placed, x: float, y: float) -> Iterator[str]:
        for box in picture.boxes:
            yield from self._box(box, x + box.x, y + box.y)
        for path in picture.paths:
            yield self._way(path, x, y)
        for path in picture.paths:
            if path.edge.label:
                yield _label(path, x, y)

    def _box(self, box: Box, x: float, y: float) -> Iterator[str]:
        if box.node is None:
            return
        address = self._page.address(box.node) if self._page else None
        yield from [] if address is None else [f'<a href="{_text(address, quote=True)}">']
        yield from _shape(box, box.node, x, y)
        yield from [] if address is None else ["</a>"]
        for inner in box.inner:
            yield from self.picture(inner, x + inner.x, y + inner.y)

    def _way(self, path: Path, x: float, y: float) -> str:
        points = [(px + x, py + y) for px, py in path.points]
        look = "way caught" if path.edge.caught else "way"
        return f'<path class="{look}" d="{_curve(points)}" marker-end="url(#{self._head})"/>'


def _shape(box: Box, node: Node, x: float, y: float) -> Iterator[str]:
    """A node as it is drawn, without what stands in it."""
    corner = 10 if box.inner else 8
    look = "outer" if box.inner else _text(node.kind, quote=True)
    if node.kind == "Choice" and not box.inner:
        # Its corners are cut, as those of a diamond would be if there were room for words in it.
        yield f'<path class="box {look}" d="{_hexagon(x, y, box.width, box.height)}"/>'
    else:
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
        yield f'<rect class="box {look}" {place} rx="{corner}"/>'
    middle = x + box.width / 2
    yield f'<text class="name" x="{_n(middle)}" y="{_n(y + _TITLE_AT)}">{_text(node.name)}</text>'
    for number, note in enumerate(node.notes, 1):
        at = y + _TITLE_AT + number * LINE
        yield f'<text class="note" x="{_n(middle)}" y="{_n(at)}">{_text(note)}</text>'


def _hexagon(x: float, y: float, width: float, height: float) -> str:
    cut = min(PADDING - 2, height / 2)
    right, bottom, middle = x + width, y + height, y + height / 2
    points = [(x + cut, y), (right - cut, y), (right, middle), (right - cut, bottom), (x + cut, bottom), (x, middle)]
    return "M" + " ".join(f"{_n(px)} {_n(py)}" for px, py in points) + "Z"


def _curve(points: list[tuple[float, float]]) -> str:
    """A line through points: straight where they are in line, bent in an S from layer to layer, rounded at corners."""
    drawn = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (fx, fy), (tx, ty) in pairwise(points):
        if abs(fx - tx) < 1 or abs(fy - ty) < 1:
            drawn += f"L{_n(tx)} {_n(ty)}"
        else:
            middle = (fy + ty) / 2
            drawn += f"C{_n(fx)} {_n(middle)} {_n(tx)} {_n(middle)} {_n(tx)} {_n(ty)}"
    return drawn


def _label(path: Path, x: float, y: float) -> str:
    """The label of an edge: above the node that it leads to next, or at the long side of a way back."""
    points = path.points
    if points[0][1] >= points[-1][1]:
        longest = max(pairwise(points), key=lambda ends: abs(ends[0][1] - ends[1][1]))
        at = tuple((one + other) / 2 for one, other in zip(*longest, strict=True))
    else:
        at = (points[1][0], points[1][1] - _ABOVE)
    return f'<text class="label" x="{_n(x + at[0])}" y="{_n(y + at[1] + 4)}">{_text(path.edge.label)}</text>'


def _text(text: str, *, quote: bool = False) -> str:
    return escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split())), quote=quote)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
