"""ArtifactCheck: a look at what a job has left, since a training that failed may be Completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import read_object_grants
from constructs_sm.language.errors import Problem, raise_all, where_of
from constructs_sm.language.jsonata import merged, object_of, place_of, quoted
from constructs_sm.language.paths import key_of
from constructs_sm.rules.argument_rules import LATE_ACCESS
from constructs_sm.steps.gates import READING
from constructs_sm.task.custom_states import GrantedState, JsonataTask, describing, holds
from constructs_sm.task.fragment import CheckedFragment, ClosingCheck
from constructs_sm.task.overruling import tell
from constructs_sm.task.path_tokens import naming, spelled_paths
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems
from constructs_sm.values.outputs import JobOutput, TaskIdentity
from constructs_sm.values.s3 import S3Location, object_arguments, place_problem

import jsii
from aws_cdk import Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.values.s3 import S3Data

    from constructs import Construct

_LOOK = "{}: Look"
_TOO_SMALL = "{}: TooSmall"
_LONGEST_ID = LONGEST_STATE_NAME - len(_TOO_SMALL.format(""))


@jsii.implements(iam.IGrantable)
class ArtifactCheck(RunsInMachine, CheckedFragment):
    """Go on if an object in S3 has a size; otherwise end in a Fail that says how small it is.

    `ArtifactCheck(stack, "Model is there", train.model_artifacts, at_least=Size.kibibytes(10))`

    A training whose container ended with 0 is Completed, whatever went wrong in it; it leaves an archive of nothing.
    `<id>: Look` asks S3 for the size. The Choice is named like the construct; an object that is smaller ends in
    `<id>: TooSmall` (error `ArtifactTooSmall`). The states are JSONata, in a state machine of either query language,
    and leave the payload as it is, but for the size, which is kept under the construct id.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the Choice; at most 70 characters.
        artifact: One object, as `train.model_artifacts`.
        at_least: The least size. Default: 1 KiB; an archive of an empty folder has a tenth of that.

    Raises:
        InvalidInputError: It is no place in S3, the size is none, or the name is too long.

    Grants: to the state machine role, `s3:GetObject` on the artifact, and use of its key.
    """

    def __init__(self, scope: Construct, construct_id: str, artifact: S3Data, *, at_least: Size | None = None) -> None:
        with naming(where_of(type(self).__name__, scope, construct_id)):
            location = S3Location.of(spelled_paths(artifact))
        least = Size.kibibytes(1) if at_least is None else at_least
        raise_all(
            where_of(type(self).__name__, scope, construct_id), _problems(construct_id, artifact, location, least)
        )
        assert location is not None  # noqa: S101  (or it would have been said)
        super().__init__(scope, construct_id)
        key = key_of(construct_id)
        self._least = int(least.to_bytes())
        self._size = f"{place_of(key)}.ContentLength"
        self._choice = ClosingCheck(self, construct_id, sfn.QueryLanguage.JSONATA, self)
        self._look = _Look(self, _LOOK.format(self._state_name), key, location)
        self._look.next(self._choice)

    @property
    def _calls(self) -> Sequence[Any]:
        return [self._look]

    @property
    def start_state(self) -> sfn.State:
        return self._look

    def _accept(self, state: sfn.State) -> None:
        self._choice.when(holds(f"{self._size} >= {self._least}"), state)

    def _close(self) -> None:
        self._succeed(self._choice)
        said = quoted(f"{self._state_name}: wanted {self._least} bytes or more, got ")
        fail = sfn.Fail(
            self,
            _TOO_SMALL.format(self._state_name),
            query_language=sfn.QueryLanguage.JSONATA,
            error="ArtifactTooSmall",
            cause=f"{{% {said} & $string({self._size}) %}}",
        )
        self._choice.otherwise(self._prefixed(fail, self._choice))


class _Look(GrantedState, JsonataTask):
    """The Task that asks S3 for the size, and keeps it."""

    def __init__(self, check: ArtifactCheck, name: str, key: str, location: S3Location) -> None:
        scope = JobScope.of(check)
        grants = read_object_grants(location, scope.arns, "model.tar.gz")
        super().__init__(
            check,
            name,
            grants=grants,
            **describing(scope.arns.integration("aws-sdk:s3:headObject"), object_arguments(location), READING),
            Output=merged(key, object_of({"ContentLength": "$states.result.ContentLength"})),
        )
        identity = TaskIdentity(self.node.path, name, "headObject", lambda: self.state_id)
        scope.output_order.knows(identity)
        if isinstance(location.uri, JobOutput):
            scope.output_order.use(identity, [location.uri])
            scope.watch_order()
        if not grants:
            tell(
                self,
                [
                    LATE_ACCESS.problem(
                        "The state machine role is not granted the artifact, which is known at run time only",
                        fix="grant it: bucket.grant_read(check)",
                    )
                ],
            )


def _problems(construct_id: object, artifact: object, location: S3Location | None, least: object) -> list[Problem]:
    found = id_problems(construct_id, _LONGEST_ID)
    if (problem := place_problem(artifact, location)) is not None:
        found.append(problem)
    if not isinstance(least, Size):
        found.append(Problem("at_least is no size", least, "pass Size.kibibytes(10)", "argument-value"))
    return found
