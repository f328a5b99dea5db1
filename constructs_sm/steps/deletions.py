"""The end of an endpoint, of its configuration, of a model and of an inference component, as states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.grants.state_machine_role import sagemaker_grant
from constructs_sm.language.errors import NOTHING, Problem, where_of
from constructs_sm.language.jsonata import UNCHANGED, place_of, quoted, without
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.retry import SDK, RetryPolicy
from constructs_sm.steps.beginning import name_in_policies, told
from constructs_sm.task.custom_states import Begin, JsonataState, describing, holds
from constructs_sm.task.fragment import NamedFragment
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME, name_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

_LONGEST_ID = LONGEST_STATE_NAME - len(": DeleteInferenceComponent")
_NAME_MAX = 63
_ABSENT = "Could not find"
"""Words of SageMaker's message, in a ValidationException, which has no name of its own. Not verified on AWS."""


class Deletion(NamedFragment):
    """Delete something of SageMaker's. What is not there already counts as deleted; later states find their input.

    Args:
        scope: Any construct in a stack.
        construct_id: What the names of all states begin with.
        name: The name; late-bound strings too, as `model.model_name`.
        must_exist: Fail if it is not there. Default: False.
        retry: Of the call. Default: `retry.SDK`; without *must_exist*, none of what may say that it is not there.
        query_language: That of the state machine. Default: JSONPath.

    Raises:
        InvalidInputError: With everything that is wrong.

    Grants: to the state machine role, the one Delete on what is named.
    """

    _noun: ClassVar[str]
    _arn_type: ClassVar[str]

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str | None = None,
        must_exist: bool = False,
        retry: Sequence[RetryPolicy] | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        problems: list[Problem] = []
        if name is None:
            problems.append(Problem("nothing to delete", NOTHING, "pass name=", "argument-missing"))
        else:
            problems += name_problems(name, _NAME_MAX, "name")
        named, jsonata = told(
            where,
            scope,
            construct_id,
            {"Name": name},
            longest_id=_LONGEST_ID,
            problems=problems,
            retry=retry,
            query_language=query_language,
        )
        super().__init__(scope, construct_id)
        self._key = key_of(construct_id)
        in_policies = name_in_policies(named.fields["Name"])
        grant = sagemaker_grant(JobScope.of(self).arns, f"Delete{self._noun}", self._arn_type, in_policies)
        self._begin = Begin(
            self,
            self._named("Begin"),
            key=self._key,
            request=named.to_state(jsonata=jsonata),
            grants=[grant],
            jsonata=jsonata,
        )
        self._build(must_exist, SDK if retry is None else retry)

    @property
    def start_state(self) -> sfn.State:
        return self._begin

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._deleted]

    def _build(self, must_exist: bool, retry: Sequence[RetryPolicy]) -> None:
        error = key_of(self._named("Error"))
        request = {f"{self._noun}Name": f"{{% {place_of(self._key)}.Name %}}"}
        call = describing(self._resource(f"aws-sdk:sagemaker:delete{self._noun}"), request, retry)
        delete: Any = self._task(f"Delete{self._noun}", call, UNCHANGED)
        self._tasks = [delete]
        self._deleted = JsonataState(self, self._named("Deleted"), Type="Pass", Output=without([self._key, error]))
        self._begin.next(delete)
        delete.next(self._deleted)
        if must_exist:
            return
        absent = self._choice("IsAbsent")
        told = place_of(error)
        failed = self._fail("NotDeleted", f"{{% {told}.Error %}}", f"{{% {told}.Cause %}}")
        delete.add_catch(absent, errors=["SageMaker.SageMakerException"], result_path=path_of(error))
        absent.when(holds(f"$contains({told}.Cause, {quoted(_ABSENT)})"), self._deleted)
        absent.otherwise(failed)


class DeleteEndpoint(Deletion):
    """Delete an endpoint, which ends its cost; its configuration and models stay.

    All attributes are those of `Deletion`.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpoint.html
    """

    _noun, _arn_type = "Endpoint", "endpoint"


class DeleteEndpointConfig(Deletion):
    """Delete an endpoint configuration, which no living endpoint may use.

    All attributes are those of `Deletion`.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
    """

    _noun, _arn_type = "EndpointConfig", "endpoint-config"


class DeleteModel(Deletion):
    """Delete a model; its artifacts in S3 stay.

    All attributes are those of `Deletion`.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModel.html
    """

    _noun, _arn_type = "Model", "model"


class DeleteInferenceComponent(Deletion):
    """Take an inference component off its endpoint.

    All attributes are those of `Deletion`.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteInferenceComponent.html
    """

    _noun, _arn_type = "InferenceComponent", "inference-component"
