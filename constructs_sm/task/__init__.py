"""One task or job of a state machine, and what the jobs of a stack share.

`job` is the task with its check; `output_check`, what is checked and what its Fail says; `output_folders`, where a job
writes that is not told where; `output_order`, that an output is there before a state uses it; `polling`, how a job is
looked at, and the wait between.
"""

__all__ = [
    "acknowledging",
    "acknowledgments",
    "arguments",
    "chaining",
    "changes",
    "custom_states",
    "describing",
    "fragment",
    "guardrails",
    "job",
    "job_task",
    "kept_results",
    "machines",
    "network",
    "output_folders",
    "overruling",
    "path_tokens",
    "polled_job",
    "polling",
    "query_language",
    "reuse_checks",
    "running_role",
    "scope",
    "task",
    "task_plan",
    "task_state",
    "unknown_fields",
]
