"""Levels of a state machine, as constructs of the CDK that are no definition yet: what leads where, and is in what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.environment import reference_of
from constructs_sm.steps.parallel_jobs import ParallelJobs
from constructs_sm.task.fragment import Check
from constructs_sm.task.job_task import JobTask

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def reachable(start: sfn.State) -> Iterator[sfn.State]:
    """All states of a level, those included that a Choice of ours will lead to when the state machine is made."""
    seen: set[str] = set()
    starts = [start]
    while starts:
        for state in sfn.State.find_reachable_states(starts.pop(), include_error_handlers=True):
            if reference_of(state) not in seen:
                seen.add(reference_of(state))
                starts += state.will_lead_to if isinstance(state, Check) else []
                yield state


def inner_starts(state: sfn.State) -> Iterator[sfn.State]:
    """First states of the levels inside of a Map or Parallel."""
    if isinstance(state, (sfn.Map, sfn.DistributedMap)):
        graph = state._processor or state._iteration  # noqa: SLF001  (protected: the CDK offers nothing else)
        graphs = [] if graph is None else [graph]
    elif isinstance(state, sfn.Parallel):
        graphs = state._branches  # noqa: SLF001
    else:
        return
    for graph in graphs:
        yield graph.start_state


def jobs_before(start: sfn.State) -> dict[JobTask, list[JobTask]]:
    """Each job that a state machine comes to, with those that come before it whichever way is taken.

    Of two that each lead to the other, as in a loop, neither comes before. Jobs in a Parallel that is no ParallelJobs
    are not seen.
    """
    behind: dict[JobTask, Sequence[JobTask]] = {}
    _follow(start, (), behind)
    return {
        job: [other for other, later in behind.items() if job in later and other not in behind[job]] for job in behind
    }


def _follow(start: sfn.State, outside: Sequence[JobTask], behind: dict[JobTask, Sequence[JobTask]]) -> list[JobTask]:
    """Take down what is behind each job of a level, and behind those in it; the jobs of both.

    Args:
        start: The first state of the level.
        outside: Jobs behind the state that holds the level.
        behind: Told of each job.
    """
    states = list(reachable(start))
    inside = {reference_of(state): _inner_jobs(state) for state in states}
    for state in states:
        mine = inside[reference_of(state)]
        if not mine:
            continue
        reached = [one for one in reachable(state) if reference_of(one) != reference_of(state)]
        later = [*(job for one in reached for job in inside.get(reference_of(one), ())), *outside]
        if isinstance(state, JobTask):
            behind[state] = later
        for inner in _starts_in(state):
            _follow(inner, later, behind)
    return [job for jobs in inside.values() for job in jobs]


def _inner_jobs(state: sfn.State) -> list[JobTask]:
    if isinstance(state, JobTask):
        return [state]
    return [job for inner in _starts_in(state) for one in reachable(inner) for job in _inner_jobs(one)]


def _starts_in(state: sfn.State) -> list[sfn.State]:
    return state.branch_starts if isinstance(state, ParallelJobs) else list(inner_starts(state))
