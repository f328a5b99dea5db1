"""FindModelPackage: the newest approved version of a model, of a registry that people fill elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.grants.statements import Grant
from constructs_sm.language.errors import NOTHING, Problem, where_of
from constructs_sm.language.jsonata import merged, object_of, place_of, said
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.retry import SDK, RetryPolicy
from constructs_sm.steps.beginning import told
from constructs_sm.task.custom_states import Begin, JsonataState, describing, holds
from constructs_sm.task.fragment import NamedFragment
from constructs_sm.task.path_tokens import token_of
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME
from constructs_sm.values.outputs import JobOutput, TaskIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

_LONGEST_ID = LONGEST_STATE_NAME - len(": NoModelPackage")
_FIELDS = ("ModelPackageArn", "ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus")
_STATUSES = ("Approved", "PendingManualApproval", "Rejected")
_LIST = Grant(
    ("sagemaker:ListModelPackages",),
    ("*",),
    wildcard="AWS requires no resource for a list; which groups it has, the request says",
)


class FindModelPackage(NamedFragment):
    """Find the newest version of a group that is approved, or end in a Fail that says there is none.

    `CreateModel(stack, "Model", model_package=newest.model_package_arn)` deploys it. What later states find under the
    construct id is `ModelPackageArn`, `ModelPackageGroupName`, `ModelPackageVersion` and `ModelApprovalStatus`. A group
    without such a version ends in `<id>: NoModelPackage` (error `NoModelPackage`).

    Args:
        scope: Any construct in a stack.
        construct_id: What the names of all states begin with.
        group: The model package group, by name or ARN; late-bound strings too.
        approval_status: Default: `Approved`.
        retry: Of the call. Default: `retry.SDK`.
        query_language: That of the state machine. Default: JSONPath.

    Raises:
        InvalidInputError: With everything that is wrong.

    Grants: to the state machine role, ListModelPackages.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackages.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        group: str | None = None,
        approval_status: str = "Approved",
        retry: Sequence[RetryPolicy] | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        problems: list[Problem] = []
        if not isinstance(group, str) or not group:
            use = "pass the name of a model package group"
            problems.append(Problem("group is missing", group or NOTHING, use, "argument-missing"))
        if approval_status not in _STATUSES:
            use = f"use one of {', '.join(_STATUSES)}"
            problems.append(Problem("no approval status", approval_status, use, "argument-value"))
        named, jsonata = told(
            where,
            scope,
            construct_id,
            {"Group": group},
            longest_id=_LONGEST_ID,
            problems=problems,
            retry=retry,
            query_language=query_language,
        )
        super().__init__(scope, construct_id)
        self._key, self._jsonata = key_of(construct_id), jsonata
        self._begin = Begin(
            self,
            self._named("Begin"),
            key=self._key,
            request=named.to_state(jsonata=jsonata),
            grants=[_LIST],
            jsonata=jsonata,
        )
        self._build(approval_status, SDK if retry is None else retry)

    @property
    def model_package_arn(self) -> JobOutput:
        """The ARN of the version, for a state that runs after this one."""
        name = _FIELDS[0]
        path, jsonata = f"{path_of(self._key)}.{name}", f"{place_of(self._key)}.{name}"
        scope = JobScope.of(self)
        scope.watch_order()
        scope.output_order.ask(self._identity, name, path_of(self._key), (path, jsonata))
        arn = JobOutput.late(self._identity, name, json_path=path, jsonata=jsonata, in_jsonata=self._jsonata)
        return arn.tokened(token_of, in_jsonata=self._jsonata)

    @property
    def start_state(self) -> sfn.State:
        return self._begin

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._found]

    def _build(self, status: str, retry: Sequence[RetryPolicy]) -> None:
        place = place_of(self._key)
        request: dict[str, Any] = {
            "ModelPackageGroupName": f"{{% {place}.Group %}}",
            "ModelApprovalStatus": status,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        newest = "$states.result.ModelPackageSummaryList[0]"
        record = object_of({"Group": f"{place}.Group", **{field: f"{newest}.{field}" for field in _FIELDS}})
        call = describing(self._resource("aws-sdk:sagemaker:listModelPackages"), request, retry)
        look = self._task("ListModelPackages", call, merged(self._key, record))
        self._tasks = [look]
        self._identity = TaskIdentity(
            self.node.path, self._named("ListModelPackages"), "listModelPackages", lambda: look.state_id
        )
        JobScope.of(self).output_order.knows(self._identity)
        check = self._choice("IsThere")
        absent = said(f"{self._id}: no version is {status} in the group ", f"{place}.Group")
        none = self._fail("NoModelPackage", "NoModelPackage", absent)
        kept = object_of({field: f"{place}.{field}" for field in _FIELDS})
        self._found = JsonataState(self, self._named("Found"), Type="Pass", Output=merged(self._key, kept))
        self._begin.next(look)
        look.next(check)
        check.when(holds(f"$exists({place}.ModelPackageArn)"), self._found)
        check.otherwise(none)
