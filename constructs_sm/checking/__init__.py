"""Faults in anybody's state machine: what is refused, what goes wrong when it runs, and what its role lacks."""

__all__ = ["findings", "ignoring", "machine", "needed", "roles", "scene"]
