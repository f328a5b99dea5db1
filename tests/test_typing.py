"""The types of the public arguments: right programs pass mypy, and wrong ones do not.

`tests/typed` holds programs that give every argument there is; the arguments are those of the signatures, so that a new
one without a use fails here. For the wrong ones a file is made in which every argument of everything public gets a
value of a type that nothing takes.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec

import constructs_sm
from constructs_sm.task.arguments import TaskArguments
from constructs_sm.task.job import JobArguments

import pytest
from aws_cdk import Stack
from conftest import ROOT

TYPED = sorted((ROOT / "tests" / "typed").glob("*.py"))
HANDED_OUT = {
    "Condition": "a comparison makes it",
    "Deletion": "DeleteEndpoint and its like are made, each of which is one",
    "JobOutput": "a job makes it",
}
"""What nobody constructs, and who makes it."""
BY_CLASS_METHODS = {"Input", "S3Items"}
"""What is made by its class methods only."""
ANY = {
    "TaskArguments.state_output": "the Output of a state is any JSON value",
    "Input.anything.default": "the input may be any value",
    "S3Location.of.data": "tells what is a place in S3 from what is not",
}
"""Arguments that take anything, and why."""
WRONG = """\
class Wrong:
    \"\"\"A type that nothing takes.\"\"\"


WRONG = Wrong()
"""
FOLLOWED = """\
[mypy]
strict = True
[mypy-aws_cdk.*]
follow_imports = skip
[mypy-yaml.*]
ignore_missing_imports = true
[mypy-regex.*]
ignore_missing_imports = True
"""
"""Of the CDK's 300 modules mypy reads those that the package or a program imports: all of them take it minutes, and
leave no other error. What takes a type of one that is skipped would take anything, and so is found here; `make types`
reads the programs with all."""
EXTENDED = {JobArguments: TaskArguments}
_ERROR = re.compile(r"(?P<path>[^:]+):(?P<line>\d+): error: (?P<message>.*?)  \[(?P<code>[\w-]+)\]")
_UNPACKED = re.compile(r"Unpack\[(\w+)\]")


@dataclass(frozen=True)
class Made:
    """Something public that is called: a class, or a class method that makes one."""

    name: str
    arguments: dict[str, str] = field(hash=False)
    """Whose each argument is: its own, or that of the typed dictionary that brings it."""


def maker(cls):
    """The method with the arguments of a class: that of a text is `__new__`."""
    return cls.__new__ if cls.__init__ is object.__init__ else cls.__init__


def _made():
    """Everything public that is called, from the signatures."""
    for name in sorted(set(constructs_sm.__all__) - HANDED_OUT.keys()):
        cls = getattr(constructs_sm, name)
        if inspect.isclass(cls) and not issubclass(cls, Exception):
            if name not in BY_CLASS_METHODS:
                yield Made(name, _arguments(name, cls, list(inspect.signature(maker(cls)).parameters.values())[1:]))
            for method, value in vars(cls).items():
                if isinstance(value, classmethod) and not method.startswith("_"):
                    whole = f"{name}.{method}"
                    parameters = inspect.signature(getattr(cls, method)).parameters.values()
                    yield Made(whole, _arguments(whole, cls, parameters))


def _arguments(name, cls, parameters):
    found = {}
    for parameter in parameters:
        # Without such an annotation it is one that no program can give, so that its own tests fail and not all.
        if typed := parameter.kind is parameter.VAR_KEYWORD and _UNPACKED.fullmatch(str(parameter.annotation)):
            unpacked = getattr(sys.modules[cls.__module__], typed[1], TaskArguments)
            found |= {argument: _owner(unpacked, argument) for argument in unpacked.__annotations__}
        else:
            found[parameter.name] = name
    return found


def _owner(unpacked, argument):
    """The typed dictionary that declares an argument, and brings it to everything that unpacks it."""
    extended = EXTENDED.get(unpacked)
    return (extended if extended and argument in extended.__annotations__ else unpacked).__name__


MADE = {made.name: made for made in _made()}
OWNED = sorted({(owner, argument) for made in MADE.values() for argument, owner in made.arguments.items()})


@cache
def used():
    """Every argument that a program gives, and whose it is."""
    found = set()
    for path in TYPED:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in MADE:
                arguments = MADE[ast.unparse(node.func)].arguments
                given = [*list(arguments)[: len(node.args)], *(keyword.arg for keyword in node.keywords)]
                found |= {(arguments[argument], argument) for argument in given}
    return found


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """What mypy says of the programs and of the wrong file, by file and line; and what is on each line of that."""
    lines = dict(_wrong_lines())
    wrong = tmp_path_factory.mktemp("typed") / "wrong.py"
    names = sorted({made.partition(".")[0] for made in MADE})
    wrong.write_text("\n".join([f"from constructs_sm import {', '.join(names)}", WRONG, *lines]))
    first = wrong.read_text().splitlines().index(next(iter(lines))) + 1
    config = wrong.with_name("mypy.ini")
    config.write_text("\n".join([FOLLOWED, *(f"[mypy-{name}]\nfollow_imports = normal" for name in _followed())]))
    mypy = [sys.executable, "-m", "mypy", "--no-pretty", "--no-color-output", "--cache-dir", ".mypy_cache/typed"]
    mypy += ["--config-file", str(config), *map(str, TYPED), str(wrong)]
    # Where the package is imported from here, and not from wherever it may be installed.
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    ended = subprocess.run(mypy, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert not ended.stderr
    keys = list(lines.values())
    by_key = {key: [] for key in keys}
    of_the_programs = []
    for error in filter(None, map(_ERROR.fullmatch, ended.stdout.splitlines())):
        # By name alone: what mypy knows from an earlier run, it says of the file of that run.
        if error["path"].endswith(wrong.name):
            by_key[keys[int(error["line"]) - first]].append((error["code"], error["message"]))
        else:
            of_the_programs.append(error[0])
    return by_key, of_the_programs


def _followed():
    """The modules of the CDK that the package and the programs import, and the two behind all of them."""
    found = {"aws_cdk", "aws_cdk._jsii", "aws_cdk.interfaces"}
    for path in (*ROOT.glob("constructs_sm/**/*.py"), *TYPED):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aws_cdk"):
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return sorted(filter(find_spec, found))


def _wrong_lines():
    for made in MADE.values():
        yield f"{made.name}(no_such_argument=WRONG)", (made.name, None)
        for argument in made.arguments:
            yield f"{made.name}({argument}=WRONG)", (made.name, argument)


def refused(errors, made, argument):
    """Whether mypy refuses the type of the value, not only that others are missing."""
    by_key, _ = errors
    said = [message for code, message in by_key[made, argument] if code == "arg-type"]
    return any(message.startswith(f'Argument "{argument}" to ') and '"Wrong"' in message for message in said)


def test_programs_pass_mypy(errors):
    _, of_the_programs = errors
    assert of_the_programs == []


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.stem)
def test_programs_run(app, path):
    names = runpy.run_path(str(path))
    own = {name: value for name, value in names.items() if getattr(value, "__module__", "") == names["__name__"]}
    functions = [name for name, value in own.items() if inspect.isfunction(value) and not name.startswith("_")]
    assert functions
    for name in functions:
        names[name](Stack(app, name.replace("_", "-")))


@pytest.mark.parametrize("owner", dict.fromkeys(owner for owner, _ in OWNED))
def test_every_argument_is_used(owner):
    assert [argument for one, argument in OWNED if one == owner and (one, argument) not in used()] == []


@pytest.mark.parametrize("made", MADE.values(), ids=lambda made: made.name)
def test_value_of_a_wrong_type_is_refused(errors, made):
    taken = [argument for argument in made.arguments if not refused(errors, made.name, argument)]

    assert [argument for argument in taken if f"{made.arguments[argument]}.{argument}" not in ANY] == []


@pytest.mark.parametrize("made", MADE.values(), ids=lambda made: made.name)
def test_unknown_argument_is_refused(errors, made):
    by_key, _ = errors
    said = [message for code, message in by_key[made.name, None] if code == "call-arg"]
    assert any(message.startswith('Unexpected keyword argument "no_such_argument"') for message in said)


@pytest.mark.parametrize("name", ANY)
def test_what_takes_anything_does(errors, name):
    where = [(made, argument) for made, argument in errors[0] if argument and _whose(made, argument) == name]
    assert where
    assert not any(refused(errors, made, argument) for made, argument in where)


def _whose(made, argument):
    return f"{MADE[made].arguments[argument]}.{argument}"
