"""Faults in anybody's state machine: what is refused, what goes wrong when it runs, and what its role lacks.

`machine` asks them all: `handlers` for retries and catches, `jobs` for their names and ends, `loops` that never end,
`outputs` for fields that may be missing, `literal_values` for paths sent as text, `roles` for permissions.
"""

__all__ = ["acknowledged", "findings", "ignoring", "machine", "needed", "roles", "scene"]
