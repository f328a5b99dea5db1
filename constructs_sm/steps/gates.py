"""QualityGate: a comparison between jobs, that goes on or says why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import read_object_grants
from constructs_sm.language.errors import InvalidInputError, Problem, raise_all, where_of
from constructs_sm.language.jsonata import expression_of, place_of, quoted
from constructs_sm.language.paths import key_of
from constructs_sm.retry import RetryPolicy
from constructs_sm.rules.argument_rules import LATE_ACCESS
from constructs_sm.task.custom_states import GrantedState, JsonataTask, describing, holds, is_chainable
from constructs_sm.task.fragment import CheckedFragment, ClosingCheck
from constructs_sm.task.overruling import tell
from constructs_sm.task.path_tokens import naming, spelled_paths
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.values.conditions import Comparable, Condition
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems
from constructs_sm.values.outputs import JobOutput, TaskIdentity
from constructs_sm.values.s3 import S3Location, object_arguments, place_problem, spelled_in_jsonata

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.values.s3 import S3Data

    from constructs import Construct

_NOT_MET = "{}: NotMet"
_NO_VALUE = "{}: NoValue"
_REPORT = "{}: Report"
_LONGEST_ID = LONGEST_STATE_NAME - len("{}: Report 10".format(""))
_STEP = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)")
READING = (
    # The second is what everything is called that S3's model does not name: throttling, and denied access too.
    RetryPolicy(errors=["S3.SdkClientException", "S3.S3Exception"], interval_seconds=2, max_attempts=4, jitter=True),
)
"""Errors of a read that a retry helps against."""


class EvaluationReport:
    """A JSON file in S3 that a job has written, of which a QualityGate compares fields.

    `EvaluationReport(prepare.output("report"), "evaluation.json")["metrics.auc.value"] >= 0.8`

    The file must be smaller than 256 KiB, as all that a state gets. Only the fields in question are kept.

    Args:
        place: The file, or with *file* the place it is in.
        file: Its name under *place*.

    Raises:
        InvalidInputError: The place is none in S3, or an intrinsic function other than States.Format of paths.
    """

    def __init__(self, place: S3Data, file: str | None = None) -> None:
        with naming("EvaluationReport"):
            location = S3Location.of(spelled_paths(place))
        if location is not None and file:
            location = location.under(file)
        if (problem := place_problem(place, location)) is not None:
            raise InvalidInputError("EvaluationReport", [problem])
        assert location is not None  # noqa: S101  (or it would have been said)
        self.location = location
        self.file = file or ""

    def __getitem__(self, path: str) -> ReportField:
        """The number or verdict at *path*: dotted, with indices in brackets."""
        return ReportField(self, path)

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        uri = self.location.uri
        if not isinstance(uri, JobOutput):
            return uri
        return f"{self.file} in {uri.name} of {uri.producer.name}".removeprefix(" in ")

    @property
    def uri(self) -> str:
        """URI of the file, as JSONata without its marks."""
        return expression_of(spelled_in_jsonata(self.location.uri))


class ReportField(Comparable):
    """A number, or a verdict (`.is_true`), in an EvaluationReport.

    Attributes:
        report: The file.
        path: Where in it.
    """

    __slots__ = ("_names", "path", "report")

    def __init__(self, report: EvaluationReport, path: str) -> None:
        names = [_STEP.fullmatch(step) for step in path.split(".")] if isinstance(path, str) else [None]
        if None in names or "`" in path:
            problem = Problem(
                "no path of a field", path, "write 'metrics.auc.value', or 'folds[0].auc'", "argument-value"
            )
            raise InvalidInputError("EvaluationReport", [problem])
        self.report, self.path = report, path
        self._names = [f"`{name[1]}`{name[2]}" for name in names if name]

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        return self.path

    def within(self, document: str) -> str:
        """Path of the field in a document, as JSONata."""
        return ".".join([document, *self._names])

    def expression(self, gate: str) -> str:
        """Place where the number is kept, as JSONata."""
        return f"{place_of(gate)}.`{self.report.said}`.`{self.path}`"

    def missing(self, gate: str) -> str:
        """The sentence that says it is not there, and what is."""
        beginning = quoted(f"{self.report.said} has no number at {self.path}; its fields: ")
        return f"{beginning} & {place_of(gate)}.`{self.report.said}`.`fields`"


@jsii.implements(iam.IGrantable)
class QualityGate(RunsInMachine, CheckedFragment):
    """Go on if a condition holds; otherwise end in a Fail that says what was measured and what was wanted.

    `QualityGate(stack, "AUC is at least 0.8", train.final_metric("validation:auc") >= 0.8)`

    What is compared: `train.final_metric(...)`, `tune.best_objective`, `job.output_field(...)`, a field of an
    `EvaluationReport`, a `Number` of the input; with each other or with Python numbers; by `>=`, `>`, `<=`, `<`, `==`
    and `!=`. What is true or false is a condition itself: `report["passed"].is_true`.
    Conditions combine with `&`, `|` and `~`, each comparison in brackets.

    The Choice is named like the construct. A condition that does not hold ends in `<id>: NotMet` (error
    `QualityGateNotMet`), or goes to *otherwise*. If a number is missing, or is none, it ends in `<id>: NoValue` (error
    `QualityGateNoValue`), whatever the others are: nobody has decided then. `<id>: Report` reads a report. The states
    are JSONata, in a state machine of either query language, and leave the payload as it is, but for the fields of
    reports, which are kept under the construct id.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the Choice; at most 69 characters.
        condition: What must hold.
        otherwise: Where to go if it does not hold. Default: a Fail.

    Raises:
        InvalidInputError: It is no condition, or the name is too long.

    Grants: to the state machine role, `s3:GetObject` on the reports, and use of their keys.
    """

    def __init__(
        self, scope: Construct, construct_id: str, condition: Condition, *, otherwise: sfn.IChainable | None = None
    ) -> None:
        raise_all(where_of(type(self).__name__, scope, construct_id), _problems(construct_id, condition, otherwise))
        super().__init__(scope, construct_id)
        self._condition = condition
        self._key = key_of(construct_id)
        self._otherwise = otherwise
        operands = list(condition.operands())
        self._operands = list({(each.expression(self._key), each.kind): each for each in operands}.values())
        for value in (operand.value for operand in operands):
            if isinstance(value, JobOutput):
                # It is said in NoValue that there is none.
                value.producer.description.meet(value.name, value)
        self._numbers = " and ".join(f"$type({o.expression(self._key)}) = '{o.kind}'" for o in self._operands)
        self._no_value = self._fail(_NO_VALUE, "QualityGateNoValue", self._what_is_missing())
        self._not_met = None if otherwise else self._fail(_NOT_MET, "QualityGateNotMet", self._what_is_wrong())
        self._choice = ClosingCheck(self, construct_id, sfn.QueryLanguage.JSONATA, self)
        self._start: sfn.State = self._choice
        self._readings: list[_Reading] = []
        self._reports()

    @property
    def _calls(self) -> Sequence[Any]:
        return self._readings

    @property
    def _is_granted(self) -> bool:
        return bool(self._readings)

    @property
    def start_state(self) -> sfn.State:
        return self._start

    def _reports(self) -> None:
        values = [operand.value for operand in self._operands]
        fields = [value for value in values if isinstance(value, ReportField)]
        reports = list(dict.fromkeys(field.report.uri for field in fields))
        following: sfn.State = self._choice
        for index in reversed(range(len(reports))):
            name = _REPORT.format(self._state_name) + (f" {index + 1}" if index else "")
            read = _Reading(self, name, self._key, [field for field in fields if field.report.uri == reports[index]])
            read.next(following)
            following = read
            self._readings.append(read)
        self._start = following

    def _accept(self, state: sfn.State) -> None:
        # A comparison with what is missing would be neither true nor false.
        self._choice.when(holds(f"{self._numbers} ? {self._condition.expression(self._key)} : false"), state)

    def _otherwise_starts(self) -> list[sfn.State]:
        return [] if self._otherwise is None else [self._otherwise.start_state]

    def _close(self) -> None:
        self._succeed(self._choice)
        self._choice.when(holds(f"$not({self._numbers})"), self._no_value)
        otherwise = self._not_met if self._otherwise is None else self._otherwise
        assert otherwise is not None  # noqa: S101  (one of the two is there)
        self._choice.otherwise(otherwise)

    def _fail(self, name: str, error: str, cause: str) -> sfn.Fail:
        return sfn.Fail(
            self,
            name.format(self._state_name),
            query_language=sfn.QueryLanguage.JSONATA,
            error=error,
            cause=f"{{% {quoted(f'{self._state_name}: ')} & {cause} %}}",
        )

    def _what_is_missing(self) -> str:
        whys = ", ".join(
            f"$type({operand.expression(self._key)}) = '{operand.kind}' ? '' : {operand.missing(self._key)}"
            for operand in self._operands
        )
        return f"$join($filter([{whys}], function($why) {{ $why != '' }}), '. ')"

    def _what_is_wrong(self) -> str:
        got = [
            f"{quoted(f'{operand.said} = ')} & $string({operand.expression(self._key)})" for operand in self._operands
        ]
        return f"{quoted(f'wanted {self._condition.said}, got ')} & " + " & ', ' & ".join(got)


class _Reading(GrantedState, JsonataTask):
    """The Task that reads a report and keeps the fields in question."""

    def __init__(self, gate: QualityGate, name: str, key: str, fields: Sequence[ReportField]) -> None:
        report = fields[0].report
        scope = JobScope.of(gate)
        grants = read_object_grants(report.location, scope.arns, report.file)
        kept = ", ".join(
            f"{quoted(path)}: $type({at}) in ['number', 'boolean'] ? {at}"
            for path, at in {field.path: field.within("$report") for field in fields}.items()
        )
        place = place_of(key)
        super().__init__(
            gate,
            name,
            grants=grants,
            **describing(scope.arns.integration("aws-sdk:s3:getObject"), object_arguments(report.location), READING),
            Output=(
                "{% ($report := $parse($states.result.Body); "
                f"$merge([$states.input, {{{quoted(key)}: $merge([{place}, "
                f"{{{quoted(report.said)}: {{{kept}, 'fields': $join($keys($report), ', ')}}}}])}}])) %}}"
            ),
        )
        identity = TaskIdentity(self.node.path, name, "getObject", lambda: self.state_id)
        scope.output_order.knows(identity)
        if isinstance(report.location.uri, JobOutput):
            scope.output_order.use(identity, [report.location.uri])
            scope.watch_order()
        if not grants:
            tell(
                self,
                [
                    LATE_ACCESS.problem(
                        "The state machine role is not granted the report, which is known at run time only",
                        fix="grant it: bucket.grant_read(gate)",
                    )
                ],
            )


def _problems(construct_id: object, condition: object, otherwise: object) -> list[Problem]:
    found = id_problems(construct_id, _LONGEST_ID)
    if not isinstance(condition, Condition):
        found.append(
            Problem(
                "no condition",
                getattr(condition, "said", condition),
                "compare with a number: train.final_metric('validation:auc') >= 0.8",
                "argument-type",
            )
        )
    if otherwise is not None and not is_chainable(otherwise):
        found.append(
            Problem(
                "otherwise must be a state, a job or a chain", otherwise, "pass one, or None to fail", "argument-type"
            )
        )
    return found
