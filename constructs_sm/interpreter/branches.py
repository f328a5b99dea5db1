"""Lines of states that run, each with the lines inside the state that it is in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_sm.interpreter.calls import Call, Waiting
    from constructs_sm.interpreter.machines import Machine, State
    from constructs_sm.interpreter.state_errors import StateError

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
ABORTED = "ABORTED"


@dataclass(slots=True)
class Counter:
    """The events of a child workflow, which has a history of its own."""

    events: int = 0


@dataclass(slots=True, eq=False)
class Branch:
    """States that run one after the other: an execution, a branch of a Parallel, an iteration of a Map."""

    machine: Machine
    input: Any
    """The input of the state that it is in."""
    variables: dict[str, Any]
    execution: dict[str, Any]
    """The Execution of the context object."""
    counter: Any
    """Counts events: the history of the execution, or the `Counter` of a child workflow."""
    parent: Branch | None = None
    index: int = 0
    item: dict[str, Any] | None = None
    """The item of the Map around it."""
    is_child: bool = False
    """A child workflow of a distributed Map."""
    machine_arn: str = ""
    """The ARN of the state machine, of a child workflow; empty outside of one."""
    express: bool = False
    state: State | None = None
    to: str = ""
    """The state that it goes to."""
    entered_at: float = 0.0
    tried_at: float | None = None
    """The time at which the attempt began that it is in; None between two."""
    entered_event: int = 0
    attempt: int = 0
    """The number of times that the state was tried again."""
    tries: dict[int, int] = field(default_factory=dict)
    """The same for each of its retriers."""
    turn: int = 0
    """Grows when what was planned for it is off."""
    token: str = ""
    call: Call | None = None
    waiting: Waiting | None = None
    group: Group | None = None
    status: str = RUNNING
    output: Any = None
    error: StateError | None = None
    begun_at: float = 0.0


@dataclass(slots=True, eq=False)
class Group:
    """Branches that run inside a Parallel or a Map."""

    inputs: list[Any]
    """The input of each; of a Map that selects, the item."""
    machines: tuple[Machine, ...]
    """Of a Parallel one each, of a Map one for all."""
    results: list[Any]
    base: Any
    """The input of the state, as its expressions see it."""
    most_at_once: int
    children: dict[int, Branch] = field(default_factory=dict)
    """The branches that run, and those that did not succeed."""
    waiting: list[int] = field(default_factory=list)
    """Numbers of those that have not begun, the last first."""
    running: int = 0
    failed: int = 0
    """Items that failed: of a batch all of them."""
    done: int = 0
    is_map: bool = False
    distributed: bool = False
    selects: bool = True
    """True if inputs are still to be selected from."""
    batched: bool = False
    """True if each of the inputs is a batch of items."""
    items: list[Any] = field(default_factory=list)
    """The items as they were read, for the context object."""
    keys: list[str] | None = None
    count: float = 0.0
    percentage: float = 0.0
    """The share that may fail."""
    run_arn: str = ""
    queued: bool = False


def copies(root: Branch) -> tuple[Branch, dict[int, Branch]]:
    """The whole tree once more, to go on by itself; and by the identity of each branch its copy.

    Payloads are shared: nothing changes them.
    """
    known: dict[int, Branch] = {}

    def copied(branch: Branch, parent: Branch | None) -> Branch:
        counter = replace(branch.counter) if branch.is_child and isinstance(branch.counter, Counter) else None
        if counter is None and parent is not None:
            counter = parent.counter
        made = replace(
            branch,
            parent=parent,
            variables=branch.variables,
            tries=dict(branch.tries),
            counter=branch.counter if counter is None else counter,
        )
        known[id(branch)] = made
        if branch.group is not None:
            group = branch.group
            made.group = replace(
                group,
                results=group.results.copy(),
                waiting=group.waiting.copy(),
                children={number: copied(child, made) for number, child in group.children.items()},
            )
        return made

    return copied(root, None), known
