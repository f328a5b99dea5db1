"""Errors of a rehearsal, for which the state machine is not to blame."""

from __future__ import annotations


class RehearsalError(Exception):
    """The rehearsal cannot go on, and the state machine is not to blame."""


class ScriptError(RehearsalError, ValueError):
    """The script says of a state what cannot happen to it."""


class UnansweredError(RehearsalError, LookupError):
    """A state calls a service that nobody plays, and the script has no answer for it."""
