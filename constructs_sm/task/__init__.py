"""One task or job of a state machine, and what the jobs of a stack share."""

__all__ = [
    "acknowledgments",
    "custom_states",
    "fragment",
    "job",
    "overruling",
    "places",
    "polled_job",
    "polling",
    "query_language",
    "scope",
    "task",
    "task_plan",
    "task_state",
]
