"""Hooks by which mkdocs makes the site of what stands in the repository; mkdocs.yml names this file.

Pages of `docs/` lead to files beside it, as on GitHub: to an example, to the code of a class. In the site such a file
is a page of its own, under `source/`, so that no link leaves the site for something that the repository has.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Pages that do not stand in `docs/`, and their places in the site."""
SHIM = "tests/node/node_modules/iframe-worker/shim/index.js"
"""Runs the search where a page was opened as a file, which has no workers."""
WIDE = {"comparison.md", "conventions.md"}
"""Pages whose tables need the room of the table of contents."""
WEIGHTS = {
    "how-to/": 3,
    "explanation/": 2,
    "tutorial": 2,
    "own-code": 2,
    "decisions/": 0.3,
    "probes": 0.3,
    "changelog": 0.3,
}
"""How much pages count in the search, by the beginning of their names: who asks wants to do something first."""
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
LANGUAGES = {".py": "python", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".sh": "sh", ".toml": "toml"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the files that it stands for in place of each glob of the navigation."""
    config.nav = _expanded(config.nav)
    return config


def _expanded(entry: Any) -> Any:
    if isinstance(entry, list):
        return [found for each in entry for found in _listed(_expanded(each))]
    if isinstance(entry, dict):
        return {title: _expanded(under) for title, under in entry.items()}
    if "*" in entry:
        return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob(entry))
    return entry


def _listed(entry: Any) -> list[Any]:
    return entry if isinstance(entry, list) else [entry]


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that stand elsewhere, and one for each file that a page leads to."""
    for origin, place in PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / origin).read_text()))
    files.append(File.generated(config, "assets/iframe-worker.js", abs_src_path=str(ROOT / SHIM)))
    for origin in sorted({origin for file in files.documentation_pages() for origin in _led_to(file)}):
        files.append(File.generated(config, _place(origin), content=_shown(origin)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to their pages in the site."""
    del config, files
    here = posixpath.dirname(page.file.src_uri)
    for beginning, weight in WEIGHTS.items():
        if page.file.src_uri.startswith(beginning):
            page.meta["search"] = {"boost": weight}
    if page.file.src_uri in WIDE or (here == "reference" and "\n## " not in markdown):
        page.meta["hide"] = ["toc"]

    def mended(found: re.Match[str]) -> str:
        origin = _resolved(page.file, found[2])
        if origin is None:
            return found[0]
        return f"{found[1]}{posixpath.relpath(_place(origin), here)}{found[3]}"

    return LINK.sub(mended, markdown)


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let tables of arguments be told from others, which stand in rows of cells on a phone too."""
    del config, files
    if not page.file.src_uri.startswith("reference/"):
        return html
    return html.replace("<table>", '<div class="arguments"><table>').replace("</table>", "</table></div>")


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Name the dialog of the search, which the theme leaves without a name for screen readers."""
    del page, config
    return output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )


def _led_to(file: File) -> list[str]:
    """The files outside `docs/` that a page leads to, from the root of the repository."""
    led = [_resolved(file, found[2]) for found in LINK.finditer(file.content_string)]
    return [origin for origin in led if origin and not origin.startswith("docs/") and origin not in PAGES]


def _resolved(file: File, target: str) -> str | None:
    """Where a link leads, from the root of the repository; None if it is no file of it."""
    if re.match(r"[a-z+]+:", target):
        return None
    origin = {place: origin for origin, place in PAGES.items()}.get(file.src_uri, f"docs/{file.src_uri}")
    if origin.startswith("docs/source/"):
        return None
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    return resolved if (ROOT / resolved).is_file() else None


def _place(origin: str) -> str:
    """The page of a file, in the site."""
    if origin.startswith("docs/"):
        return origin.removeprefix("docs/")
    return PAGES.get(origin, f"source/{origin}.md")


def _shown(origin: str) -> str:
    """Write a page that shows a file."""
    path = ROOT / origin
    fence = "`" * 6
    language = LANGUAGES.get(path.suffix, "text")
    # Found by its name in the pages that lead to it; in the search it would hide them.
    hidden = "---\nsearch:\n  exclude: true\nhide:\n  - navigation\n---\n"
    return f"{hidden}# {path.name}\n\n`{origin}`\n\n{fence}{language}\n{path.read_text()}{fence}\n"
