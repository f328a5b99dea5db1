"""The result of a rehearsed execution."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.history import MAX_EVENTS, Failure, History, clock, folded, short
from constructs_sm.interpreter.sections import STOPPED
from constructs_sm.language.errors import printable
from constructs_sm.language.flow import ARTIFACT, LOOKS, OPTIONAL, VERSION, VERSIONS
from constructs_sm.language.machines import LARGEST_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KIB = 1024
_NOT_REUSED = re.compile(r"\[not reused: (.*)\]")
"""The reason that a state says which searches for a result of a job."""


recent: deque[Run] = deque(maxlen=3 if "pytest" in sys.modules else 0)
"""The last executions, to show beside a failed test; where there are no tests, nothing is kept of a run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a state does wrong, or the execution as a whole.

    Attributes:
        state: The name of the state; empty where it is the execution's.
        problem: What it does.
    """

    state: str
    problem: str

    def __str__(self) -> str:
        return printable(": ".join(filter(None, (self.state, self.problem))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution, from its end. `print(run)` shows its timeline.

    Args:
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED; STOPPED if it came to the state that it was to stop before.
        output: What it yields, if it succeeded; the input of that state, if it stopped.
        error: The error it failed with.
        cause: And why.
        states: Every state entered, in order; those of child workflows too.
        waits: Seconds that each retry would have slept.
        pauses: Seconds that each Wait state would have slept.
        requests: Every attempt to call SageMaker: the state's name, and the request.
        calls: Every attempt to call another service: the state's name, the API (`sns:publish`), and the request.
        left_running: ARNs of jobs that their state gave up on and could not stop.
        seconds: How long it would have taken.
        variables: The variables as that state would see them; of a run that did not stop, none.
        history: All that happened.
        reckoned_with: The errors that each state catches by their names.
        again: Begins the execution again; None where a `Run` was not rehearsed.
        texts: The requests as texts, as far as somebody has looked into them; shared by runs of one drill.
    """

    status: str
    output: Any
    error: str | None
    cause: str | None
    states: list[str]
    waits: list[float]
    pauses: list[float]
    requests: list[tuple[str, dict[str, Any]]]
    left_running: list[str]
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    seconds: float = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History, repr=False)
    reckoned_with: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    again: Callable[[], Run] | None = field(default=None, repr=False, compare=False)
    texts: dict[int, tuple[Any, str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def succeeded(self) -> bool:
        """Tell whether the execution ended SUCCEEDED."""
        return self.status == "SUCCEEDED"

    @property
    def stopped(self) -> bool:
        """Return True if it came to the state that it was to stop before."""
        return self.status == STOPPED

    @property
    def went_well(self) -> bool:
        """Return True if it succeeded, or came as far as it was to."""
        return self.succeeded or self.stopped

    def redrive(self) -> Run:
        """Begin the execution again where it did not succeed, as the redrive of Step Functions does.

        What had succeeded is not run again, and what the script says goes on where it was. The run that this returns
        is the whole execution; this one stays as it is.

        Raises:
            ValueError: Step Functions redrives no such execution: it succeeded, or is Express, or its history is full.
        """
        if self.again is None:
            raise ValueError("this run was not rehearsed, so it cannot be redriven")
        return self.again()

    @property
    def transitions(self) -> int:
        """The state transitions that Step Functions would charge: states entered, and retries."""
        return len(self.states) + len(self.waits)

    @property
    def events(self) -> int:
        """The events of the execution's history, of which it may have 25,000."""
        return self.history.events

    @property
    def largest_payload(self) -> int:
        """Bytes of the largest payload that a state took or handed on; 262,144 are allowed."""
        return self.history.largest[0]

    @property
    def reused(self) -> list[str]:
        """The jobs that did not run, since a result of an earlier run was good enough."""
        return [job for job in self._looked_for if job not in self.not_reused]

    @property
    def not_reused(self) -> dict[str, str]:
        """The jobs that ran though they may be reused, and why."""
        unsettled = self.history.unsettled
        return {
            job: _why(unsettled[f"{job}{state}"])
            for job in self._looked_for
            for state in (ARTIFACT, LOOKS, VERSION)
            if f"{job}{state}" in unsettled
        }

    @property
    def _looked_for(self) -> list[str]:
        begun = [(state, end) for state in self.states for end in (VERSIONS, LOOKS) if state.endswith(end)]
        return list(dict.fromkeys(state.removesuffix(end) for state, end in begun))

    @property
    def failure(self) -> Failure | None:
        """The failure that ended the execution: its state, error and cause."""
        if self.succeeded or self.stopped or not self.history.failures:
            return None
        return self.history.failures[-1]

    @property
    def failed_request(self) -> Any:
        """The last request of the state that ended the execution."""
        state = self.failure.state if self.failure else None
        sent = [request for name, request in self.requests if name == state]
        sent += [request for name, _, request in self.calls if name == state]
        return sent[-1] if sent else None

    @property
    def findings(self) -> list[Finding]:
        """The mistakes of the execution, however it ended."""
        found = [*self._repeated_names(), *self._lost_reasons(), *self._abandoned_jobs()]
        return list(dict.fromkeys(found))

    def expects(self, failure: Failure) -> bool:
        """Return True if the state machine reckons with *failure*: one may look for an endpoint that is not there."""
        return self.succeeded and failure.error in self.reckoned_with.get(failure.state, ())

    @property
    def timeline(self) -> str:
        """The execution line by line, in virtual time; a loop of polling is told once."""
        moments = folded(self.history.moments)
        width = max((len(moment.state) for moment in moments), default=0)
        lines = [f"  {clock(m.seconds):>11}  {m.state:<{width}}  {m.text}".rstrip() for m in moments]
        return "\n".join([*map(printable, lines), self.summary])

    @property
    def called(self) -> set[str]:
        """The states that called something."""
        return {state for state, _ in self.requests} | {state for state, *_ in self.calls}

    @property
    def end(self) -> str:
        """The end of the execution: `FAILED after 2 s: States.Timeout`, with the beginning of the cause."""
        failed = short(Failure("", self.error or "", self.cause or "").reason)
        told = ": ".join(filter(None, (self.error, failed)))
        return f"{self.status} after {clock(self.seconds)}{f': {told}' if told else ''}"

    @property
    def summary(self) -> str:
        """The end of the execution, its use of Step Functions' limits, and its findings."""
        size, whose = self.history.largest
        payload = f"{size / _KIB:.1f} of {LARGEST_PAYLOAD // _KIB} KiB{f' ({whose})' if whose else ''}"
        told_of_reuse = [f"reused: {', '.join(self.reused)}"] if self.reused else []
        told_of_reuse += [f"not reused: {job}, {why}" for job, why in self.not_reused.items()]
        counts = f"{self.transitions} state transitions, {self.events:,} of {MAX_EVENTS:,} history events"
        lines = [
            self.end,
            f"{counts}, largest payload {payload}",
            *told_of_reuse,
            *(f"! {each}" for each in self.findings),
        ]
        return "\n".join(map(printable, lines))

    def __str__(self) -> str:
        return self.timeline

    def _repeated_names(self) -> Iterator[Finding]:
        """A name that a state asks for once more, after it was accepted: a retry, or an item of a Map like another."""
        refused = [one for one in self.history.failures if one.is_of_a_taken_name]
        states = {one.state for one in refused}
        asked = Counter(
            (state, value)
            for state, request in self.requests
            if state in states
            for name, value in request.items()
            if name.endswith("Name") and isinstance(value, str)
        )
        for (state, name), times in asked.items():
            taken = f"/{name}".lower()
            if times > 1 and any(one.state == state and taken in one.cause.lower() for one in refused):
                yield Finding(state, f"asks for the name {name!r} again, which it has taken itself")

    def _lost_reasons(self) -> Iterator[Finding]:
        """A failure that was caught, and of which nothing is left where somebody could read it."""
        # Of a part of the state machine nobody knows what its rest makes of a reason.
        for state, failure in () if self.stopped else self.history.unsettled.items():
            # Of a job that may be reused, `not_reused` says it.
            if self.expects(failure) or state.endswith(OPTIONAL):
                continue
            reason = failure.reason or failure.error
            if reason and not self._tells(_plain(reason)[1:-1]):
                yield Finding(state, f"its failure is caught, and the reason is lost: {short(reason, 80)!r}")

    def _tells(self, words: str) -> bool:
        """Return True if *words* are in what the execution yields, or was sent to somebody: most likely in the end."""
        told: list[Any] = [self.error, self.cause, *reversed(self.calls), *reversed(self.requests), self.output]
        return any(words in self._text(one) for one in told)

    def _text(self, told: Any) -> str:
        if not isinstance(told, (tuple, dict, list)):
            return _plain(told)
        if (known := self.texts.get(id(told))) is None:
            known = self.texts[id(told)] = told, _plain(told)  # with it, so that no other has its identity
        return known[1]

    def _abandoned_jobs(self) -> Iterator[Finding]:
        for arn in self.left_running:
            yield Finding("", f"{arn} runs on: the role may not stop it")


def _why(failure: Failure) -> str:
    said = _NOT_REUSED.fullmatch(failure.reason)
    return said[1] if said else f"that was not to be found out: {failure.error}"


def _plain(value: object) -> str:
    """As JSON whose strings are written as they are: what stands in a text that stands in a text is found as well."""
    return json.dumps(value, default=str).replace("\\\\", "\\").replace('\\"', '"')
