"""The book of rules: ids, sources, the page that lists them, and that every problem names one of them."""

from __future__ import annotations

import ast
import re
import runpy

from constructs_sm.rules.catalogue import GROUPS, RULES
from constructs_sm.rules.rule import Rule

import pytest
from conftest import ROOT

PACKAGE = ROOT / "constructs_sm"
TOOL = runpy.run_path(str(ROOT / "tools" / "rules.py"))


def rows():
    return {value.id for module in GROUPS.values() for value in vars(module).values() if isinstance(value, Rule)}


def named():
    """Each id that a `Problem(...)` of the package spells out, and where."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {
                "Problem",
                "_wrong",
                "wrong",
            }:
                yield from (
                    (argument.value, f"{path.name}:{node.lineno}")
                    for argument in node.args[3:]
                    if isinstance(argument, ast.Constant)
                )


def test_every_rule_of_the_book_is_listed_in_a_group():
    assert rows() == {rule.id for rule in RULES}
    assert len(RULES) > 150


def test_every_problem_names_a_rule_of_the_book():
    found = dict(named())
    assert len(found) > 40
    assert {rule_id: place for rule_id, place in found.items() if rule_id not in RULES} == {}


def test_every_rule_is_named_somewhere():
    spelled = {rule_id for rule_id, _ in named()}
    texts = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    unused = []
    for title, module in GROUPS.items():
        for name, rule in vars(module).items():
            if isinstance(rule, Rule) and rule.id not in spelled and title != "Definitions":
                home = module.__file__
                used = [path for path, text in texts.items() if str(path) != home and re.search(rf"\b{name}\b", text)]
                unused += [] if used else [rule.id]
    assert unused == []


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: rule.id)
def test_rule_says_what_why_who_and_how(rule):
    for text in (rule.what, rule.why, rule.source, rule.fix):
        assert text
        assert text == text.strip()
        assert not text.endswith(".")


def test_page_is_what_the_tool_writes():
    assert TOOL["PAGE"].read_text() == TOOL["page"](), "run tools/rules.py"


def test_id_with_a_capital_is_none():
    with pytest.raises(ValueError, match="words with dashes"):
        Rule(id="spotWithoutCheckpoints", what="a", why="b", source="c", fix="d")


def test_second_rule_of_one_id_is_refused():
    with pytest.raises(ValueError, match="two rules with the id 'spot-needs-max-wait'"):
        RULES.add(RULES["spot-needs-max-wait"])
