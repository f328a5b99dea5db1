"""One task or job of a state machine, and what the jobs of a stack share."""

__all__ = [
    "acknowledgments",
    "arguments",
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
