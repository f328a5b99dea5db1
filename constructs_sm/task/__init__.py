"""One task or job of a state machine, and what the jobs of a stack share."""

__all__ = [
    "acknowledgments",
    "arguments",
    "changes",
    "custom_states",
    "describing",
    "fragment",
    "job",
    "network",
    "overruling",
    "path_tokens",
    "places",
    "polled_job",
    "polling",
    "query_language",
    "scope",
    "task",
    "task_plan",
    "task_state",
]
