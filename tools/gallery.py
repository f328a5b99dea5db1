"""Draw the pictures of the gallery, `docs/pictures/*.svg`, and write its entries: every example, and every blueprint.

Run it by `tools/readme.py`, which fills the pages; a test compares.
"""

from __future__ import annotations

import ast
import contextlib
import os
import runpy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm import PipelineStack, blueprints
from constructs_sm.diagram import svg
from constructs_sm.testing import definition

from aws_cdk import App
from described import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SERVED: dict[str, Any] = {
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    "inputs": {"train": "s3://data/train/"},
    "endpoint_name": "churn",
    "metric": "validation:auc",
    "at_least": 0.8,
}
_SERVICES = {"glue", "lambda"}
"""Words of the names of examples that begin with a capital."""
BLUEPRINTS: dict[str, dict[str, Any]] = {
    "TrainAndDeploy": SERVED,
    "TuneAndDeploy": {
        **{name: value for name, value in SERVED.items() if name != "metric"},
        "ranges": {"eta": (0.1, 0.3)},
        "objective": "validation:auc",
        "tune": {"metric_definitions": {"validation:auc": "auc=([0-9.]+)"}},
    },
    "BatchInference": {
        "image": SERVED["image"],
        "model_data": "s3://data/models/model.tar.gz",
        "data": "s3://data/in/",
        "output": "s3://data/scores/",
    },
}


def pictures() -> dict[str, str]:
    """Every picture by its name: an overview of the state machine of each example and blueprint."""
    drawn = {path.stem: svg(definition(_made(path))) for path in EXAMPLES}
    for name, arguments in BLUEPRINTS.items():
        stack = PipelineStack(App(), name)
        stack.run(getattr(blueprints, name)(stack, name, **arguments))
        drawn[name] = svg(definition(stack))
    return drawn


def examples() -> str:
    """The entries of the examples."""
    return "\n".join(_entry(path.stem, f"../examples/{path.name}", _first_line(path)) for path in EXAMPLES).strip()


def blueprint_entries() -> str:
    """The entries of the blueprints."""
    anchor = "reference/blueprints.md#{}"
    entries = (
        _entry(name, anchor.format(name.lower()), first_line(getattr(blueprints, name)), code=True)
        for name in BLUEPRINTS
    )
    return "\n".join(entries).strip()


def _entry(name: str, link: str, said: str, *, code: bool = False) -> str:
    title = f"`{name}`" if code else _title(name)
    shown = f"`{name}`" if code else f"`{name}.py`"
    return f"## {title}\n\n{said}\n\n[{shown}]({link})\n\n![Overview of {name}](pictures/{name}.svg)\n"


def _title(name: str) -> str:
    words = name.capitalize().split("_")
    return " ".join(word.capitalize() if word in _SERVICES else word for word in words)


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]


def _made(path: Path) -> Any:
    """The stack of an example; what it leaves behind goes elsewhere."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(nowhere):
                return runpy.run_path(str(path), run_name="__main__")["stack"]
        finally:
            os.chdir(here)


def outdated() -> Iterator[str]:
    """The pictures that are not as they would be drawn now."""
    drawn = pictures()
    there = {path.stem: path.read_text() for path in PICTURES.glob("*.svg")}
    yield from (name for name in drawn.keys() | there.keys() if drawn.get(name) != there.get(name))


def write() -> None:
    """Draw all pictures, and remove those of examples that are no more."""
    drawn = pictures()
    PICTURES.mkdir(exist_ok=True)
    for path in PICTURES.glob("*.svg"):
        if path.stem not in drawn:
            path.unlink()
    for name, text in drawn.items():
        (PICTURES / f"{name}.svg").write_text(text)
