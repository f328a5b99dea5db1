"""Pages in a headless Chromium: what they ask of other hosts, say on the console, and keep from people with a keyboard.

The browser is Debian's, driven by Playwright. Pages are served on loopback; a request to anywhere else is refused and
noted.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
QUIET = ("disable-background-networking", "disable-component-update", "disable-sync", "disable-quic", "no-first-run")
"""Switches for a browser that calls nobody by itself."""

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
SCHEMES = ("light", "dark")
VIEWS = [(size, scheme) for size in SIZES for scheme in SCHEMES]
"""Every size in light and dark, for `pytest.mark.parametrize`."""

_INNERMOST = """() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return null;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    return {
        tag: element.tagName.toLowerCase(),
        id: element.id,
        text: (element.getAttribute("aria-label") || element.textContent || "").trim().slice(0, 80),
        visible: box.width > 0 && box.height > 0 && style.visibility === "visible",
        marked: style.outlineStyle !== "none" || style.boxShadow !== "none" || element.matches(":focus-visible"),
    };
}"""


_AXE = """() => Promise.race([
    axe.run({resultTypes: ['violations']}),
    new Promise((_, fail) => setTimeout(() => fail(new Error("axe-core has not ended after a minute")), 60000)),
])"""
"""Playwright waits for the end of a script without a limit."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yields its address, without a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the Chromium of this machine, with a profile of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "no Chromium on this machine: apt-get install chromium"
    switches = [f"--{switch}" for switch in (*QUIET, "disable-gpu")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=switches)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A tab that is open at some size and colour scheme, and what was noticed in it."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    """Addresses on other hosts that were asked for; none was answered."""

    complaints: list[str] = field(default_factory=list)
    """Errors on the console, uncaught exceptions, and files of ours that were not there."""

    def axe(self, *serious: str) -> list[str]:
        """The findings of axe-core of these impacts (serious and critical, if none is named), each with where it is."""
        wanted = serious or ("serious", "critical")
        # Not as a script tag: a page may refuse those by its Content-Security-Policy.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(_AXE)
        return [
            f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            if violation["impact"] in wanted
            for node in violation["nodes"]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the window, so that people would have to scroll sideways."""
        return bool(
            self.page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
        )

    def tabbed(self, times: int) -> list[dict[str, object]]:
        """Press Tab some times; what has the focus after each: tag, id, text, and whether it is visible and marked."""
        reached = []
        for _ in range(times):
            self.page.keyboard.press("Tab")
            if focused := self.page.evaluate(_INNERMOST):
                reached.append(focused)
        return reached


@contextmanager
def visit(browser: Browser, address: str, size: str = "desktop", scheme: str = "light") -> Iterator[Visit]:
    """Open an address (`http://127.0.0.1...` or `file://...`) in a tab without history, cookies or storage."""
    with browser.new_context(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        seen = Visit(page)

        def allowed(route: Route) -> None:
            url = urlsplit(route.request.url)
            if url.scheme in {"http", "https", "ws", "wss"} and url.hostname != "127.0.0.1":
                seen.elsewhere.append(route.request.url)
                route.abort()
            else:
                route.continue_()

        context.route("**/*", allowed)
        page.on("console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: seen.complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )
        page.goto(address, wait_until="networkidle")
        yield seen
