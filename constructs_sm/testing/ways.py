"""The ways that an execution can go from its calls on: one in which all goes well, and those that leave it.

Each goes on from a copy of the execution as it stood before the call. One that comes back to where the first has been,
and differs from it in nothing but chance and the clock, ends as the first did, so that it need not be played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.history import MAX_EVENTS
from constructs_sm.interpreter.likeness import likeness
from constructs_sm.language.machines import LARGEST_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from constructs_sm.interpreter.calls import Call
    from constructs_sm.interpreter.likeness import Likeness
    from constructs_sm.interpreter.machines import Machine
    from constructs_sm.testing.playing import Playing
    from constructs_sm.testing.run import Run
    from constructs_sm.testing.world.account import Befalling


class Ways:
    """An execution in which all goes well, played to its end, and what leaves it.

    Args:
        playing: The execution, which has not gone on yet.
        states: The states before whose first calls it can be left.
    """

    def __init__(self, playing: Playing, states: Collection[str]) -> None:
        self._left: dict[str, Playing] = {}
        self._branches = dict(_branches(playing.execution.machine))

        def is_first(call: Call) -> bool:
            return call.state in states and call.state not in self._left

        while (call := playing.go_on(is_first)) is not None:
            self._left[call.state] = playing.copy()
        self.well = playing.ended()
        self._first = playing.copy()  # as it is now, whoever runs in its account later
        self._takes_twice = any(one.is_of_a_taken_name for one in self.well.history.failures)
        """True if it is refused a name that is taken: then it matters which names are."""

    def __contains__(self, state: str) -> bool:
        return state in self._left

    def befallen(self, state: str, step: Befalling) -> Run:
        """The run in which *step* happens to a state before all that the script says of it."""
        playing = self._left[state].copy()
        assert playing.execution.paused is not None  # noqa: S101 - it was left before a call
        playing.account.befall(playing.execution.paused, step)
        # By the chance of the first, a second attempt would get the name that the next job has there.
        chance = playing.execution.numbers
        chance.seed(chance.getrandbits(64))
        seen = {state}

        def is_met(call: Call) -> bool:
            return call.state in self._left and call.state not in seen and not self._is_beside(state, call.state)

        while (call := playing.go_on(is_met)) is not None:
            seen.add(call.state)
            met = self._left[call.state]
            if (found := self._goes_on_as(playing, met, state)) is not None:
                return playing.ended_as(self.well, met, found.shift, self._output(found, playing, met))
        return playing.ended()

    def _is_beside(self, one: str, other: str) -> bool:
        """Return True for states in two branches of a Parallel: as long as one runs, what befell it stands there."""
        pairs = zip(self._branches[one], self._branches[other], strict=False)
        return next((mine[0] == others[0] for mine, others in pairs if mine != others), False)

    def _goes_on_as(self, playing: Playing, met: Playing, befallen: str) -> Likeness | None:
        """Compare *playing* with the first as it stood where both have met; None if they may not go on alike."""
        one, other, first = playing.execution, met.execution, self._first.execution
        events = first.history.events + one.history.events - other.history.events
        if self._takes_twice or events >= MAX_EVENTS - 1 or (found := likeness(one, other)) is None:
            return None
        if first.now + found.shift >= found.ends_before or not self._is_for_nothing(found, playing, met):
            return None
        over_with = "" if befallen in self._first.called_since(met) else befallen
        alike = playing.account.goes_on_as(met.account, self._first.account, found.shift, over_with=over_with)
        return found if alike else None

    def _is_for_nothing(self, found: Likeness, playing: Playing, met: Playing) -> bool:
        """Return True if nothing comes of what is unlike in the inputs: nobody reads it, and it is not too large."""
        if not found.unlike:
            return True
        one, other, first = playing.execution, met.execution, self._first.execution
        more = one.sizes.of(one.root.input) - other.sizes.of(other.root.input)
        return not first.reads.since(other.reads, found.unlike) and (
            first.history.largest[0] + max(more, 0) <= LARGEST_PAYLOAD
        )

    def _output(self, found: Likeness, playing: Playing, met: Playing) -> Any:
        """Return what the first yields, with what is unlike in the input of *playing*, if that comes to the end."""
        output, lost = self.well.output, self._first.execution.reads.lost_since(met.execution.reads)
        if not found.unlike or lost or not isinstance(output, dict):
            return output
        kept = {name: value for name, value in output.items() if name not in found.unlike}
        given = playing.execution.root.input
        return {**kept, **{name: given[name] for name in given if name in found.unlike}}


def _branches(
    machine: Machine, around: tuple[tuple[str, int], ...] = ()
) -> Iterator[tuple[str, tuple[tuple[str, int], ...]]]:
    """Each state with the branches that it is in, the outermost first: a Parallel or Map, and a number."""
    for name, state in machine.states.items():
        yield name, around
        inner = [*state.branches, *([state.map.processor] if state.map else [])]
        for number, branch in enumerate(inner):
            yield from _branches(branch, (*around, (name, number)))
