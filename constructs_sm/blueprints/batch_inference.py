"""BatchInference: a model that has been trained, and a data set that it predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.blueprint import Blueprint, further
from constructs_sm.jobs.model import CreateModel
from constructs_sm.jobs.transform import TransformJob
from constructs_sm.language.errors import where_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.fields import Image, InstanceType
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class BatchInference(Blueprint):
    """Make a model of what a training has left, and let it predict a whole data set.

    Args:
        scope: Any construct in a stack.
        construct_id: Of the fragment.
        image: The inference container.
        model_data: `model.tar.gz`.
        data: The prefix to predict.
        output: Where the predictions go. Default, in a `PipelineStack`: its bucket, under the job and the execution.
        content_type: As `text/csv`.
        split_type: How to split files into records. Default: `Line`.
        instance_type: Of the batch transform. Default: `ml.m5.xlarge`.
        instance_count: Of the batch transform. Default: 1.
        model: Further arguments of the `CreateModel`.
        score: Further arguments of the `TransformJob`.

    Attributes:
        model: The `CreateModel`.
        score: The `TransformJob`.

    Raises:
        InvalidInputError: A job refuses its arguments; nothing has been made then.

    Grants: see `CreateModel` and `TransformJob`.
    """

    model: CreateModel
    score: TransformJob

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image,
        model_data: S3Data,
        data: S3Data,
        output: S3Data | None = None,
        content_type: str = "text/csv",
        split_type: str = "Line",
        instance_type: InstanceType = "ml.m5.xlarge",
        instance_count: int = 1,
        model: Mapping[str, Any] | None = None,
        score: Mapping[str, Any] | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        self._model_arguments = further(model, f"{where}: model", {"image": image, "model_data": model_data})
        self._score_arguments = further(
            score,
            f"{where}: score",
            {
                "data": data,
                "output": output,
                "content_type": content_type,
                "split_type": split_type,
                "instance_type": instance_type,
                "instance_count": instance_count,
            },
        )
        super().__init__(scope, construct_id)

    def _make(self) -> Sequence[sfn.IChainable]:
        self.model = CreateModel(self, "Model", **self._model_arguments)
        self.score = TransformJob(self, "Score", model=self.model, **self._score_arguments)
        return self.model, self.score
