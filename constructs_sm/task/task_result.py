"""Where the output of a task goes in the state's input, and what of it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.fields import spelled
from constructs_sm.language.jsonata import UNCHANGED, fields_of, merged
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.paths import is_reference, key_in, key_of, path_of
from constructs_sm.requests import model_check
from constructs_sm.task.output_check import Output, OutputCheck, Status

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.actions import Action


class TaskResult:
    """What the arguments of a task say about its output: judged, and said in the fields of the state.

    Args:
        construct_id: What the result is called by default.
        action: The row of the table.
        arguments: What every task takes.
        pattern: How the task is called.
        check: What will be checked of the output.
        with_paths: Spells the CDK's JSONPath tokens in a mapping.

    Attributes:
        path: Where the output goes. That of `sfn.JsonPath.DISCARD` stays a token, which the CDK renders as null.
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
        with_paths: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._action = action
        self._arguments = arguments
        self._check = check
        self._waits = pattern is sfn.IntegrationPattern.RUN_JOB
        self._jsonata = arguments.get("query_language") is sfn.QueryLanguage.JSONATA
        self._with_paths = with_paths
        self.problems: list[Problem] = []
        self.path = self._path(str(construct_id))
        self.kept = self._kept()
        self._judge_keep()
        self.fields = self._in_jsonata() if self._jsonata else self._in_json_path()
        self.output = self._output(pattern)
        self._judge_check()

    def _wrong(self, what: str, got: object, use: str, rule: str) -> None:
        self.problems.append(Problem(what, got, use, rule))

    def _path(self, construct_id: str) -> str:
        path = self._arguments.get("result_path")
        if path is None:
            return path_of(key_of(construct_id))
        if is_token(path) and path != sfn.JsonPath.DISCARD:
            path = self._with_paths({"path": path}).get("path.$", path)
        if not is_token(path) and not is_reference(str(path)):
            self._wrong(
                "result_path must be a path to one place",
                path,
                "write '$.result', or use sfn.JsonPath.DISCARD",
                "result-path",
            )
        return str(path)

    def _kept(self) -> Collection[str] | None:
        keep = self._arguments.get("keep")
        selector: Mapping[str, Any] | None = self._arguments.get("result_selector")
        if selector is not None and not self._jsonata:
            return selector
        if not self._waits or self._arguments.get("state_output") is not None or not self._leaves_out:
            return None
        more = keep if isinstance(keep, (list, tuple)) else ()
        return list(dict.fromkeys((*self._action.kept_fields, *more)))

    @property
    def _leaves_out(self) -> bool:
        """Whether there is a state in JSONata, which can leave out what may be missing: the task, or its check."""
        checked = isinstance(self._check, OutputCheck) and not self._check.arn_only
        return self._jsonata or (checked and key_in(self.path) is not None)

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
        selector, output = self._arguments.get("result_selector"), self._arguments.get("state_output")
        if selector is not None:
            self._wrong("result_selector is JSONPath", selector, "use state_output in a JSONata state", "result-path")
        if output is not None and self._arguments.get("result_path") is not None:
            self._wrong(
                "state_output and result_path say the same twice", output, "give one of them", "argument-given-twice"
            )
        return {"Output": self._jsonata_output() if output is None else output}

    def _jsonata_output(self) -> str:
        fields = "" if self.kept is None else fields_of(self.kept)
        if self.path == "$":
            return f"{{% $states.result{fields} %}}"
        if is_token(self.path):
            return UNCHANGED
        key = key_in(self.path)
        if key is None:
            use = "write '$.key', or use state_output"
            self._wrong("result_path must name one key in a JSONata state", self.path, use, "result-path")
            return ""
        return merged(key, f"$states.result{fields}")

    def _in_json_path(self) -> dict[str, Any]:
        selector, output = self._arguments.get("result_selector"), self._arguments.get("state_output")
        if output is not None:
            self._wrong(
                "state_output is JSONata",
                output,
                "use result_path and result_selector in a JSONPath state",
                "result-path",
            )
        fields: dict[str, Any] = {}
        if selector is not None and not isinstance(selector, Mapping):
            self._wrong(
                "result_selector must be a mapping", selector, "pass a dict from fields to paths", "result-path"
            )
        elif selector is not None:
            fields["ResultSelector"] = self._with_paths(dict(selector))
        if self.path != "$":
            fields["ResultPath"] = self.path
        return fields

    def _output(self, pattern: sfn.IntegrationPattern) -> Output | None:
        if is_token(self.path) or self._arguments.get("state_output") is not None:
            return None
        status = {
            sfn.IntegrationPattern.RUN_JOB: Status.REQUIRED,
            sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN: Status.OPTIONAL if self._action.sync else Status.NONE,
        }.get(pattern, Status.NONE)
        return Output(self.path, status, jsonata=self._jsonata)

    def _judge_check(self) -> None:
        check, selector = self._check, self._arguments.get("result_selector")
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
        elif isinstance(selector, Mapping):
            dropped = [name for name in check.fields(self._action, self.output) if spelled(selector, name) is None]
            if dropped:
                self._wrong(
                    "result_selector drops what is checked",
                    dropped,
                    "keep it, or pass output_check=None",
                    "output-is-kept",
                )
