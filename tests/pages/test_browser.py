"""The browser notices what the other tests of pages say is not there."""

from __future__ import annotations

import pytest
from browser import VIEWS, served, visit

pytestmark = pytest.mark.pages

FAULTY = """<!doctype html><html><head><title>Faulty</title></head><body style="margin:0">
<img src="https://example.com/a.png"><a href="#there" style="color:#eee;background:#fff">pale</a>
<p id="there" style="width:3000px">wide</p><script>console.error("said"); missing()</script>
<script src="absent.js"></script></body></html>"""

SOUND = """<!doctype html><html lang="en"><head><title>Sound</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Sound</h1><p><a href="#x">one</a> <button id="x">two</button></p></main></body></html>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    (folder / "faulty.html").write_text(FAULTY)
    (folder / "sound.html").write_text(SOUND)
    with served(folder) as host:
        yield host


def test_faults_of_a_page_are_noticed(browser, address):
    with visit(browser, f"{address}/faulty.html", "phone") as seen:
        assert seen.elsewhere == ["https://example.com/a.png"]
        complaints = "\n".join(seen.complaints)
        assert all(part in complaints for part in ("said", "missing is not defined", "404"))
        assert seen.overflows()
        found = {finding.split()[0] for finding in seen.axe()}
        assert found >= {"color-contrast", "image-alt", "html-has-lang"}


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_page_without_faults_has_none(browser, address, size, scheme):
    with visit(browser, f"{address}/sound.html", size, scheme) as seen:
        assert (seen.elsewhere, seen.complaints, seen.axe(), seen.overflows()) == ([], [], [], False)
        assert [focused["text"] for focused in seen.tabbed(2)] == ["one", "two"]
        assert seen.page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")


def test_file_is_opened_without_a_server(browser, tmp_path):
    (tmp_path / "sound.html").write_text(SOUND)
    with visit(browser, (tmp_path / "sound.html").as_uri()) as seen:
        assert (seen.elsewhere, seen.complaints, seen.page.title()) == ([], [], "Sound")
