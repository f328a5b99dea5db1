"""Pictures as SVG and DOT: well formed, on a page, nothing on top of anything."""

from __future__ import annotations

import re
import time
from itertools import combinations
from xml.etree import ElementTree as ET

from constructs_sm.diagram import dot, svg
from constructs_sm.diagram.detailed import detailed
from constructs_sm.diagram.in_page import InPage, style_in_page, svg_in_page
from constructs_sm.diagram.layout import placed
from constructs_sm.diagram.overview import overview
from constructs_sm.diagram.stubs import with_stubs
from constructs_sm.language.machines import states_of
from constructs_sm.testing.source.synthesized import definition

import pytest
from every_example import EXAMPLES, example

NAMESPACE = "{http://www.w3.org/2000/svg}"
PAGE = 1100
"""Points that a page is wide and high, at a scale at which 13 of them are a line that can be read."""


def task(**fields):
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync", **ending, **fields}


def chain(length, **fields):
    states = {f"Step {n}": task(Next=f"Step {n + 1}", **fields) for n in range(1, length)}
    return {"StartAt": "Step 1", "States": {**states, f"Step {length}": task()}}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def size(picture):
    root = ET.fromstring(picture)
    return float(root.get("width")), float(root.get("height"))


def boxes(picture, x=0.0, y=0.0):
    """Name and corners of each node, those within others too."""
    for box in picture.boxes:
        yield box.node.name, (x + box.x, y + box.y, x + box.x + box.width, y + box.y + box.height)
        for inner in box.inner:
            yield from boxes(inner, x + box.x + inner.x, y + box.y + inner.y)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("detail", [False, True], ids=["overview", "detail"])
def test_picture_of_an_example_is_well_formed_and_nothing_overlaps(name, detail):
    made = definition(example(name)["stack"])
    picture = placed(with_stubs(detailed(made) if detail else overview(made)))

    ET.fromstring(svg(made, detail=detail))
    corners = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in picture.boxes]
    assert not [pair for pair in combinations(corners, 2) if overlap(*pair)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_overview_of_an_example_fits_a_page(name):
    assert max(size(svg(definition(example(name)["stack"])))) <= PAGE


def test_pipeline_of_thirty_states_fits_a_page():
    assert len(overview(chain(30)).nodes) == 30
    assert max(size(svg(chain(30)))) <= PAGE


@pytest.mark.parametrize(
    ("name", "least"), [("a name of forty letters, or a few more, yes", 280), ("処" * 14, 14 * 13)]
)
def test_box_is_as_wide_as_its_name(name, least):
    made = {"StartAt": name, "States": {name: task()}}
    ((_, (left, _, right, _)),) = boxes(placed(overview(made)))

    assert right - left > least


def test_nodes_in_a_container_lie_in_it():
    branch = machine(A=task(Next="B"), B={"Type": "Wait", "Seconds": 1, "Next": "C"}, C=task())
    (_, outer), *inner = boxes(placed(overview(machine(Each={"Type": "Map", "ItemProcessor": branch, "End": True}))))

    assert [name for name, _ in inner] == ["A", "B", "C"]
    for _, (left, top, right, bottom) in inner:
        assert outer[0] < left < right < outer[2]
        assert outer[1] < top < bottom < outer[3]


@pytest.mark.parametrize("name", ["<b>\"x\"</b> & 'y'", "a\nb\tc", "\x07bell", "]]>", "&amp;", "--"])
def test_any_name_survives(name):
    made = {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}
    (text,) = [each.text for each in ET.fromstring(svg(made)).iter(f"{NAMESPACE}text")]

    assert text == " ".join(name.replace("\x07", "\N{REPLACEMENT CHARACTER}").split())


def test_picture_is_for_light_and_dark_pages():
    assert "@media (prefers-color-scheme:dark)" in svg(chain(1))


def test_failures_to_a_shared_handler_are_told_and_not_drawn():
    made = chain(6, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}])
    made["States"]["Tell"] = {"Type": "Fail"}
    root = ET.fromstring(svg(made, detail=True))

    assert [text.text for text in root.iter(f"{NAMESPACE}text")].count("any error → Tell") == 5
    assert len([path for path in root.iter(f"{NAMESPACE}path") if (path.get("class") or "").startswith("way")]) == 5


def test_dot_leads_arrows_to_the_edges_of_containers():
    branch = machine(A=task(Next="B"), B=task())
    drawn = dot(machine(Each={"Type": "Map", "ItemProcessor": branch, "Next": "Last"}, Last=task()))

    assert re.findall(r"n\d+ -> n\d+.*", drawn) == ["n3 -> n4", "n4 -> n2 [ltail=cluster_n1]"]
    assert drawn.count("{") == drawn.count("}")


@pytest.mark.parametrize("draw", [svg, dot])
def test_thousands_of_states_take_seconds(draw):
    made = chain(4000, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}])
    made["States"]["Tell"] = {"Type": "Pass", "End": True}
    begun = time.monotonic()
    draw(made)
    draw(made, detail=True)

    assert time.monotonic() - begun < 10


def test_picture_in_a_page_links_its_nodes_and_leaves_the_style_to_the_page():
    made = machine(A=task(Next='B"&'), **{'B"&': task()})
    page = InPage('of "A"', "m1-", lambda node: None if node.name == "A" else f"#{node.states[0]}")
    drawn = svg_in_page(overview(made), page)
    root = ET.fromstring(drawn.svg)

    assert [link.get("href") for link in root.iter("a")] == ['#B"&']
    assert (root.get("role"), root.get("aria-label"), list(root.iter("style"))) == ("group", 'of "A"', [])
    assert [marker.get("id") for marker in root.iter("marker")] == ["m1-head"]
    assert drawn.width == pytest.approx(float(root.get("width")))


def test_page_has_the_colours_of_pictures_once_for_light_and_dark():
    style = style_in_page(".picture")

    assert ".picture .Task{fill:light-dark(#ddf4ff,#121d2f)}" in style
    assert "prefers-color-scheme" not in style


def test_type_that_nobody_knows_is_text_of_the_picture():
    root = ET.fromstring(svg(machine(A={"Type": '"><script>', "End": True})))

    assert [box.get("class") for box in root.iter(f"{NAMESPACE}rect")] == ['box "><script>']


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_state_is_in_at_most_one_node_of_the_picture(name):
    def states(graph):
        return [state for node in graph.nodes for state in node.states] + [
            state for node in graph.nodes for inner in node.inner for state in states(inner)
        ]

    made = definition(example(name)["stack"])
    assert len(states(overview(made))) == len({*states(overview(made))})
    assert {*states(detailed(made))} == {name for name, _ in states_of(made)}
