"""TuneAndDeploy: a search for hyperparameters, whose best model is served if it is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.blueprint import further
from constructs_sm.blueprints.deploying import DeployingBlueprint
from constructs_sm.jobs.tuning import TuningJob
from constructs_sm.language.errors import where_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.channels import ChannelData
    from constructs_sm.jobs.parts.fields import HyperParameters, Image, InstanceType
    from constructs_sm.jobs.parts.ranges import Range
    from constructs_sm.jobs.parts.script_mode import SourceCode
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class TuneAndDeploy(DeployingBlueprint):
    """Search for the best hyperparameters, see that the best model is good enough, and let an endpoint serve it.

    Args:
        scope: Any construct in a stack.
        construct_id: Of the fragment.
        image: The training image, and the inference image unless *serving_image* says otherwise.
        inputs: Channels by name.
        ranges: What to search, by hyperparameter: see `TuningJob`.
        objective: The metric to optimize, as `validation:auc`.
        code: A script of your own for the trainings: see `TrainingJob`. One to serve with goes into *model*.
        entry_point: The file of *code* that is run. Default: *code* itself, where that is a file.
        endpoint_name: Created by the first run, updated by the next ones.
        objective_type: `Maximize` or `Minimize`. Default: `Maximize`.
        max_jobs: Trainings in all. Default: 10.
        max_parallel_jobs: Trainings at a time. Default: 2.
        instance_type: Of the trainings. Default: `ml.m5.xlarge`.
        hyperparameters: Those that stay as they are.
        output: Where the models go. Default, in a `PipelineStack`: its bucket.
        at_least: The least value of the objective that is good enough. Default: whatever it is worth.
        at_most: The greatest. Default: whatever it is worth.
        serving_image: Default: *image*.
        endpoint_instance_type: Default: `ml.m5.xlarge`.
        endpoint_instance_count: Default: 1.
        tune: Further arguments of the `TuningJob`.
        model: Further arguments of the `CreateModel`.
        deploy: Further arguments of the `EndpointDeployment`.

    Attributes:
        tune: The `TuningJob`.
        gate: The `QualityGate`; None without a threshold.
        model: The `CreateModel`.
        deploy: The `EndpointDeployment`.

    Raises:
        InvalidInputError: A job refuses its arguments; nothing has been made then.

    Grants: see `TuningJob`, `CreateModel` and `EndpointDeployment`.
    """

    tune: TuningJob

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image,
        inputs: Mapping[str, ChannelData],
        ranges: Mapping[str, Range],
        objective: str,
        endpoint_name: str,
        code: SourceCode | None = None,
        entry_point: str | None = None,
        objective_type: str = "Maximize",
        max_jobs: int = 10,
        max_parallel_jobs: int = 2,
        instance_type: InstanceType = "ml.m5.xlarge",
        hyperparameters: HyperParameters | None = None,
        output: S3Data | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        serving_image: Image | None = None,
        endpoint_instance_type: InstanceType = "ml.m5.xlarge",
        endpoint_instance_count: int = 1,
        tune: Mapping[str, Any] | None = None,
        model: Mapping[str, Any] | None = None,
        deploy: Mapping[str, Any] | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        self._tune_arguments = further(
            tune,
            f"{where}: tune",
            {
                "image": image,
                "code": code,
                "entry_point": entry_point,
                "inputs": inputs,
                "ranges": ranges,
                "objective": objective,
                "objective_type": objective_type,
                "max_jobs": max_jobs,
                "max_parallel_jobs": max_parallel_jobs,
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
        self.tune = TuningJob(self, "Tune", **self._tune_arguments)
        # Not asked for without need: an output that is not kept would be refused.
        measure = self.tune.best_objective if self._has_threshold else None
        return [self.tune, *self._gates(measure), *self._serving(self.tune.best_model_artifacts)]
