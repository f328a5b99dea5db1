"""Describe public classes and functions for the pages of the reference, from their signatures and docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import constructs_sm
from constructs_sm.task.job import SageMakerJob

from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields|Example|Grants|Source):(.*)$")
_ITEM = re.compile(r"^ {4}(\*{0,2}\w+): (.*)$")
_ADDRESS = re.compile(r"(https://[^\s,;]+)")
_SHARED = re.compile(r"^All (?:other )?attributes are those of `(\w+)`\.$", re.MULTILINE)
_UNPACKED = re.compile(r"Unpack\[(\w+)\]")
NOT_FOR_USERS = {
    # States of the fragment, which the CDK asks for, and what the library asks of itself.
    *("start_state", "end_states", "next", "to_single_state", "close", "add_prefix", "prefixed_name", "is_jsonata"),
    *("catches_all", "catching_branches", "updating_grant", "shares_the_role", "late", "literal", "among", "of"),
    *("to_request", "problems", "applied_to"),
}
_ANY_NUMBER = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
_OF_CLASSES = {"given", "defaults", "problems", "runs_under", "make"}
"""Arguments by which a class of jobs tells its base what it has made of its own."""


@dataclass
class Docstring:
    """A docstring in parts: what is said before the first section, items by name, and text by section."""

    said: str = ""
    items: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any) -> Docstring:
        """Read the docstring of a class, function or property; of a dataclass without one, that of its base."""
        parts, title, item = cls(), "", ""
        if inspect.isclass(value):
            parts.items = dict(_of_bases(value))
        for line in _text(value).splitlines():
            if _SHARED.match(line):
                continue
            if found := _SECTION.match(line):
                title, item = found[1], ""
                parts.sections[title] = found[2].strip()
            elif title in {"Args", "Attributes"} and (found := _ITEM.match(line)):
                item = found[1].lstrip("*")
                parts.items[item] = found[2]
            elif title in {"Args", "Attributes"} and item:
                parts.items[item] += f" {line.strip()}"
            elif title:
                parts.sections[title] += f" {line.strip()}"
            else:
                parts.said += f"{line}\n"
        return parts

    def notes(self) -> Iterator[str]:
        """What a call may raise, what it grants, and the source, as items of a list."""
        for title in ("Raises", "Returns", "Yields", "Grants", "Source"):
            said = marked(" ".join(self.sections.get(title, "").split()))
            if title == "Source":
                said = _ADDRESS.sub(r"<\1>", said)
            if said:
                yield f"- {title}: {said}"


def _of_bases(cls: type) -> Iterator[tuple[str, str]]:
    """Items that the docstrings of bases explain: a dataclass has their fields."""
    for base in cls.__bases__:
        if base.__module__.startswith("constructs_sm") and base.__doc__:
            yield from Docstring.of(base).items.items()


def _text(value: Any) -> str:
    if not inspect.isclass(value) and not inspect.isroutine(value) and callable(value):
        value = type(value).__call__
    if not inspect.isclass(value):
        return inspect.getdoc(value) or ""
    written = (cls for cls in value.__mro__ if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("))
    return inspect.cleandoc(next(written).__doc__ or "")


def marked(text: str) -> str:
    """*text* as Markdown: names of other arguments are in asterisks already; what looks like a tag is code."""
    return re.sub(r"(?<!`)<([a-z ]+)>(?![^`]*`(?:[^`]*`[^`]*`)*[^`]*$)", r"`<\1>`", text.replace("``", "`"))


def cell(text: str) -> str:
    """*text* for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(rows: Iterable[tuple[str, ...]], *heads: str) -> str:
    """Write a table of Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell(each) for each in line)} |" for line in lines)


def first_line(value: Any) -> str:
    """The first line of a docstring."""
    return marked(_text(value).partition("\n")[0])


def source_of(value: Any) -> str:
    """The file of a class or function, from the root of the repository."""
    path = (getattr(value, "__module__", None) or type(value).__module__).replace(".", "/")
    return f"{path}{'/__init__' if (ROOT / path).is_dir() else ''}.py"


def section(name: str, value: Any, *, level: int = 2) -> str:
    """Describe a class or a function: what it is, every argument, what it raises and grants, its members."""
    described = Docstring.of(value)
    lines = [f"{'#' * level} `{name}`", "", marked(described.said.strip()), ""]
    own, inherited = arguments(value)
    if own:
        lines += [table(own, "argument", "type", "what it is"), ""]
    if inherited:
        lines += ["Arguments that it has in common with others:", ""]
        lines += [table(inherited, "argument", "type", "what it is"), ""]
    notes = [*described.notes(), f"- Code: [`{source_of(value)}`](../../{source_of(value)})"]
    lines += [*notes, ""]
    if members := list(_members(value, described)):
        lines += [table(members, "member", "what it is"), ""]
    return "\n".join(lines)


def arguments(value: Any) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The rows of all arguments: those of its own signature, and those that its `**arguments` stand for."""
    own: list[tuple[str, ...]] = []
    inherited: list[tuple[str, ...]] = []
    described = Docstring.of(value)
    if inspect.isclass(value) and "Made by `" in first_line(value):
        return [], []
    if shared := _SHARED.search(_text(value)):
        described.items = {**Docstring.of(getattr(constructs_sm, shared[1])).items, **described.items}
    left_out = _OF_CLASSES if inspect.isclass(value) and issubclass(value, Construct) else set()
    for name, parameter in _signature(value).items():
        kind = str(parameter.annotation)
        if unpacked := _UNPACKED.search(kind):
            inherited += _common(value, unpacked[1], described)
        elif name not in left_out:
            above = "See above." if f"*{name}*" in described.said else ""
            default = None if parameter.kind in _ANY_NUMBER else parameter.default
            own.append(_row(name, kind, default, described.items.get(name, above)))
    return own, inherited


def _signature(value: Any) -> dict[str, inspect.Parameter]:
    if not inspect.isclass(value):
        return dict(inspect.signature(value).parameters)
    made_by = value.__new__ if value.__init__ is object.__init__ else value.__init__
    if not str(getattr(made_by, "__module__", "")).startswith("constructs_sm"):
        return {}
    found = list(inspect.signature(made_by).parameters.values())[1:]
    return {parameter.name: parameter for parameter in found if not parameter.name.startswith("_")}


def _row(name: str, kind: str, default: Any, said: str) -> tuple[str, str, str]:
    if default is inspect.Parameter.empty:
        said = f"**Required.** {said}"
    elif said and default is not None and not re.search(r"\bDefault: |'s default: ", said) and _is_plain(default):
        said = f"{said} Default: `{default!r}`."
    return f"`{name}`", _type(kind, default), marked(said)


def _is_plain(default: Any) -> bool:
    """Tell whether a default reads as what it is: neither a function nor what dataclasses put for one that makes it."""
    return not callable(default) and repr(default) != "<factory>"


def spelled(kind: str) -> str:
    """Spell a type without Union."""

    class Plain(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            self.generic_visit(node)
            if ast.unparse(node.value) != "Union" or not isinstance(node.slice, ast.Tuple):
                return node
            return ast.Name(" | ".join(ast.unparse(each).strip("'") for each in node.slice.elts))

    return ast.unparse(Plain().visit(ast.parse(kind, mode="eval")))


def _type(kind: str, default: Any = None) -> str:
    plain = re.sub(r"^None \| | \| None$", "", kind) if default is None or kind.count("None") else kind
    return f"`{spelled(plain)}`" if plain and "empty" not in plain else ""


_OF_THE_CDK = {"StackArguments": "Stack", "AppArguments": "App"}
"""Classes of the CDK whose arguments a TypedDict has, which explain them."""


def _common(value: Any, name: str, described: Docstring) -> list[tuple[str, ...]]:
    """Rows of a TypedDict of arguments, without those that the class has itself."""
    taken = {*_signature(value)}
    return [
        _row(argument, kind, None, described.items.get(argument) or said or _said_elsewhere(argument, name))
        for argument, (kind, said) in _fields(name).items()
        if argument not in taken
    ]


def _said_elsewhere(argument: str, name: str) -> str:
    said = (_fields(each).get(argument, ("", ""))[1] for each in _typed_dicts())
    of_the_cdk = f"See `aws_cdk.{_OF_THE_CDK[name]}`." if name in _OF_THE_CDK else ""
    return next(filter(None, said), of_the_cdk)


@cache
def _typed_dicts() -> dict[str, ast.ClassDef]:
    """The TypedDicts of the package by name: arguments that several classes take."""
    found: dict[str, ast.ClassDef] = {}
    for path in sorted((ROOT / "constructs_sm").rglob("*.py")):
        if "TypedDict" in (text := path.read_text()) or "Arguments, total=False" in text:
            classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
            found |= {node.name: node for node in classes if node.name.endswith("Arguments") and node.keywords}
    return found


@cache
def _fields(name: str) -> dict[str, tuple[str, str]]:
    """The fields of a TypedDict, those of its bases first: type, and the sentence behind it."""
    node = _typed_dicts()[name]
    found: dict[str, tuple[str, str]] = {}
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in _typed_dicts():
            found |= _fields(base.id)
    for statement, follower in pairwise([*node.body, ast.Pass()]):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            behind = isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant)
            said = " ".join(str(follower.value.value).split()) if behind else ""  # type: ignore[attr-defined]
            found[statement.target.id] = (ast.unparse(statement.annotation), said)
    return found


def _members(value: Any, described: Docstring) -> Iterator[tuple[str, str]]:
    """Methods and properties that users call; of a class of jobs all that it adds to others."""
    if not inspect.isclass(value) or issubclass(value, Exception):
        return
    common = dir(SageMakerJob) if issubclass(value, SageMakerJob) and value is not SageMakerJob else ()
    for name, said in described.items.items():
        if described.sections.get("Attributes") is not None and name not in _signature(value):
            yield f"`{name}`", marked(said)
    seen = set(described.items)
    for cls in value.__mro__:
        for name, member in vars(cls).items() if cls.__module__.startswith("constructs_sm") else ():
            if name.startswith("_") or name in {*NOT_FOR_USERS, *common, *seen}:
                continue
            seen.add(name)
            if isinstance(member, property):
                yield f"`{name}`", _said(member.fget)
            elif isinstance(member, (classmethod, staticmethod)):
                yield f"`{value.__name__}.{name}{_call(member.__func__)}`", _said(member.__func__)
            elif inspect.isfunction(member) and (issubclass(value, Construct) or inspect.getdoc(member)):
                yield f"`{name}{_call(member)}`", _said(member)


def _call(function: Any) -> str:
    """Spell the arguments of a method, without their types."""
    signature = inspect.signature(function)
    given = [parameter for name, parameter in signature.parameters.items() if name not in {"self", "cls"}]
    plain = [parameter.replace(annotation=parameter.empty) for parameter in given]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


def _said(function: Any) -> str:
    described = Docstring.of(function)
    given = [f"*{name}*: {said}" for name, said in described.items.items()]
    raised = described.sections.get("Raises")
    return marked(
        " ".join([described.said, *given, *([f"Raises {' '.join(raised.split())}"] if raised else [])]).strip()
    )
