"""The site as people read it: on a phone and at a desk, in light and dark, with a keyboard, without the network."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from browser import VIEWS, visit

pytestmark = pytest.mark.pages

LOOKED_AT = [
    "index",
    "tutorial",
    "examples",
    "comparison",
    "how-to/know-what-your-role-needs",
    "explanation/permissions",
    "reference/training-job",
    "errors",
    "source/examples/train_nightly.py",
]
"""Pages of every kind: prose, pictures, wide tables, long ones, code."""
SEEN = [(page, *view) for number, page in enumerate(LOOKED_AT) for view in (VIEWS[number % 2], VIEWS[3 - number % 2])]
"""Each page in two of the four views that have neither size nor scheme in common, and its neighbour in the others."""
ALL_FIRST = "items => items.map(item => item.querySelector('a').href)"
FOUND_BY_SEARCH = {
    "own script requirements": "own-code.html",
    "ResourceInUseException retry name": "explanation/names.html",
    "spot checkpoints": "how-to/use-spot-instances.html",
    "image other account": "how-to/use-a-private-image.html",
    "role that deploys": "how-to/know-what-your-role-needs.html",
    "endpoint update rollback": "how-to/redeploy-an-endpoint.html",
    "stopped job success": "explanation/checks.html",
    "failed run redrive": "how-to/debug-a-failed-run.html",
    "terraform check": "how-to/move-from-terraform-and-sam.html",
    "hyperparameters execution input": "how-to/take-inputs.html",
}
"""Words of a newcomer's question, and the page that answers it; it is among the first three that are found."""


@pytest.mark.parametrize(("page", "size", "scheme"), SEEN)
def test_page_is_sound(browser, host, page, size, scheme):
    with visit(browser, f"{host}/{page}.html", size, scheme) as seen:
        assert (seen.elsewhere, seen.complaints) == ([], [])
        assert not seen.overflows()
        assert seen.axe() == []


def test_keyboard_alone_leads_to_the_text_and_to_every_place(browser, host):
    with visit(browser, f"{host}/index.html") as seen:
        reached = seen.tabbed(12)
        assert reached[0]["text"] == "Skip to content"
        assert all(focused["marked"] for focused in reached)
        assert {"Start", "How to", "Explanation", "Reference"} <= {str(focused["text"]) for focused in reached}
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_load_state()


@pytest.mark.parametrize("opened_as", ["served", "file"])
def test_search_finds_by_keyboard_what_answers(browser, site, host, opened_as):
    start = f"{host}/index.html" if opened_as == "served" else (site / "index.html").as_uri()
    asked = list(FOUND_BY_SEARCH.items())
    found = {}
    for words, page in asked if opened_as == "served" else asked[:2]:
        with visit(browser, start) as seen:
            seen.page.keyboard.press("/")
            seen.page.keyboard.type(words)
            seen.page.wait_for_selector(".md-search-result__item a", timeout=20_000)
            # The list grows while the last letters are searched for.
            seen.page.wait_for_timeout(500)
            links = seen.page.eval_on_selector_all(".md-search-result__item", ALL_FIRST)
            pages = [re.sub(r"^.*?/(?=[\w-]+(?:/[\w-]+)?\.html)", "", urlsplit(link).path) for link in links[:3]]
            found[words] = [each for each in pages if each.endswith(page)]
            assert (seen.elsewhere, seen.complaints) == ([], [])
    assert [words for words, pages in found.items() if not pages] == []


def test_choice_of_dark_is_kept_from_page_to_page(browser, host):
    with visit(browser, f"{host}/index.html") as seen:
        seen.page.click("label[title=Dark]")
        assert seen.page.get_attribute("body", "data-md-color-scheme") == "slate"
        seen.page.click(".md-content a[href='tutorial.html']")
        seen.page.wait_for_load_state()
        assert seen.page.get_attribute("body", "data-md-color-scheme") == "slate"


class _Page(HTMLParser):
    """What a page leads to, what it loads, and where it can be led to."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {""}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors.update(filter(None, (given.get("id"), given.get("name"))))
        if tag == "a" and given.get("href"):
            self.leads.append(given["href"])
        elif tag in {"img", "script", "link", "source", "iframe"}:
            self.loads += filter(None, (given.get("src"), given.get("href")))


@pytest.fixture(scope="module")
def pages(site):
    read = {}
    for path in site.rglob("*.html"):
        read[path] = _Page()
        read[path].feed(path.read_text())
    return read


def test_longest_page_is_sound(browser, host):
    with visit(browser, f"{host}/rules.html", "phone", "dark") as seen:
        assert (seen.elsewhere, seen.complaints, seen.overflows()) == ([], [], False)


def test_every_link_of_the_site_leads_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        for link in (*page.leads, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            led = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(led)
            if not led.exists() or (known and unquote(parts.fragment) not in known.anchors):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_nothing_is_loaded_from_another_host(pages):
    assert {link for page in pages.values() for link in page.loads if urlsplit(link).netloc} == set()


def test_styles_and_scripts_name_no_other_host_to_load_from(site):
    loading = re.compile(r"(?:url\(|@import |importScripts\()[\"']?https?://")
    files = [path for kind in ("css", "js") for path in (site / "assets").rglob(f"*.{kind}")]
    assert [path.name for path in files if loading.search(path.read_text())] == []
