"""JSONata as Step Functions evaluates it, by the engine of jlens: docs/decisions/0015-jsonata.md says why this one.

Step Functions has no input document, seven functions of its own, and Java's numbers: a division by zero is Infinity.
The engine is asked for all that it does alike. What it does otherwise is rewritten in the expression, once.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.expression_functions import FUNCTIONS, FunctionError, by_chance
from constructs_sm.language.jsonata_checks import variables_in
from constructs_sm.language.jsonata_syntax import ExpressionError, Node, parse
from constructs_sm.language.leaves import with_leaves

from jlens import Expression as Engine
from jlens import JlensError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_sm.interpreter.moments import Moment

_LARGEST: Final = 1.7976931348623157e308
"""Stands in for Infinity, which the engine knows not as a value: nothing but an Infinity comes as far."""
_OVERFLOW: Final = "D1001"
_OUT_OF_TIME: Final = "D1012"
_OVER_A_LIMIT: Final = "U1001"
_MOST_SECONDS: Final = 10
"""Seconds that one expression may really take; what a state evaluates takes thousandths of one."""
_MOST_BYTES: Final = 10 * 1024 * 1024
"""Bytes of a result, 40 times what any state takes: a larger one is not made, which would take a minute."""
_QUOTIENT: Final = (
    f"$quotient_ := function($a, $b) {{ $exists($a) and $type($b) = 'number' and $b = 0 and $type($a) = 'number' ? "
    f"($a > 0 ? {_LARGEST!r} : $a < 0 ? -{_LARGEST!r} : $a / $b) : $abs_($a) = {_LARGEST!r} ? $a : $a / $b }}; "
    "$abs_ := function($n) { $type($n) = 'number' ? $abs($n) : $n }; "
)
_PARSE: Final = "$parse := function($text) { $lookup($parsed_($text), 'value') }; "
_SPELLED: Final = (
    "$spelled_ := function($v) { $type($v) = 'array' ? [$map($v, $spelled_)] : $exists($keys($v)) ? "
    "$merge($each($v, function($m, $k) { {$k: $spelled_($m)} })) : $v != $v ? 'NaN' : $v }; "
)
_QUOTIENTS: Final = ("/", "%")
"""The operators that may yield no number."""
_JAVA_SPACE: Final = r" \t\n\x0B\f\r"
_ARITHMETIC: Final = {"*": "times_", "+": "plus_", "-": "minus_"}
_LIMIT_OF_REPLACE: Final = 4


class EvaluationError(ValueError):
    """An expression that fails, or yields nothing: `States.QueryEvaluationError`.

    Attributes:
        problem: What the engine says, with its code; None where the expression yields nothing.
    """

    def __init__(self, problem: str | None) -> None:
        super().__init__(problem or "returned nothing (undefined)")
        self.problem = problem


class TooLargeError(ValueError):
    """An expression that yields more than any state takes: `States.DataLimitExceeded`."""


class Program:
    """One expression, ready to be evaluated.

    Args:
        text: Without its `{% %}`.

    Raises:
        ExpressionError: It does not parse.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._root = parse(text)
        self._divides = any(node.kind in _QUOTIENTS for node in self._root.walk())
        self._overflows = False
        self._engines: dict[tuple[bool, bool], Engine] = {}
        names = variables_in(text)
        self._by_chance = tuple(sorted(names & {"random", "uuid"}))
        read: Any = self._engine().reads()
        cut = {} if read.get("everyBinding") else read["bindings"]
        self._reads: dict[str, Any] = {name: cut.get(name, True) for name in names}
        self._added = _added_to_input(text, self._root)
        self._is_input = text.strip() == "$states.input"

    def value(self, states: Mapping[str, Any], variables: Mapping[str, Any], moment: Moment) -> Any:
        """The value of the expression.

        Raises:
            EvaluationError: It fails, or yields nothing.
            TooLargeError: It yields more than any state takes.
            TimeoutError: It takes longer than there is time.
        """
        if self._is_input:
            return states["input"]
        if (added := self._only_adds(states["input"], variables)) is not None:
            # What a state adds to its input is merged here, so that the engine need not copy all of the input.
            return {**states["input"], **added.value(states, variables, moment)}
        bindings = {name: _cut(variables[name], read) for name, read in self._reads.items() if name in variables}
        if "states" in self._reads:
            bindings["states"] = _cut(states, self._reads["states"])
        if self._by_chance:
            bindings |= by_chance(moment.numbers, self._by_chance)
        try:
            return self._evaluated(bindings, moment)
        except JlensError as error:
            if error.code != _OVERFLOW or self._overflows:
                raise _failure(error) from None
        # Something comes to more than the engine has numbers for: from now on Java's arithmetic.
        self._overflows = True
        try:
            return self._evaluated(bindings, moment)
        except JlensError as error:
            raise _failure(error) from None

    def keys(self, given: Any, variables: Mapping[str, Any]) -> Iterable[str | None]:
        """The fields of the input *given* that the expression reads; None for all of it."""
        reads = (self._only_adds(given, variables) or self)._reads.get("states", {})  # noqa: SLF001 - of its kind
        of_input = reads if reads is True else reads.get("input", {})
        return (None,) if of_input is True else of_input

    def _only_adds(self, given: Any, variables: Mapping[str, Any]) -> Program | None:
        """Return what is merged into the input *given*, where the expression does nothing else with it."""
        return self._added if "merge" not in variables and isinstance(given, dict) else None

    def _evaluated(self, bindings: dict[str, Any], moment: Moment) -> Any:
        seconds = min(moment.seconds_left, _MOST_SECONDS)
        options: dict[str, Any] = {"now": moment.milliseconds, "timeout": seconds, "max_result_size": _MOST_BYTES}
        engine = self._engine()
        try:
            found = engine.evaluate(None, bindings, **options)
            # The engine says None both of null and of nothing.
            if found is None and engine.evaluate_json(None, bindings, **options) is None:
                raise EvaluationError(None)
            if not self._divides and not self._overflows:
                return found
            if _has_none(found):
                found = self._engine(spelled=True).evaluate(None, bindings, **options)
            return with_leaves(_spelled, found)
        except JlensError as error:
            if error.code == _OUT_OF_TIME:
                taken = f"the JSONata expression {self.text!r} took longer than {seconds:.3g} s"
                raise TimeoutError(f"{taken}; make it do less") from None
            if error.code == _OVER_A_LIMIT and "result" in str(error):
                raise TooLargeError(str(error)) from None
            raise
        except FunctionError as error:
            raise EvaluationError(str(error)) from None
        except RecursionError:
            raise EvaluationError("a value is nested too deeply") from None

    def _engine(self, *, spelled: bool = False) -> Engine:
        """The expression as the engine is asked for it."""
        if (found := self._engines.get((spelled, self._overflows))) is not None:
            return found
        text = _rewritten(self.text, self._root, widened=self._overflows)
        begin = _QUOTIENT if self._divides else ""
        begin += _PARSE if "$parse" in self.text else ""
        if spelled:
            text = f"({begin}{_SPELLED}$spelled_(({text})))"
        elif begin:
            text = f"({begin}{text})"
        try:
            engine = Engine(text)
        except JlensError as error:
            raise ExpressionError(str(error)) from None
        for name, (function, signature) in FUNCTIONS.items():
            if name in text:
                engine.register_function(name, function, signature)
        self._engines[spelled, self._overflows] = engine
        return engine


def _cut(value: Any, read: Any) -> Any:
    """Cut a value to what an expression reads of it, so that no more is handed to the engine."""
    if read is True or not isinstance(value, dict):
        return value
    return {name: _cut(value[name], inner) for name, inner in read.items() if name in value}


def _added_to_input(text: str, root: Node) -> Program | None:
    """Return the program of what `$merge([$states.input, ...])` adds to the input; None of any other expression."""
    match root:
        case Node(kind="call", parts=(Node(kind="variable", value="merge"), Node(kind="array", parts=(first, *rest)))):
            if rest and text[first.start : first.end] == "$states.input":
                return program(f"$merge([{text[rest[0].start : rest[-1].end]}])")
    return None


@functools.lru_cache(maxsize=4096)
def program(text: str) -> Program:
    """The program of an expression, without its `{% %}`.

    Raises:
        ExpressionError: It does not parse.
    """
    return Program(text)


def _failure(error: JlensError) -> EvaluationError:
    return EvaluationError(f"{error.code}: {error}")


def _has_none(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_none, value.values()))
    return any(map(_has_none, value)) if isinstance(value, list) else value is None


def _spelled(value: Any) -> Any:
    """A leaf of a result; an infinity is the text that Step Functions makes of it."""
    if isinstance(value, float) and abs(value) == _LARGEST:
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= int(_LARGEST):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _rewritten(text: str, root: Node, *, widened: bool) -> str:
    """An expression as the engine is asked for it."""
    changes: list[tuple[int, int, int, str]] = []
    for number, node in enumerate(root.walk()):
        changes.extend(
            (start, order, end, with_) for start, order, end, with_ in _changes(text, node, number, widened=widened)
        )
    parts, at = [], 0
    for start, _, end, replacement in sorted(changes):
        parts += [text[at:start], replacement]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _changes(text: str, node: Node, number: int, *, widened: bool) -> Iterator[tuple[int, int, int, str]]:
    """List what is written for something of the text: from where, in which order there, to where, and what."""
    name = "quotient_" if node.kind == "/" else _ARITHMETIC.get(node.kind) if widened else None
    if name is not None and node.parts:
        yield node.start, number, node.start, f"${name}("
        yield node.at, 0, node.at + 1, ", "
        yield node.end, -number, node.end, ")"
    if node.kind == "regex":
        pattern = _in_java(str(node.value))
        yield node.start, number, node.end, f"/{pattern}/{text[node.start + len(str(node.value)) + 2 : node.end]}"
    if node.kind == "call" and node.parts[0].value == "replace" and len(node.parts) > _LIMIT_OF_REPLACE:
        limit = node.parts[_LIMIT_OF_REPLACE]
        yield limit.start, number, limit.start, "$floor("
        yield limit.end, -number, limit.end, ")"


def _in_java(pattern: str) -> str:
    r"""A regular expression whose `\s` is that of Java: no space but that of ASCII."""
    found, at, in_class = [], 0, False
    while at < len(pattern):
        two = pattern[at : at + 2]
        if two == r"\s":
            found.append(_JAVA_SPACE if in_class else f"[{_JAVA_SPACE}]")
        elif two == r"\S" and not in_class:
            found.append(f"[^{_JAVA_SPACE}]")
        elif two[:1] == "\\":
            found.append(two)
        else:
            in_class = (in_class or two[:1] == "[") and two[:1] != "]"
            found.append(two[:1])
            at -= 1
        at += 2
    return "".join(found)
