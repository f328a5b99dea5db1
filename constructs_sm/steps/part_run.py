"""PartRun: the first states of a pipeline of which an execution may run a part, and take the rest from earlier runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from constructs_sm.language.jsonata import object_of, quoted
from constructs_sm.task.custom_states import JsonataState, JsonataTask, always, describing, holds
from constructs_sm.task.fragment import CheckedFragment, ClosingCheck
from constructs_sm.task.kept_results import JOB, KEY, KEY_OF_PART, RETRY, RUN_INPUT, TAKEN
from constructs_sm.task.scope import JobScope
from constructs_sm.values.inputs import Input

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.task.kept_results import KeptResults

    from constructs import Construct

INPUT = Input(
    kind="object",
    default={},
    description="which part to run: only=[jobs] or from=job, reuse_execution=name, force=true",
)
MOST_TAKEN = 100
"""Items that one request of DynamoDB reads."""
_FIELDS = ("only", "from", "reuse_execution", "force")
_PLACE = "$states.input"


class PartRun(CheckedFragment):
    """Find out which jobs an execution takes from earlier runs, and end FAILED if one of them has left no result.

    Args:
        scope: The pipeline.
        construct_id: The name of the first state, and the beginning of the others'.
        jobs: The path of each job that can be taken, by the name of its state.
        before: The names of the jobs before each job of the pipeline.
        kept: The table.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        jobs: Mapping[str, str],
        before: Mapping[str, Sequence[str]],
        kept: KeptResults,
    ) -> None:
        super().__init__(scope, construct_id)
        self._read = JsonataState(self, construct_id, Type="Pass", Output=_read(jobs, before))
        language = sfn.QueryLanguage.JSONATA
        self._choice = ClosingCheck(self, self._named("IsPart"), language, self)
        self._read.next(self._choice)
        table, arns = kept.name, JobScope.of(self).arns
        paths = f"$lookup({json.dumps(dict(jobs))}, $)"
        key = object_of({JOB: object_of({"S": paths}), KEY: object_of({"S": KEY_OF_PART})})
        keys = f"[{_PLACE}.taken.{key}]"
        self._find = JsonataTask(
            self,
            self._named("Find"),
            **describing(
                arns.integration("aws-sdk:dynamodb:batchGetItem"),
                {
                    "RequestItems": {
                        table: {
                            "Keys": f"{{% {keys} %}}",
                            "ProjectionExpression": "#job",
                            "ExpressionAttributeNames": {"#job": JOB},
                            "ConsistentRead": True,
                        }
                    }
                },
                [RETRY],
            ),
            Output=_missing(jobs),
        )
        self._failed = sfn.Fail(
            self,
            self._named("Refused"),
            query_language=language,
            error="InvalidRun",
            cause=f"{{% $join({_PLACE}.problems, '; ') %}}",
        )
        self._not_asked = sfn.Fail(
            self,
            self._named("NotAsked"),
            query_language=language,
            error=f"{{% {_PLACE}.Error %}}",
            cause=f"{{% 'The kept results cannot be asked for: ' & {_PLACE}.Cause %}}",
        )
        self._find.add_catch(self._not_asked)
        self._choice.when(holds(f"$count({_PLACE}.problems) > 0"), self._failed)
        self._choice.when(holds(f"{_PLACE}.asked = false"), self._find)
        self._find.next(self._choice)

    @property
    def start_state(self) -> sfn.State:
        return self._read

    def _accept(self, state: sfn.State) -> None:
        taken = {TAKEN: f"{{% [{_PLACE}.taken] %}}"}
        self._choice.when(always(), state, outputs=f"{{% {_PLACE}.input %}}", assign=taken)

    def _close(self) -> None:
        self._succeed(self._read)


def _read(jobs: Mapping[str, str], before: Mapping[str, Sequence[str]]) -> str:
    """JSONata: the input, what is wrong with its part, the jobs that are taken, and whether they were asked for."""
    takable = {name: [one for one in earlier if one in jobs] for name, earlier in before.items()}
    taken = (
        f"$exists($run.only) ? [$filter({json.dumps(list(jobs))}, function($n) {{ $not($n in $run.only) }})] : "
        f"$exists($run.from) ? [$lookup({json.dumps(takable)}, $run.from)] : []"
    )
    problems = ", ".join(f"{wrong} ? {sentence} : ()" for wrong, sentence in _problems(list(before)))
    others = f"$filter($keys($run), function($k) {{ $not($k in {json.dumps(_FIELDS)}) }})"
    unknown = f"$filter([$run.only, $run.from], function($n) {{ $not($n in {json.dumps(list(before))}) }})"
    return (
        f"{{% ($given := {RUN_INPUT}; $run := $exists($given) ? $given : {{}}; "
        f"$others := {others}; $unknown := {unknown}; $problems := [{problems}]; $taken := {taken}; "
        f"{{'input': $states.input, 'problems': $problems, 'taken': $taken, 'asked': $count($taken) = 0}}) %}}"
    )


def _problems(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each thing that can be wrong with a part, and the sentence that says so, in JSONata."""
    fields, known = quoted(f" in run; it has {', '.join(_FIELDS)}"), quoted(f"; the jobs are {', '.join(names)}")
    whose = "$exists($run.reuse_execution) and "
    return [
        ("$count($others) > 0", f"'there is no ' & $join($others, ', ') & {fields}"),
        ("$exists($run.only) and $exists($run.from)", "'run has only and from: give one of them'"),
        (
            f"{whose}$not($exists($run.only) or $exists($run.from))",
            "'reuse_execution says whose results are taken: say with only or from which'",
        ),
        (f"{whose}$type($run.reuse_execution) != 'string'", "'reuse_execution must be the name of an execution'"),
        ("$exists($run.force) and $type($run.force) != 'boolean'", "'force must be true or false'"),
        ("$count($unknown) > 0", f"'there is no job ' & $join([$unknown.$string($)], ', ') & {known}"),
    ]


def _missing(jobs: Mapping[str, str]) -> str:
    """JSONata: the same, with each job that has left no result for a problem, and asked for."""
    place = f"$lookup({json.dumps(dict(jobs))}, $n)"
    found = f"$states.result.Responses.*.{JOB}.S"
    absent = f"$filter({_PLACE}.taken, function($n) {{ $not({place} in [{found}]) }})"
    whose = f"$exists({RUN_INPUT}.reuse_execution) ? ' by the execution ' & {RUN_INPUT}.reuse_execution : ''"
    sentence = f"[{absent}.('no result of ' & $ & ' is kept' & ({whose}) & '; run it: let from name it, or only')]"
    rest = object_of({"input": f"{_PLACE}.input", "taken": f"{_PLACE}.taken", "asked": "true", "problems": sentence})
    return f"{{% {rest} %}}"
