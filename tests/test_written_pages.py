"""Pages for users: all code on them runs, all links lead somewhere, and each has a place in the site."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote

import pytest
import yaml
from conftest import ROOT
from every_example import warnings_of
from written import LANGUAGES, PAGES, Reader, blocks, fences


def urls():
    """The addresses of the project, as pyproject.toml has them."""
    table = (ROOT / "pyproject.toml").read_text().partition("[project.urls]\n")[2].partition("\n[")[0]
    return dict(re.findall(r'^(\w+) = "(.*)"$', table, re.MULTILINE))


DOCS = [page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")]
WHOLE = ["README.md", *(page for page in PAGES if page.startswith("docs/how-to/"))]
"""Pages that show whole apps, of which the CDK has no warning."""
WITH_CODE = [page for page in PAGES if fences(page)]
OURS = re.compile(rf"{re.escape(urls()['Source'])}/(?:blob|raw)/main/")
"""The beginning of links to files of the repository where it is published, as PyPI needs them."""
_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


@pytest.mark.parametrize("page", WITH_CODE)
def test_every_block_of_a_page_is_of_a_known_kind(page):
    found = list(blocks(page))
    assert {block.language for block in found} <= LANGUAGES, [b.where for b in found if b.language not in LANGUAGES]
    assert fences(page) == 2 * len(found)


@pytest.mark.parametrize("page", WITH_CODE)
def test_code_of_a_page_runs_from_its_top_to_its_end(page, tmp_path):
    reader = Reader(tmp_path)
    for block in blocks(page):
        reader.follow(block)
    if page in WHOLE and "app" in reader.names:
        assert warnings_of(reader.names["app"]) == []


@cache
def anchors(page):
    """The anchors of a page, as GitHub makes them of headings."""
    text = _FENCED.sub("", (ROOT / page).read_text())
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(text)}
    return made | set(_NAMED.findall(text))


def broken(page):
    for target in _LINK.findall(_FENCED.sub("", (ROOT / page).read_text())):
        published = OURS.match(target)
        if re.match(r"[a-z]+:", target) and not published:
            continue
        path, _, anchor = unquote(OURS.sub("", target)).partition("#")
        here = ROOT if published else (ROOT / page).parent
        led = (here / path).resolve() if path else ROOT / page
        absent = led.suffix == ".md" and anchor and anchor not in anchors(led.relative_to(ROOT).as_posix())
        if absent or not led.exists():
            yield target


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page):
    assert list(broken(page)) == []


def test_links_of_the_readme_are_absolute_for_pypi():
    assert [link for link in _LINK.findall((ROOT / "README.md").read_text()) if not link.startswith("https://")] == []


def in_navigation(entry):
    if isinstance(entry, str):
        yield entry
    for each in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from in_navigation(each)


def test_every_page_has_a_place_in_the_site():
    text = (ROOT / "mkdocs.yml").read_text()
    settings = yaml.safe_load(re.sub(r"!!python\S* ", "", text))
    places = [(ROOT / "docs").glob(entry) for entry in in_navigation(settings["nav"])]
    placed = {path.relative_to(ROOT / "docs").as_posix() for found in places for path in found}
    assert sorted({*DOCS} - placed) == []
