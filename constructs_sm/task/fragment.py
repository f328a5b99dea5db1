"""Fragments: states that belong together, from what they have in common to those that lead to a Choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.paths import name_of
from constructs_sm.rollback import WholeOrNotMade, methods_in_words, undone_by
from constructs_sm.task.chaining import GoesOnOnce, goes_on_already, not_chainable
from constructs_sm.task.custom_states import JsonataTask, is_chainable
from constructs_sm.task.jsii_overrides import make_in_cdk
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.task.step import Step

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.retry import RetryPolicy

    from constructs import Construct
    from typing_extensions import Self

_State = TypeVar("_State", bound=sfn.State)

_DONE = "{}: Succeed"
_SINGLE = "SingleState"


@methods_in_words
class Fragment(WholeOrNotMade, GoesOnOnce, sfn.StateMachineFragment):
    """States that belong together, whose names begin with the construct id.

    Args:
        scope: Any construct in a stack.
        construct_id: The beginning of the names of its states.
        state_name: In place of that, the beginning of those names.
    """

    _other_name: str | None = None

    def __init__(self, scope: Construct, construct_id: str, *, state_name: str | None = None) -> None:
        make_in_cdk(self, scope, construct_id)
        self._id = str(construct_id)
        self._other_name = state_name

    @property
    def _calls(self) -> Sequence[Any]:
        """States and jobs in it that call something, and can fail."""
        return ()

    def add_catch(
        self, handler: sfn.IChainable, *, errors: Sequence[str] | None = None, result_path: str | None = None
    ) -> Self:
        """Go on to *handler* when a call fails for good: retries exhausted, job failed, call refused.

        What the states themselves refuse, as the output of a job, is not caught: it ends the execution, or goes to the
        `FailureHandler`, if there is one. `to_single_state()` makes all of it one state that can catch that too.

        Args:
            handler: What to do then.
            errors: Error names. Default: `States.ALL`.
            result_path: Where error and cause go in the state's input. Default: in its place.

        Raises:
            InvalidInputError: It calls nothing.
        """
        for call in self._failing():
            call.add_catch(handler, errors=errors, result_path=result_path)
        return self

    def add_retry(self, policy: RetryPolicy | None = None, **retrier: Any) -> Self:
        """Retry every call in it as *policy* says, or as the CDK's `add_retry` takes it: asked before those it has.

        `States.ALL` goes to the end, where Step Functions wants it.

        Args:
            policy: The retrier.
            retrier: In place of a policy: `errors` (default: `States.ALL`), `interval`, `max_attempts`,
                `backoff_rate`, `max_delay` and `jitter_strategy`.

        Raises:
            InvalidInputError: Step Functions takes no such retrier, or it calls nothing.
        """
        for call in self._failing():
            call.add_retry(policy, **retrier)
        return self

    def _failing(self) -> Sequence[Any]:
        if not self._calls:
            use = "let to_single_state() retry and catch what its states refuse"
            raise InvalidInputError(
                where_of(type(self).__name__, self),
                [Problem("no call can fail", NOTHING, use, "failure-nothing-to-catch")],
            )
        return self._calls

    def to_single_state(
        self, *, state_id: str | None = None, prefix_states: str | None = None, **parallel: Any
    ) -> sfn.Parallel:
        """Make a Parallel of which this is the one branch.

        Args:
            state_id: Name of the Parallel. Default: the construct id, with its own states prefixed by it.
            prefix_states: What the names of its states begin with. Default: the name of the Parallel and a colon.
            parallel: What `sfn.Parallel` takes.

        Raises:
            InvalidInputError: It is one already.
        """
        name = state_id or self._state_name
        for argument, given in (("state_id", state_id), ("prefix_states", prefix_states)):
            if given is not None and not isinstance(given, str):
                problem = Problem(f"{argument} must be a string", given, "name it", "argument-type")
                raise InvalidInputError(where_of(type(self).__name__, self), [problem])
        # Before the states get their prefix, which they cannot be rid of again.
        sfn.ParallelProps(state_name=name, **parallel)
        if self.node.try_find_child(_SINGLE) is not None:
            problem = Problem(
                "it is a single state already", name, "use that one, or make another", "state-goes-on-already"
            )
            raise InvalidInputError(where_of(type(self).__name__, self), [problem])
        self.prefix_states(prefix_states or f"{name}: ")
        # An id of its own, since a state of it has that of its own.
        return sfn.Parallel(self, _SINGLE, state_name=name, **parallel).branch(self)

    @property
    def _state_name(self) -> str:
        """The construct id as the CDK names a state by it."""
        return self._other_name or name_of(self._id)

    def _named(self, state: str) -> str:
        return f"{self._other_name or self._id}: {state}"


@jsii.implements(sfn.INextable)
class CheckedFragment(Fragment):
    """States that lead to a Choice. What is chained after them is where the Choice leads when all is well."""

    def __init__(self, scope: Construct, construct_id: str, *, state_name: str | None = None) -> None:
        super().__init__(scope, construct_id, state_name=state_name)
        self._goes_on = False

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self]

    @property
    def goes_on(self) -> bool:
        """Tell whether something was chained to it."""
        return self._goes_on

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        """Go on to *next* when all is well.

        Raises:
            InvalidInputError: It goes on to something else already, or *next* is nothing to go on to.
        """
        if not is_chainable(next):
            raise InvalidInputError(where_of(type(self).__name__, self), [not_chainable(next)])
        if self._goes_on:
            raise InvalidInputError(where_of(type(self).__name__, self), [goes_on_already(self._following, next)])
        self._goes_on = True
        self._following = next
        self._accept(next.start_state)
        return cast("sfn.Chain", JobChain(self, next))

    def _accept(self, state: sfn.State) -> None:
        """Say where it goes on; called once."""
        raise NotImplementedError

    def _otherwise_starts(self) -> list[sfn.State]:
        """States it will lead to, if all is not well, that are not its own."""
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
        succeed = sfn.Succeed(self, _DONE.format(self._state_name))
        undone_by(lambda: self.node.try_remove_child(succeed.node.id))
        self._accept(self._prefixed(succeed, named_like_it))

    def _prefixed(self, state: _State, named_like_it: sfn.State) -> _State:
        """*state*, with the prefixes that were handed out before it was there."""
        # Our own tasks know their names without a message over the bridge.
        name = getattr(named_like_it, "prefixed_name", None) or named_like_it.state_id
        prefix = name.removesuffix(self._state_name)
        if prefix:
            state.add_prefix(prefix)
        return state


@jsii.implements(iam.IGrantable)
class NamedFragment(RunsInMachine, Fragment):
    """States that call APIs by the AWS SDK integration, in JSONata, and are called `<construct id>: <state>`."""

    _tasks: list[Any]

    @property
    def _calls(self) -> Sequence[Any]:
        return self._tasks

    def _resource(self, api: str) -> str:
        """The Resource of a Task that calls an API: `aws-sdk:sagemaker:describeEndpoint`."""
        return JobScope.of(self).arns.integration(api)

    def _task(self, name: str, call: Mapping[str, Any], output: str, **fields: Any) -> JsonataTask:
        return JsonataTask(self, self._named(name), **call, **fields, Output=output)

    def _choice(self, name: str) -> sfn.Choice:
        return sfn.Choice(self, self._named(name), query_language=sfn.QueryLanguage.JSONATA)

    def _fail(self, name: str, error: str, cause: str) -> sfn.Fail:
        language = sfn.QueryLanguage.JSONATA
        return sfn.Fail(self, self._named(name), query_language=language, error=error, cause=cause)


@jsii.implements(sfn.INextable)
class Check(sfn.Choice):
    """The Choice of a fragment. To go on from it is to go on from the fragment."""

    def __init__(
        self, scope: Construct, construct_id: str, language: sfn.QueryLanguage | None, fragment: CheckedFragment
    ) -> None:
        super().__init__(scope, construct_id, query_language=language)
        self._fragment = fragment

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        return self._fragment.next(next)

    @property
    def will_lead_to(self) -> list[sfn.State]:
        """States it leads to besides, once the state machine is made: until then nobody sees it."""
        return self._fragment._otherwise_starts()  # noqa: SLF001  (one thing in two classes)


class ClosingCheck(Check):
    """The same of a fragment that ends itself here, before the state machine is drawn."""

    def __init__(
        self, scope: Construct, construct_id: str, language: sfn.QueryLanguage | None, fragment: CheckedFragment
    ) -> None:
        super().__init__(scope, construct_id, language, fragment)
        self._step = Step(fragment, name_of(construct_id), lambda: self.state_id).is_known()

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        self._step.is_bound = True
        self._fragment._close()  # noqa: SLF001  (one thing in two classes)
        super()._when_bound_to_graph(graph)


@jsii.implements(sfn.IChainable)
class JobChain:
    """Result of `job.next(...)`: an `sfn.Chain` in all it can do, kept in Python.

    A chain of the CDK asks both of its ends for their states, over the jsii bridge, each time it grows.
    """

    def __init__(self, first: sfn.IChainable, last: sfn.IChainable) -> None:
        self._first = first
        self._last = last
        self._following: sfn.IChainable | None = None

    @property
    def id(self) -> str:
        """As the CDK has it: that of what was added last."""
        return self._last.id

    @property
    def start_state(self) -> sfn.State:
        """First state of the chain."""
        return self._first.start_state

    @property
    def end_states(self) -> list[sfn.INextable]:
        """Ends of the chain, from which it goes on."""
        return self._last.end_states

    def next(self, next: sfn.IChainable) -> sfn.Chain:  # noqa: A002  (the CDK's name)
        """Go on to *next* at the end of the chain.

        Raises:
            InvalidInputError: The chain cannot go on: it ends in a Succeed or Fail, say.
        """
        if not is_chainable(next):
            raise InvalidInputError(f"chain that ends in '{self.id}'", [not_chainable(next)])
        if self._following is not None:
            raise InvalidInputError(f"chain that ends in '{self.id}'", [goes_on_already(self._following, next)])
        ends = self.end_states
        if not ends:
            use = "chain before what ends the state machine"
            raise InvalidInputError(
                f"chain that ends in '{self.id}'", [Problem("nothing goes on", next.id, use, "state-goes-on-already")]
            )
        # What is ours says where it goes on already; its ends, which may be the CDK's, do not.
        for end in [self._last] if isinstance(self._last, GoesOnOnce) else ends:
            end.next(next)
        self._following = next
        return cast("sfn.Chain", JobChain(self._first, next))

    def to_single_state(self, id: str, **parallel: Any) -> sfn.Parallel:  # noqa: A002  (the CDK's name)
        """The chain as the one branch of a Parallel, as `sfn.Chain` does it."""
        return sfn.Parallel(self.start_state, id, **parallel).branch(self)
