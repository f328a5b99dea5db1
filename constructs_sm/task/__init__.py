"""One task or job of a state machine, and what the jobs of a stack share.

`job` is the task with its check; `output_check`, what is checked and what its Fail says; `places`, where a job writes
that is not told where; `wiring`, that an output is there before a state uses it; `polling`, how a job is looked at.
"""

__all__ = [
    "acknowledgments",
    "arguments",
    "changes",
    "custom_states",
    "describing",
    "fragment",
    "guardrails",
    "job",
    "kept_results",
    "network",
    "overruling",
    "path_tokens",
    "places",
    "polled_job",
    "polling",
    "query_language",
    "reuse_checks",
    "scope",
    "task",
    "task_plan",
    "task_state",
]
