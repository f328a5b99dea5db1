"""ParallelJobs: what runs side by side, with its results where they would be in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.language.errors import Problem, raise_all, where_of
from constructs_sm.language.paths import name_of
from constructs_sm.rollback import WholeOrNotMade
from constructs_sm.task.chaining import GoesOnOnce
from constructs_sm.task.custom_states import is_chainable
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.step import Step
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_MOST_MERGED = 11
"""Ten intrinsic functions may stand within one another: Step Functions' limit."""


class ParallelJobs(WholeOrNotMade, GoesOnOnce, sfn.Parallel):
    """Run branches at the same time; later states find each result where it would be after a chain.

    A `sfn.Parallel` leaves a list with the whole payload of each branch. Here they are made one again: the input, and
    every key that a branch has added to it. Where several add the same key, the last branch's stays. So
    `train.model_artifacts` and the like mean the same after it as after a chain.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state.
        branches: Jobs or chains; in JSONPath at most 11.
        query_language: Of this state. Default: JSONPath.
        comment: For whoever reads the definition.

    Raises:
        InvalidInputError: There are no branches, or too many, or one is no chain.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html for the limit. Until they are
        one, the payloads of all branches together must stay below 256 KiB.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        branches: Sequence[sfn.IChainable],
        *,
        query_language: sfn.QueryLanguage | None = None,
        comment: str | None = None,
    ) -> None:
        jsonata = is_jsonata_language(query_language)
        listed = isinstance(branches, (list, tuple)) and all(is_chainable(branch) for branch in branches)
        problems = id_problems(construct_id, LONGEST_STATE_NAME)
        if not listed or not branches:
            problems.append(
                Problem("branches must be a list of jobs or chains", branches, "pass [first, second]", "argument-type")
            )
        elif len(branches) > _MOST_MERGED and not jsonata:
            use = "pass query_language=QueryLanguage.JSONATA, or use FanOut for many alike"
            problems.append(
                Problem(
                    f"JSONPath makes one of at most {_MOST_MERGED} branches", len(branches), use, "parallel-branches"
                )
            )
        raise_all(where_of(type(self).__name__, scope, construct_id), problems)
        if jsonata:
            super().__init__(
                scope,
                construct_id,
                comment=comment,
                query_language=query_language,
                outputs="{% $merge($states.result) %}",
            )
        else:
            merged = "$[0]"
            for index in range(1, len(branches)):
                merged = f"States.JsonMerge({merged}, $[{index}], false)"
            super().__init__(
                scope,
                construct_id,
                comment=comment,
                query_language=query_language,
                result_selector={"merged.$": merged},
                output_path="$.merged",
            )
        self.branch(*branches)
        # Where the CDK draws it, it stands in a state machine: elsewhere it has no branches, and is refused.
        Step(self, name_of(construct_id), lambda: self.state_id, is_bound=True).is_known()
        self.branch_starts = [branch.start_state for branch in branches]
        """First states of the branches, of which the CDK tells nobody before the state machine is made."""
