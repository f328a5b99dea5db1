"""Outputs of jobs for later states: values that know which job they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from constructs_sm.language.errors import InvalidInputError, Problem, raise_unless
from constructs_sm.language.formats import joined
from constructs_sm.language.jsonata import is_plain, jsonata_of, quoted
from constructs_sm.language.late_bound import is_json_path, is_jsonata, unmarked
from constructs_sm.values.conditions import Comparable
from constructs_sm.values.descriptions import Description
from constructs_sm.values.stand_ins import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self


_UNQUOTABLE = re.compile(r"['\\]")


def _never_made() -> str:
    raise AssertionError("the state was asked for before it was made")


@dataclass(eq=False, slots=True)
class TaskIdentity:
    """A Task state of ours, as messages and analyses know it.

    Attributes:
        path: Of the construct.
        name: Of the state, unless a prefix was put before it.
        api: As Step Functions spells it.
        state_id: Asks the CDK for the name with its prefixes.
        request: The request that it sends, once that is known.
        access: What SageMaker needs to serve that request.
        role_scope: The scope whose execution role it runs under; None if its role is given.
        description: What later states ask for that its output is not known to hold.
    """

    path: str
    name: str
    api: str
    state_id: Callable[[], str] = field(default=_never_made, repr=False)
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    access: Any = field(default=None, repr=False)
    role_scope: Any = field(default=None, repr=False)
    description: Description = field(default_factory=Description, repr=False)


class JobOutput(StandIn, Comparable, str):
    """A value that a job leaves for later states: a string that other jobs and the CDK's own states take.

    As a string it is what the CDK's own states in the query language of the job take: a token in JSONPath, `{% ... %}`
    in JSONata; `in_json_path` and `in_jsonata` are for states in the other. A job that is given it spells it in its
    own. It is not the value: to read it before the state machine runs makes no sense, except where it is literal. Text
    is put before or behind it with `+`. Where the value is a number, compare it with one (`>= 0.8`) for a QualityGate.

    Attributes:
        producer: The job.
        name: What of it: a field of its output, or another word for it.
        json_path: A path, or an intrinsic function; None: it is literal.
        jsonata: An expression without its marks; None: it is literal.
    """

    __slots__ = ("_token_of", "json_path", "jsonata", "name", "producer")

    _token_of: Callable[[str], str] | None

    producer: TaskIdentity
    name: str
    json_path: str | None
    jsonata: str | None

    @classmethod
    def late(cls, producer: TaskIdentity, name: str, *, json_path: str, jsonata: str, in_jsonata: bool) -> JobOutput:
        """One that is known when the job has run."""
        return cls._of(f"{{% {jsonata} %}}" if in_jsonata else json_path, producer, name, json_path, jsonata)

    @classmethod
    def literal(cls, producer: TaskIdentity, name: str, text: str) -> JobOutput:
        """One that is known now, and means something only when the job has run."""
        if not isinstance(text, str):
            raise_unless("JobOutput.literal", text=(text, str, "a text"))
        return cls._of(text, producer, name, None, None)

    @classmethod
    def _of(cls, text: str, producer: TaskIdentity, name: str, json_path: str | None, jsonata: str | None) -> Self:
        self = cls(text)
        self.producer, self.name, self.json_path, self.jsonata = producer, name, json_path, jsonata
        self._token_of = None
        return self

    def tokened(self, token_of: Callable[[str], str], *, in_jsonata: bool) -> Self:
        """The same value as states of the CDK take it.

        Args:
            token_of: Makes the token of a path.
            in_jsonata: Whether those states are in JSONata.
        """
        if self.json_path is None:
            return self
        text = self.spelled(jsonata=True) if in_jsonata else token_of(self.json_path)
        same = type(self)._of(text, self.producer, self.name, self.json_path, self.jsonata)  # noqa: SLF001
        same._token_of = token_of  # noqa: SLF001
        return same

    @property
    def in_jsonata(self) -> JobOutput:
        """The value for a state of the CDK in JSONata, whatever the job is in."""
        return self if self._token_of is None else self.tokened(self._token_of, in_jsonata=True)

    @property
    def in_json_path(self) -> JobOutput:
        """The value for a state of the CDK in JSONPath, whatever the job is in."""
        return self if self._token_of is None else self.tokened(self._token_of, in_jsonata=False)

    def __add__(self, other: str) -> JobOutput:
        """Return the value with a text, or another output, behind it."""
        return self._joined(self, other)

    def __radd__(self, other: str) -> JobOutput:
        """Return the value with a text before it."""
        return self._joined(other, self)

    def _joined(self, first: str, second: str) -> JobOutput:
        if not isinstance(first, str) or not isinstance(second, str):
            other = second if first is self else first
            use = "add a text, or compute with it in a state in JSONata"
            raise InvalidInputError(self.stands_for, [Problem("+ joins texts", other, use, "argument-type")])
        made = join(first, second)
        # What no output of JSONPath can say is an expression, and nothing else.
        return made if isinstance(made, JobOutput) else cast("JobOutput", made)

    @property
    def is_known_later(self) -> bool:
        """Tell whether it stands for a value, and is not the value itself."""
        return self.json_path is not None

    @property
    def stands_for(self) -> str:
        """The name of the value in messages."""
        return f"'{self.name}' of '{self.producer.path}'"

    def spelled(self, *, jsonata: bool) -> str:
        """Return the value spelled in JSONata or JSONPath, as a plain string."""
        if self.json_path is None:
            return str(self)
        return f"{{% {self.jsonata} %}}" if jsonata else self.json_path

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        return f"{self.name} of {self.producer.name}"

    def expression(self, gate: str) -> str:  # noqa: ARG002
        """Return the value as JSONata without delimiters."""
        return str(self) if self.jsonata is None else self.jsonata

    def missing(self, gate: str) -> str:  # noqa: ARG002
        """The sentence that says it is not there."""
        return quoted(f"{self.producer.name} has no number at {self.name}")

    def __eq__(self, other: object) -> Any:
        compared = NotImplemented if isinstance(other, str) else super().__eq__(other)
        return str.__eq__(self, other) if compared is NotImplemented else compared

    def __ne__(self, other: object) -> Any:
        compared = NotImplemented if isinstance(other, str) else super().__ne__(other)
        return str.__ne__(self, other) if compared is NotImplemented else compared

    __hash__ = str.__hash__

    def within(self, json_path: str, jsonata: str) -> JobOutput:
        """An expression that has this value in it, where each of the two says `<>`."""
        if self.json_path is None or self.jsonata is None:
            message = f"{self!r} is literal"
            raise ValueError(message)
        return self._late(json_path.replace("<>", self.json_path), jsonata.replace("<>", self.jsonata))

    def _late(self, json_path: str, jsonata: str) -> JobOutput:
        """Another value of the same job, for the same states."""
        in_jsonata = self.startswith("{%")
        made = JobOutput.late(self.producer, self.name, json_path=json_path, jsonata=jsonata, in_jsonata=in_jsonata)
        return made if self._token_of is None else made.tokened(self._token_of, in_jsonata=in_jsonata)

    def followed_by(self, text: str) -> JobOutput:
        """Return the value with *text* behind it."""
        if self.json_path is None:
            return JobOutput.literal(self.producer, self.name, f"{self}{text}")
        return self.within(joined([(self.json_path, True), (text, False)]), f"<> & {quoted(text)}")

    def as_text(self) -> JobOutput:
        """Return the value as a string, whatever its type."""
        return self if self.json_path is None else self.within("States.Format('{}', <>)", "$string(<>)")


def join(first: str, second: str) -> str:
    """Join two texts, each of which may be an output, or the place of an S3Location, as the value that they make.

    Returns:
        An output, if there is one among them that both query languages can say joined; otherwise a text.
    """
    parts = [_Part.of(each) for each in (first, second)]
    outputs = [part.output for part in parts if part.output is not None]
    late = [output for output in outputs if output.json_path is not None]
    if not any(part.is_late for part in parts):
        text = "".join(part.text for part in parts)
        return JobOutput.literal(outputs[0].producer, outputs[0].name, text) if outputs else text
    path = joined((part.json_path or part.text, part.is_late) for part in parts)
    expression = " & ".join(part.jsonata or quoted(part.text) for part in parts)
    has_path = all(part.json_path or not part.is_late for part in parts)
    if late and has_path and all(part.jsonata or not part.is_late for part in parts):
        return late[0]._late(path, expression)  # noqa: SLF001  (of the same module)
    return path if has_path else f"{{% {expression} %}}"


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a joined text: as it is, and as each query language says it if it is known later."""

    text: str
    output: JobOutput | None = None
    json_path: str | None = None
    jsonata: str | None = None

    @property
    def is_late(self) -> bool:
        return bool(self.json_path or self.jsonata)

    @classmethod
    def of(cls, given: str) -> _Part:
        """Read a text, an output or a place; a plain text is literal, whatever it begins with."""
        if isinstance(given, JobOutput):
            return cls(str(given), given, given.json_path, given.jsonata)
        if not isinstance(given, StandIn):
            return cls(str(given))
        uri: str = given.uri  # type: ignore[attr-defined]  # an S3Location, which this module does not know
        if isinstance(uri, JobOutput):
            return cls.of(uri)
        if is_jsonata(uri):
            return cls(uri, jsonata=f"({unmarked(uri)})")
        if is_json_path(uri):
            return cls(uri, json_path=uri, jsonata=jsonata_of(uri) if is_plain(uri) else None)
        return cls(uri)


class ExecutionInput(JobOutput):
    """A value that the execution is started with: as an output, for states after those that check the input."""

    __slots__ = ()

    @classmethod
    def of(cls, guard: TaskIdentity, name: str) -> ExecutionInput:
        """The input called *name*, which the states of *guard* check."""
        return cls._of(f"$.{name}", guard, name, f"$.{name}", f"$states.input.{name}")

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        return f"input {self.name}"

    def missing(self, gate: str) -> str:  # noqa: ARG002
        """The sentence that says it is not there."""
        return quoted(f"there is no number at input {self.name}")


class Metric(JobOutput):
    """The value of one of the metrics a job ends with.

    Attributes:
        among_all: All of them, as a list of `MetricName` and `Value`.
        metric_name: Which.
    """

    __slots__ = ("among_all", "metric_name")

    among_all: JobOutput
    metric_name: str

    @classmethod
    def among(cls, metrics: JobOutput, name: str) -> Metric:
        """The one called *name*.

        Raises:
            InvalidInputError: No path can say the name.
        """
        if not isinstance(name, str) or not name or _UNQUOTABLE.search(name):
            where = f"metric of '{metrics.producer.path}'"
            raise InvalidInputError(
                where, [Problem("no name of a metric", name, "write it as the algorithm does", "metric-name")]
            )
        one = metrics.within(
            f"States.ArrayGetItem(<>[?(@.MetricName=='{name}')].Value, 0)", f"(<>[MetricName='{name}'].Value)[0]"
        )
        self = cls._of(str(one), one.producer, f"metric '{name}'", one.json_path, one.jsonata)
        self.among_all, self.metric_name = metrics, name
        return self

    def tokened(self, token_of: Callable[[str], str], *, in_jsonata: bool) -> Metric:
        """The same value as states of the CDK take it."""
        same = JobOutput.tokened(self, token_of, in_jsonata=in_jsonata)
        same.among_all, same.metric_name = self.among_all, self.metric_name
        return same

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        return f"{self.metric_name} of {self.producer.name}"

    def missing(self, gate: str) -> str:  # noqa: ARG002
        """The sentence that says it is not there, and which there are."""
        names = f"{self.among_all.jsonata}.MetricName"
        there = f"$exists({names}) ? $join([{names}], ', ') : 'none'"
        return f"{quoted(f'{self.producer.name} has no metric {self.metric_name}; its metrics: ')} & ({there})"
