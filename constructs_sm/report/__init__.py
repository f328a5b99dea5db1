"""A page about state machines: the picture, each state, findings, rehearsals, permissions and quotas of each."""

__all__ = ["machine", "page", "rehearsals"]
