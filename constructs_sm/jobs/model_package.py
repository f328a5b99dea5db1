"""CreateModelPackage: a version of a model in the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.grants.state_machine_role import registry_grant
from constructs_sm.jobs.parts.containers import ModelDataSource
from constructs_sm.jobs.parts.fields import instance, texts
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.jsonata import UNCHANGED
from constructs_sm.language.late_bound import is_json_path
from constructs_sm.polled_actions import MODEL_PACKAGE
from constructs_sm.task.custom_states import JsonataTask
from constructs_sm.task.describing import call_beside
from constructs_sm.task.polled_job import PolledJob, PolledJobArguments

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from constructs_sm.grants.statements import Grant
    from constructs_sm.jobs.parts.containers import ModelData
    from constructs_sm.jobs.parts.fields import Image, InstanceType, Texts
    from constructs_sm.settings import Time
    from constructs_sm.task.task_plan import TaskPlan
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.outputs import JobOutput
    from constructs_sm.values.s3 import S3Data

    from constructs import Construct
    from typing_extensions import Unpack


class CreateModelPackage(PolledJob):
    """Register a version of a model, and wait until SageMaker has it.

    It is to be approved by somebody (`PendingManualApproval`) unless *approval_status* says otherwise: see `Approval`.
    What later states find under the construct id is `ModelPackageArn`, `ModelPackageGroupName`, `ModelPackageVersion`,
    `ModelPackageStatus` and `ModelApprovalStatus`.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        group: The model package group, by its name.
        image: The inference container.
        model_data: A `model.tar.gz`, as `train.model_artifacts`, or ModelDataSource.
        environment: Of the container. Any scalars, SageMaker gets strings.
        content_types: What the model takes, as `text/csv`.
        response_types: What it answers, as `text/csv`.
        instance_types: For endpoints.
        transform_instance_types: For batch transform.
        metrics: A report on the quality of the model: JSON in S3, which the registry shows.
        approval_status: Default: `PendingManualApproval`.
        description: Of this version.
        metadata: Of this version, by key.
        create_group: Make the group if it is absent. Default: False, the group is there.
        interval: Between polls. Default: 10 seconds.
        timeout: When the version is given up. Default: 1 hour.
        arguments: See `PolledJob`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateModelPackage on the versions of the group and on the group, DescribeModelPackage on the versions, and
        with *create_group*, CreateModelPackageGroup. To the execution role made for the stack, if models that are made
        of the package run under it, S3 read of *model_data* and pull of *image*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
    """

    _ARGUMENT_OF: ClassVar = {"ModelPackageGroupName": "group="}

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        group: str | None = None,
        image: Image | None = None,
        model_data: ModelData | None = None,
        environment: Texts | None = None,
        content_types: Sequence[str] | None = None,
        response_types: Sequence[str] | None = None,
        instance_types: Sequence[InstanceType] | None = None,
        transform_instance_types: Sequence[InstanceType] | None = None,
        metrics: S3Data | None = None,
        approval_status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        create_group: bool = False,
        interval: Time | None = None,
        timeout: Time | None = None,
        **arguments: Unpack[PolledJobArguments],
    ) -> None:
        problems: list[Problem] = []
        parameters = arguments.get("parameters")
        named = group or (parameters.get("ModelPackageGroupName") if isinstance(parameters, Mapping) else None)
        if create_group and (named is None or is_json_path(named)):
            use = "name it, or make it beforehand"
            problems.append(
                Problem("create_group needs a group that is known", named or NOTHING, use, "model-package-group-known")
            )
        self._creates_group = named if create_group else None
        at = {"ModelDataSource" if isinstance(model_data, ModelDataSource) else "ModelDataUrl": model_data}
        super().__init__(
            scope,
            construct_id,
            action=MODEL_PACKAGE,
            # It is there in seconds.
            interval=10 if interval is None else interval,
            timeout=3600 if timeout is None else timeout,
            given={
                "ModelPackageGroupName": group,
                "ModelPackageDescription": description,
                "InferenceSpecification": {
                    "Containers": (
                        None
                        if image is None and model_data is None
                        else [{"Image": image, **at, "Environment": texts(environment)}]
                    ),
                    "SupportedContentTypes": content_types,
                    "SupportedResponseMIMETypes": response_types,
                    "SupportedRealtimeInferenceInstanceTypes": _each(instance_types),
                    "SupportedTransformInstanceTypes": _each(transform_instance_types),
                },
                "ModelMetrics": (
                    {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": metrics}}}
                    if metrics is not None
                    else None
                ),
                "ModelApprovalStatus": approval_status,
                "CustomerMetadataProperties": texts(metadata),
            },
            defaults=lambda _: {"ModelApprovalStatus": "PendingManualApproval"},
            problems=problems,
            **arguments,
        )
        self._group = self._make_group() if create_group else None

    @property
    def start_state(self) -> sfn.State:
        return self._group or self.task

    @property
    def model_package_arn(self) -> JobOutput:
        """The ARN of the version, for a state that runs after this one."""
        return self.resource_arn

    @property
    def updating_grant(self) -> Grant:
        """To update versions of the group."""
        return registry_grant("UpdateModelPackage", self._state.request, self._state.scope.arns)

    def _checked(self, plan: TaskPlan, made: Mapping[str, str] | None) -> TaskState:
        state = super()._checked(plan, made)
        if self._creates_group is None:
            return state
        return state.with_grants(registry_grant("CreateModelPackageGroup", state.request, state.scope.arns))

    def _make_group(self) -> JsonataTask:
        make = JsonataTask(
            self,
            self._named("CreateGroup"),
            # Not retried: that it is there already is no fault that passes, and has no name of its own.
            **call_beside(
                self._state, "CreateModelPackageGroup", {"ModelPackageGroupName": str(self._creates_group)}, ()
            ),
            Output=UNCHANGED,
        )
        # Whatever it was: without the group the next call says so.
        make.add_catch(self.task, errors=["SageMaker.SageMakerException"], result_path=sfn.JsonPath.DISCARD)
        make.next(self.task)
        return make


def _each(instance_types: Any) -> Any:
    if not isinstance(instance_types, (list, tuple)):
        return instance_types
    return [instance(instance_type) for instance_type in instance_types]
