"""Every rule that a request, a definition or a pipeline is held to: id, reason, source and fix."""

__all__ = ["definition_rules", "definitions", "instances", "requests", "rule", "script_mode"]
