"""Services besides SageMaker: their tasks get the answers that the script has for their states."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import Call, TaskError, Waiting
from constructs_sm.testing.world import scaling
from constructs_sm.testing.world.errors import ScriptError, UnansweredError
from constructs_sm.testing.world.kept_results import KeptResults
from constructs_sm.testing.world.needs import Need, needs
from constructs_sm.testing.world.script_addresses import without
from constructs_sm.testing.world.steps import Always, Failed, NoHeartbeat, Output, Recorded, Step, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.testing.world.role import Role


_USUAL: dict[str, Any] = {
    "sns:publish": {"MessageId": "00000000-0000-4000-8000-000000000000"},
    "cloudwatch:putMetricAlarm": {},
}
"""Answers of services that are told something, whatever it is told."""


_TASK_OUTPUT = re.compile(r"--task-output '(\{[^']*\})'")
"""The answer that a message asks for with a command of the AWS CLI, as that of an Approval does."""


def _output_asked_for(request: Any) -> str | None:
    texts = request.values() if isinstance(request, dict) else ()
    for found in filter(None, (_TASK_OUTPUT.search(text) for text in texts if isinstance(text, str))):
        with contextlib.suppress(ValueError):
            return repr(json.loads(found[1]))
    return None


class Answers:
    """Answers of the tasks of other services yield, state by state."""

    def __init__(self, role: Role) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        """State, API (`sns:publish`) and request of each call."""
        self._role = role
        self.note: Callable[[str, str], None] = lambda _state, _text: None
        self._answers: defaultdict[str, list[Any]] = defaultdict(list)
        self._once: dict[str, Step] = {}
        """By state, an answer before all others."""
        self.kept = KeptResults()
        """Results that runs have kept, for later runs."""
        self._repeated: set[str] = set()
        """The states whose last answer was given, and is given again until there are others."""

    def answer(self, state: str, *answers: Any) -> None:
        """Let the next attempts of *state* yield *answers*, one each; after that always the last."""
        if not answers:
            message = f"no answer for {state!r}; give the task's result, a function of its request, or a TaskError"
            raise TypeError(message)
        for answer in answers:
            if isinstance(answer, Step) and not isinstance(answer, (Failed, NoHeartbeat, Output, Recorded, TimedOut)):
                message = f"{answer!r} is SageMaker's; of another service say TaskError('Lambda.Unknown', 'why')"
                raise TypeError(message)
        if state in self._repeated:
            self._repeated.remove(state)
            self._answers[state].clear()
        self._answers[state].extend(answers)

    def befall(self, call: Call, step: Step | Always) -> None:
        """Let *step* happen to *call*, before all that there are answers for; for good, in the place of all that."""
        if isinstance(step, Always):
            self._answers = defaultdict(list, {**without(self._answers, call.state), call.state: [step.step]})
            self._repeated.discard(call.state)
        else:
            self._once[call.state] = step

    def take_over(self, other: Answers) -> None:
        """Have the answers of *other*, as far as they have not been given."""
        for state, answers in other._answers.items():
            self._answers[state] = list(answers)
        self._repeated = set(other._repeated)

    @property
    def answered(self) -> list[str]:
        """The states that there are answers for."""
        return [state for state, answers in self._answers.items() if answers]

    def texts(self) -> str:
        """All that there is to answer, as one text to search in."""
        return json.dumps(self._answers, default=str)

    def copy(self) -> Answers:
        """The same answers as they are left, to be given by themselves."""
        other = Answers(self._role)
        other.calls = self.calls.copy()
        other.note = self.note
        other.kept = self.kept.copy()
        other.take_over(self)
        other._once = self._once.copy()
        return other

    def goes_on_as(self, other: Answers, *, over_with: str) -> bool:
        """Tell whether these answers are from now on those of *other*, whatever there is for *over_with*."""
        mine, others = (
            without({state: answers for state, answers in each._answers.items() if answers}, over_with)  # noqa: SLF001
            for each in (self, other)
        )
        same_next = without(self._once, over_with) == without(other._once, over_with)
        return mine == others and same_next and self.kept == other.kept

    def begin(self, call: Call) -> Any:
        """The task output of *call*, or `Waiting` for it, or the error that the state fails with."""
        self.calls.append((call.state, f"{call.service}:{call.api}", call.request))
        answer = self._next(call)
        asked = needs(call, self._role.standing.machine or None)
        if need := self._role.refused(call.state, asked, call, self.note):
            raise _denied(call, need)
        if role := self._role.distrusted(call, asked, self.note):
            raise _denied(call, Need("sts:AssumeRole", role))
        if isinstance(answer, Step):
            return self._played(call, answer)
        if callable(answer):
            answer = answer(call.request)
        if isinstance(answer, TaskError):
            raise answer
        return copy.deepcopy(answer)

    def items_of(self, state: str) -> list[Any] | None:
        """The items that a Map state would read, if the script has them."""
        if not self._answers.get(state):
            return None
        answer = self._advance(state)
        if isinstance(answer, TaskError):
            raise answer
        items: list[Any] = copy.deepcopy(answer() if callable(answer) else answer)
        return items

    def _next(self, call: Call) -> Any:
        if call.state in self._once:
            return self._once.pop(call.state)
        address = next(filter(self._answers.get, call.addresses), None)
        if address is None:
            if (call.service, call.api, call.pattern) == ("sfn", "sendTaskFailure", "waitForTaskToken"):
                # A task that reports its own failure, as a FailureHandler does.
                return TaskError(*(str(call.request.get(name, "")) for name in ("Error", "Cause")))
            what = f"state {call.state!r} calls {call.service}:{call.api}"
            if call.pattern == "waitForTaskToken":
                asked_for = _output_asked_for(call.request)
                if call.timeout_seconds is not None and asked_for is None:
                    # Nobody sends the token back.
                    return TimedOut()
                message = f"{what} and waits for whoever has its task token; say what is sent"
                raise UnansweredError(f"{message}: rehearsal.answer({call.state!r}, {asked_for or '...'})")
            usual = _USUAL.get(f"{call.service}:{call.api}", self.kept.answer_to(call))
            if usual is not None:
                return usual
            if call.service == "applicationautoscaling":
                return scaling.answer(call, self.calls[:-1])
            message = f"{what}, which is not played here; give it an answer"
            raise UnansweredError(f"{message}: rehearsal.answer({call.state!r}, ...)")
        return self._advance(address)

    def _advance(self, state: str) -> Any:
        answers = self._answers[state]
        if len(answers) > 1:
            return answers.pop(0)
        self._repeated.add(state)
        return answers[0]

    @staticmethod
    def _played(call: Call, step: Step) -> Any:
        if isinstance(step, Recorded) and step.seconds is None:
            return step.applied_to(None)
        if isinstance(step, NoHeartbeat) and call.heartbeat_seconds is None:
            message = f"state {call.state!r} has no HeartbeatSeconds, so it cannot miss a heartbeat; let it be TimedOut"
            raise ScriptError(message)
        if isinstance(step, (NoHeartbeat, TimedOut)):
            return Waiting(None, step, beats=isinstance(step, TimedOut))
        return Waiting(step.seconds or 0, step)

    @staticmethod
    def end(_: Call, waiting: Waiting) -> Any:
        """Return what a task that took a while has come to."""
        step = waiting.what
        if isinstance(step, Failed):
            raise TaskError("States.TaskFailed", step.reason)
        return step.applied_to({}) if isinstance(step, (Output, Recorded)) else {}


_OPTIMIZED = {
    "batch": "Batch.AWSBatchException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "ecs": "ECS.AmazonECSException",
    "eks": "EKS.AmazonEKSException",
    "events": "EventBridge.AmazonEventBridgeException",
    "glue": "Glue.AWSGlueException",
    "lambda": "Lambda.AWSLambdaException",
    "sagemaker": "SageMaker.AmazonSageMakerException",
    "sns": "SNS.AmazonSNSException",
    "sqs": "SQS.AmazonSQSException",
    "states": "StepFunctions.AWSStepFunctionsException",
}
"""The name under which an optimized integration has the errors that its API does not declare."""
_SPELLED = {
    "applicationautoscaling": "ApplicationAutoScaling",
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "sagemaker": "SageMaker",
    "sagemakerruntime": "SageMakerRuntime",
}
"""Services whose name in the errors of the SDK integration is not theirs with a capital."""


def spelled(service: str) -> str:
    """The name of a service in errors."""
    return _SPELLED.get(service, service.capitalize())


def error_of(service: str, *, sdk: bool) -> str:
    """The error under which a service has those that its API does not declare."""
    name = spelled(service)
    general = f"{name}.{name}Exception"
    return general if sdk else _OPTIMIZED.get(service, general)


def _denied(call: Call, need: Need) -> TaskError:
    """The error of a call that the role may not make: the service's own."""
    if call.role and not need.by:
        return TaskError("States.TaskFailed", f"The role {call.role} cannot be assumed: {need}")
    service, name = spelled(call.service), error_of(call.service, sdk=call.sdk)
    cause = f"{need.subject} is not authorized to perform: {need}"
    return TaskError(name, f"{cause} (Service: {service}, Status Code: 403)")
