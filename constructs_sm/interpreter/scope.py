"""The scope of an expression: all that it can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.state_errors import RUNTIME, StateError
from constructs_sm.interpreter.values import shown
from constructs_sm.language.jsonpath import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from constructs_sm.interpreter.moments import Moment
    from constructs_sm.language.intrinsics import Surroundings
    from constructs_sm.language.jsonpath import Path


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""A placeholder where there is no result, and no error."""


class Reads:
    """The fields of its states' inputs that an execution has read, and when last: nothing hangs on the others."""

    __slots__ = ("_last", "_lost", "_number")

    def __init__(self) -> None:
        self._last: dict[str | None, int] = {}
        self._number = 0
        self._lost = 0

    def note(self, key: str | None = None) -> None:
        """Take down that a field of the input is read; None: all of it."""
        self._number += 1
        self._last[key] = self._number

    def note_loss(self) -> None:
        """Take down that a state did not hand on what nobody had read of its input."""
        self._number += 1
        self._lost = self._number

    def copy(self) -> Reads:
        """The same until here, to go on by itself."""
        other = Reads()
        other._last, other._number, other._lost = self._last.copy(), self._number, self._lost
        return other

    def lost_since(self, earlier: Reads) -> bool:
        """Return True if anything unread has been lost since these were as *earlier*, which is a copy."""
        return self._lost > earlier._number

    def since(self, earlier: Reads, keys: Iterable[str]) -> bool:
        """Return True if one of *keys* has been read since these were as *earlier*, which is a copy."""
        return any(self._last.get(key, 0) > earlier._number for key in (None, *keys))


class Scope:
    """All that there is to see where a field of a state is evaluated."""

    __slots__ = ("_context", "_moment", "_states", "around", "error", "input", "reads", "result", "variables")

    def __init__(
        self,
        value: Any,
        variables: Mapping[str, Any],
        context: Callable[[], dict[str, Any]],
        moment: Callable[[], Moment],
        around: Surroundings,
        *,
        reads: Reads,
        result: Any = ABSENT,
        error: Any = ABSENT,
    ) -> None:
        self.input = value
        self.variables = variables
        self.result = result
        self.error = error
        self.around = around
        self.reads = reads
        self._context = context
        self._moment = moment
        self._states: dict[str, Any] | None = None

    @property
    def context(self) -> dict[str, Any]:
        """The context object."""
        return self._context()

    @property
    def moment(self) -> Moment:
        return self._moment()

    @property
    def states(self) -> dict[str, Any]:
        """`$states`."""
        if self._states is None:
            self._states = {"input": self.input, "context": self.context}
            if self.result is not ABSENT:
                self._states["result"] = self.result
            if self.error is not ABSENT:
                self._states["errorOutput"] = self.error
        return self._states

    def on(self, value: Any) -> Scope:
        """The same, where $ is another value."""
        return Scope(
            value,
            self.variables,
            self._context,
            self._moment,
            self.around,
            reads=self.reads,
            result=self.result,
            error=self.error,
        )

    def with_result(self, result: Any) -> Scope:
        """The same, where $states has a result."""
        return Scope(
            self.input, self.variables, self._context, self._moment, self.around, reads=self.reads, result=result
        )

    def with_error(self, error: Any) -> Scope:
        """The same, where $states has an error."""
        return Scope(
            self.input, self.variables, self._context, self._moment, self.around, reads=self.reads, error=error
        )

    def document(self, path: Path) -> Any:
        """Return what *path* leads into.

        Raises:
            MissingError: It starts at a variable that has no value.
        """
        if path.variable is not None:
            if path.variable not in self.variables:
                raise MissingError(path.text)
            return self.variables[path.variable]
        if path.of_context:
            return self.context
        self.reads.note(path.key)
        return self.input

    def read(self, path: Path, field: str = "") -> Any:
        """The value of *path*.

        Raises:
            StateError: Nothing is there: States.Runtime.
        """
        try:
            return path.value(self.document(path))
        except MissingError:
            raise self.missing(path, field) from None

    def missing(self, path: Path, field: str) -> StateError:
        self.reads.note()
        where = f" specified for the field '{field}'" if field else ""
        root = "context object" if path.of_context else "variable" if path.variable else "input"
        said = "" if path.variable else f" '{shown(self.context if path.of_context else self.input)}'"
        return StateError(RUNTIME, f"The JSONPath '{path.text}'{where} could not be found in the {root}{said}")
