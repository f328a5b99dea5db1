"""The second table: SageMaker APIs that begin a job and that Step Functions cannot wait for, so that it has to look.

Step Functions calls them by its AWS SDK integration, which has no `.sync`:
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html. A row is all that a further API
needs; what it is called and what it says of itself are botocore's (`tests/task/test_polled_actions.py` compares them).
An API that is not here takes a row of your own, which is compared with SageMaker's model before a job is made of it:
see docs/between-jobs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from constructs_sm.actions import Action


@dataclass(frozen=True, kw_only=True)
class PolledAction(Action):
    """One API whose job is described until it has ended. What can be derived from the noun and the verb is derived."""

    integration: str = "aws-sdk:sagemaker"
    version: str = ""
    """The end of the names of the API and its Describe, which Stop does not have: `V2`."""
    fields: str = ""
    """The beginning of the names of the job's fields, where it is not the noun: `Job` of `JobName`."""
    token_field: str | None = None
    """The field that tells attempts apart, of an API whose jobs have no name: a token takes its place."""
    described_by: str | None = None
    """The field by which Describe and Stop are told the ARN of the job. None: they are told its name."""
    status: str | None = None
    """The field that says how it is, where that is not `<fields>Status`."""
    success: str = "Completed"
    ended: tuple[str, ...] = ("Failed", "Stopped")
    """The statuses in which it ends otherwise. In every other status the job is polled again."""
    reason: str = "FailureReason"
    """The field that says why a job has failed; empty if none does."""
    stops: bool = True
    """True if the API has a Stop."""
    resource_field: str | None = None
    """The field of the request that names the resource in the ARN, where that is not the job itself."""
    under: str = ""
    """The part of the job's ARN behind that name."""
    asked_with: str | None = None
    """A further field of the request that Describe and Stop want too, and that stands before the name in the ARN."""
    begun_on_itself: bool = True
    """True if the call is authorized on the job, and not on `extra_resources` alone."""

    @cached_property
    def operation(self) -> str:
        return f"{self.verb}{self.noun}{self.version}"

    @cached_property
    def api(self) -> str:
        return f"{self.verb.lower()}{self.noun}{self.version}"

    @cached_property
    def describe(self) -> str:
        return f"Describe{self.noun}{self.version}"

    @cached_property
    def stop(self) -> str | None:
        """The API that stops it."""
        return f"Stop{self.noun}" if self.stops else None

    @cached_property
    def name_field(self) -> str:
        return self.token_field or f"{self.fields or self.noun}Name"

    @cached_property
    def arn_field(self) -> str:
        return f"{self.fields or self.noun}Arn"

    @cached_property
    def status_field(self) -> str:
        return self.status or f"{self.noun}Status"

    @cached_property
    def success_status(self) -> str:
        return self.success

    @cached_property
    def terminal_statuses(self) -> tuple[str, ...]:
        return (self.success, *self.ended)

    @cached_property
    def kept_fields(self) -> tuple[str, ...]:
        name = "" if self.token_field else self.name_field
        return tuple(filter(None, (name, self.arn_field, self.status_field, self.reason, *self.results)))

    def hands_on(self, field: str) -> bool:  # noqa: ARG002  (what is kept of it is described anyhow)
        """Tell whether its output holds a field: all that Describe says, by which it is polled."""
        return True

    @cached_property
    def takes_tags(self) -> bool:
        """Never: the AWS SDK integration adds none to those of the request."""
        return False


# Under its role it starts processing, training and transform jobs, and more: which, the request does not say.
AUTO_ML_JOB_V2 = PolledAction(
    noun="AutoMLJob",
    version="V2",
    arn_type="automl-job",
    name_max=32,
    role_path=("RoleArn",),
    role_optional=True,
    lower_cases_arn=True,
    results=("BestCandidate",),
)
COMPILATION_JOB = PolledAction(
    noun="CompilationJob",
    arn_type="compilation-job",
    role_path=("RoleArn",),
    results=("ModelArtifacts",),
    success="COMPLETED",
    ended=("FAILED", "STOPPED"),
)
# Under its role it makes models and endpoints, and loads them.
INFERENCE_RECOMMENDATIONS_JOB = PolledAction(
    noun="InferenceRecommendationsJob",
    fields="Job",
    arn_type="inference-recommendations-job",
    name_max=64,
    role_path=("RoleArn",),
    role_optional=True,
    status="Status",
    success="COMPLETED",
    ended=("FAILED", "STOPPED", "DELETING", "DELETED"),
    results=("InferenceRecommendations",),
)
OPTIMIZATION_JOB = PolledAction(
    noun="OptimizationJob",
    arn_type="optimization-job",
    role_path=("RoleArn",),
    role_optional=True,
    results=("OptimizationOutput",),
    success="COMPLETED",
    ended=("FAILED", "STOPPED"),
)
PIPELINE_EXECUTION = PolledAction(
    noun="PipelineExecution",
    verb="Start",
    arn_type="pipeline",
    name_max=128,
    token_field="ClientRequestToken",  # noqa: S106  (the name of a field)
    described_by="PipelineExecutionArn",
    success="Succeeded",
    ended=("Failed", "Stopped", "CompletedWithFailures"),
    role_path=("RoleArn",),
    role_optional=True,
    resource_field="PipelineName",
    under="/execution/*",
    extra_resources=(("pipeline", "PipelineName"),),
    begun_on_itself=False,
    lower_cases_arn=True,
)
FEATURE_GROUP = PolledAction(
    noun="FeatureGroup",
    arn_type="feature-group",
    name_max=64,
    role_path=("RoleArn",),
    role_optional=True,
    success="Created",
    ended=("CreateFailed", "Deleting", "DeleteFailed"),
    stops=False,
    lower_cases_arn=True,
)
MODEL_PACKAGE = PolledAction(
    noun="ModelPackage",
    arn_type="model-package",
    name_max=36,
    token_field="ClientToken",  # noqa: S106  (the name of a field)
    described_by="ModelPackageName",
    ended=("Failed", "Deleting"),
    reason="ModelPackageStatusDetails",
    stops=False,
    results=("ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus"),
    resource_field="ModelPackageGroupName",
    under="/*",
    extra_resources=(("model-package-group", "ModelPackageGroupName"),),
    lower_cases_arn=True,
)
# Step Functions spells the fields as the SDK for Java does: `AiBenchmarkJobName`.
AI_BENCHMARK_JOB = PolledAction(
    noun="AIBenchmarkJob",
    fields="AiBenchmarkJob",
    status="AiBenchmarkJobStatus",
    arn_type="ai-benchmark-job",
    role_path=("RoleArn",),
    results=("OutputConfig",),
)
AI_RECOMMENDATION_JOB = PolledAction(
    noun="AIRecommendationJob",
    fields="AiRecommendationJob",
    status="AiRecommendationJobStatus",
    arn_type="ai-recommendation-job",
    role_path=("RoleArn",),
    results=("OutputConfig", "Recommendations"),
)
JOB = PolledAction(
    noun="Job",
    arn_type="job",
    role_path=("RoleArn",),
    asked_with="JobCategory",
    ended=("Failed", "Stopped", "Deleting", "DeleteFailed"),
)
INFERENCE_COMPONENT = PolledAction(
    noun="InferenceComponent",
    arn_type="inference-component",
    success="InService",
    ended=("Failed", "Deleting"),
    stops=False,
    results=("EndpointName", "RuntimeConfig"),
    extra_resources=(("endpoint", "EndpointName"),),
    lower_cases_arn=True,
)

POLLED_ACTIONS = (
    AUTO_ML_JOB_V2,
    COMPILATION_JOB,
    INFERENCE_RECOMMENDATIONS_JOB,
    OPTIMIZATION_JOB,
    PIPELINE_EXECUTION,
    FEATURE_GROUP,
    MODEL_PACKAGE,
    AI_BENCHMARK_JOB,
    AI_RECOMMENDATION_JOB,
    JOB,
    INFERENCE_COMPONENT,
)
