"""TransformJob: createTransformJob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.actions import TRANSFORM_JOB, WRITTEN
from constructs_sm.jobs.model import CreateModel
from constructs_sm.jobs.parts.fields import asks_for_jsonata, first, instance, mebibytes, seconds, tag_list, texts
from constructs_sm.jobs.parts.resources import volume_key
from constructs_sm.requests.rendering import Structure, Verbatim
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import data_under, of_this_execution
from constructs_sm.task.path_tokens import spelled_paths
from constructs_sm.task.reuse_checks import Artifact
from constructs_sm.values.outputs import JobOutput
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.parts.fields import ExperimentConfig, Flag, InstanceType, Key, Numeric, Storage, Texts, Time
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.s3 import S3Data

    from constructs import Construct
    from typing_extensions import Unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDataCaptureConfig(Structure):
    """Keep requests and answers of a batch transform, to monitor the model.

    Attributes:
        destination: Where it goes.
        kms_key: Encrypts it. Default: none of its own.
        generate_inference_id: Give each record an id, in the predictions too. SageMaker's default: False.
    """

    destination: S3Data
    kms_key: Key | None = None
    generate_inference_id: Flag | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "DestinationS3Uri": self.destination,
            "KmsKeyId": self.kms_key,
            "GenerateInferenceId": self.generate_inference_id,
        }


class TransformJob(SageMakerJob):
    """Run a model over a whole data set and wait until it ends.

    The job runs under the execution role of its model. If that is the role made for this stack, it is granted what this
    job reads and writes.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        model: A `CreateModel`, or the name of one.
        data: What to predict: a prefix, or what *s3_data_type* says.
        s3_data_type: `S3Prefix` or `ManifestFile`; SageMaker knows others, which it does not take here. Default:
            `S3Prefix`.
        content_type: As `text/csv`.
        compression_type: `None` or `Gzip`, as *data* is. SageMaker's default: `None`.
        split_type: How to split files into records: `Line`, `RecordIO` or `TFRecord`. SageMaker's default: `None`.
        batch_strategy: Of split files: `MultiRecord`, as many records a request as *max_payload* takes, or
            `SingleRecord`.
        max_payload: The most a request may hold, up to 100 MiB. SageMaker's default: 6 MiB.
        max_concurrent_transforms: Requests at once to an instance. SageMaker's default: what the container says, or 1.
        invocations_timeout: Of a request, up to 1 hour. SageMaker's default: 10 minutes.
        invocations_max_retries: Of a request, up to 3. SageMaker's default: 3.
        input_filter: What of each record the model gets, in SageMaker's JSONPath: `$[1:]`, `$.features`. What begins
            with `$` is that and no path of Step Functions; late-bound with `sfn.JsonPath.string_at` or JSONata.
        join_source: `Input`: put each prediction beside its record. SageMaker's default: `None`.
        output_filter: What of the two together is kept, in SageMaker's JSONPath: `$['id','SageMakerOutput']`.
        output: Where the predictions go. Default, in a `PipelineStack`: its bucket, under the job and the execution.
        accept: The type of the predictions, as `text/csv`.
        assemble_with: What parts predictions in a file: `Line`, or `None`, as SageMaker's default is.
        data_capture: Keep requests and answers: a place in S3, or a `BatchDataCaptureConfig`.
        environment: Of the model's container; any scalars, SageMaker gets strings.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        ami_version: The machine image, as `al2-ami-sagemaker-batch-gpu-535`.
        kms_key: Encrypts the volumes and the predictions. Default: SageMaker's own.
        volume_kms_key: Of the volumes alone. Default: *kms_key*, unless the instances have local storage, which takes
            no key: their hardware encrypts it.
        output_kms_key: Of the predictions alone. Default: *kms_key*.
        experiment: Make the job a trial component.
        tags: Of the job.
        arguments: See `JobArguments`. A *role* is passed by Step Functions, as AWS's template has it, but the API takes
            none.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopTransformJob on this job, ListTags, AddTags, the managed rule.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
    """

    _ARGUMENT_OF: ClassVar = {
        "ModelName": "model=",
        "TransformInput": "data=",
        "TransformOutput": "output=, or make the job in a PipelineStack",
        "TransformResources": "instance_type=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: CreateModel | str | None = None,
        data: S3Data | None = None,
        s3_data_type: str | None = None,
        content_type: str | None = None,
        compression_type: str | None = None,
        split_type: str | None = None,
        batch_strategy: str | None = None,
        max_payload: Storage | None = None,
        max_concurrent_transforms: Numeric | None = None,
        invocations_timeout: Time | None = None,
        invocations_max_retries: Numeric | None = None,
        input_filter: str | None = None,
        join_source: str | None = None,
        output_filter: str | None = None,
        output: S3Data | None = None,
        accept: str | None = None,
        assemble_with: str | None = None,
        data_capture: S3Data | BatchDataCaptureConfig | None = None,
        environment: Texts | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        ami_version: str | None = None,
        kms_key: Key | None = None,
        volume_kms_key: Key | None = None,
        output_kms_key: Key | None = None,
        experiment: ExperimentConfig | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        predictions = of_this_execution(data_under(scope, construct_id), jsonata=asks_for_jsonata(arguments))
        super().__init__(
            scope,
            construct_id,
            action=TRANSFORM_JOB,
            given={
                "ModelName": model.model_name if isinstance(model, CreateModel) else model,
                "TransformInput": {
                    "DataSource": {
                        "S3DataSource": {"S3DataType": s3_data_type or ("S3Prefix" if data else None), "S3Uri": data}
                    },
                    "ContentType": content_type,
                    "CompressionType": compression_type,
                    "SplitType": split_type,
                },
                "BatchStrategy": batch_strategy,
                "MaxPayloadInMB": mebibytes(max_payload),
                "MaxConcurrentTransforms": max_concurrent_transforms,
                "ModelClientConfig": {
                    "InvocationsTimeoutInSeconds": seconds(invocations_timeout),
                    "InvocationsMaxRetries": invocations_max_retries,
                },
                "DataProcessing": {
                    "InputFilter": _filter(input_filter),
                    "JoinSource": join_source,
                    "OutputFilter": _filter(output_filter),
                },
                "TransformOutput": {
                    "S3OutputPath": output,
                    "Accept": accept,
                    "AssembleWith": assemble_with,
                    "KmsKeyId": first(output_kms_key, kms_key),
                },
                "DataCaptureConfig": _data_capture(data_capture),
                "Environment": texts(environment),
                "TransformResources": {
                    "InstanceType": instance(instance_type),
                    "InstanceCount": instance_count,
                    "VolumeKmsKeyId": volume_key(volume_kms_key, kms_key, instance_type),
                    "TransformAmiVersion": ami_version,
                },
                "ExperimentConfig": experiment,
                "Tags": tag_list(tags),
            },
            defaults=lambda request: {
                "TransformOutput": {"S3OutputPath": predictions},
                "TransformResources": {"InstanceCount": 1} if request.get("TransformResources.InstanceType") else None,
            },
            runs_under=model if isinstance(model, CreateModel) else None,
            **arguments,
        )
        place = self._place = S3Location.of(output) or predictions
        self._predictions: S3Location | None
        if place is not None and self._state.reuse is not None:
            self._predictions = self._state.written(_PREDICTIONS, place)
            return
        base = None if output else data_under(scope, construct_id)
        self._predictions = place and self._state.data(
            "predictions", place, lambda jsonata: of_this_execution(base, jsonata=jsonata)
        )

    def _written(self) -> Mapping[str, str]:
        return {} if self._place is None else {_PREDICTIONS: spelled_paths(self._place).uri}

    def _artifact(self, state: TaskState) -> Artifact | None:
        place = state.place("TransformOutput.S3OutputPath")
        return None if place is None else Artifact(f"{WRITTEN}.{_PREDICTIONS}", place)

    @property
    def predictions(self) -> S3Location | None:
        """Place of the predictions once this job has completed; None if only `parameters` say it."""
        return self._predictions


_PREDICTIONS = "predictions"


def _filter(path: Any) -> Any:
    sagemakers = isinstance(path, str) and path.startswith("$") and not isinstance(path, JobOutput)
    return Verbatim(path) if sagemakers else path


def _data_capture(place: Any) -> Any:
    if place is None or isinstance(place, BatchDataCaptureConfig):
        return place
    return BatchDataCaptureConfig(destination=place)
