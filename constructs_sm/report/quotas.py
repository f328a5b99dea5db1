"""The quotas of AWS that a state machine uses, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import INLINE_CHARACTERS, MANAGED_CHARACTERS, policy_document
from constructs_sm.interpreter.history import MAX_EVENTS
from constructs_sm.language.machines import LARGEST_DEFINITION, LARGEST_PAYLOAD
from constructs_sm.report.wording import size_of
from constructs_sm.values.names import LONGEST_STATE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.checking.scene import Scene
    from constructs_sm.report.rehearsals import Played


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota.

    Attributes:
        what: The thing that is counted.
        used: How much there is of it.
        limit: How much AWS takes; None where it does not say.
        unit: What is counted.
        about: Where the figure comes from.
    """

    what: str
    used: int
    limit: int | None
    unit: str
    about: str = ""

    @property
    def percent(self) -> float | None:
        """The share of the limit that is used."""
        return None if self.limit is None else 100 * self.used / self.limit

    @property
    def shown(self) -> float:
        """The length of its bar, in percent."""
        return round(min(self.percent or 0, 100), 2)


def of_definition(scene: Scene) -> Iterator[Quota]:
    """The quotas that a definition uses."""
    about = "as JSON without white space, references filled in"
    yield Quota("Definition", size_of(scene.definition), LARGEST_DEFINITION, "bytes", about)
    tasks = sum(1 for located in scene.states if located.kind == "Task")
    yield Quota("States", len(scene.states), None, "states", f"{tasks:,} of them tasks, those within others included")
    longest = max((located.name for located in scene.states), key=len, default="")
    yield Quota("Longest name of a state", len(longest), LONGEST_STATE_NAME, "characters", longest)


def of_policy(statements: Sequence[Any] | None) -> Iterator[Quota]:
    """The quota that the policies of the role use, where they are known."""
    if statements is None:
        return
    used = size_of(policy_document(statements))
    about = f"all statements of the role; what has no room goes into managed policies of {MANAGED_CHARACTERS:,}"
    yield Quota("Inline policies of the role", used, INLINE_CHARACTERS, "characters", about)


def of_runs(played: Sequence[Played], *, express: bool) -> Iterator[Quota]:
    """The quotas that rehearsed executions used at most.

    Args:
        played: The executions, first the one in which all goes well.
        express: True of an Express workflow, whose history has no limit.
    """
    well = played[0]
    if not express:
        yield Quota("History of one execution", well.events, MAX_EVENTS, "events", well.title)
        worst = max(played, key=lambda each: each.events)
        if worst.events > well.events:
            yield Quota("History, at worst", worst.events, MAX_EVENTS, "events", worst.title)
    yield Quota("State transitions", well.transitions, None, "transitions", f"{well.title}; AWS charges for these")
    largest = max(played, key=lambda each: each.payload[0])
    size, whose = largest.payload
    yield Quota("Largest payload", size, LARGEST_PAYLOAD, "bytes", "; ".join(filter(None, (whose, largest.title))))
