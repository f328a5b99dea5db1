"""What AWS has closed, or is ending, says so wherever it is offered: in a class, an argument, an image."""

from __future__ import annotations

import ast
import inspect
import itertools
import re

import constructs_sm
from constructs_sm.rules import closed_services

import pytest
from conftest import ROOT

SERVICES = {
    # Remote debugging is by Systems Manager; rules of the profiler are run by Debugger.
    closed_services.DEBUGGER: re.compile(r"(?<!remote_)debug|profiler_?rule", re.IGNORECASE),
    closed_services.PROFILER: re.compile(r"profil(?!er_?rule)", re.IGNORECASE),
    closed_services.CLARIFY: re.compile(r"clarify|explainer", re.IGNORECASE),
    closed_services.MODEL_MONITOR: re.compile(r"model_?monitor", re.IGNORECASE),
    closed_services.GROUND_TRUTH: re.compile(r"labeling", re.IGNORECASE),
    closed_services.ELASTIC_INFERENCE: re.compile(r"accelerator_?type", re.IGNORECASE),
}
"""The rules that tell of a service, with the names by which the library offers it."""
OF_THEMSELVES = {"disable_profiler", "profiling_interval", "profiling_parameters"}
"""Arguments of a class that says it already."""


def says(rule):
    """The words of a rule that tell what has become of the service."""
    (found,) = re.findall(r"closed to new customers|ends on [\d-]+|no longer available", rule.what)
    return found


def public():
    for name in constructs_sm.__all__:
        offered = getattr(constructs_sm, name)
        if inspect.isclass(offered):
            yield name, offered


def arguments(offered):
    """Each argument of a class, with what its docstring says of it."""
    text = inspect.getdoc(offered) or ""
    section = re.split(r"\n(?:Args|Attributes):\n", text)[-1]
    lines = re.split(r"\n(?=\S)", section)[0]
    for entry in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", lines, re.MULTILINE):
        yield entry[0], " ".join(entry[1].split())


def offers():
    """Everything public that belongs to a service, and what is said of it."""
    for name, offered in public():
        for rule, names in SERVICES.items():
            if names.search(name):
                yield pytest.param(rule, " ".join((inspect.getdoc(offered) or "").split()), id=name)
            for argument, text in arguments(offered):
                if names.search(argument) and argument not in OF_THEMSELVES and not names.search(name):
                    yield pytest.param(rule, text, id=f"{name}.{argument}")


def images():
    tree = ast.parse((ROOT / "constructs_sm" / "images.py").read_text()).body
    for statement, comment in itertools.pairwise(tree):
        for rule, names in SERVICES.items():
            if isinstance(statement, ast.Assign) and names.search(ast.unparse(statement.targets[0])):
                said = comment.value.value if isinstance(comment, ast.Expr) else ""
                yield pytest.param(rule, " ".join(said.split()), id=f"images.{ast.unparse(statement.targets[0])}")


OFFERS = [*offers(), *images()]


@pytest.mark.parametrize(("rule", "text"), OFFERS)
def test_service_that_is_closed_says_so_where_it_is_offered(rule, text):
    assert says(rule) in text


def test_every_such_service_is_offered_somewhere():
    assert {each.values[0].id for each in OFFERS} == {rule.id for rule in SERVICES}


def test_reference_says_the_same():
    pages = " ".join(" ".join(page.read_text().split()) for page in (ROOT / "docs" / "reference").glob("*.md"))

    for rule in set(SERVICES) - {closed_services.MODEL_MONITOR}:
        assert says(rule) in pages, rule.id


@pytest.mark.parametrize("rule", SERVICES, ids=lambda rule: rule.id)
def test_rule_of_a_closed_service_says_what_to_use(rule):
    assert rule.severity in {"info", "warning"}
    assert re.search(r"\b(use|run|follow|compare|label|take)\b", rule.fix)
