"""A drill: every failure that there is to know, once for each task, to see what the state machine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.history import short
from constructs_sm.language.machines import machines_in, states_of
from constructs_sm.testing.exercises import EXERCISES, Drilled
from constructs_sm.testing.run import Finding
from constructs_sm.testing.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from constructs_sm.testing.exercises import Exercise
    from constructs_sm.testing.playing import Playing
    from constructs_sm.testing.run import Run


ALL_WELL = "all goes well"
ONCE_MORE = "all goes well once more"


@dataclass(frozen=True, slots=True)
class DrillRun:
    """One run of a drill.

    Attributes:
        name: The exercise: `throttled`; or `all goes well`.
        state: The state that it is for; empty where all goes well.
        run: The execution.
        findings: Everything that the state machine does wrong in it.
    """

    name: str
    state: str
    run: Run
    findings: tuple[Finding, ...]


def drill_runs(
    definition: Mapping[str, Any],
    first: Playing,
    second: Callable[[], Run],
    *,
    answered: str,
    stop_before: str | None = None,
) -> Iterator[DrillRun]:
    """Return each run of a drill as it comes: all goes well, twice; then each exercise, applied to each task.

    Each exercise goes on from a copy of the execution as it stood before the first call of its state.

    Args:
        definition: The state machine.
        first: An execution that has not gone on yet, in which all goes well.
        second: Runs the state machine once more with the same input, in the account that the first has left.
        answered: All that other services answer.
        stop_before: The state that each run stops before, if it comes to it.
    """
    drilled = {task.name: task for task in _tasks(definition)}
    ways = Ways(first, drilled)
    well = ways.well
    broken = {state: failure.reason for state, failure in well.history.unsettled.items() if not well.expects(failure)}
    found = [Finding(state, f"fails when all goes well: {short(why)}") for state, why in broken.items()]
    found += well.findings
    if not well.went_well:
        use = "script what it needs to succeed"
        found.append(
            _of_its_end(well, f"the execution ends with {well.error or 'a failure'} before anything is drilled: {use}")
        )
    elif stop_before is not None and not well.stopped:
        found.append(Finding("", f"it does not come to '{stop_before}', which it was to stop before"))
    yield DrillRun(ALL_WELL, "", well, tuple(found))
    if not well.went_well:
        return
    again = second()
    is_taken = again.error != well.error and not _is_named_by(answered, again)
    told = f"a second execution with this input ends with {again.error}: names are taken once"
    yield DrillRun(ONCE_MORE, "", again, (_of_its_end(again, told),) if is_taken else ())
    known = set(well.findings)
    for name, task in drilled.items():
        if name not in ways or name in broken:
            continue
        for exercise in EXERCISES:
            if exercise.is_for(task):
                came = ways.befallen(name, exercise.step(task))
                yield DrillRun(exercise.name, name, came, tuple(_findings(exercise, task, came, well, known)))


def _findings(exercise: Exercise, task: Drilled, came: Run, well: Run, known: Collection[Finding]) -> Iterator[Finding]:
    """The mistakes of a state machine to which an exercise has happened, but for those that it makes without."""
    if problem := exercise.judge(task, came, well):
        yield Finding(task.name, f"{exercise.name}: {problem}")
    for each in came.findings:
        if each not in known and not _is_as_in(well, each.state, came):
            yield Finding(each.state, f"{exercise.name}: {each.problem}")


def _of_its_end(run: Run, problem: str) -> Finding:
    return Finding(run.failure.state if run.failure else "", problem)


def _tasks(definition: Mapping[str, Any]) -> Iterator[Drilled]:
    found = {name: state for name, state in states_of(definition) if state.get("Type") == "Task"}
    apis = {str(state["Resource"]).rpartition(":")[2] for state in found.values()}
    in_maps = {
        name
        for _, state in states_of(definition)
        if state.get("Type") == "Map"
        for inner in machines_in(state)
        for name, _ in states_of(inner)
    }
    for name, state in found.items():
        yield Drilled.of(name, state, apis, frozenset(found), in_a_map=name in in_maps)


def _is_as_in(well: Run, state: str, run: Run) -> bool:
    """Return True if a state failed as it does when all goes well: it looked for an endpoint that is not there."""
    failure = well.history.unsettled.get(state)
    return failure is not None and failure == run.history.unsettled.get(state) and well.expects(failure)


def _is_named_by(answered: str, run: Run) -> bool:
    """Return True if the name that is taken comes from another service, which would say another the next time."""
    request = run.failed_request if run.failure and run.failure.is_of_a_taken_name else None
    names = request.values() if isinstance(request, dict) else ()
    return any(isinstance(name, str) and f'"{name}"' in answered for name in names)
