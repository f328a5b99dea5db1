"""Structures of a tuning request alone: the resources of Hyperband, and criteria of completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Flag, Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperbandStrategyConfig(Structure):
    """Amount of a resource, such as epochs, that Hyperband gives each training.

    Attributes:
        min_resource: No training is stopped before.
        max_resource: Each is stopped then. SageMaker's default: `epochs` and the like of the hyperparameters.
    """

    min_resource: Numeric | None = None
    max_resource: Numeric | None = None

    def to_request(self) -> dict[str, Any]:
        return {"MinResource": self.min_resource, "MaxResource": self.max_resource}


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJobCompletionCriteria(Structure):
    """Criteria by which a tuning job ends before its limits.

    Attributes:
        target_objective_metric_value: The objective is this good.
        max_number_of_training_jobs_not_improving: So many trainings have not come to a better one; at least 3.
        complete_on_convergence: SageMaker expects no better one.
    """

    target_objective_metric_value: Numeric | None = None
    max_number_of_training_jobs_not_improving: Numeric | None = None
    complete_on_convergence: Flag | None = None

    def to_request(self) -> dict[str, Any]:
        complete = self.complete_on_convergence
        if isinstance(complete, bool):
            complete = "Enabled" if complete else "Disabled"
        return {
            "TargetObjectiveMetricValue": self.target_objective_metric_value,
            "BestObjectiveNotImproving": {
                "MaxNumberOfTrainingJobsNotImproving": self.max_number_of_training_jobs_not_improving
            },
            "ConvergenceDetected": {"CompleteOnConvergence": complete},
        }
