"""DeployingBlueprint: what the blueprints share that end with an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.blueprint import Blueprint, arguments_of, further
from constructs_sm.jobs.model import CreateModel
from constructs_sm.language.errors import InvalidInputError, Problem, raise_all
from constructs_sm.language.numbers import is_finite_number
from constructs_sm.steps.endpoint_deployment import EndpointDeployment
from constructs_sm.steps.gates import QualityGate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.fields import Image, InstanceType
    from constructs_sm.values.conditions import Comparable, Condition
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class DeployingBlueprint(Blueprint):
    """A blueprint whose first job leaves a model, which an endpoint serves if it is good enough."""

    gate: QualityGate | None
    model: CreateModel
    deploy: EndpointDeployment

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        where: str,
        at_least: float | None,
        at_most: float | None,
        serving_image: Image,
        endpoint_name: str,
        endpoint_instance_type: InstanceType,
        endpoint_instance_count: int,
        model: Mapping[str, Any] | None,
        deploy: Mapping[str, Any] | None,
    ) -> None:
        thresholds = {"at_least": at_least, "at_most": at_most}
        raise_all(
            where,
            [
                Problem(f"{name} must be a finite number", got, "pass 0.8, say", "argument-type")
                for name, got in thresholds.items()
                if got is not None and not is_finite_number(got)
            ],
        )
        if at_least is not None and at_most is not None and at_least > at_most:
            use = f"pass an at_most of {at_least} or more"
            crossed = Problem("at_least is above at_most", thresholds, use, "argument-value")
            raise InvalidInputError(where, [crossed])
        self._at_least, self._at_most = at_least, at_most
        self._model_arguments = further(model, f"{where}: model", {"image": serving_image})
        self._deploy_arguments = further(
            deploy,
            f"{where}: deploy",
            {
                "endpoint_name": endpoint_name,
                "instance_type": endpoint_instance_type,
                "instance_count": endpoint_instance_count,
            },
            [parameter.name for parameter in arguments_of(EndpointDeployment)],
        )
        super().__init__(scope, construct_id)

    @property
    def _has_threshold(self) -> bool:
        return self._at_least is not None or self._at_most is not None

    def _gates(self, measure: Comparable | None) -> Sequence[sfn.IChainable]:
        """The gate, if there is something to measure."""
        self.gate = None if measure is None else QualityGate(self, "Good enough", self._good_enough(measure))
        return [] if self.gate is None else [self.gate]

    def _good_enough(self, measure: Comparable) -> Condition:
        sides: list[Condition] = [measure >= self._at_least] if self._at_least is not None else []
        sides += [measure <= self._at_most] if self._at_most is not None else []
        return sides[0] if len(sides) == 1 else sides[0] & sides[1]

    def _serving(self, model_data: S3Data) -> Sequence[sfn.IChainable]:
        """Make a model of *model_data* and serve it."""
        self.model = CreateModel(self, "Model", **{"model_data": model_data, **self._model_arguments})
        self.deploy = EndpointDeployment(self, "Deploy", **{"model": self.model, **self._deploy_arguments})
        return self.model, self.deploy
