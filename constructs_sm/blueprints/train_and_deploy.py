"""TrainAndDeploy: a training whose model is served if it is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.blueprint import Blueprint, bar, further
from constructs_sm.deployment import EndpointDeployment
from constructs_sm.gates import QualityGate
from constructs_sm.jobs.model import Model
from constructs_sm.jobs.training import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.channels import Input
    from constructs_sm.jobs.fields import Image, InstanceType, Texts
    from constructs_sm.s3 import S3Data

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class TrainAndDeploy(Blueprint):
    """Train a model, see that it is good enough, and let an endpoint serve it.

    Args:
        scope: Any construct in a stack.
        construct_id: Of the fragment.
        image: The training image, and the inference image unless *serving_image* says otherwise.
        inputs: Channels by name.
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
        model: Further arguments of the `Model`.
        deploy: Further arguments of the `EndpointDeployment`.

    Attributes:
        train: The `TrainingJob`.
        gate: The `QualityGate`; None without *metric*.
        model: The `Model`.
        deploy: The `EndpointDeployment`.

    Raises:
        InvalidInputError: A metric without a bar or a bar without a metric, or a job refuses its arguments; nothing has
            been made then.

    Grants: see `TrainingJob`, `Model` and `EndpointDeployment`.
    """

    train: TrainingJob
    gate: QualityGate | None
    model: Model
    deploy: EndpointDeployment

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image,
        inputs: Mapping[str, Input],
        endpoint_name: str,
        instance_type: InstanceType = "ml.m5.xlarge",
        hyperparameters: Texts | None = None,
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
        where = f"TrainAndDeploy '{construct_id}'"
        self._metric, self._bar = metric, bar(where, metric, at_least, at_most)
        self._train_arguments = further(
            train,
            f"{where}: train",
            {
                "image": image,
                "inputs": inputs,
                "instance_type": instance_type,
                "hyperparameters": hyperparameters,
                "output": output,
            },
        )
        self._model_arguments = further(model, f"{where}: model", {"image": serving_image or image})
        self._deploy_arguments = further(
            deploy,
            f"{where}: deploy",
            {
                "endpoint_name": endpoint_name,
                "instance_type": endpoint_instance_type,
                "instance_count": endpoint_instance_count,
            },
        )
        super().__init__(scope, construct_id)

    def _make(self) -> Sequence[sfn.IChainable]:
        self.train = TrainingJob(self, "Train", **self._train_arguments)
        self.gate = None
        if self._metric is not None:
            self.gate = QualityGate(self, "Good enough", self._bar(self.train.metric(self._metric)))
        self.model = Model(self, "Model", **{"model_data": self.train.model_artifacts, **self._model_arguments})
        self.deploy = EndpointDeployment(self, "Deploy", **{"model": self.model, **self._deploy_arguments})
        gates = [] if self.gate is None else [self.gate]
        return [self.train, *gates, self.model, self.deploy]
