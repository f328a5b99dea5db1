"""A picture as SVG that is readable on light and on dark pages."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from constructs_sm.diagram.layout import GAP, LINE, PADDING, Box, Path, Placed, placed
from constructs_sm.diagram.stubs import with_stubs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.diagram.graph import Graph

_MARGIN = 24
_TITLE_AT = 19
_ABOVE = 17
_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""
_STYLE = """\
text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;text-anchor:middle}
.name{font-size:13px;font-weight:600;fill:#1f2328}
.note{font-size:11px;fill:#59636e}
.label{font-size:11px;fill:#59636e;stroke:#ffffff;stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
.box{stroke-width:1.2;stroke:#8c959f;fill:#f6f8fa}
.Task{stroke:#0969da;fill:#ddf4ff}
.Choice{stroke:#bf8700;fill:#fff8c5}
.Wait{stroke:#8250df;fill:#fbefff}
.Succeed{stroke:#1a7f37;fill:#dafbe1}
.Fail{stroke:#cf222e;fill:#ffebe9}
.outer{stroke:#8c959f;fill:#8c959f14;stroke-dasharray:none}
.way{stroke:#6e7781;stroke-width:1.4;fill:none}
.caught{stroke-dasharray:5 4}
.head{fill:#6e7781}
@media (prefers-color-scheme:dark){
.name{fill:#f0f6fc}
.note,.label{fill:#9198a1}
.label{stroke:#0d1117}
.box{stroke:#656c76;fill:#151b23}
.Task{stroke:#4493f8;fill:#121d2f}
.Choice{stroke:#d29922;fill:#2b2412}
.Wait{stroke:#ab7df8;fill:#211a33}
.Succeed{stroke:#3fb950;fill:#12261e}
.Fail{stroke:#f85149;fill:#301b1e}
.outer{stroke:#656c76;fill:#656c7620}
.way{stroke:#9198a1}
.head{fill:#9198a1}
}"""


_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="head" d="M0 0.5 8 4 0 7.5Z"/></marker></defs>'
)


def svg_text(graph: Graph) -> str:
    """Write *graph* as SVG."""
    picture = placed(with_stubs(graph))
    # Edges to another column, and back, lead around.
    top, side = _MARGIN + GAP / 2, _MARGIN + 8
    width, height = picture.width + 2 * side, picture.height + 2 * top
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<style>{_STYLE}</style>",
        _HEAD,
        *_picture(picture, side, top),
        "</svg>",
    ]
    return "\n".join([*lines, ""])


def _picture(picture: Placed, x: float, y: float) -> Iterator[str]:
    for box in picture.boxes:
        yield from _box(box, x + box.x, y + box.y)
    for path in picture.paths:
        yield _way(path, x, y)
    for path in picture.paths:
        if path.edge.label:
            yield _label(path, x, y)


def _box(box: Box, x: float, y: float) -> Iterator[str]:
    node = box.node
    if node is None:
        return
    corner = 10 if box.inner else 8
    look = "outer" if box.inner else node.kind
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
    for inner in box.inner:
        yield from _picture(inner, x + inner.x, y + inner.y)


def _hexagon(x: float, y: float, width: float, height: float) -> str:
    cut = min(PADDING - 2, height / 2)
    right, bottom, middle = x + width, y + height, y + height / 2
    points = [(x + cut, y), (right - cut, y), (right, middle), (right - cut, bottom), (x + cut, bottom), (x, middle)]
    return "M" + " ".join(f"{_n(px)} {_n(py)}" for px, py in points) + "Z"


def _way(path: Path, x: float, y: float) -> str:
    points = [(px + x, py + y) for px, py in path.points]
    look = "way caught" if path.edge.caught else "way"
    return f'<path class="{look}" d="{_curve(points)}" marker-end="url(#head)"/>'


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


def _text(text: str) -> str:
    return escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split())), quote=False)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
