"""The rules that tell of what AWS has closed, or is ending, and of what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs_sm.rules.request_rule import API, GUIDE, request_rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.rules.rule import Rule

_ENDS: Final = "new accounts cannot use it, and others should plan to leave"

DEBUGGER: Final = request_rule(
    "debugger-is-closed",
    "SageMaker Debugger is closed to new customers since 2026-07-30",
    "follow trainings with MLflow or TensorBoard: mlflow=, tensor_board=",
    why=_ENDS,
    source=GUIDE.format("train-debugger"),
    severity="info",
)
PROFILER: Final = request_rule(
    "profiler-ends",
    "SageMaker Profiler ends on 2027-06-30",
    "use the framework's own profiler, and TensorBoard: tensor_board=",
    why=_ENDS,
    source=GUIDE.format("train-use-sagemaker-profiler"),
    severity="info",
)
CLARIFY: Final = request_rule(
    "clarify-is-closed",
    "SageMaker Clarify is closed to new customers",
    "run the open-source package smclarify, or SHAP, in a processing job",
    why=_ENDS,
    source=GUIDE.format("clarify-configure-processing-jobs"),
    severity="info",
)
MODEL_MONITOR: Final = request_rule(
    "model-monitor-is-closed",
    "SageMaker Model Monitor is closed to new customers",
    "compare what is captured in a processing job of your own",
    why=_ENDS,
    source=GUIDE.format("model-monitor"),
    severity="info",
)
GROUND_TRUTH: Final = request_rule(
    "ground-truth-is-closed",
    "SageMaker Ground Truth is closed to new customers",
    "label with a tool of your own, and hand its output to the next job",
    why=_ENDS,
    source=GUIDE.format("sms"),
    severity="info",
)
ELASTIC_INFERENCE: Final = request_rule(
    "elastic-inference-ended",
    "Elastic Inference is no longer available",
    "leave accelerator_type= out, and take an instance type with an accelerator",
    why="the endpoint is not created",
    source=API.format("ProductionVariant"),
    severity="warning",
)
CLOSED_APIS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(
        (
            *("CreateMonitoringSchedule", "UpdateMonitoringSchedule", "StartMonitoringSchedule"),
            *("CreateDataQualityJobDefinition", "CreateModelQualityJobDefinition"),
        ),
        MODEL_MONITOR,
    ),
    **dict.fromkeys(("CreateModelBiasJobDefinition", "CreateModelExplainabilityJobDefinition"), CLARIFY),
    "CreateLabelingJob": GROUND_TRUTH,
}
"""The operations that are of such a service alone, with the rule that tells of it."""
ALL: Final = frozenset({DEBUGGER, PROFILER, CLARIFY, MODEL_MONITOR, GROUND_TRUTH, ELASTIC_INFERENCE})
