"""Metrics of a job in CloudWatch: those of its calls, which Step Functions counts, and those of its instances.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.rollback import methods_in_words

if TYPE_CHECKING:
    from constructs_sm.task.task_state import TaskState

    from aws_cdk import aws_cloudwatch as cloudwatch

_STATES = "AWS/States"
_OF_INSTANCES = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}
"""Namespaces in which SageMaker counts what instances do, by the noun of the API."""
_PERIOD_SECONDS = 60


@methods_in_words
class JobMetrics:
    """The metrics of a job, as the CDK's tasks have them.

    Step Functions counts by the API that is called, with the account and Region: all tasks that call the same API in
    the same way are in one count. `metric_instances` is of one job's instances alone.
    """

    _state: TaskState

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:
        """A metric that Step Functions has of the call: `ServiceIntegrationsFailed`.

        Args:
            metric_name: Its name in the namespace `AWS/States`.
            options: `statistic`, `period`, `label`, ... as `cloudwatch.Metric` takes them.
        """
        # Most apps do without.
        from aws_cdk import aws_cloudwatch as cloudwatch  # noqa: PLC0415

        arns, resource = self._state.scope.arns, self._state.json["Resource"]
        # In a metric the Resource of the state is qualified by account and Region.
        called = arns.of("states", resource.partition(":states:::")[2])
        usual: dict[str, Any] = {
            "dimensions_map": {"ServiceIntegrationResourceArn": called},
            "statistic": "Sum" if str(metric_name).startswith("ServiceIntegrations") else "Average",
        }
        return cloudwatch.Metric(namespace=_STATES, metric_name=metric_name, **{**usual, **options})

    def metric_started(self, **options: Any) -> cloudwatch.Metric:
        """Calls that were started."""
        return self.metric("ServiceIntegrationsStarted", **options)

    def metric_scheduled(self, **options: Any) -> cloudwatch.Metric:
        """Calls that were scheduled."""
        return self.metric("ServiceIntegrationsScheduled", **options)

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """Calls that succeeded."""
        return self.metric("ServiceIntegrationsSucceeded", **options)

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """Calls that failed, each attempt counted."""
        return self.metric("ServiceIntegrationsFailed", **options)

    def metric_timed_out(self, **options: Any) -> cloudwatch.Metric:
        """Calls that timed out."""
        return self.metric("ServiceIntegrationsTimedOut", **options)

    def metric_run_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from the start of a call to its end."""
        return self.metric("ServiceIntegrationRunTime", **options)

    def metric_schedule_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds that a call was scheduled and not started."""
        return self.metric("ServiceIntegrationScheduleTime", **options)

    def metric_time(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from the scheduling of a call to its end."""
        return self.metric("ServiceIntegrationTime", **options)

    def metric_instances(
        self, metric_name: str, *, statistic: str = "Average", **options: Any
    ) -> cloudwatch.MathExpression:
        """Return what SageMaker counts on the instances of the job, whatever an execution has called it.

        A search, since each execution names its job anew: for dashboards; CloudWatch takes no search in an alarm.

        Args:
            metric_name: `CPUUtilization`, `MemoryUtilization`, `GPUUtilization`, `GPUMemoryUtilization` or
                `DiskUtilization`.
            statistic: Of each minute.
            options: `label`, `period`, ... as `cloudwatch.MathExpression` takes them.

        Raises:
            InvalidInputError: SageMaker counts nothing of the kind, or the name of the job comes from the input.
        """
        from aws_cdk import aws_cloudwatch as cloudwatch  # noqa: PLC0415

        where, action = f"metric of '{self._state.identity.path}'", self._state.action
        namespace = _OF_INSTANCES.get(action.noun)
        if namespace is None:
            use = f"ask a {', '.join(_OF_INSTANCES)}"
            raise InvalidInputError(
                where, [Problem("SageMaker counts no instances of this kind", action.noun, use, "metric-of-instances")]
            )
        begins = self._state.literal_name
        if not begins:
            use = "let the job have a name that begins with a text"
            raise InvalidInputError(
                where, [Problem("the job's name is known at run time only", begins, use, "metric-of-instances")]
            )
        search = f'{{{namespace},Host}} MetricName="{metric_name}" Host={begins}'
        expression = f"SEARCH('{search}', '{statistic}', {_PERIOD_SECONDS})"
        return cloudwatch.MathExpression(expression=expression, using_metrics={}, **options)
