"""The house: imports point one way, public names are documented, and nothing is imported that should not be."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import constructs_sm
from constructs_sm.state import TaskArguments

import pytest
from conftest import ROOT

PACKAGE = ROOT / "constructs_sm"
LAYERS = (
    "node",
    "errors",
    "actions",
    "polled_actions",
    "keys",
    "late_bound",
    "links",
    "jsonata",
    "conditions",
    "outputs",
    "nested",
    "flow",
    "wiring",
    "api_model",
    "retry",
    "names",
    "instances",
    "s3",
    "rendering",
    "roles",
    "rule_kinds",
    "rules",
    "requests",
    "access",
    "iam",
    "execution_grants",
    "s3_items",
    "inputs",
    "input_schema",
    "scope",
    "places",
    "accounts",
    "images",
    "ground_truth",
    "validation",
    "result",
    "state",
    "plan",
    "states",
    "fragment",
    "task",
    "job",
    "gates",
    "item_plan",
    "fan_out",
    "jobs",
    "parallel",
    "polled_job",
    "deployment",
    "registry",
    "approval",
    "timeouts",
    "quotas",
    "input_guard",
    "failures",
    "settings",
    "triggers",
    "encryption",
    "alerts",
    "dashboard",
    "pipeline",
    "stack",
    "blueprints",
    "testing",
    "diagram",
    "report",
    "cli",
)
WITHOUT_CDK = LAYERS[: LAYERS.index("scope")]
"""What can be read, tested and used without starting jsii."""


def sources(name):
    module = PACKAGE / f"{name}.py"
    return [module] if module.exists() else sorted((PACKAGE / name).glob("*.py"))


def imported(path):
    """The modules a file imports when it runs: not those under `if TYPE_CHECKING`."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ([f"{node.module}.{alias.name}" for alias in node.names] if node.module else ())
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_module_has_its_place_in_the_layers():
    modules = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert modules - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_imports_point_up_the_list(name):
    allowed = set(LAYERS[: LAYERS.index(name) + 1])
    for path in sources(name):
        own = [module.split(".")[1] for module in imported(path) if module.startswith("constructs_sm.")]
        assert set(own) <= allowed, path.name


@pytest.mark.parametrize("name", WITHOUT_CDK)
def test_lower_layers_do_not_know_the_cdk(name):
    for path in sources(name):
        assert not [module for module in imported(path) if module.startswith("aws_cdk")], path.name


def test_all_lists_the_public_names_in_order():
    assert list(constructs_sm.__all__) == sorted(constructs_sm.__all__, key=lambda name: (name.islower(), name))


def test_type_checkers_see_the_public_names_and_where_they_come_from():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text())
    seen = {alias.asname: (node.module, alias.name) for node in stub.body for alias in node.names}

    assert seen.keys() == set(constructs_sm.__all__)
    for name, (module, original) in seen.items():
        assert getattr(importlib.import_module(module), original) is getattr(constructs_sm, name)


def test_bare_import_loads_nothing_else(fresh):
    assert sorted(fresh["loaded"]) == ["constructs_sm", "constructs_sm.node"]


def test_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'constructs_sm' has no attribute 'TrainJob'"):
        constructs_sm.TrainJob  # noqa: B018


@pytest.mark.parametrize(
    "name", [name for name in constructs_sm.__all__ if name not in {"images", "polled_actions", "retry"}]
)
def test_public_class_and_its_methods_say_what_they_are(name):
    cls = getattr(constructs_sm, name)
    assert inspect.getdoc(cls)
    own = [member for key, member in vars(cls).items() if not key.startswith("_") and callable(member)]
    assert all(inspect.getdoc(member) for member in own)


def constructed():
    """The public classes that users call: neither what class methods make nor what the library hands out."""
    for name in sorted(set(constructs_sm.__all__) - {"Condition", "JobOutput"}):
        value = getattr(constructs_sm, name)
        called = inspect.isclass(value) and not issubclass(value, Exception)
        if called and "Made by `" not in inspect.getdoc(value).splitlines()[0]:
            yield name


@pytest.mark.parametrize("name", list(constructed()))
def test_docstring_of_a_class_names_each_argument(name):
    cls = getattr(constructs_sm, name)
    arguments = [argument for argument in inspect.signature(cls.__init__).parameters if argument != "self"]
    documented = inspect.getdoc(cls)
    if shared := re.search(r"^All (?:other )?attributes are those of `(\w+)`\.$", documented, re.MULTILINE):
        documented += inspect.getdoc(getattr(constructs_sm, shared[1]))
    assert [argument for argument in arguments if f"\n    {argument}: " not in documented] == []


def test_each_common_argument_is_explained_where_it_is_declared():
    tree = ast.parse(inspect.getsource(TaskArguments))
    (cls,) = tree.body
    for field, follower in zip(cls.body[1:], cls.body[2:], strict=False):
        if isinstance(field, ast.AnnAssign) and field.target.id != "comment":
            assert isinstance(follower, ast.Expr), field.target.id
