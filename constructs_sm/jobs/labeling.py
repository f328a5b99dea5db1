"""LabelingJob: createLabelingJob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm import ground_truth
from constructs_sm.actions import LABELING_JOB
from constructs_sm.jobs.parts.fields import first, seconds, tag_list, text_list, vpc_config
from constructs_sm.jobs.parts.workers import PublicWorkteam
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import data_under
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.parts.fields import Function, Key, Numeric, SecurityGroups, Subnets, TextList, Time, Topic
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack

_MANIFEST = "LabelingJobOutput.OutputDatasetS3Uri"
_REF = "-ref"


class LabelingJob(SageMakerJob):
    """Have people label data with Ground Truth and wait until they have. Ground Truth is closed to new customers.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        manifest: The input manifest.
        input_topic: For a streaming job, which never ends by itself: the SNS topic that brings further objects.
        content_classifiers: What the data are free of: `FreeOfPersonallyIdentifiableInformation`,
            `FreeOfAdultContent`. Public workers must be told.
        label_attribute_name: The key of the labels in the output manifest.
        output: Where the labels go. Default, in a `PipelineStack`: its bucket.
        output_topic: For a streaming job: told of each label.
        label_categories: The file with the categories.
        task_type: One of AWS's own, as `BoundingBox` or `TextMultiClass`: brings the functions, and for some types the
            worker UI, of the stack's Region. Default: none, for a task of your own.
        pre_annotation_lambda: Makes the task of an object. Default: that of *task_type*.
        annotation_consolidation_lambda: Makes one label of what several workers said. Default: that of *task_type*.
        ui_template: What workers see, in S3. Default: AWS's own worker UI, where *task_type* has one.
        human_task_ui_arn: A worker UI that is a resource, in place of *ui_template*.
        workteam: The ARN of a private or vendor's work team, or a `PublicWorkteam`.
        title: Of a task, for its worker.
        description: Of a task, for its worker.
        keywords: By which public workers find a task.
        workers_per_object: How many label each object.
        task_time_limit: How long one worker may take for one task.
        task_availability: How long tasks stay on offer. Default: 6 hours to public workers, 30 days to others.
        max_concurrent_tasks: How many tasks are on offer at a time. Default: 1000.
        max_labeled_objects: Stop after so many. Default: label all.
        max_labeled_percentage: Stop after this much of the input. Default: label all.
        active_learning: Let a model label what it is sure of: `image-classification`, `text-classification`,
            `object-detection`, `semantic-segmentation`, or an ARN. Default: people label all.
        initial_model: With *active_learning*: the ARN of the model that an earlier job ended with.
        tags: Of the job.
        vpc: With *active_learning*: where its instances are reachable; its private subnets, unless *subnets* says
            otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of its own.
        kms_key: Encrypts the labels. Default: SageMaker's own.
        volume_kms_key: With *active_learning*: encrypts its instances' volumes. Default: *kms_key*.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopLabelingJob on this job, ListTags, AddTags, PassRole, and every managed rule of
        SageMaker's, as AWS does not publish the name of this one (not verified on AWS); to the execution role S3 read
        of *manifest*, S3 write of *output*, use of *kms_key*. What the manifest points to is not known here.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html
    """

    _ARGUMENT_OF: ClassVar = {
        "HumanTaskConfig": "workteam=, title=, description=, task_type= and ui_template=",
        "HumanTaskConfig.TaskDescription": "description=",
        "HumanTaskConfig.TaskTitle": "title=",
        "HumanTaskConfig.UiConfig": "ui_template=, or human_task_ui_arn=",
        "HumanTaskConfig.WorkteamArn": "workteam=",
        "InputConfig": "manifest=",
        "LabelAttributeName": "label_attribute_name=",
        "OutputConfig": "output=, or make the job in a PipelineStack",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        manifest: S3Data | None = None,
        input_topic: Topic | None = None,
        content_classifiers: TextList | None = None,
        label_attribute_name: str | None = None,
        output: S3Data | None = None,
        output_topic: Topic | None = None,
        label_categories: S3Data | None = None,
        task_type: str | None = None,
        pre_annotation_lambda: Function | None = None,
        annotation_consolidation_lambda: Function | None = None,
        ui_template: S3Data | None = None,
        human_task_ui_arn: str | None = None,
        workteam: str | PublicWorkteam | None = None,
        title: str | None = None,
        description: str | None = None,
        keywords: TextList | None = None,
        workers_per_object: Numeric | None = None,
        task_time_limit: Time | None = None,
        task_availability: Time | None = None,
        max_concurrent_tasks: Numeric | None = None,
        max_labeled_objects: Numeric | None = None,
        max_labeled_percentage: Numeric | None = None,
        active_learning: str | None = None,
        initial_model: str | None = None,
        tags: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        kms_key: Key | None = None,
        volume_kms_key: Key | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        built_in = _built_in(scope, task_type, label_attribute_name, problems)
        public = workteam if isinstance(workteam, PublicWorkteam) else None
        super().__init__(
            scope,
            construct_id,
            action=LABELING_JOB,
            given={
                "InputConfig": {
                    "DataSource": {
                        "S3DataSource": {"ManifestS3Uri": manifest},
                        "SnsDataSource": {"SnsTopicArn": input_topic},
                    },
                    "DataAttributes": {"ContentClassifiers": text_list(content_classifiers)},
                },
                "LabelAttributeName": label_attribute_name,
                "OutputConfig": {"S3OutputPath": output, "KmsKeyId": kms_key, "SnsTopicArn": output_topic},
                "LabelCategoryConfigS3Uri": label_categories,
                "HumanTaskConfig": {
                    "WorkteamArn": workteam if public is None else ground_truth.public_workteam_arn(scope),
                    "PublicWorkforceTaskPrice": public,
                    "PreHumanTaskLambdaArn": first(pre_annotation_lambda, built_in.get("PRE")),
                    "AnnotationConsolidationConfig": {
                        "AnnotationConsolidationLambdaArn": first(annotation_consolidation_lambda, built_in.get("ACS")),
                    },
                    "UiConfig": {
                        "UiTemplateS3Uri": ui_template,
                        "HumanTaskUiArn": first(human_task_ui_arn, None if ui_template else built_in.get("UI")),
                    },
                    "TaskTitle": title,
                    "TaskDescription": description,
                    "TaskKeywords": text_list(keywords),
                    "NumberOfHumanWorkersPerDataObject": workers_per_object,
                    "TaskTimeLimitInSeconds": seconds(task_time_limit),
                    "TaskAvailabilityLifetimeInSeconds": seconds(task_availability),
                    "MaxConcurrentTaskCount": max_concurrent_tasks,
                },
                "StoppingConditions": {
                    "MaxHumanLabeledObjectCount": max_labeled_objects,
                    "MaxPercentageOfInputDatasetLabeled": max_labeled_percentage,
                },
                "LabelingJobAlgorithmsConfig": {
                    "LabelingJobAlgorithmSpecificationArn": _algorithm(scope, active_learning, problems),
                    "InitialActiveLearningModelArn": initial_model,
                    "LabelingJobResourceConfig": {
                        "VolumeKmsKeyId": volume_kms_key if active_learning is None else first(volume_kms_key, kms_key),
                        "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                    },
                },
                "Tags": tag_list(tags),
            },
            defaults=lambda _: {"OutputConfig": {"S3OutputPath": data_under(scope, construct_id)}},
            problems=problems,
            **arguments,
        )

    @property
    def output_manifest(self) -> S3Location:
        """Place of the manifest with the labels once this job has completed, for a state that runs after it."""
        output, manifest = self._state.place("OutputConfig.S3OutputPath"), self._state.result(_MANIFEST)
        return S3Location(manifest) if output is None else S3Location(manifest, output.within, output.key)


def _built_in(
    scope: Construct, task_type: str | None, label_attribute_name: str | None, problems: list[Problem]
) -> dict[str, str | None]:
    """Name what AWS provides for a task type: both functions, and the worker UI."""
    if task_type is None:
        return {}
    try:
        found = {
            "PRE": ground_truth.function_arn(scope, "PRE", task_type),
            "ACS": ground_truth.function_arn(scope, "ACS", task_type),
            "UI": ground_truth.human_task_ui_arn(scope, task_type),
        }
    except InvalidInputError as error:
        problems += error.problems
        return {}
    if (
        ground_truth.labels_are_files(task_type)
        and isinstance(label_attribute_name, str)
        and not is_late_bound(label_attribute_name)
        and not label_attribute_name.endswith(_REF)
    ):
        what = f"label_attribute_name of {task_type} must end with {_REF}"
        problems.append(
            Problem(what, label_attribute_name, f"write {label_attribute_name}{_REF}", "labeling-reference-name")
        )
    return found


def _algorithm(scope: Construct, algorithm: Any, problems: list[Problem]) -> Any:
    """The ARN of an algorithm that is given by name; what is an ARN, or known later, as it is."""
    if not isinstance(algorithm, str) or is_late_bound(algorithm) or algorithm.startswith("arn:"):
        return algorithm
    try:
        return ground_truth.algorithm_arn(scope, algorithm)
    except InvalidInputError as error:
        problems += error.problems
        return None
