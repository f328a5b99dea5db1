"""The table: every SageMaker API that Step Functions calls as an optimized integration.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

DESCRIBED = "Described"
"""The key, in what is kept of a job, of the fields that were read by its Describe."""
REUSE = "Reuse"
"""The key, in what is kept of a job that may be reused, of whether it was, and why not."""
WRITTEN = "Written"
"""The key, in what is kept of a job that may be reused, of the places that it has written to, by name."""


class Evidence(Enum):
    """The source of the name of a managed rule."""

    DOCUMENTED = "an AWS page or sample"
    OBSERVED = "public code that is deployed"
    UNPUBLISHED = "nowhere: the pattern stands for a name AWS does not publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedRule:
    """The EventBridge rule by which Step Functions learns that a `.sync` job has ended.

    Step Functions makes it; the state machine role must be allowed to, or the state machine is refused at deployment.
    """

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A field that must be set for a job to count as successful."""

    field: str
    """Dotted path in the output."""
    above: int | None = None
    """The field is a number above this; None: a string that is not empty."""

    def __str__(self) -> str:
        return self.field if self.above is None else f"{self.field} above {self.above}"


_LIVING_ON = ("endpoint", "endpoint-config", "model")


@dataclass(frozen=True, kw_only=True)
class Action:
    """One API. What can be derived from the noun and the verb is derived."""

    noun: str
    arn_type: str
    """The resource type in the ARN: `training-job`."""
    verb: str = "Create"
    integration: str = "sagemaker"
    """The beginning of the resource of a Task state: an optimized integration, or `aws-sdk:sagemaker`."""
    name_max: int = 63
    sync_rule: ManagedRule | None = None
    """None: the API answers at once, `.sync` is not offered."""
    role_path: tuple[str, ...] = ()
    """The path of the execution role in the request; empty: the API takes none."""
    role_optional: bool = False
    vpc_path: tuple[str, ...] = ()
    """The path of the VPC of the containers in the request; empty: the API takes none, or none for them."""
    extra_resources: tuple[tuple[str, str], ...] = ()
    """Further resources the API is authorized on: ARN type, and the field of the request that names one."""
    takes_plans: bool = False
    """The API is authorized on the training plans that a request names as well, and on their reserved capacity."""
    lower_cases_arn: bool = False
    """SageMaker spells the resource's ARN in lower case, whatever the name's spelling."""
    other_terminal_statuses: tuple[str, ...] = ()
    required_results: tuple[Result, ...] = ()
    """The results that a successful job has besides its status."""
    results: tuple[str, ...] = ()
    """Fields of its output in which later states find what the job has made."""
    handed_on: tuple[str, ...] = ()
    """Dotted fields that a `.sync` output was seen to hold, besides name, ARN, status and tags.

    The output is not that of Describe. Of a field that nobody has shown in it nothing is expected: who asks for one has
    the job described.
    """
    described_along: tuple[str, ...] = ()
    """Dotted fields that are read along where every job of the API is described."""
    compared: tuple[str, ...] = ()
    """Dotted fields of the request in which two jobs with one result are alike; `[]` stands for each item of a list.

    Those that SageMaker Pipelines compares to skip a step, where AWS says which. Empty: nothing of it is reused.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html
    """

    @cached_property
    def api(self) -> str:
        """The API as Step Functions spells it: `createTrainingJob`."""
        return f"{self.verb.lower()}{self.noun}"

    @cached_property
    def operation(self) -> str:
        """The API as SageMaker and IAM spell it: `CreateTrainingJob`."""
        return f"{self.verb}{self.noun}"

    @cached_property
    def describe(self) -> str:
        """The API that describes the resource, as SageMaker and IAM spell it."""
        return f"Describe{self.noun}"

    @cached_property
    def name_field(self) -> str:
        return f"{self.noun}Name"

    @cached_property
    def arn_field(self) -> str:
        return f"{self.noun}Arn"

    @cached_property
    def sync(self) -> bool:
        """True if `.sync` is offered."""
        return self.sync_rule is not None

    @cached_property
    def status_field(self) -> str | None:
        """The field of a `.sync` output that says how the job ended."""
        return f"{self.noun}Status" if self.sync else None

    @cached_property
    def success_status(self) -> str | None:
        return "Completed" if self.sync else None

    @cached_property
    def kept_fields(self) -> tuple[str, ...]:
        """The fields of a `.sync` output that later states need; a whole one takes kilobytes of a payload's 256 KiB."""
        return (self.name_field, self.arn_field, f"{self.noun}Status", "FailureReason", *self.results)

    def hands_on(self, field: str) -> bool:
        """Tell whether a `.sync` output is known to hold a dotted field."""
        known = (self.name_field, self.arn_field, f"{self.noun}Status", "Tags", *self.handed_on)
        return any(f"{field}.".startswith(f"{each}.") for each in known)

    def found_at(self, field: str) -> str:
        """Place of a dotted field in what is kept of a job: as it was handed on, or among what was described."""
        return field if self.hands_on(field) else f"{DESCRIBED}.{field}"

    @cached_property
    def terminal_statuses(self) -> tuple[str, ...]:
        """The statuses a job ends with; empty where there is no job to wait for."""
        return ("Completed", "Failed", "Stopped", *self.other_terminal_statuses) if self.sync else ()

    @cached_property
    def lives_on(self) -> bool:
        """Return whether what the API makes is named for ever after, so that a fixed name is granted and no other."""
        return self.arn_type in _LIVING_ON

    @cached_property
    def role_field(self) -> str | None:
        """Dotted path of the execution role in the request."""
        return ".".join(self.role_path) or None

    @cached_property
    def takes_tags(self) -> bool:
        """Return whether Step Functions tags what the API makes, and so needs `sagemaker:AddTags`."""
        return self.verb == "Create"


def _rule(kind: str, evidence: Evidence) -> ManagedRule:
    return ManagedRule(name=f"StepFunctionsGetEventsForSageMaker{kind}", evidence=evidence)


TRAINING_JOB = Action(
    noun="TrainingJob",
    arn_type="training-job",
    sync_rule=_rule("TrainingJobsRule", Evidence.DOCUMENTED),
    role_path=("RoleArn",),
    results=("ModelArtifacts",),
    handed_on=("ModelArtifacts.S3ModelArtifacts",),
    vpc_path=("VpcConfig",),
    takes_plans=True,
    compared=(
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
)
PROCESSING_JOB = Action(
    noun="ProcessingJob",
    arn_type="processing-job",
    sync_rule=_rule("ProcessingJobsRule", Evidence.OBSERVED),
    role_path=("RoleArn",),
    results=("ProcessingOutputConfig", "ExitMessage"),
    vpc_path=("NetworkConfig", "VpcConfig"),
    compared=("AppSpecification", "Environment", "ProcessingInputs"),
)
# No role: a transform job runs under its model's. What is compared of one, AWS does not say: all that says what is done
# with which data, and the model, of which a state of ours compares what is in it.
TRANSFORM_JOB = Action(
    noun="TransformJob",
    arn_type="transform-job",
    sync_rule=_rule("TransformJobsRule", Evidence.DOCUMENTED),
    results=("TransformOutput",),
    compared=("BatchStrategy", "DataProcessing", "Environment", "MaxPayloadInMB", "ModelName", "TransformInput"),
)
_TUNED = (
    "AlgorithmSpecification",
    "HyperParameterRanges",
    "InputDataConfig",
    "StaticHyperParameters",
    "TuningObjective",
)
# Not HyperParameterTuningJobsRule: AWS's hyperparameter tuning sample spells it so.
TUNING_JOB = Action(
    noun="HyperParameterTuningJob",
    arn_type="hyper-parameter-tuning-job",
    name_max=32,
    sync_rule=_rule("TuningJobsRule", Evidence.DOCUMENTED),
    role_path=("TrainingJobDefinition", "RoleArn"),
    vpc_path=("TrainingJobDefinition", "VpcConfig"),
    lower_cases_arn=True,
    other_terminal_statuses=("DeleteFailed",),
    # A search in which no training came to an objective has no best one.
    required_results=(Result(field="BestTrainingJob.TrainingJobName"),),
    results=("BestTrainingJob",),
    handed_on=("BestTrainingJob.TrainingJobName",),
    compared=(
        "HyperParameterTuningJobConfig",
        *(f"{each}.{name}" for each in ("TrainingJobDefinition", "TrainingJobDefinitions[]") for name in _TUNED),
    ),
)
LABELING_JOB = Action(
    noun="LabelingJob",
    arn_type="labeling-job",
    sync_rule=_rule("*", Evidence.UNPUBLISHED),
    role_path=("RoleArn",),
    lower_cases_arn=True,
    required_results=(Result(field="LabelCounters.TotalLabeled", above=0),),
    described_along=("LabelingJobOutput.OutputDatasetS3Uri",),
)
MODEL = Action(
    noun="Model",
    arn_type="model",
    role_path=("ExecutionRoleArn",),
    vpc_path=("VpcConfig",),
    lower_cases_arn=True,
    # Of the transform jobs that it serves.
    compared=("Containers", "InferenceExecutionConfig", "PrimaryContainer"),
)
ENDPOINT_CONFIG = Action(
    noun="EndpointConfig",
    arn_type="endpoint-config",
    role_path=("ExecutionRoleArn",),
    role_optional=True,
    lower_cases_arn=True,
)
ENDPOINT = Action(
    noun="Endpoint",
    arn_type="endpoint",
    extra_resources=(("endpoint-config", "EndpointConfigName"),),
    lower_cases_arn=True,
)
ENDPOINT_UPDATE = Action(
    noun="Endpoint",
    verb="Update",
    arn_type="endpoint",
    extra_resources=(("endpoint-config", "EndpointConfigName"),),
    lower_cases_arn=True,
)

ACTIONS = (
    TRAINING_JOB,
    PROCESSING_JOB,
    TRANSFORM_JOB,
    TUNING_JOB,
    LABELING_JOB,
    MODEL,
    ENDPOINT_CONFIG,
    ENDPOINT,
    ENDPOINT_UPDATE,
)
