"""The house: imports point one way, public names are documented, and nothing is imported that should not be."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import constructs_sm
from constructs_sm.task.arguments import TaskArguments

import pytest
from conftest import ROOT

PACKAGE = ROOT / "constructs_sm"
WINGS = (
    "language",
    "diagram",
    "values",
    "rules",
    "requests",
    "grants",
    "guardrails",
    "task",
    "jobs",
    "steps",
    "pipeline",
    "blueprints",
    "interpreter",
    "testing",
    "checking",
    "adopting",
    "report",
    "commands",
)
"""A wing imports only wings above it; the modules at the top of the package, only `language` and each other."""
FACTS = tuple(sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem not in {"__init__", "__main__"}))
WITHOUT_CDK = tuple(wing for wing in WINGS if wing not in {"task", "jobs", "steps", "pipeline", "blueprints"})
SYNTHESIZES = {"testing/source/synthesized.py"}
"""What reads a stack of the CDK, which whoever has one has imported."""


def sources(wing):
    return sorted((PACKAGE / wing).rglob("*.py"))


def imported(path, *, typed=False):
    """The modules a file imports when it runs, and with *typed* those under `if TYPE_CHECKING` too."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if typed or not isinstance(node, ast.If)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and re.fullmatch(r"constructs_sm(\.\w+)?", node.module or ""):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ([node.module] if node.module else ())
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_in(wing, module):
    return module.startswith(f"constructs_sm.{wing}.")


def own(path):
    """The wings, or modules at the top of the package, that a file imports."""
    return {module.split(".")[1] for module in imported(path) if module.startswith("constructs_sm.")}


def test_every_folder_is_a_wing_and_few_modules_lie_at_the_top():
    assert {path.parent.name for path in PACKAGE.glob("*/*.py")} == set(WINGS)
    assert len(FACTS) <= 12


@pytest.mark.parametrize("wing", WINGS)
def test_wing_says_its_purpose_in_one_sentence(wing):
    purpose = ast.get_docstring(ast.parse((PACKAGE / wing / "__init__.py").read_text())).split("\n\n")[0]
    assert re.fullmatch(r"[A-Z][^.]*\.", " ".join(purpose.split()))


@pytest.mark.parametrize("wing", WINGS)
def test_wing_imports_only_wings_above_it(wing):
    above = {*WINGS[: WINGS.index(wing) + 1], *FACTS}
    assert {path.name: own(path) - above for path in sources(wing) if own(path) - above} == {}


@pytest.mark.parametrize("wing", sorted({*WINGS} - {"testing"}))
def test_other_wings_import_only_the_modules_that_a_wing_names(wing):
    """Of `testing`, the names are for users' tests; its modules serve the command line."""
    named = getattr(importlib.import_module(f"constructs_sm.{wing}"), "__all__", ())
    others = [path for other in WINGS if other != wing for path in sources(other)]
    used = {module.split(".")[2] for path in others for module in imported(path, typed=True) if is_in(wing, module)}
    assert used - {*named} == set()


@pytest.mark.parametrize("name", FACTS)
def test_facts_know_no_wing_but_the_language(name):
    assert own(PACKAGE / f"{name}.py") <= {"language", *FACTS}


def test_wings_stand_on_at_most_ten_floors():
    floors = {}
    for wing in WINGS:
        floors[wing] = 1 + max(
            (floors[other] for path in sources(wing) for other in own(path) & floors.keys()), default=0
        )
    assert max(floors.values()) <= 10


@pytest.mark.parametrize("wing", WITHOUT_CDK)
def test_wings_that_read_definitions_do_not_import_the_cdk(wing):
    for path in sources(wing):
        if str(path.relative_to(PACKAGE)) not in SYNTHESIZES:
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


def test_all_names_load_nothing_of_vpcs_which_take_20_mib(fresh):
    assert [name for name in fresh["modules"] if name.startswith("aws_cdk.aws_ec2")] == []


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
    # That of a text is `__new__`.
    made_by = cls.__new__ if cls.__init__ is object.__init__ else cls.__init__
    arguments = list(inspect.signature(made_by).parameters)[1:]
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
