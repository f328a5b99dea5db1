"""Lines in panels, side by side, as SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    Line: TypeAlias = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _MARGIN = 230, 170, 62
_COLOURS = ("#b45309", "#6b7280", "#1d4ed8")


def drawn(panels: Mapping[str, Mapping[str, Line]]) -> str:
    """*panels*: from titles to lines by name. Both axes begin at zero, so that growth is seen as it is."""
    width, height = len(panels) * (_WIDTH + _MARGIN) + 20, _HEIGHT + 104
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for index, (title, lines) in enumerate(panels.items()):
        left = _MARGIN + index * (_WIDTH + _MARGIN)
        parts += [f'<g transform="translate({left} 34)">', *_panel(title, lines), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _panel(title: str, lines: Mapping[str, Line]) -> Iterator[str]:
    points = [point for line in lines.values() for point in line]
    right, top = max(x for x, _ in points), max(y for _, y in points)
    yield f'<text x="0" y="-14" font-weight="bold">{title}</text>'
    for step in _steps(top):
        y = _HEIGHT - step / top * _HEIGHT
        yield f'<path d="M0 {y:.1f}H{_WIDTH}" stroke="#ddd"/>'
        yield f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{step:,g}</text>'
    for step in _steps(right):
        yield f'<text x="{step / right * _WIDTH:.1f}" y="{_HEIGHT + 16}" text-anchor="middle">{step:,g}</text>'
    yield f'<text x="{_WIDTH}" y="{_HEIGHT + 32}" text-anchor="end">jobs</text>'
    for index, (name, line) in enumerate(lines.items()):
        colour, at = _COLOURS[index], [(x / right * _WIDTH, _HEIGHT - y / top * _HEIGHT) for x, y in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in at)
        yield f'<text x="0" y="{_HEIGHT + 32 + 14 * index}" fill="{colour}">{name}</text>'


def _steps(most: float) -> list[float]:
    """Four or five round numbers from zero to *most*."""
    rough = most / 4
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * index for index in range(int(most / step) + 1)]
