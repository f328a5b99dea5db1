"""Plain English: what can be held of it by a test."""

from __future__ import annotations

import ast
import re

import pytest
from conftest import ROOT

PACKAGE = ROOT / "constructs_sm"
NOT_A_BEGINNING = {
    "How",
    "It",
    "Its",
    "That",
    "These",
    "They",
    "This",
    "Those",
    "What",
    "When",
    "Where",
    "Whether",
    "Which",
    "Who",
    "Why",
}
"""Words that a docstring does not begin with: it begins with a verb, or with the noun that it defines."""
NOT_WRITTEN = re.compile(r"got nothing|, got <|\b(?:looks|rings)\b|is passed over|a bar\b|what it has for nothing")
"""Wordings that readers stumbled over."""
HELD = tuple(sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
"""The wings, beside the modules at the top of the package, that have been read for their prose."""
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in (*PACKAGE.glob("*.py"), *(path for wing in HELD for path in (PACKAGE / wing).rglob("*.py")))
)


def docstrings(path):
    """Every docstring of a module: of itself, its classes and functions, and behind its constants and fields."""
    for node in ast.walk(ast.parse(path.read_text())):
        for statement in getattr(node, "body", []) if not isinstance(node, (ast.Lambda, ast.IfExp)) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.lineno, str(statement.value.value).strip()


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_begin_with_a_verb_or_a_noun(module):
    begun = [(line, text.split("\n")[0]) for line, text in docstrings(PACKAGE / module)]
    assert [(line, text) for line, text in begun if text.split()[0].strip(",.:;") in NOT_A_BEGINNING] == []


@pytest.mark.parametrize("module", MODULES)
def test_wordings_that_readers_stumble_over_are_not_written(module):
    text = (PACKAGE / module).read_text()
    assert [found.group() for found in NOT_WRITTEN.finditer(text)] == []
