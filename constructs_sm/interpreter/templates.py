"""Fields whose values are evaluated: payload templates of JSONPath, and JSON with expressions of JSONata in it."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - of a name that others import
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.interpreter.state_errors import DATA_LIMIT, QUERY, StateError
from constructs_sm.language import intrinsics, jsonata_checks
from constructs_sm.language.jsonpath import parse as parse_path

if TYPE_CHECKING:
    from constructs_sm.interpreter.scope import Scope

Template: TypeAlias = "Callable[[Scope], Any]"
"""Yields the value of a field where it is evaluated."""
_LATE = ".$"


def constant(value: Any) -> Template:
    """A field that is the same whatever there is to see."""
    return _Constant(value)


class _Constant:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _: Scope) -> Any:
        return self.value


def template(value: Any, field: str, *, jsonata: bool) -> Template:
    """A field as it is written, ready to be evaluated.

    Args:
        value: The field.
        field: Its name, for causes.
        jsonata: Whether the state is in JSONata.
    """
    return _jsonata(value, field) if jsonata else _jsonpath(value)


def expression(text: str, field: str, *, jsonata: bool) -> Template:
    """A field that is one path, or one expression."""
    return _expression(text, field) if jsonata else _late(text, field)


def _jsonpath(value: Any) -> Template:
    if isinstance(value, dict):
        members: list[tuple[str, Template]] = []
        for name, member in value.items():
            if name.endswith(_LATE):
                members.append((name[: -len(_LATE)], _late(member, name)))
            else:
                members.append((name, _jsonpath(member)))
        return _object(value, members)
    return _list([_jsonpath(item) for item in value], value) if isinstance(value, list) else _Constant(value)


def _object(value: Any, members: list[tuple[str, Template]]) -> Template:
    if all(isinstance(member, _Constant) for _, member in members):
        return _Constant(value)
    return lambda scope: {name: member(scope) for name, member in members}


def _list(items: list[Template], value: Any) -> Template:
    if all(isinstance(item, _Constant) for item in items):
        return _Constant(value)
    return lambda scope: [item(scope) for item in items]


def _late(text: Any, field: str) -> Template:
    if intrinsics.is_intrinsic(text):
        call = intrinsics.parse(text)

        def called(scope: Scope) -> Any:
            try:
                return call.evaluate(lambda path: scope.read(path, field), scope.around)
            except intrinsics.IntrinsicError as error:
                cause = f"The intrinsic function '{text}' specified for the field '{field}' failed: {error}"
                raise StateError("States.IntrinsicFailure", cause) from None

        return called
    path = parse_path(text)
    return lambda scope: scope.read(path, field)


def _jsonata(value: Any, field: str) -> Template:
    if isinstance(value, str) and jsonata_checks.is_expression(value):
        return _expression(value, field)
    if isinstance(value, dict):
        return _object(value, [(name, _jsonata(member, f"{field}/{name}")) for name, member in value.items()])
    if isinstance(value, list):
        return _list([_jsonata(item, f"{field}[{number}]") for number, item in enumerate(value)], value)
    return _Constant(value)


def _expression(text: str, field: str) -> Template:
    try:
        from constructs_sm.interpreter import expressions  # noqa: PLC0415 - only who has expressions has their engine
    except ModuleNotFoundError as missing:
        message = f"JSONata needs {missing.name}; install it with: pip install 'constructs-sm[testing]'"
        raise ImportError(message, name=missing.name) from missing

    inner = jsonata_checks.inner(text)
    where = f"The JSONata expression '{inner.strip()}' specified for the field '{field}'"
    program = expressions.program(inner)

    def evaluated(scope: Scope) -> Any:
        for key in program.keys(scope.input, scope.variables):
            scope.reads.note(key)
        try:
            return program.value(scope.states, scope.variables, scope.moment)
        except expressions.EvaluationError as error:
            told = f"threw an error during evaluation. {error.problem}" if error.problem else str(error)
            raise StateError(QUERY, f"{where} {told}.") from None
        except expressions.TooLargeError:
            told = "returned a result with a size exceeding the maximum number of bytes service limit"
            raise StateError(DATA_LIMIT, f"{where} {told}.") from None

    return evaluated
