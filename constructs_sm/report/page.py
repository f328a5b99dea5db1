"""The page: one HTML file that needs nothing beside it, and asks no other host for anything."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.diagram.in_page import InPage, style_in_page, svg_in_page
from constructs_sm.report.states import step_key
from constructs_sm.report.wording import lasting, text

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.diagram.graph import Node
    from constructs_sm.report.machine import MachineReport

_FOLDER: Final = "templates"
_BESIDE: Final = 640
"""The widest picture that the states have room beside, in points of the page."""
_FEW: Final = 5
"""Findings of one rule, at most, that are seen at once; more of them are folded."""
_KINDS: Final = frozenset({"Choice", "Fail", "Map", "Parallel", "Pass", "Succeed", "Task", "Wait"})


def page_of(reports: Sequence[MachineReport], *, title: str, version: str) -> str:
    """Write the page of some state machines; the same for the same.

    Args:
        reports: The state machines, in their order.
        title: What the page is of.
        version: The version of this library.
    """
    environment = Environment(
        loader=PackageLoader("constructs_sm.report", _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_held,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lasting"] = lasting
    script = _file("page.js")
    return environment.get_template("page.html").render(
        counted=_counted,
        few=_FEW,
        kinds=_KINDS,
        names=_names(reports),
        picture=_picture,
        reports=reports,
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=Markup(f"{_file('page.css')}\n{style_in_page('.picture')}"),  # noqa: S704 - likewise
        title=title,
        version=version,
    )


def _names(reports: Sequence[MachineReport]) -> dict[str, str]:
    """The name of each state machine in the page, by its key: with its file, where two have the same."""
    titles = [report.title for report in reports]
    return {
        report.key: report.title if titles.count(report.title) == 1 else f"{report.title} in {report.file}"
        for report in reports
    }


def _held(value: Any) -> Any:
    """A value of a template without what HTML cannot hold; what is markup already was made here."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else text(value)


@dataclass(frozen=True, slots=True)
class _Picture:
    svg: Markup
    is_wide: bool
    """True if there is no room for anything beside it."""


def _picture(report: MachineReport, *, detail: bool = False) -> _Picture:
    """A picture in which every node leads to its step, or with *detail* to its state."""

    def address(node: Node) -> str | None:
        key = report.keys.get(node.name) if detail else step_key(node, report.keys)
        return None if key is None else f"#{key}"

    graph = report.every if detail else report.glance
    assert graph is not None  # noqa: S101 - the template has asked
    name = f"{'Every state' if detail else 'Steps'} of {report.title}"
    drawn = svg_in_page(graph, InPage(name, f"{report.key}-{'every' if detail else 'glance'}-", address))
    return _Picture(Markup(text(drawn.svg)), drawn.width > _BESIDE)  # noqa: S704 - what it draws is escaped


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _file(name: str) -> str:
    return files("constructs_sm.report").joinpath(_FOLDER, name).read_text(encoding="utf-8")
