"""TransformJob: createTransformJob."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.actions import TRANSFORM_JOB
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.fields import asks_for_jsonata, data_under, instance, of_this_execution, tag_list, texts
from constructs_sm.jobs.model import Model
from constructs_sm.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.fields import InstanceType, Key, Scalar
    from constructs_sm.s3 import S3Data

    from constructs import Construct
    from typing_extensions import Unpack


class TransformJob(SageMakerJob):
    """Let a model predict a whole data set and wait until it has.

    The job runs under the execution role of its model. If that is the role made for this stack, it is granted what this
    job reads and writes.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        model: A `Model`, or the name of one.
        data: The prefix to predict.
        output: Where the predictions go. Default, in a `PipelineStack`: its bucket, under the job and the execution.
        content_type: As `text/csv`.
        split_type: How to split files into records: `Line`. Default: not at all.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        environment: Of the model's container.
        tags: Of the job.
        kms_key: Encrypts the volumes and the predictions. Default: SageMaker's own.
        arguments: See `JobArguments`; `parameters` take every other field. A *role* is passed by Step Functions, as
            AWS's template has it, but the API takes none.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopTransformJob on this job, ListTags, AddTags, the managed rule.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model | str | None = None,
        data: S3Data | None = None,
        output: S3Data | None = None,
        content_type: str | None = None,
        split_type: str | None = None,
        instance_type: InstanceType | None = None,
        instance_count: int | None = None,
        environment: Mapping[str, Scalar] | None = None,
        tags: Mapping[str, str] | None = None,
        kms_key: Key | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        predictions = of_this_execution(data_under(scope, construct_id), jsonata=asks_for_jsonata(arguments))
        super().__init__(
            scope,
            construct_id,
            action=TRANSFORM_JOB,
            given={
                "ModelName": model.model_name if isinstance(model, Model) else model,
                "TransformInput": {
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}} if data else None,
                    "ContentType": content_type,
                    "SplitType": split_type,
                },
                "TransformOutput": {"S3OutputPath": output, "KmsKeyId": kms_key},
                "TransformResources": {
                    "InstanceType": instance(instance_type),
                    "InstanceCount": instance_count,
                    "VolumeKmsKeyId": kms_key,
                },
                "Environment": texts(environment),
                "Tags": tag_list(tags),
            },
            defaults={
                "TransformOutput": {"S3OutputPath": predictions},
                "TransformResources": {"InstanceCount": 1} if instance_type else None,
            },
            runs_under=model if isinstance(model, Model) else None,
            **arguments,
        )
        place = S3Location.of(output) or predictions
        base = None if output else data_under(scope, construct_id)
        self._predictions = place and self._state.data(
            "predictions", place, lambda jsonata: of_this_execution(base, jsonata=jsonata)
        )

    @property
    def predictions(self) -> S3Location | None:
        """Where the predictions are once this job has completed; None if only `parameters` say it."""
        return self._predictions
