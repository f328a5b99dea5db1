"""Errors of a rehearsal, for which the state machine is not to blame."""

from __future__ import annotations


class RehearsalError(Exception):
    """The rehearsal cannot go on, and the state machine is not to blame."""


class ScriptError(RehearsalError, ValueError):
    """The script says of a state what cannot happen to it."""


class UnansweredError(RehearsalError, LookupError):
    """A state calls a service that nobody plays, and the script has no answer for it."""


class AbsentFileError(UnansweredError):
    """A Map reads what is not in the folder that stands for S3.

    Attributes:
        said: The words about what is not there, and what to do.
    """

    def __init__(self, state: str, said: str) -> None:
        super().__init__(f"{said}, or answer({state!r}, [...]) with the items")
        self.said = said
