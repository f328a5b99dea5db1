"""Steps of a script: what SageMaker does, one step an attempt; without a script every call succeeds."""

from __future__ import annotations

import copy
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Final

from constructs_sm.interpreter.calls import TaskError
from constructs_sm.language.errors import raise_unless


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __copy__(self) -> _Missing:
        return self

    def __deepcopy__(self, _: object) -> _Missing:
        return self


MISSING: Final = _Missing()
"""As the value of a field of Output: SageMaker leaves the field out."""


@dataclass(frozen=True, slots=True)
class Step:
    """Event that one attempt of one state meets.

    Args:
        seconds: How long the job runs, where the state waits for it. Default: the rehearsal's `job_seconds`.
    """

    _: KW_ONLY
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused(Step):
    """SageMaker refuses the call, with one of its error codes.

    Args:
        code: The error code, as `ValidationException`.
        message: What SageMaker says with it.
    """

    code: str
    message: str = "the script says so"


@dataclass(frozen=True, slots=True)
class Throttled(Refused):
    """SageMaker is asked too often: `SageMaker.AmazonSageMakerException`."""

    code: str = "ThrottlingException"
    message: str = "Rate exceeded"


@dataclass(frozen=True, slots=True)
class LimitExceeded(Refused):
    """A quota of the account is used up: `SageMaker.ResourceLimitExceededException`."""

    code: str = "ResourceLimitExceeded"
    message: str = "The account-level service limit is 0 Instances, with current utilization of 0 Instances"


@dataclass(frozen=True, slots=True)
class InUse(Refused):
    """The name is taken: `SageMaker.ResourceInUseException`."""

    code: str = "ResourceInUse"
    message: str = "Job name must be unique within an AWS account and region"


@dataclass(frozen=True, slots=True)
class AccessDenied(Refused):
    """The role may not make the call: `SageMaker.AmazonSageMakerException`."""

    code: str = "AccessDeniedException"
    message: str = "User is not authorized to perform this action"


@dataclass(frozen=True, slots=True)
class Failed(Step):
    """The job starts, and ends as Failed: States.TaskFailed where the state waits for it.

    Args:
        reason: Its FailureReason.
    """

    reason: str = "AlgorithmError: the script says so"


@dataclass(frozen=True, slots=True)
class Stopped(Step):
    """The job starts, and somebody stops it.

    Args:
        raises: Whether the state then fails with States.TaskFailed. AWS does not say; stand both.
    """

    raises: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut(Step):
    """The job starts and never ends: States.Timeout after the state's TimeoutSeconds, if it waits for the job."""


@dataclass(frozen=True, slots=True)
class Recorded(Step):
    """The task ends as one did of which there is a record: with this output to the letter, or with this error.

    Args:
        output: The result of the task.
        error: The error that it failed with, as Retry and Catch see it; "" of one without a name; None of a success.
        cause: And why.
        seconds: How long it took. Default: no time.
    """

    output: Any = None
    error: str | None = None
    cause: str | None = None

    def applied_to(self, _: Any) -> Any:
        """The output of the record, in place of any other.

        Raises:
            TaskError: It failed.
        """
        if self.error is not None:
            raise TaskError(self.error or None, self.cause)
        return copy.deepcopy(self.output)


@dataclass(frozen=True, slots=True)
class NoHeartbeat(Step):
    """Whoever has the task token falls silent: States.HeartbeatTimeout after the state's HeartbeatSeconds."""


@dataclass(frozen=True, slots=True)
class Always:
    """Repeat a step, at every attempt from here on.

    Args:
        step: What each attempt meets.
    """

    step: Step


@dataclass(frozen=True, init=False, repr=False)
class Output(Step):
    """The call succeeds, with these fields in its output, or without them where they are MISSING.

    Of a job, its description has them too.

    A field inside another is named with dots: `Output(**{"ModelArtifacts.S3ModelArtifacts": MISSING})`.

    Args:
        fields: By name, in SageMaker's words.
    """

    fields: dict[str, Any]
    by_describe_alone: ClassVar[bool] = False
    """True where Step Functions does not hand the fields on: who wants them has to ask for a description of the job."""

    def __init__(self, *, seconds: float | None = None, **fields: Any) -> None:
        super().__init__(seconds=seconds)
        object.__setattr__(self, "fields", fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"

    def applied_to(self, output: dict[str, Any]) -> dict[str, Any]:
        """*output*, as this step has it."""
        result = copy.deepcopy(output)
        for name, value in self.fields.items():
            *path, field = name.split(".")
            inside = result
            for part in path:
                inside = inside.setdefault(part, {})
            inside[field] = copy.deepcopy(value)
            if value is MISSING:
                del inside[field]
        return result


class EndpointStatus(Output):
    """Answer of DescribeEndpoint: `EndpointStatus("Creating")`, `EndpointStatus("Failed", "no capacity")`.

    Args:
        status: Its EndpointStatus.
        reason: Its FailureReason. Default: none.
        fields: Others, by name.
    """

    def __init__(self, status: str, reason: str | None = None, **fields: Any) -> None:
        given: dict[str, Any] = {} if reason is None else {"FailureReason": reason}
        super().__init__(EndpointStatus=status, **given, **fields)


@dataclass(frozen=True, init=False, repr=False)
class Metrics(Output):
    """The job completes with these values: `Metrics(**{"validation:auc": 0.9})`.

    Those of a training job are its final metrics; a tuning job's are the objective of its best training job. Describe
    says them: in the output that Step Functions hands on nobody has shown them.

    Args:
        values: By the name of the metric.
    """

    by_describe_alone = True
    values: dict[str, float]

    def __init__(self, *, seconds: float | None = None, **values: float) -> None:
        super().__init__(seconds=seconds)
        object.__setattr__(self, "values", values)

    def __repr__(self) -> str:
        return f"Metrics({', '.join(f'{name}={value!r}' for name, value in self.values.items())})"

    def applied_to(self, output: dict[str, Any]) -> dict[str, Any]:
        metrics = [{"MetricName": name, "Value": value} for name, value in self.values.items()]
        if "BestTrainingJob" in output:
            objective = {"FinalHyperParameterTuningJobObjectiveMetric": metrics[0]}
            return {**output, "BestTrainingJob": {**output["BestTrainingJob"], **objective}}
        ended = output.get("TrainingEndTime", output.get("CreationTime", 0))
        return {**output, "FinalMetricDataList": [{**metric, "Timestamp": ended} for metric in metrics]}


class LabelCounts(Output):
    """The labeling job completes, with this many objects labeled by people and by machine, failed and left.

    Describe says them.

    Args:
        human: Objects labeled by people. Default: 0.
        machine: Objects labeled by a model. Default: 0.
        failed: Objects that could not be labeled. Default: 0.
        unlabeled: Objects that are left. Default: 0.
    """

    by_describe_alone = True

    def __init__(
        self, human: int = 0, machine: int = 0, *, failed: int = 0, unlabeled: int = 0, seconds: float | None = None
    ) -> None:
        given = {"human": human, "machine": machine, "failed": failed, "unlabeled": unlabeled}
        raise_unless("LabelCounts", **{name: (each, int, "a whole number") for name, each in given.items()})
        counts = {
            "TotalLabeled": human + machine,
            "HumanLabeled": human,
            "MachineLabeled": machine,
            "FailedNonRetryableError": failed,
            "Unlabeled": unlabeled,
        }
        super().__init__(seconds=seconds, LabelCounters=counts)
