"""The look of a picture as SVG: one table of colours, for a file of its own and for a page that it stands in."""

from __future__ import annotations

from typing import Final

_FONT: Final = 'text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;text-anchor:middle}'
_SHAPES: Final = {
    ".name": "font-size:13px;font-weight:600",
    ".note": "font-size:11px",
    ".label": "font-size:11px;stroke-width:4px;paint-order:stroke;stroke-linejoin:round",
    ".box": "stroke-width:1.2",
    ".outer": "stroke-dasharray:none",
    ".way": "stroke-width:1.4;fill:none",
    ".caught": "stroke-dasharray:5 4",
}
_COLOURS: Final = (
    (".name", "fill", "#1f2328", "#f0f6fc"),
    (".note", "fill", "#59636e", "#9198a1"),
    (".label", "fill", "#59636e", "#9198a1"),
    (".label", "stroke", "#ffffff", "#0d1117"),
    (".box", "stroke", "#8c959f", "#656c76"),
    (".box", "fill", "#f6f8fa", "#151b23"),
    (".Task", "stroke", "#0969da", "#4493f8"),
    (".Task", "fill", "#ddf4ff", "#121d2f"),
    (".Choice", "stroke", "#bf8700", "#d29922"),
    (".Choice", "fill", "#fff8c5", "#2b2412"),
    (".Wait", "stroke", "#8250df", "#ab7df8"),
    (".Wait", "fill", "#fbefff", "#211a33"),
    (".Succeed", "stroke", "#1a7f37", "#3fb950"),
    (".Succeed", "fill", "#dafbe1", "#12261e"),
    (".Fail", "stroke", "#cf222e", "#f85149"),
    (".Fail", "fill", "#ffebe9", "#301b1e"),
    (".outer", "stroke", "#8c959f", "#656c76"),
    (".outer", "fill", "#8c959f14", "#656c7620"),
    (".way", "stroke", "#6e7781", "#9198a1"),
    (".head", "fill", "#6e7781", "#9198a1"),
)
"""Each colour on a light page and on a dark one."""


def style_of_file() -> str:
    """The style of a picture in a file of its own, which the reader's preference makes light or dark."""
    light = [_FONT, *_shapes(""), *(f"{name}{{{what}:{colour}}}" for name, what, colour, _ in _COLOURS)]
    dark = [f"{name}{{{what}:{colour}}}" for name, what, _, colour in _COLOURS]
    return "\n".join([*light, "@media (prefers-color-scheme:dark){", *dark, "}"])


def style_in_page(within: str) -> str:
    """The style of pictures in a page, which are as light or dark as its `color-scheme` makes it.

    Args:
        within: The selector of what they stand in.
    """
    coloured = [f"{within} {name}{{{what}:light-dark({light},{dark})}}" for name, what, light, dark in _COLOURS]
    return "\n".join([f"{within} {_FONT}", *_shapes(f"{within} "), *coloured])


def _shapes(before: str) -> list[str]:
    return [f"{before}{name}{{{what}}}" for name, what in _SHAPES.items()]
