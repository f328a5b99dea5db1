"""What ends in a Choice: a fragment that goes on from there, or closes itself, and the chain of such fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.paths import name_of

import jsii
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from constructs import Construct

_State = TypeVar("_State", bound=sfn.State)

_DONE = "{}: Succeed"


class Fragment(sfn.StateMachineFragment):
    """States whose names begin with the construct id.

    Args:
        scope: Any construct in a stack.
        construct_id: The beginning of the names of its states.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._construct_id = name_of(construct_id)

    def to_single_state(
        self, *, state_id: str | None = None, prefix_states: str | None = None, **parallel: Any
    ) -> sfn.Parallel:
        """It as the one branch of a Parallel.

        Args:
            state_id: Name of the Parallel. Default: the construct id, with its own states prefixed by it.
            prefix_states: What the names of its states begin with. Default: the name of the Parallel and a colon.
            parallel: What `sfn.Parallel` takes.
        """
        name = state_id or self._construct_id
        self.prefix_states(prefix_states or f"{name}: ")
        # An id of its own, since a state of it has that of its own.
        return sfn.Parallel(self, "SingleState", state_name=name, **parallel).branch(self)


@jsii.implements(sfn.INextable)
class CheckedFragment(Fragment):
    """States that lead to a Choice. What is chained after them is where the Choice leads when all is well."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._goes_on = False

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self]

    @property
    def goes_on(self) -> bool:
        """Whether something was chained to it."""
        return self._goes_on

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        """Go on to *next* when all is well.

        Raises:
            InvalidInputError: It goes on to something else already.
        """
        if self._goes_on:
            raise InvalidInputError(
                f"{type(self).__name__} '{self.node.path}'",
                [Problem("it goes on already", next.id, "call next once, and before a state machine or Map takes it")],
            )
        self._goes_on = True
        self._accept(next.start_state)
        return cast("sfn.Chain", JobChain(self, next))

    def _accept(self, state: sfn.State) -> None:
        """Say where it goes on; called once."""
        raise NotImplementedError

    def _otherwise_starts(self) -> list[sfn.State]:
        """Where it will lead that is not its own, if all is not well."""
        return []

    def _close(self) -> None:
        """Say where it leads if all is not well, and end in a Succeed if nothing was chained.

        Not before the state machine is made: as long as the Choice leads nowhere, the CDK's `afterwards()` takes it
        for an end that can go on.
        """
        raise NotImplementedError

    def _succeed(self, named_like_it: sfn.State) -> None:
        """End in a Succeed, if nothing was chained: a Choice cannot be the end."""
        if self._goes_on:
            return
        self._goes_on = True
        succeed = sfn.Succeed(self, _DONE.format(self._construct_id))
        self._accept(self._prefixed(succeed, named_like_it))

    def _prefixed(self, state: _State, named_like_it: sfn.State) -> _State:
        """*state*, with the prefixes that were handed out before it was there."""
        # Our own tasks know their names without a message over the bridge.
        name = getattr(named_like_it, "prefixed_name", None) or named_like_it.state_id
        prefix = name.removesuffix(self._construct_id)
        if prefix:
            state.add_prefix(prefix)
        return state


@jsii.implements(sfn.INextable)
class Check(sfn.Choice):
    """The Choice of a fragment. To go on from it is to go on from the fragment."""

    def __init__(
        self, scope: Construct, construct_id: str, language: sfn.QueryLanguage, fragment: CheckedFragment
    ) -> None:
        super().__init__(scope, construct_id, query_language=language)
        self._fragment = fragment

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        return self._fragment.next(next)

    @property
    def will_lead_to(self) -> list[sfn.State]:
        """Where it leads besides, once the state machine is made: until then nobody sees it."""
        return self._fragment._otherwise_starts()  # noqa: SLF001  (one thing in two classes)


class ClosingCheck(Check):
    """The same of a fragment that ends itself here, before the state machine is drawn."""

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        self._fragment._close()  # noqa: SLF001  (one thing in two classes)
        super()._when_bound_to_graph(graph)


@jsii.implements(sfn.IChainable)
class JobChain:
    """What `job.next(...)` gives: an `sfn.Chain` in all it can do, kept in Python.

    A chain of the CDK asks both of its ends for their states, over the jsii bridge, each time it grows.
    """

    def __init__(self, first: sfn.IChainable, last: sfn.IChainable) -> None:
        self._first = first
        self._last = last

    @property
    def id(self) -> str:
        """As the CDK has it: that of what was added last."""
        return self._last.id

    @property
    def start_state(self) -> sfn.State:
        """Where the chain begins."""
        return self._first.start_state

    @property
    def end_states(self) -> list[sfn.INextable]:
        """What goes on where the chain does."""
        return self._last.end_states

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        """Go on to *next* at the end of the chain.

        Raises:
            InvalidInputError: The chain cannot go on: it ends in a Succeed or Fail, say.
        """
        ends = self.end_states
        if not ends:
            use = "chain before what ends the state machine"
            raise InvalidInputError(f"chain that ends in '{self.id}'", [Problem("nothing goes on", next.id, use)])
        for end in ends:
            end.next(next)
        return cast("sfn.Chain", JobChain(self._first, next))

    def to_single_state(self, id: str, **parallel: Any) -> sfn.Parallel:  # noqa: A002  (the CDK's name)
        """The chain as the one branch of a Parallel, as `sfn.Chain` does it."""
        return sfn.Parallel(self.start_state, id, **parallel).branch(self)
