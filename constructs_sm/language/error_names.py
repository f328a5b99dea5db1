"""Names of errors that Step Functions gives, as `ErrorEquals` of a retrier or catcher has them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

ALL = "States.ALL"
"""Every error but `States.DataLimitExceeded` and `States.Runtime`."""
TASK_FAILED = "States.TaskFailed"
"""Every error of a task but `States.Timeout`."""
WILDCARDS = frozenset({ALL, TASK_FAILED})
"""Names that stand for others."""
