"""SageMaker, played by a script: it checks requests and permissions as the service does, and runs nothing."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.apis import APIS, Api, is_modelled, operation, request_errors
from constructs_sm.testing.calls import Call, TaskError, TaskTimeoutError
from constructs_sm.testing.policy import Need, allows, describing_endpoint, needs, statements, stopping
from constructs_sm.testing.steps import Failed, Output, Refused, Step, Stopped, TimedOut

if TYPE_CHECKING:
    from collections.abc import Sequence

_MILLISECONDS = 1_700_000_000_000
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_Accepted = Failed | Stopped | TimedOut | Output
_SCRIPTABLE = (Refused, Failed, Stopped, TimedOut, Output)


class SageMaker:
    """One account's SageMaker.

    Args:
        policy: What the state machine's role is allowed; None allows all.
    """

    def __init__(self, policy: Any = None) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.left_running: list[str] = []
        self._policy = None if policy is None else statements(policy)
        self._script: defaultdict[str, deque[Step]] = defaultdict(deque)
        self._taken: set[str] = set()
        self._lock = threading.Lock()  # Map and Parallel call from several threads

    def script(self, target: str, *steps: Step) -> None:
        """Let the next calls of *target*, a state or an API, go as *steps* say."""
        for step in steps:
            if not isinstance(step, _SCRIPTABLE):
                raise TypeError(f"a script is made of steps such as Throttled() or Failed('reason'), got {step!r}")
        self._script[target].extend(steps)

    @property
    def scripted(self) -> list[str]:
        return [target for target, steps in self._script.items() if steps]

    def __call__(self, call: Call) -> dict[str, Any]:
        """The task output of *call*, or the error that the state fails with."""
        with self._lock:
            self.requests.append((call.state, call.request))
            return self._describe_endpoint(call) if call.sdk else self._start(call)

    def _start(self, call: Call) -> dict[str, Any]:
        api = APIS[call.api]
        if problems := request_errors(api.operation, call.request):
            raise _api_error(call, "ValidationException", "; ".join(problems))
        self._authorize(call, needs(call))
        step = self._next_step(call)
        arn = _own_arn(call, api)
        if api.creates:
            self._take(arn, call, api)
        if call.sync:
            return self._finished(call, step, arn)
        return _answer(step, {f"{api.noun}Arn": arn})

    def _finished(self, call: Call, step: _Accepted, arn: str) -> dict[str, Any]:
        match step:
            case TimedOut():
                if not self._is_allowed(stopping(call)):
                    self.left_running.append(arn)
                raise TaskTimeoutError
            case Failed(reason):
                description = _description(call, arn, "Failed") | {"FailureReason": reason}
                raise TaskError("States.TaskFailed", json.dumps(description))
            case Stopped(raises):
                description = _description(call, arn, "Stopped")
                if raises:
                    raise TaskError("States.TaskFailed", json.dumps(description))
                return description
            case Output():
                return step.applied_to(_description(call, arn, "Completed"))
        raise AssertionError(step)

    def _describe_endpoint(self, call: Call) -> dict[str, Any]:
        if call.api != "describeEndpoint":
            raise NotImplementedError(f"aws-sdk:sagemaker:{call.api} is not played here, only describeEndpoint is")
        self._authorize(call, describing_endpoint(call))
        name = call.request["EndpointName"]
        when = "2023-11-14T22:13:20Z"
        endpoint = {
            "EndpointName": name,
            "EndpointArn": call.arn("sagemaker", f"endpoint/{name.lower()}"),
            "EndpointStatus": "InService",
            "CreationTime": when,
            "LastModifiedTime": when,
        }
        return _answer(self._next_step(call), endpoint)

    def _next_step(self, call: Call) -> _Accepted:
        scripted = self._script[call.state] or self._script[call.api]
        step = scripted.popleft() if scripted else Output()
        if isinstance(step, Refused):
            raise _api_error(call, step.code, step.message)
        return step

    def _authorize(self, call: Call, required: Sequence[Need]) -> None:
        for need in required:
            if not self._is_allowed([need]):
                message = f"not authorized to perform: {need.action} on resource: {need.resource}"
                raise _api_error(call, "AccessDeniedException", f"The role of the state machine is {message}")

    def _is_allowed(self, required: Sequence[Need]) -> bool:
        return self._policy is None or all(allows(self._policy, need) for need in required)

    def _take(self, arn: str, call: Call, api: Api) -> None:
        if arn in self._taken:
            code = "ResourceInUse" if is_modelled(api.operation, "ResourceInUse") else "ValidationException"
            raise _api_error(call, code, f"Cannot create already existing {api.kind} {arn}")
        self._taken.add(arn)


def _answer(step: _Accepted, output: dict[str, Any]) -> dict[str, Any]:
    """What a call yields that does not wait, and so does not see how the job ends."""
    return step.applied_to(output) if isinstance(step, Output) else output


def _own_arn(call: Call, api: Api) -> str:
    name = call.request[f"{api.noun}Name"]
    return call.arn("sagemaker", f"{api.kind}/{name.lower() if api.folds_case else name}")


def _api_error(call: Call, code: str, message: str) -> TaskError:
    """Errors that the API's model declares keep their name; all others arrive under one."""
    modelled = is_modelled(f"{call.api[0].upper()}{call.api[1:]}", code)
    if call.sdk:
        name = f"{code}Exception" if modelled else "SageMakerException"
        return TaskError(
            f"SageMaker.{name}", f"{message} (Service: SageMaker, Status Code: 400, Request ID: {_REQUEST_ID})"
        )
    name = f"{code}Exception" if modelled else "AmazonSageMakerException"
    details = f"Service: AmazonSageMaker; Status Code: 400; Error Code: {code}; Request ID: {_REQUEST_ID}; Proxy: null"
    return TaskError(f"SageMaker.{name}", f"{message} ({details})")


def _description(call: Call, arn: str, status: str) -> dict[str, Any]:
    """The Describe output of a job that has ended, the way Step Functions hands it on."""
    api = APIS[call.api]
    described = operation(f"Describe{api.noun}").output_shape.members
    echo = {name: value for name, value in call.request.items() if name in described and name != "Tags"}
    return {
        **echo,
        f"{api.noun}Arn": arn,
        f"{api.noun}Status": status,
        "CreationTime": _MILLISECONDS,
        **_RESULTS.get(api.noun, _no_results)(call, status),
        "Tags": {
            **{tag["Key"]: tag["Value"] for tag in call.request.get("Tags", [])},
            "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
        },
    }


def _no_results(_call: Call, _status: str) -> dict[str, Any]:
    return {}


def _training_results(call: Call, status: str) -> dict[str, Any]:
    request = call.request
    folder = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}"
    return {
        "ModelArtifacts": {"S3ModelArtifacts": f"{folder}/output/model.tar.gz"},
        "SecondaryStatus": status,
        "StoppingCondition": request.get("StoppingCondition", {"MaxRuntimeInSeconds": 86_400}),
        "TrainingTimeInSeconds": 60,
        "BillableTimeInSeconds": 60,
    }


def _tuning_results(call: Call, status: str) -> dict[str, Any]:
    done = 1 if status == "Completed" else 0
    counts = {
        "TrainingJobStatusCounters": {
            "Completed": done,
            "InProgress": 0,
            "RetryableError": 0,
            "NonRetryableError": 1 - done,
            "Stopped": 0,
        },
        "ObjectiveStatusCounters": {"Succeeded": done, "Pending": 0, "Failed": 1 - done},
    }
    return {**counts, "BestTrainingJob": _best_training_job(call)} if done else counts


def _best_training_job(call: Call) -> dict[str, Any]:
    name = f"{call.request['HyperParameterTuningJobName']}-001-00000000"
    objective = call.request["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective", {})
    return {
        "TrainingJobName": name,
        "TrainingJobArn": call.arn("sagemaker", f"training-job/{name.lower()}"),
        "CreationTime": _MILLISECONDS,
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {},
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": objective.get("MetricName", "objective"),
            "Value": 0.9,
        },
        "ObjectiveStatus": "Succeeded",
    }


def _labeling_results(call: Call, status: str) -> dict[str, Any]:
    done = 10 if status == "Completed" else 0
    folder = f"{call.request['OutputConfig']['S3OutputPath'].rstrip('/')}/{call.request['LabelingJobName']}"
    return {
        "LastModifiedTime": _MILLISECONDS,
        "JobReferenceCode": "00000000000000000000000000000000",
        "LabelCounters": {
            "TotalLabeled": done,
            "HumanLabeled": done,
            "MachineLabeled": 0,
            "FailedNonRetryableError": 0,
            "Unlabeled": 10 - done,
        },
        "LabelingJobOutput": {"OutputDatasetS3Uri": f"{folder}/manifests/output/output.manifest"},
    }


_RESULTS = {
    "TrainingJob": _training_results,
    "HyperParameterTuningJob": _tuning_results,
    "LabelingJob": _labeling_results,
}
