"""All or nothing: what was done for a construct that is refused is undone, so that its id can be used again.

A construct that is taken out of its scope takes its children along. What else is made or written down for it, as a role
of the stack or the name of a folder, says here how it is undone. What cannot be undone, as a statement in the policy of
a role, is done when nothing can be refused any more.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.foreign import foreign_problems
from constructs_sm.language.l1 import L1, l1_problems
from constructs_sm.language.sizes import not_finite_in, too_deep, too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType


_OF_THE_CDK = re.compile(
    r"type of argument (?P<argument>\S+) must be (?P<wanted>.+); got .+"
    r"|(?:@jsii/kernel\.SerializationError: )?Passed to parameter (?P<parameter>\S+) of .+"
    r"Unable to deserialize value as (?P<type>[^\n]+)"
    r"|(?:type object '(?P<kind>\w+)' has no attribute ')?__jsii_type__'?$"
    r"|(?P<undecided>'.*' is decided when the state machine runs); .*"
    r"|(?P<empty>Only root constructs may have an empty ID)",
    re.DOTALL,
)
"""Errors of the CDK about an argument: about its type, of its Python side, of jsii and of the kernel; about the id."""
_MODULE = re.compile(r"(?:aws_cdk|aws-cdk-lib|constructs)\.(?:\w+\.)*")


class _Attempt:
    """The making of one construct, or one call of a method, that may yet be refused."""

    __slots__ = ("construct", "kept", "undoing")

    def __init__(self, construct: Any) -> None:
        self.construct = construct
        self.undoing: list[Callable[[], object]] = []
        self.kept: list[Callable[[], object]] = []

    def __enter__(self) -> None:
        _ATTEMPTS.append(self)

    def __exit__(self, refused: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        _ATTEMPTS.pop()
        if refused is not None:
            for undo in reversed(self.undoing):
                undo()
        elif _ATTEMPTS:
            _ATTEMPTS[-1].undoing += self.undoing
            _ATTEMPTS[-1].kept += self.kept
        else:
            for act in self.kept:
                act()


_ATTEMPTS: list[_Attempt] = []
"""The outermost first."""


def undone_by(undo: Callable[[], object]) -> None:
    """Say what undoes something that has been done for the construct that is being made, if one is."""
    if _ATTEMPTS:
        _ATTEMPTS[-1].undoing.append(undo)


def once_kept(act: Callable[[], object]) -> None:
    """Do what cannot be undone: when the outermost construct that is being made is kept, or at once if none is."""
    if _ATTEMPTS:
        _ATTEMPTS[-1].kept.append(act)
    else:
        act()


class WholeOrNotMade:
    """A construct that leaves nothing behind where its arguments are refused. To be named before the CDK's class."""

    is_whole = False
    """Tell whether it has been made, and not refused."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__init__" in vars(cls):
            cls.__init__ = _whole_or_not_made(cls.__init__)  # type: ignore[method-assign]


def _whole_or_not_made(make: Callable[..., None]) -> Callable[..., None]:
    switches = [name for name, kind in make.__annotations__.items() if kind in {"bool", "bool | None"}]
    languages = [name for name, kind in make.__annotations__.items() if kind == "sfn.QueryLanguage | None"]

    @wraps(make)
    def made(construct: Any, *positional: Any, **arguments: Any) -> None:
        if _ATTEMPTS and _ATTEMPTS[-1].construct is construct:
            # The part of a class above in the making of the same construct.
            make(construct, *positional, **arguments)
            return
        found: list[Problem] = []
        if arguments:
            found = list(too_large(arguments)) or [
                *_of_no_such_type(arguments, switches, languages),
                *l1_problems(arguments),
            ]
            if found:
                found = _once_each(found)
        if found:
            raise InvalidInputError(where_of(type(construct).__name__, *positional[:2]), found)
        with _Attempt(construct):
            # Said first, so done last.
            undone_by(lambda: _take_out(construct))
            try:
                make(construct, *positional, **arguments)
            except InvalidInputError:
                raise
            except Exception as error:
                tell_in_words(error, type(construct).__name__, positional, arguments)
                raise
        construct.is_whole = True

    return made


def _once_each(problems: Sequence[Problem]) -> list[Problem]:
    """The problems but those of arguments in which an L1 construct is found: in the place of a switch it is one."""
    of_l1 = {_argument(problem) for problem in problems if L1 in problem.what}
    return [problem for problem in problems if L1 in problem.what or _argument(problem) not in of_l1]


def _argument(problem: Problem) -> str:
    return re.split(r"\W", problem.what, maxsplit=1)[0]


def _of_no_such_type(
    arguments: Mapping[str, Any], switches: Sequence[str], languages: Sequence[str]
) -> Iterator[Problem]:
    """Find what is no truth value, and what is no query language, where it has to be one.

    A text that says no would count as yes, and anything but JSONata as JSONPath.
    """
    for name in switches:
        value = arguments.get(name)
        if value is not None and not isinstance(value, bool):
            yield Problem(f"{name} must be True or False", value, "pass one of them", "argument-type")
    for name in languages:
        value = arguments.get(name)
        # By its name: what makes no construct does not import the CDK for it.
        if value is not None and type(value).__name__ != "QueryLanguage":
            yield Problem(f"{name} must be a QueryLanguage", value, "pass sfn.QueryLanguage.JSONATA", "argument-type")


@contextmanager
def whole_or_not_done(scope: Any) -> Iterator[None]:
    """Let all that a method makes in *scope* be there, or nothing of it."""
    before = {_reference_of(child) for child in scope.node.children}
    with _Attempt(None):
        undone_by(lambda: _take_out_of(scope, before))
        try:
            yield
        except (TypeError, RuntimeError) as error:
            tell_in_words(error, type(scope).__name__, (scope,))
            raise


_Class = TypeVar("_Class", bound=type)


def methods_in_words(cls: _Class) -> _Class:
    """Let the public methods of a class tell of what the CDK refuses as of what we refuse."""
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and not name.startswith("_"):
            setattr(cls, name, _in_words(method))
    return cls


def _in_words(method: Callable[..., Any]) -> Callable[..., Any]:
    names = tuple(signature(method).parameters)[1:]

    @wraps(method)
    def told(self: Any, *positional: Any, **arguments: Any) -> Any:
        named = dict(zip(names, positional, strict=False)) | arguments
        if found := [*too_large(named), *not_finite_in(named)]:
            raise InvalidInputError(where_of(type(self).__name__, self), found)
        try:
            return method(self, *positional, **arguments)
        except InvalidInputError:
            raise
        except Exception as error:
            # Asked when it goes wrong, and not on every call.
            if found := list(l1_problems(named)):
                raise InvalidInputError(where_of(type(self).__name__, self), found) from error
            tell_in_words(error, type(self).__name__, (self,), named)
            if type(error.__cause__).__name__ != "JavaScriptError" and not _is_of_the_bridge(error):
                raise
            what = f"the CDK refuses it: {str(error).partition(chr(10))[0]}"
            problem = Problem(what, NOTHING, "correct the argument", "argument-value")
            raise InvalidInputError(where_of(type(self).__name__, self), [problem]) from error

    return told


def _is_of_the_bridge(error: Exception) -> bool:
    """Tell if jsii could not send an argument: it is raised in what writes one, and names nothing."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_globals.get("__name__", "").partition(".")[0] in {"", "cattrs", "jsii"}


def tell_in_words(
    error: Exception, kind: str, place: Sequence[Any], arguments: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Tell of an argument that the CDK stumbles over as of one that we do: it names a class of its kernel otherwise."""
    if isinstance(error, RecursionError):
        raise InvalidInputError(where_of(kind, *place[:2]), [too_deep("an argument", NOTHING)]) from error
    if "unexpected keyword" in str(error):
        return
    if foreign := foreign_problems(arguments):
        raise InvalidInputError(where_of(kind, *place[:2]), foreign) from error
    found = _OF_THE_CDK.match(str(error)) if isinstance(error, (TypeError, RuntimeError, AttributeError)) else None
    if found is None:
        return
    if found["empty"]:
        problem = Problem("the construct id is empty", "", "name the construct", "construct-id")
    elif found["undecided"]:
        problem = Problem(found["undecided"], NOTHING, "pass what is known now", "argument-type")
    elif not (found["argument"] or found["parameter"]):
        what = f"an argument is a {found['kind'] or 'value'}, of which the CDK knows nothing"
        problem = Problem(what, NOTHING, "pass what the docstring names", "argument-type")
    else:
        argument, wanted = found["argument"] or found["parameter"], found["wanted"] or found["type"]
        what = f"{argument} must be {_MODULE.sub('', wanted)}"
        problem = Problem(what, NOTHING, "pass one; the docstring says more", "argument-type")
    raise InvalidInputError(where_of(kind, *place[:2]), [problem]) from error


def _take_out_of(scope: Any, before: set[str]) -> None:
    for child in scope.node.children:
        if _reference_of(child) not in before:
            _take_out(child)


def _take_out(construct: Any) -> None:
    # Without a reference it was never made: what has its id was there before.
    if hasattr(construct, "__jsii_ref__"):
        construct.node.scope.node.try_remove_child(construct.node.id)


def _reference_of(construct: Any) -> str:
    # A job takes note of who asks for its reference.
    found = getattr(construct, "jsii_reference", None) or construct.__jsii_ref__
    return str(found.ref)
