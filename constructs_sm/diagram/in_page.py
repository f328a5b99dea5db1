"""Pictures in a page: their nodes are links, and the page has their style."""

from __future__ import annotations

from constructs_sm.diagram.detailed import detailed
from constructs_sm.diagram.overview import overview
from constructs_sm.diagram.svg_style import style_in_page
from constructs_sm.diagram.svg_text import InPage, svg_in_page

__all__ = ["InPage", "detailed", "overview", "style_in_page", "svg_in_page"]
