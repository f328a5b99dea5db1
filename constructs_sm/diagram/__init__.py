"""Pictures of a state machine: Mermaid, DOT and SVG, an overview or every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.diagram.detailed import detailed
from constructs_sm.diagram.dot_text import dot_text
from constructs_sm.diagram.mermaid_text import mermaid_text
from constructs_sm.diagram.overview import overview
from constructs_sm.diagram.svg_text import svg_text
from constructs_sm.language.definition_shape import checked

if TYPE_CHECKING:
    from constructs_sm.diagram.graph import Graph
    from constructs_sm.language.machines import Json

__all__ = ["dot", "graph", "in_page", "mermaid", "svg", "wording"]


def mermaid(definition: Json, *, detail: bool = False) -> str:
    """Draw *definition* as a Mermaid flowchart, which GitHub shows in a fenced block of the language `mermaid`.

    The same definition always gives the same text.

    Args:
        definition: A state machine as Amazon States Language.
        detail: Draw every state and every error. Default: an overview, one node a job or step.

    Raises:
        InvalidInputError: It has not the shape of one.
    """
    return mermaid_text(_graph(definition, detail=detail), leans=detail)


def dot(definition: Json, *, detail: bool = False) -> str:
    """Draw *definition* in DOT, the language of Graphviz.

    Args:
        definition: A state machine as Amazon States Language.
        detail: Draw every state and every error. Default: an overview, one node a job or step.

    Raises:
        InvalidInputError: It has not the shape of one.
    """
    return dot_text(_graph(definition, detail=detail))


def svg(definition: Json, *, detail: bool = False) -> str:
    """Draw *definition* as SVG, for light and dark pages. Nothing else need be installed.

    Args:
        definition: A state machine as Amazon States Language.
        detail: Draw every state and every error. Default: an overview, one node a job or step.

    Raises:
        InvalidInputError: It has not the shape of one.
    """
    return svg_text(_graph(definition, detail=detail))


def _graph(definition: Json, *, detail: bool) -> Graph:
    machine = checked("diagram", definition)
    return detailed(machine) if detail else overview(machine)
