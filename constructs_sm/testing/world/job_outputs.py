"""Descriptions of what SageMaker made: the output of the Describe APIs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from constructs_sm.language.leaves import with_leaves
from constructs_sm.requests.api_model import output_shape
from constructs_sm.testing.world.apis import field_of, least

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.actions import Action
    from constructs_sm.interpreter.calls import Call
    from constructs_sm.requests.api_model import Shape

_DONE = ("InService", "Completed", "Succeeded", "Created", "Active", "Ready")
_UNDER_WAY = ("InProgress", "Executing", "Creating", "Pending", "Starting", "Created")
_FAILED = ("Failed", "CreateFailed")
_STOPPED = ("Stopped", *_FAILED)


def description(call: Call, noun: str, arn: str, status: str, seconds: float = 0) -> dict[str, Any]:
    """Return what Describe says of what *call* made; times are datetimes.

    Args:
        call: The call that made it, or first spoke of it.
        noun: What it is: `TrainingJob`.
        arn: Of it.
        status: `Completed`, or whatever it is in.
        seconds: How long it took to get into the status.
    """
    began = call.at
    shape = output_shape(f"Describe{noun}")
    ended = began + timedelta(seconds=seconds)
    required = {name: least(shape.members[name], began) for name in shape.required_members}
    echo = {name: value for name, value in call.request.items() if name in shape.members and name != "Tags"}
    own = {field_of(noun, "Arn"): arn, field_of(noun, "Status"): status}
    times = {name: ended if name.endswith(_LAST) else began for name in _times(noun) if name in shape.members}
    results = _RESULTS.get(call.operation, _no_results)(call, status, ended)
    return {**required, **echo, **{n: v for n, v in own.items() if n in shape.members}, **times, **results}


def handed_on(action: Action, call: Call, described: dict[str, Any]) -> dict[str, Any]:
    """Return what Step Functions is known to hand on of a job that a state has waited for.

    The request, name, ARN, status and times, and what the row of the API says. AWS has shown no more.
    """
    output: dict[str, Any] = {}
    for name, value in described.items():
        if name in call.request or name.endswith("Time") or action.hands_on(name):
            output[name] = value
        elif isinstance(value, dict) and any(action.hands_on(f"{name}.{member}") for member in value):
            output[name] = {member: item for member, item in value.items() if action.hands_on(f"{name}.{member}")}
    return output


_LAST = ("EndTime", "LastModifiedTime")


def _times(noun: str) -> tuple[str, ...]:
    kind = noun.removesuffix("Job")
    return ("CreationTime", "LastModifiedTime", f"{kind}StartTime", f"{kind}EndTime")


@dataclass(frozen=True, slots=True)
class Statuses:
    """Statuses of something: while it is made, and when all went well, it failed, or somebody stopped it."""

    transient: str
    done: str
    failed: str
    stopped: str

    @property
    def ended(self) -> tuple[str, str, str]:
        """Statuses in which nothing goes on."""
        return (self.done, self.failed, self.stopped)


@functools.cache
def statuses(noun: str) -> Statuses:
    """In the words of the API for *noun*, each as far as it has one."""
    shape: Shape = output_shape(f"Describe{noun}")
    member = shape.members.get(field_of(noun, "Status"))
    known = {status.lower(): status for status in (member.enum if member else ())}

    def first(words: tuple[str, ...], otherwise: str) -> str:
        return next((known[word.lower()] for word in words if word.lower() in known), otherwise)

    done = first(_DONE, "")
    return Statuses(first(_UNDER_WAY, done), done, first(_FAILED, _FAILED[0]), first(_STOPPED, _STOPPED[0]))


def told(noun: str, reason: str) -> dict[str, Any]:
    """Return why something has failed, where Describe says so, and cut to as much as it says."""
    members = output_shape(f"Describe{noun}").members
    if "ModelPackageStatusDetails" in members:
        failed = {"Name": noun, "Status": "Failed", "FailureReason": reason}
        return {"ModelPackageStatusDetails": {"ValidationStatuses": [failed]}}
    most = members["FailureReason"].metadata.get("max") if "FailureReason" in members else None
    return {"FailureReason": reason[:most]}


def written(value: Any, *, sdk: bool) -> Any:
    """*value* with its times as the integration writes them: the SDK's as text, the optimized one's in milliseconds."""

    def leaf(each: Any) -> Any:
        if not isinstance(each, datetime):
            return each
        return each.strftime("%Y-%m-%dT%H:%M:%SZ") if sdk else int(each.timestamp() * 1000)

    return with_leaves(leaf, value)


def tags_of(call: Call) -> dict[str, str]:
    """The tags of a job, as the optimized integration adds them to its output."""
    return {
        **{tag["Key"]: tag["Value"] for tag in call.request.get("Tags", [])},
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": call.execution,
    }


def _no_results(_call: Call, _status: str, _ended: datetime) -> dict[str, Any]:
    return {}


def _training_results(call: Call, status: str, ended: datetime) -> dict[str, Any]:
    request = call.request
    folder = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}"
    seconds = int((ended - call.at).total_seconds())
    package = {} if status != "Completed" else _output_package(call)
    return {
        **package,
        "ModelArtifacts": {"S3ModelArtifacts": f"{folder}/output/model.tar.gz"},
        "SecondaryStatus": status,
        "StoppingCondition": request.get("StoppingCondition", {"MaxRuntimeInSeconds": 86_400}),
        "TrainingTimeInSeconds": max(seconds, 1),
        "BillableTimeInSeconds": max(seconds, 1),
    }


def _output_package(call: Call) -> dict[str, Any]:
    """The package that a serverless customization registers, in the group that it was told."""
    request = call.request
    if not {"ServerlessJobConfig", "ModelPackageConfig"} & request.keys():
        return {}
    group = str(request.get("ModelPackageConfig", {}).get("ModelPackageGroupArn", request["TrainingJobName"]))
    return {"OutputModelPackageArn": call.arn("sagemaker", f"model-package/{group.rpartition('/')[2]}/1")}


def _tuning_results(call: Call, status: str, ended: datetime) -> dict[str, Any]:
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
    return {**counts, "BestTrainingJob": _best_training_job(call, ended)} if done else counts


def _best_training_job(call: Call, ended: datetime) -> dict[str, Any]:
    name = f"{call.request['HyperParameterTuningJobName']}-001-00000000"
    objective = call.request["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective", {})
    return {
        "TrainingJobName": name,
        "TrainingJobArn": call.arn("sagemaker", f"training-job/{name.lower()}"),
        "CreationTime": call.at,
        "TrainingEndTime": ended,
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {},
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": objective.get("MetricName", "objective"),
            "Value": 0.9,
        },
        "ObjectiveStatus": "Succeeded",
    }


def _labeling_results(call: Call, status: str, ended: datetime) -> dict[str, Any]:
    done = 10 if status == "Completed" else 0
    folder = f"{call.request['OutputConfig']['S3OutputPath'].rstrip('/')}/{call.request['LabelingJobName']}"
    return {
        "LastModifiedTime": ended,
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


_RESULTS: dict[str, Callable[[Call, str, datetime], dict[str, Any]]] = {
    "CreateTrainingJob": _training_results,
    "CreateHyperParameterTuningJob": _tuning_results,
    "CreateLabelingJob": _labeling_results,
}
