"""JSONata as Step Functions evaluates it: no input document, six more functions, and no undefined results."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata, Utils

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime


class ExpressionError(ValueError):
    """An expression is malformed, fails, or yields what is not JSON: States.QueryEvaluationError."""


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of *expression*, where ``$name`` stands for ``variables["name"]``."""
    try:
        program = Jsonata.CURRENT.jsonata = copy.copy(_parsed(expression))  # as it does for each thread
        result = program.evaluate(None, {**variables, **_CLOCK})
    except Exception as error:
        raise ExpressionError(f"The JSONata expression '{expression}' could not be evaluated: {error}") from error
    if result is None:
        raise ExpressionError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return _plain(result, expression)


@functools.lru_cache(maxsize=1024)
def _parsed(expression: str) -> Any:
    """Parsing takes longer than most evaluations, which leave the program as it is."""
    program = Jsonata(expression)
    program.set_output_convert_nulls(False)  # None then means undefined, and only that
    for name, function in FUNCTIONS.items():
        program.register_lambda(name, function)
    return program


def _plain(value: Any, expression: str) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(name): _plain(member, expression) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item, expression) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise ExpressionError(f"The JSONata expression '{expression}' returned an unsupported result type.")


def _partition(array: list[Any], size: float) -> list[list[Any]]:
    step = int(size)
    return [array[start : start + step] for start in range(0, len(array), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    count = int((last - first) / step)
    return [first + index * step for index in range(count + 1)]


def _hash(content: str, algorithm: str) -> str:
    return hashlib.new(algorithm.replace("-", "").lower(), content.encode(), usedforsecurity=False).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()  # noqa: S311 - as Step Functions' own: not for secrets


def _eval(*_: Any) -> None:
    raise ExpressionError("Step Functions does not offer $eval; use $parse for JSON")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
    "eval": _eval,
}
"""What Step Functions adds to JSONata, and the one function it takes away."""
_CLOCK: dict[str, Jsonata.JLambda] = {}


@contextlib.contextmanager
def speaking_at(now: Callable[[], datetime]) -> Iterator[None]:
    """Let $now and $millis tell this time."""
    _CLOCK["now"] = Jsonata.JLambda(lambda: now().strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    _CLOCK["millis"] = Jsonata.JLambda(lambda: int(now().timestamp() * 1000))
    try:
        yield
    finally:
        _CLOCK.clear()
