"""Chained once: what goes on somewhere already names both states, where the CDK would name one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem, where_of
from constructs_sm.task.custom_states import is_chainable

if TYPE_CHECKING:
    from aws_cdk import aws_stepfunctions as sfn

_OF_THE_CDK = "already has a next state"
_ONCE = "call next once, and before a state machine or Map takes it"


def goes_on_already(following: Any, next_one: Any) -> Problem:
    """Refuse what is chained to something that goes on to *following* already; None where nobody knows to what."""
    # Names are asked for here only: a message over the bridge each.
    what = f"it goes on to '{following.id}' already" if following is not None else "it goes on already"
    return Problem(what, next_one.id, _ONCE, "state-goes-on-already")


def not_chainable(next_one: object) -> Problem:
    """Refuse what is given to `next` and is nothing to go on to."""
    return Problem("next must be a state", next_one, "pass a job, a state or a chain", "argument-type")


class GoesOnOnce:
    """Something of ours that the CDK chains. To be named before the CDK's class."""

    _following: sfn.IChainable | None = None

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        """Go on to *next*.

        Raises:
            InvalidInputError: It goes on to something else already, or *next* is nothing to go on to.
        """
        if not is_chainable(next):
            raise InvalidInputError(where_of(type(self).__name__, self), [not_chainable(next)])
        if self._following is not None:
            problem = goes_on_already(self._following, next)
            raise InvalidInputError(where_of(type(self).__name__, self), [problem])
        try:
            chain: sfn.Chain = super().next(next)  # type: ignore[misc]
        except RuntimeError as error:
            if _OF_THE_CDK in str(error):
                problem = goes_on_already(None, next)
                raise InvalidInputError(where_of(type(self).__name__, self), [problem]) from error
            raise
        self._following = next
        return chain
