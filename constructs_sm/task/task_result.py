"""The output of a task: its place in the state's input, and the part of it that is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.jsonata import UNCHANGED, fields_of, merged
from constructs_sm.language.jsonata_checks import RESULT_SEEN
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.paths import key_in, key_of, keys_in, path_of
from constructs_sm.requests import model_check
from constructs_sm.task.arguments import json_path
from constructs_sm.task.output_check import Output, OutputCheck, Status
from constructs_sm.task.query_language import is_jsonata_language

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from constructs_sm.actions import Action
    from constructs_sm.requests.request import Request
    from constructs_sm.task.arguments import Rendered

_OUTPUT = "Output"


class TaskResult:
    """The arguments of a task about its output: judged, and said in the fields of the state.

    Args:
        construct_id: What the result is called by default.
        action: The row of the table.
        arguments: What every task takes.
        pattern: How the task is called.
        check: What will be checked of the output.
        rendered: Renders fields in the query language of the state.

    Attributes:
        path: Where the output goes. That of `sfn.JsonPath.DISCARD` stays a token, which the CDK renders as null.
        place: Where the next state finds it; None: nowhere.
        kept: The fields of the output that are kept; None: all of them.
        output: Where later states find it; None: it is not kept.
        fields: What the state says of it.
        problems: What is wrong with the arguments.
    """

    def __init__(
        self,
        construct_id: str,
        *,
        action: Action,
        arguments: Mapping[str, Any],
        pattern: sfn.IntegrationPattern,
        check: OutputCheck | None,
        rendered: Rendered,
    ) -> None:
        self._action = action
        self._arguments = arguments
        self._check = check
        self._waits = pattern is sfn.IntegrationPattern.RUN_JOB
        self._jsonata = is_jsonata_language(arguments.get("query_language"))
        self._rendered = rendered
        self.problems: list[Problem] = []
        self.path = self._path(str(construct_id))
        self._output_path = self._given_output_path()
        self._selected = self._selection()
        self.place = self._place()
        self.kept = self._kept()
        self._judge_keep()
        self.fields = self._in_jsonata() if self._jsonata else self._in_json_path()
        self.output = self._output(pattern)
        self._judge_check()

    def _wrong(self, what: str, got: object, use: str, rule: str = "result-path") -> None:
        self.problems.append(Problem(what, got, use, rule))

    def _path(self, construct_id: str) -> str:
        path = self._arguments.get("result_path")
        if path is None:
            return path_of(key_of(construct_id))
        return json_path("result_path", path, self._rendered, self.problems, one_place=True) or "$"

    def _given_output_path(self) -> str | None:
        path = self._arguments.get("output_path")
        if path is None:
            return None
        if self._jsonata:
            self._wrong("output_path is JSONPath", path, "use state_output in a JSONata state", "result-path")
            return None
        return json_path("output_path", path, self._rendered, self.problems)

    def _place(self) -> str | None:
        """Find the output again in what the OutputPath leaves."""
        if is_token(self.path):
            return None
        if self._output_path in {None, "$"}:
            return self.path
        kept, whole = keys_in(str(self._output_path)), keys_in(self.path)
        if not kept or whole[: len(kept)] != kept:
            return None
        return "".join(["$", *(path_of(key)[1:] for key in whole[len(kept) :])])

    def _selection(self) -> Request | None:
        selector = self._arguments.get("result_selector")
        if selector is None:
            return None
        if self._jsonata:
            self._wrong("result_selector is JSONPath", selector, "use state_output in a JSONata state", "result-path")
        elif not isinstance(selector, Mapping):
            self._wrong(
                "result_selector must be a mapping", selector, "pass a dict from fields to paths", "result-path"
            )
        else:
            rendered = self._rendered({}, selector, at="result_selector")
            self.problems += rendered.problems
            return rendered
        return None

    def _kept(self) -> Collection[str] | None:
        keep = self._arguments.get("keep")
        if self._selected is not None:
            return self._selected.fields
        if not self._waits or self._arguments.get("state_output") is not None or not self._leaves_out:
            return None
        more = [name for name in keep if isinstance(name, str)] if isinstance(keep, (list, tuple)) else ()
        return list(dict.fromkeys((*self._action.kept_fields, *more)))

    @property
    def _leaves_out(self) -> bool:
        """Tell whether there is a state in JSONata, which can leave out what may be missing: the task, or its check."""
        checked = isinstance(self._check, OutputCheck) and not self._check.arn_only
        return self._jsonata or (checked and self.place is not None and key_in(self.place) is not None)

    def _judge_keep(self) -> None:
        keep = self._arguments.get("keep")
        if keep is None:
            return
        if not isinstance(keep, (list, tuple)) or not all(isinstance(name, str) for name in keep):
            self._wrong("keep must be a list of fields", keep, f"write ['{self._action.arn_field}']", "output-is-kept")
        elif not self._leaves_out:
            use = "leave output_check and result_path as they are, or pass query_language=QueryLanguage.JSONATA"
            self._wrong("keep in JSONPath needs the check of the output, and one key", keep, use, "output-is-kept")
        elif self.kept is None or self._arguments.get("result_selector") is not None:
            self._wrong(
                "keep selects from what is kept whole", keep, "leave it out, or wait for the job", "output-is-kept"
            )
        else:
            self.problems += model_check.unknown_output(self._action, keep)

    def _in_jsonata(self) -> dict[str, Any]:
        output = self._arguments.get("state_output")
        if output is not None and self._arguments.get("result_path") is not None:
            self._wrong(
                "state_output and result_path say the same twice", output, "give one of them", "argument-given-twice"
            )
        if output is None:
            return {"Output": self._jsonata_output()}
        rendered = self._rendered({}, {_OUTPUT: output}, at="state_output", sees=RESULT_SEEN)
        self.problems += rendered.problems
        return {"Output": rendered.fields[_OUTPUT]}

    def _jsonata_output(self) -> str:
        fields = "" if self.kept is None else fields_of(self.kept)
        if self.path == "$":
            return f"{{% $states.result{fields} %}}"
        if is_token(self.path):
            return UNCHANGED
        key = key_in(self.path)
        if key is None:
            use = "write '$.key', or use state_output"
            self._wrong("result_path must name one key in a JSONata state", self.path, use)
            return ""
        return merged(key, f"$states.result{fields}")

    def _in_json_path(self) -> dict[str, Any]:
        output = self._arguments.get("state_output")
        if output is not None:
            self._wrong("state_output is JSONata", output, "use result_path and result_selector in a JSONPath state")
        fields: dict[str, Any] = {}
        if self._selected is not None:
            fields["ResultSelector"] = self._selected.to_state(jsonata=False)
        if self.path != "$":
            fields["ResultPath"] = self.path
        if self._output_path is not None:
            fields["OutputPath"] = self._output_path
        return fields

    def _output(self, pattern: sfn.IntegrationPattern) -> Output | None:
        if self.place is None or self._arguments.get("state_output") is not None:
            return None
        status = {
            sfn.IntegrationPattern.RUN_JOB: Status.REQUIRED,
            sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN: Status.OPTIONAL if self._action.sync else Status.NONE,
        }.get(pattern, Status.NONE)
        return Output(self.place, status, jsonata=self._jsonata)

    def _judge_check(self) -> None:
        check = self._check
        if check is None:
            return
        if not isinstance(check, OutputCheck):
            use = "pass OutputCheck.completed(), or None for no check"
            self._wrong("output_check must be an OutputCheck", check, use, "argument-type")
        elif self.output is None:
            self._wrong(
                "the output is not kept, and cannot be checked",
                check,
                "keep it, or pass output_check=None",
                "output-is-kept",
            )
        elif self._selected is not None:
            dropped = [name for name in check.fields(self._action, self.output) if name not in self._selected.fields]
            if dropped:
                what = "result_selector drops what is checked"
                self._wrong(what, dropped, "keep it, or pass output_check=None", "output-is-kept")
