"""The reuse of a job, judged before anything of it is made: what can be compared of it, and what cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import MODEL
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.paths import keys_in
from constructs_sm.requests.comparison import Comparison
from constructs_sm.rules.argument_rules import REUSE_ANEW, REUSE_IMPOSSIBLE
from constructs_sm.task.output_check import OutputCheck, Status
from constructs_sm.task.scope import JobScope
from constructs_sm.values.reuse import Reuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.requests.request import Fields, Request
    from constructs_sm.task.arguments import Rendered
    from constructs_sm.task.job import JobArguments
    from constructs_sm.task.output_check import Output
    from constructs_sm.values.outputs import JobOutput

    from constructs import Construct

_SAYS_ITS_OUTPUT = ("state_output", "result_selector", "output_path")
_NOT_OFFERED = "let it run each time: reuse=None"


@dataclass(slots=True)
class ReusePlan:
    """The reuse of a job, as it was given.

    Attributes:
        reuse: What the job has, or the pipeline around it.
        is_own: Whether the job itself says so: what no job of its kind can is then refused, and else let be.
        also: What is compared besides, rendered.
        models: The requests of the models that states of ours make, and that the job names.
    """

    reuse: Reuse
    is_own: bool
    also: Any = None
    models: list[Mapping[str, Any]] = field(default_factory=list)

    def can_be(self, action: Action, output: Output | None) -> bool:
        """Tell whether a job of its kind can be reused at all."""
        waits = output is None or output.status is Status.REQUIRED
        return bool(action.compared) and action.sync and waits

    def problems(
        self,
        action: Action,
        arguments: Mapping[str, Any],
        output: Output | None,
        check: OutputCheck | None,
        rendered: Rendered,
    ) -> Iterator[Problem]:
        """Find what keeps the job from being reused."""
        if not isinstance(self.reuse, Reuse):
            yield Problem("reuse must be a Reuse", self.reuse, "pass Reuse(), or None", "argument-type")
            return
        if not self.can_be(action, output):
            what = f"a {action.noun} that is not waited for, or is not compared, cannot be reused"
            yield REUSE_IMPOSSIBLE.problem(what, fix=_NOT_OFFERED)
            return
        if check is None or check.arn_only:
            use = f"leave output_check out, or {_NOT_OFFERED}"
            yield REUSE_IMPOSSIBLE.problem("what is reused is checked as what has run is", check, use)
        if output is None or not keys_in(output.path):
            use = f"give it a key: result_path='$.{action.noun}', or {_NOT_OFFERED}"
            yield REUSE_IMPOSSIBLE.problem("the result of a job that is reused stands under a key of its own", fix=use)
        for name in (*_SAYS_ITS_OUTPUT, "input_path", "assign"):
            if arguments.get(name) is not None:
                use = f"leave it out, or {_NOT_OFFERED}"
                yield REUSE_IMPOSSIBLE.problem(f"a job that is reused takes no {name}", arguments[name], use)
        if self.reuse.also is not None:
            besides = rendered({"also": self.reuse.also})
            yield from besides.problems
            self.also = besides.fields.get("also")

    def judged(self, action: Action, request: Request, outputs: Iterable[JobOutput]) -> Iterator[Problem]:
        """Find what cannot be compared, and what compares unequal in each execution."""
        producers = {output.producer: None for output in outputs if output.producer.api == MODEL.api}
        self.models = [producer.request for producer in producers]
        try:
            comparison = self.comparison(action, request.fields)
        except InvalidInputError as error:
            for problem in error.problems:
                use = "say it in JSONata, or hand it on by a state before"
                what = "Reuse compares a value that JSONata cannot say"
                yield REUSE_IMPOSSIBLE.problem(what, problem.got, use)
            return
        for path in comparison.anew:
            yield REUSE_ANEW.problem(f"{REUSE_ANEW.what}: {path.removeprefix('request.')}")

    def comparison(self, action: Action, fields: Fields) -> Comparison:
        """Compare the request.

        Raises:
            InvalidInputError: JSONata cannot say a value.
        """
        return Comparison.of(action, fields, also=self.also, models=[(MODEL, model) for model in self.models])


def reuse_plan_of(scope: Construct, construct_id: str, arguments: JobArguments) -> ReusePlan | None:
    """The reuse of a job: its own, or that of the pipeline around it."""
    if "reuse" in arguments:
        own = arguments.pop("reuse")
        return None if own is None else ReusePlan(own, is_own=True)
    # What is no scope is refused later.
    of_all = JobScope.of(scope).kept.reuse_of(construct_id) if hasattr(type(scope), "node") else None
    return None if of_all is None else ReusePlan(of_all, is_own=False)
