"""Definitions that somebody has already, as programs that build them with the CDK and the jobs of this library."""

__all__ = ["improvements", "program", "proof"]
