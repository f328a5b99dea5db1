"""Questions to S3 before a result is reused: whether an artifact is there, and which versions the data has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import listing_grants
from constructs_sm.language.errors import InvalidInputError, where_of
from constructs_sm.language.flow import VERSION, VERSIONS
from constructs_sm.language.jsonata import UNCHANGED, expression_of
from constructs_sm.retry import RetryPolicy
from constructs_sm.rules.argument_rules import REUSE_IMPOSSIBLE
from constructs_sm.values.s3 import S3Location, object_arguments, spelled_in_jsonata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.arns import Arns
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.reuse import Reuse

    from constructs import Construct

NOT_REUSED = "'[not ' & 'reused: '"
"""Beginning of the reason, which the text of the expression itself does not have in it: AWS repeats that."""
MOST_LISTED = 200
"""Objects of an input that are compared: the answer about more may be larger than a payload can be, which no state can
catch."""
_LIST = "aws-sdk:s3:listObjectsV2"
_RETRY = RetryPolicy(errors=("S3.S3Exception",), interval_seconds=2, max_attempts=2, backoff_rate=2, jitter=True)
_READ = re.compile(r"\.(?:S3DataSource|S3Input)\.S3Uri$")
_CODE = "/opt/ml/processing/input/code"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A thing that a job leaves in S3.

    Attributes:
        expression: Its URI in JSONata, as seen from the result of the job.
        output: The place under which it is, as far as that is known: for the grant.
    """

    expression: str
    output: S3Location | None

    def grants(self, arns: Arns) -> tuple[Grant, ...]:
        """Let the state machine role see it."""
        return () if self.output is None else listing_grants(self.output, arns)

    def fields(self, arns: Arns, result: str) -> dict[str, Any]:
        """The fields of a Task that asks for it; *result* is the place of the job's result."""
        uri = f"{result}.({self.expression})"
        place = object_arguments(S3Location(f"{{% {uri} %}}"))
        gone = f"$error({NOT_REUSED} & 'its artifact is gone, ' & {uri} & ']')"
        return {
            "Type": "Task",
            "Resource": arns.integration(_LIST),
            "Arguments": {"Bucket": place["Bucket"], "Prefix": place["Key"], "MaxKeys": 1},
            "Retry": [_RETRY.to_state()],
            "Output": f"{{% $merge([$states.input, $states.result.KeyCount > 0 ? {{}} : {gone}]) %}}",
        }


def reuse_grants(job: Construct, state: TaskState, reuse: Reuse, artifact: Artifact | None) -> list[Grant]:
    """Let the state machine role reuse a job, and keep its result.

    Raises:
        InvalidInputError: There is nothing to check.
    """
    found = list(state.scope.kept.grants)
    arns = state.scope.arns
    if reuse.data_versions:
        found += [grant for place in inputs_of(state) for grant in listing_grants(place, arns)]
    if reuse.check_artifacts:
        if artifact is None:
            what = "check_artifacts asks for what the job leaves in S3, and nothing is known of that"
            problem = REUSE_IMPOSSIBLE.problem(what, fix="leave check_artifacts out for this job")
            raise InvalidInputError(where_of(type(job).__name__, job), [problem])
        found += artifact.grants(arns)
    return found


class Versions:
    """The versions of the data of a job: names and ETags of the objects under each of its inputs.

    Args:
        state: The task.
        variable: Where they are found afterwards.
    """

    def __init__(self, state: TaskState, variable: str) -> None:
        self.variable = variable
        self._arns = state.scope.arns
        self._places = list(inputs_of(state))

    def fields(self, name: str) -> dict[str, Any]:
        """The fields of a Map over the inputs, called *name*."""
        said = [expression_of(spelled_in_jsonata(place.uri)) for place in self._places]
        place = object_arguments(S3Location("{% $states.input %}"))
        many = f"$error({NOT_REUSED} & 'there are more than {MOST_LISTED} objects under ' & $states.input & ']')"
        versions = "$hash($string([$states.result.Contents.(Key & ' ' & ETag)]), 'SHA-256')"
        one = {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": self._arns.integration(_LIST),
            "Arguments": {"Bucket": place["Bucket"], "Prefix": place["Key"], "MaxKeys": MOST_LISTED},
            "Retry": [_RETRY.to_state()],
            "Output": f"{{% $states.result.IsTruncated ? {many} : {versions} %}}",
            "End": True,
        }
        inner = f"{name.removesuffix(VERSIONS)}{VERSION}"
        return {
            "Type": "Map",
            "Items": f"{{% [{', '.join(said)}] %}}",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": inner, "States": {inner: one}},
            "Assign": {self.variable: "{% $states.result %}"},
            "Output": UNCHANGED,
        }


def inputs_of(state: TaskState) -> Iterator[S3Location]:
    """The places in S3 that a job reads its data from; code that is packed with the stack is known by its name."""
    for path, structure in _structures(state.request, ""):
        for name, value in structure.items():
            here = f"{path}.{name}" if path else name
            if isinstance(value, str) and _READ.search(here) and structure.get("LocalPath") != _CODE:
                place = state.sent.objects.get(here)
                yield place if isinstance(place, S3Location) else S3Location.of(value) or S3Location(value)


def _structures(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from _structures(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _structures(item, f"{path}[{number}]")
