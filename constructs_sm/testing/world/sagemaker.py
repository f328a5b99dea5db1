"""SageMaker, played by a script: it checks requests and permissions as the service does, and runs nothing."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import Call, TaskError, Waiting
from constructs_sm.interpreter.likeness import alike
from constructs_sm.language.errors import shown
from constructs_sm.requests.api_model import has_operation
from constructs_sm.testing.world import registry
from constructs_sm.testing.world.apis import (
    ACTION_OF,
    BEGUN,
    LOWER_CASED,
    POLLED,
    answer_of,
    declares,
    field_of,
    request_errors,
)
from constructs_sm.testing.world.job_outputs import (
    description,
    handed_on,
    statuses,
    tags_of,
    told,
    written,
)
from constructs_sm.testing.world.needs import SOME, needs, sdk_resources, stopping
from constructs_sm.testing.world.script_addresses import without
from constructs_sm.testing.world.steps import (
    Always,
    Failed,
    NoHeartbeat,
    Output,
    Recorded,
    Refused,
    Step,
    Stopped,
    TimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.testing.world.role import Role

_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_PREEXISTING = datetime.fromisoformat("2025-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class _Resource:
    """Something that a call made, and Describe can see."""

    call: Call
    noun: str
    arn: str
    step: Step
    transient: str
    final: str
    describes: int
    """Times that Describe still says that it is being made."""
    seconds: float = 0
    """Seconds that a job ran."""

    @property
    def is_over(self) -> bool:
        """True of a job that a state has waited for, and that nothing changes any more."""
        return self.call.sync and not self.describes and self.final in statuses(self.noun).ended


@dataclass(frozen=True, slots=True)
class _Job:
    """A job that a state waits for."""

    step: Step | None
    arn: str


def _parts(operation: str) -> tuple[str, str]:
    """Verb and noun of an operation: `Describe`, `AutoMLJobV2`."""
    if action := POLLED.get(operation):
        return operation[: operation.index(action.noun)], f"{action.noun}{action.version}"
    match = re.fullmatch(r"([A-Z][a-z]+)(.*)", operation)
    return (match[1], match[2]) if match else (operation, "")


class SageMaker:
    """One account's SageMaker.

    Args:
        role: The state machine role, which is asked for every call.
        job_seconds: How long a job runs that no step says otherwise of.
        describes: How often Describe says of something new that it is still being made.
        note: Told what happens to a state's job.
    """

    def __init__(
        self,
        role: Role,
        *,
        job_seconds: float = 60,
        describes: int = 1,
        note: Callable[[str, str], None] = lambda _state, _text: None,
    ) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.left_running: list[str] = []
        self._role = role
        self._job_seconds = job_seconds
        self._describes = describes
        self.note = note
        self._script: defaultdict[str, deque[Step | Always]] = defaultdict(deque)
        self._taken: set[str] = set()
        self._resources: dict[str, _Resource] = {}
        self._looks: Counter[str] = Counter()
        """Times that each resource was described."""
        self._existing: set[tuple[str, str]] = set()

    def script(self, target: str, *steps: Step | Always) -> None:
        """Let the next calls of *target*, a state or an API, go as *steps* say."""
        for step in steps:
            inner = step.step if isinstance(step, Always) else step
            if not isinstance(inner, Step) or isinstance(inner, NoHeartbeat):
                message = f"a script is made of steps such as Throttled() or Failed('reason'), got {shown(step)}"
                raise TypeError(message)
        self._script[target].extend(steps)

    def befall(self, call: Call, step: Step | Always) -> None:
        """Let *step* happen to *call*, before all that the script says of it; for good, in the place of all that."""
        if isinstance(step, Always):
            self._script = defaultdict(deque, without(self._script, call.state))
        address = next(filter(self._script.get, call.addresses), call.state)
        self._script[address].appendleft(step)

    def take_over(self, other: SageMaker) -> None:
        """Have the script of *other*, as far as it has not been played, and what exists there before any run."""
        self._script = copy.deepcopy(other._script)
        self._existing = set(other._existing)

    def exists(self, kind: str, name: str) -> None:
        """Let something be there that no run has made: an `endpoint`, a `model-package-group`."""
        self._existing.add((kind, name))

    @property
    def scripted(self) -> list[str]:
        return [target for target, steps in self._script.items() if steps]

    def copy(self) -> SageMaker:
        """The same SageMaker as it is now, to go on by itself."""
        other = copy.copy(self)
        other.requests, other.left_running = self.requests.copy(), self.left_running.copy()
        other._script = defaultdict(deque, {target: steps.copy() for target, steps in self._script.items()})  # noqa: SLF001
        other._taken, other._existing = self._taken.copy(), self._existing.copy()  # noqa: SLF001
        other._looks = self._looks.copy()  # noqa: SLF001
        other._resources = self._resources.copy()  # noqa: SLF001 - none of them is ever changed
        return other

    def goes_on_as(self, other: SageMaker, later: SageMaker, shift: float, *, over_with: str) -> bool:
        """Tell whether this SageMaker answers from now on as *other*, but for chance and the clock.

        Args:
            other: Another, to which nearly the same has happened.
            later: What *other* has become in the end.
            shift: Seconds by which this one is later.
            over_with: A state that is not called again, whatever the script still says of it.
        """
        mine, others = (
            without({target: steps for target, steps in each._script.items() if steps}, over_with)  # noqa: SLF001
            for each in (self, other)
        )
        # A name that only here is taken must not be asked for later.
        asked_later = later._taken - other._taken
        # What has become of a job that has ended matters only where it is described again.
        looked_at = {arn for arn, times in later._looks.items() if times > other._looks[arn]}
        here, there = ({arn: r for arn, r in each._resources.items() if not r.is_over} for each in (self, other))  # noqa: SLF001
        return (
            mine == others
            and self._existing == other._existing
            and asked_later.isdisjoint(self._taken)
            and not any(other._resources[arn].is_over for arn in looked_at & other._resources.keys())
            and alike(here, there, shift)
        )

    def begin(self, call: Call) -> Any:
        """The task output of *call*, or the job that the state waits for, or the error that the state fails with."""
        self.requests.append((call.state, call.request))
        if problems := request_errors(call):
            raise self._error(call, "ValidationException", "; ".join(problems))
        asked = needs(call, self._role.standing.machine or None)
        if need := self._role.refused(call.state, asked, call, self.note):
            if call.role and not need.by:
                raise TaskError("States.TaskFailed", f"The role {call.role} cannot be assumed: {need}")
            message = f"{need.subject} is not authorized to perform: {need}"
            raise self._error(call, "AccessDeniedException", message)
        step = self._next_step(call)
        if isinstance(step, Refused):
            raise self._error(call, step.code, step.message)
        if isinstance(step, Recorded) and step.error is not None and step.seconds is None:
            step.applied_to(None)
        if role := self._role.distrusted(call, asked, self.note):
            message = (
                f"Could not assume role {role}. Please ensure that the role exists and allows principal "
                "'sagemaker.amazonaws.com' to assume the role."
            )
            raise self._error(call, "ValidationException", message)
        self._tell_of_absent_model(call)
        if call.api in ACTION_OF:
            return self._start(call, step)
        return self._by_sdk(call, step)

    def _next_step(self, call: Call) -> Step | None:
        """Return what the script says; None where it says nothing."""
        scripted = next(filter(None, map(self._script.get, (*call.addresses, call.api))), None)
        if not scripted:
            return None
        if isinstance(scripted[0], Always):
            return scripted[0].step
        step = scripted.popleft()
        assert isinstance(step, Step)  # noqa: S101 - the other kind is gone
        return step

    def _tell_of_absent_model(self, call: Call) -> None:
        """Tell of a model that neither a run has made nor `exists` has told of: SageMaker may not find it."""
        if call.operation == "CreateTransformJob":
            name = call.request["ModelName"]
            arn = call.arn("sagemaker", f"model/{name}")
            if arn.lower() not in self._resources and ("model", name) not in self._existing:
                self.note(call.state, f"model {name} is taken to be there: no run has made it")

    def _start(self, call: Call, step: Step | None) -> Any:
        action = ACTION_OF[call.api]
        name = call.request[action.name_field]
        resource = f"{action.arn_type}/{name.lower() if action.lower_cases_arn else name}"
        arn = call.arn("sagemaker", resource)
        if action.verb == "Create":
            self._take(arn, call, action.arn_type)
        self.note(call.state, f"{action.noun} {name} accepted")
        if call.sync:
            under_way = statuses(action.noun).transient
            self._resources[arn.lower()] = _Resource(call, action.noun, arn, Output(), under_way, under_way, 0)
            seconds = self._job_seconds if step is None or step.seconds is None else step.seconds
            return Waiting(None if isinstance(step, TimedOut) else seconds, _Job(step, arn))
        self._keep(call, action.noun, arn, step)
        return _applied(step, {action.arn_field: arn})

    def _take(self, arn: str, call: Call, kind: str) -> None:
        if arn in self._taken:
            code = "ResourceInUse" if declares(call.operation, "ResourceInUse") else "ValidationException"
            raise self._error(call, code, f"Cannot create already existing {kind} {arn}")
        self._taken.add(arn)

    def _keep(self, call: Call, noun: str, arn: str, step: Step | None) -> None:
        """Let Describe see what *call* made or changed."""
        if not has_operation(f"Describe{noun}"):
            return
        known = statuses(noun)
        updates = call.operation.startswith("Update")
        transient = "Updating" if updates else known.transient
        ends = {Failed: known.failed, Stopped: known.stopped, TimedOut: transient}
        final = ends.get(type(step), known.done)
        if updates and isinstance(step, Failed):
            # It is rolled back: in service again, with what it had before.
            before = self._resources.get(arn.lower())
            call, final = replace(call, request=_named(call, noun)) if before is None else before.call, known.done
        describes = self._describes if transient != known.done else 0
        self._resources[arn.lower()] = _Resource(call, noun, arn, step or Output(), transient, final, describes)

    def end(self, call: Call, waiting: Waiting) -> Any:
        """Return what a job that the state waits for has come to."""
        action = ACTION_OF[call.api]
        noun = action.noun
        step, arn, seconds = waiting.what.step, waiting.what.arn, waiting.seconds or 0

        def described(status: str, **more: Any) -> dict[str, Any]:
            self._resources[arn.lower()] = _Resource(call, noun, arn, step or Output(), status, status, 0, seconds)
            whole = description(call, noun, arn, status, seconds)
            output = handed_on(action, call, whole) | {"Tags": tags_of(call)} | more
            self.note(call.state, f"{noun} {status}")
            plain: dict[str, Any] = written(output, sdk=False)
            return plain

        match step:
            case Recorded(error=error):
                described("Completed" if error is None else "Failed")
                return step.applied_to(None)
            case Failed(reason=reason):
                raise TaskError("States.TaskFailed", json.dumps(described("Failed", **told(noun, reason))))
            case Stopped(raises=raises):
                output = described("Stopped")
                if raises:
                    raise TaskError("States.TaskFailed", json.dumps(output))
                return output
        return _applied(step, described("Completed"))

    def give_up(self, call: Call, waiting: Waiting) -> None:
        """Step Functions gives up on a job, at a timeout or an abort, and stops it if it may."""
        arn = waiting.what.arn
        if self._role.refused(call.state, stopping(call), call, self.note):
            self.left_running.append(arn)
            self.note(call.state, f"{arn} runs on: the role may not stop it")
        else:
            self._end(arn, "Stop")
            self.note(call.state, f"{arn} stopped")

    def _by_sdk(self, call: Call, step: Step | None) -> Any:
        """The SDK integration: whatever SageMaker offers, in botocore's shape."""
        verb, noun = _parts(call.operation)
        arn = self._begun(call) or next(iter(sdk_resources(call)), SOME)
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if arn and kind in LOWER_CASED:
            arn = call.arn("sagemaker", f"{kind}/{name.lower()}")
        if verb == "Describe" and arn != SOME:
            output = self._described(call, noun, arn, step)
        elif call.operation == "ListModelPackages":
            known = [(one.arn, one.call, one.final) for one in self._resources.values() if one.noun == "ModelPackage"]
            output = registry.listed(call, known, self._existing)
        else:
            output = answer_of(call, arn, call.at)
        if (verb == "Create" or call.operation in BEGUN) and arn != SOME:
            self._take(arn, call, kind)
            self._keep(call, noun, arn, step)
        elif call.operation == "UpdateModelPackage" and (known_one := self._resources.get(arn.lower())):
            changed = replace(known_one.call, request={**known_one.call.request, **call.request})
            self._resources[arn.lower()] = replace(known_one, call=changed)
        elif verb in {"Delete", "Stop"}:
            self._end(arn, verb)
        plain: dict[str, Any] = written(output, sdk=True)
        return step.applied_to(plain) if isinstance(step, (Output, Recorded)) else plain

    def _begun(self, call: Call) -> str:
        """The ARN of what a call begins that is named by more than the request: a version, an execution."""
        action = BEGUN.get(call.operation)
        if action is None or not action.under:
            return ""
        name = call.request.get(action.resource_field or action.name_field, "")
        number = 1 + sum(f":{action.arn_type}/{name}/".lower() in arn for arn in self._resources)
        return call.arn("sagemaker", f"{action.arn_type}/{name}{action.under.replace('*', str(number))}".lower())

    def _end(self, arn: str, verb: str) -> None:
        if verb == "Delete":
            self._taken.discard(arn)
            self._resources.pop(arn.lower(), None)
        elif resource := self._resources.get(arn.lower()):
            stopped = statuses(resource.noun).stopped
            self._resources[arn.lower()] = replace(resource, final=stopped, describes=0)

    def _described(self, call: Call, noun: str, arn: str, step: Step | None) -> dict[str, Any]:
        """Return what Describe says. A status on script stays, unless it is one that passes."""
        self._looks[arn.lower()] += 1
        resource = self._resources.get(arn.lower())
        if resource is None:
            kind, _, name = arn.rpartition(":")[2].partition("/")
            names = {name, call.request.get(field_of(noun, "Name"), name)}
            if step is None and not self._existing & {(kind, each) for each in names}:
                code = "ResourceNotFound" if declares(call.operation, "ResourceNotFound") else "ValidationException"
                raise self._error(call, code, f"Could not find {kind} {arn}")
            self._keep(replace(call, at=_PREEXISTING), noun, arn, None)
            resource = replace(self._resources[arn.lower()], describes=0)
        status = resource.transient if resource.describes else resource.final
        resource = replace(resource, describes=max(resource.describes - 1, 0))
        said = step.fields.get(field_of(noun, "Status")) if isinstance(step, Output) else None
        if isinstance(said, str):
            passing = said.lower().endswith(("ing", "progress")) or said == resource.transient
            resource = replace(resource, describes=0, final=resource.final if passing else said)
        self._resources[arn.lower()] = resource
        output = description(resource.call, noun, arn, status, resource.seconds)
        if isinstance(resource.step, Output) and (resource.call.sync or resource.step.by_describe_alone):
            output = resource.step.applied_to(output)
        reason = getattr(resource.step if step is None else step, "reason", None)
        self.note(call.state, f"{noun} {said or status}")
        return {**output, **(told(noun, reason) if reason and status != resource.transient else {})}

    def _error(self, call: Call, code: str, message: str) -> TaskError:
        """Errors that the API's model declares keep their name; all others arrive under one.

        The optimized integration and the SDK's have different names for it.
        """
        modelled = declares(call.operation, code)
        name = code if code.endswith("Exception") else f"{code}Exception"
        if call.sdk:
            details = f"Service: SageMaker, Status Code: 400, Request ID: {_REQUEST_ID}"
            return TaskError(f"SageMaker.{name if modelled else 'SageMakerException'}", f"{message} ({details})")
        details = (
            f"Service: AmazonSageMaker; Status Code: 400; Error Code: {code}; Request ID: {_REQUEST_ID}; Proxy: null"
        )
        return TaskError(f"SageMaker.{name if modelled else 'AmazonSageMakerException'}", f"{message} ({details})")


def _named(call: Call, noun: str) -> dict[str, Any]:
    """The request of a call without all but the name of what it is about."""
    return {name: value for name, value in call.request.items() if name == field_of(noun, "Name")}


def _applied(step: Step | None, output: dict[str, Any]) -> Any:
    """The answer to a call that begins a job, as the script has it."""
    if isinstance(step, Recorded) or (isinstance(step, Output) and not step.by_describe_alone):
        return step.applied_to(output)
    return output
