"""Blueprint: jobs that are chained already, as one piece of a state machine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem, choose_from, raise_all
from constructs_sm.task.fragment import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


class Blueprint(Fragment):
    """Jobs in a row. It goes where a job goes: into a chain, a Map, a Parallel, somebody else's state machine.

    Each job is an attribute, to catch its errors, grant to its role or refer to its output, and takes further arguments
    of its class in a mapping. The states are named like the attributes; `prefix_states` keeps two blueprints in one
    state machine apart.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._steps = tuple(self._make())
        for step, following in zip(self._steps, self._steps[1:], strict=False):
            for end in step.end_states:
                end.next(following)

    def _make(self) -> Sequence[sfn.IChainable]:
        """The jobs and what stands between them, in order."""
        raise NotImplementedError

    @property
    def _calls(self) -> Sequence[Any]:
        return [step for step in self._steps if isinstance(step, Fragment) and step._calls]  # noqa: SLF001  (a base's)

    @property
    def start_state(self) -> sfn.State:
        return self._steps[0].start_state

    @property
    def end_states(self) -> list[sfn.INextable]:
        return self._steps[-1].end_states


def further(
    arguments: Mapping[str, Any] | None, name: str, taken: Mapping[str, Any], known: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the arguments of a job: *taken* from the blueprint, and further *arguments* of the job's own.

    Args:
        arguments: The further ones.
        name: Where they stand, for messages.
        taken: Those of the blueprint, by their names in the job.
        known: All that the job takes, where it does not say itself what is unknown.

    Raises:
        InvalidInputError: One is given both ways or is unknown, or *arguments* are no mapping.
    """
    if arguments is not None and not (
        isinstance(arguments, Mapping) and all(isinstance(argument, str) for argument in arguments)
    ):
        raise InvalidInputError(
            name, [Problem("further arguments must be a mapping by name", arguments, "pass a dict", "argument-type")]
        )
    arguments = arguments or {}
    if known is not None:
        raise_all(name, unknown_names(arguments, known, "argument"))
    twice = [key for key, value in taken.items() if value is not None and key in arguments]
    if twice:
        got = {key: arguments[key] for key in twice}
        raise InvalidInputError(
            name, [Problem(f"{', '.join(twice)} given twice", got, "give it to the blueprint", "argument-given-twice")]
        )
    return {**{key: value for key, value in taken.items() if value is not None}, **arguments}


def arguments_of(kind: type) -> list[inspect.Parameter]:
    """The arguments that a class of constructs takes by name."""
    # Not of the class: jsii's metaclass hides the signature.
    parameters = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return [parameter for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]


def unknown_names(given: Iterable[str], known: Iterable[str], kind: str) -> list[Problem]:
    """Find the names that are not known."""
    names = list(known)
    return [
        Problem(f"unknown {kind}", name, choose_from(names, name), "argument-unknown")
        for name in given
        if name not in names
    ]
