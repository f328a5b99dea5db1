"""TrainAndDeploy: a training whose model is served if it is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.blueprint import further
from constructs_sm.blueprints.deploying import DeployingBlueprint
from constructs_sm.jobs.training import TrainingJob
from constructs_sm.language.errors import InvalidInputError, Problem, where_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.channels import ChannelData
    from constructs_sm.jobs.parts.fields import HyperParameters, Image, InstanceType
    from constructs_sm.jobs.parts.script_mode import SourceCode
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class TrainAndDeploy(DeployingBlueprint):
    """Train a model, see that it is good enough, and let an endpoint serve it.

    Args:
        scope: Any construct in a stack.
        construct_id: Of the fragment.
        image: The training image, and the inference image unless *serving_image* says otherwise.
        inputs: Channels by name.
        code: A script of your own for the training: see `TrainingJob`. One to serve with goes into *model*.
        entry_point: The file of *code* that is run. Default: *code* itself, where that is a file.
        endpoint_name: Created by the first run, updated by the next ones.
        instance_type: Of the training. Default: `ml.m5.xlarge`.
        hyperparameters: Any scalars; SageMaker gets strings.
        output: Where the model goes. Default, in a `PipelineStack`: its bucket.
        metric: What the model is measured by, as `validation:auc`. Default: it is served whatever it is worth.
        at_least: The least value of *metric* that is good enough.
        at_most: The greatest.
        serving_image: Default: *image*.
        endpoint_instance_type: Default: `ml.m5.xlarge`.
        endpoint_instance_count: Default: 1.
        train: Further arguments of the `TrainingJob`.
        model: Further arguments of the `CreateModel`.
        deploy: Further arguments of the `EndpointDeployment`.

    Attributes:
        train: The `TrainingJob`.
        gate: The `QualityGate`; None without *metric*.
        model: The `CreateModel`.
        deploy: The `EndpointDeployment`.

    Raises:
        InvalidInputError: A metric without a threshold or the reverse, or a job refuses its arguments; nothing has
            been made then.

    Grants: see `TrainingJob`, `CreateModel` and `EndpointDeployment`.
    """

    train: TrainingJob

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image,
        inputs: Mapping[str, ChannelData],
        endpoint_name: str,
        code: SourceCode | None = None,
        entry_point: str | None = None,
        instance_type: InstanceType = "ml.m5.xlarge",
        hyperparameters: HyperParameters | None = None,
        output: S3Data | None = None,
        metric: str | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        serving_image: Image | None = None,
        endpoint_instance_type: InstanceType = "ml.m5.xlarge",
        endpoint_instance_count: int = 1,
        train: Mapping[str, Any] | None = None,
        model: Mapping[str, Any] | None = None,
        deploy: Mapping[str, Any] | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        bounds = {name: end for name, end in (("at_least", at_least), ("at_most", at_most)) if end is not None}
        if metric is None and bounds:
            problem = Problem(
                "a threshold without a metric", bounds, "say which metric it is for", "threshold-and-metric"
            )
            raise InvalidInputError(where, [problem])
        if metric is not None and not bounds:
            problem = Problem(
                "a metric without a threshold", metric, "give at_least or at_most", "threshold-and-metric"
            )
            raise InvalidInputError(where, [problem])
        self._metric = metric
        self._train_arguments = further(
            train,
            f"{where}: train",
            {
                "image": image,
                "code": code,
                "entry_point": entry_point,
                "inputs": inputs,
                "instance_type": instance_type,
                "hyperparameters": hyperparameters,
                "output": output,
            },
        )
        super().__init__(
            scope,
            construct_id,
            where=where,
            at_least=at_least,
            at_most=at_most,
            serving_image=serving_image or image,
            endpoint_name=endpoint_name,
            endpoint_instance_type=endpoint_instance_type,
            endpoint_instance_count=endpoint_instance_count,
            model=model,
            deploy=deploy,
        )

    def _make(self) -> Sequence[sfn.IChainable]:
        self.train = TrainingJob(self, "Train", **self._train_arguments)
        measure = None if self._metric is None else self.train.final_metric(self._metric)
        return [self.train, *self._gates(measure), *self._serving(self.train.model_artifacts)]
