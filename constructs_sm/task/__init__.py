"""One task or job of a state machine, and what the jobs of a stack share."""
