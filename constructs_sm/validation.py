"""Whether a job's output is what it must be: the rule of the Choice after it, and what Fail says otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from constructs_sm.late_bound import jsonata_of

if TYPE_CHECKING:
    from constructs_sm.actions import Action

_DOCUMENTED_ERROR = "InvalidOutput"
_DOCUMENTED_CAUSE = (
    "Output is not what was expected. This could be due to a service outage or a misconfigured service integration."
)


_PLAIN = str.maketrans({"\\": "/", "'": "\N{RIGHT SINGLE QUOTATION MARK}", "{": "(", "}": ")"})


class Status(Enum):
    """Whether a job's output says how the job ended."""

    REQUIRED = "it was waited for"
    OPTIONAL = "whoever sends the task token back may say so"
    NONE = "it only began"


@dataclass(frozen=True, slots=True)
class Output:
    """Where a job's output stands, and what it can hold.

    Attributes:
        path: Where, as a JSONPath.
        status: What it says of how the job ended.
        jsonata: Whether the states of the job are written in JSONata.
    """

    path: str
    status: Status
    jsonata: bool = False

    @property
    def expression(self) -> str:
        """Where, as a JSONata expression without its marks."""
        return jsonata_of(self.path)

    @property
    def place(self) -> str:
        """Where, in the job's own query language."""
        return self.expression if self.jsonata else self.path


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """What a job's output must be for the state machine to go on. Made by `completed` or `documented`.

    Attributes:
        error: The error name the execution fails with.
        cause: What it says. None: the job, what was expected, and the whole output, with SageMaker's name and reason.
        arn_only: The documented rule: nothing but that the ARN is not empty.
    """

    error: str = "InvalidOutput"
    cause: str | None = None
    arn_only: bool = False

    @classmethod
    def completed(cls, *, error: str = "InvalidOutput") -> OutputCheck:
        """The ARN is there and not empty, and where a job was waited for, its status is `Completed`.

        A tuning job must have a best training, and a labeling job a labeled object. `Stopped` is not success, and an
        output in which a field is missing is refused, not stumbled over.
        """
        return cls(error)

    @classmethod
    def documented(cls, error: str = _DOCUMENTED_ERROR, cause: str = _DOCUMENTED_CAUSE) -> OutputCheck:
        """AWS's own example: the ARN is not empty.

        After a success this is always so. Where the ARN is missing, Step Functions ends the execution with
        `States.Runtime`, which nothing catches.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
        """
        return cls(error, cause, arn_only=True)

    def fields(self, action: Action, output: Output) -> tuple[str, ...]:
        """The fields of the output that are looked at, or may be missing, but must not have been dropped."""
        if self.arn_only or output.status is not Status.REQUIRED:
            return (action.arn_field,)
        names = (action.arn_field, str(action.status_field), *(result.field for result in action.required_results))
        return tuple(dict.fromkeys(name.partition(".")[0] for name in names))

    def rule(self, action: Action, output: Output) -> dict[str, Any]:
        """The Choice rule, without its Next."""
        arn = f"{output.place}.{action.arn_field}"
        status = f"{output.place}.{action.status_field}" if output.status is not Status.NONE else None
        if output.jsonata:
            return {"Condition": f"{{% {self._condition(action, output, arn, status)} %}}"}
        if self.arn_only:
            return _not_empty(arn)
        # Step Functions evaluates in order and stops early, so nothing after IsPresent meets a missing path.
        rules = _text(arn)
        if status is not None:
            present = _present(status)
            success = {"Variable": status, "StringEquals": action.success_status}
            rules += [present, success] if output.status is Status.REQUIRED else [{"Or": [{"Not": present}, success]}]
        if output.status is Status.REQUIRED:
            for result in action.required_results:
                path = f"{output.place}.{result.field}"
                rules += _text(path) if result.above is None else _number(path, result.above)
        return {"And": rules}

    def _condition(self, action: Action, output: Output, arn: str, status: str | None) -> str:
        # In JSONata a missing path is nothing, and nothing equals only nothing.
        if self.arn_only:
            return f"{arn} != ''"
        conditions = _some(arn)
        if status is not None:
            success = f"{status} = '{action.success_status}'"
            optional = output.status is Status.OPTIONAL
            conditions.append(f"($not($exists({status})) or {success})" if optional else success)
        if output.status is Status.REQUIRED:
            for result in action.required_results:
                path = f"{output.place}.{result.field}"
                conditions += _some(path) if result.above is None else [_more(path, result.above)]
        return " and ".join(conditions)

    def failure(self, job: str, action: Action, output: Output) -> dict[str, str]:
        """Error and cause of the Fail state, as arguments of `sfn.Fail`."""
        if self.cause is not None:
            return {"error": self.error, "cause": self.cause}
        wanted = [f"a {action.arn_field}"]
        if output.status is not Status.NONE:
            wanted.append(f"{action.status_field} {action.success_status}")
        if output.status is Status.REQUIRED:
            wanted += map(str, action.required_results)
        expected = " and ".join(wanted)
        text = f"{job}: {action.api} did not end with {expected}: "
        if output.jsonata:
            return {"error": self.error, "cause": f"{{% {json.dumps(text)} & $string({output.place}) %}}"}
        # Interpreters differ in how they take an escaped character, and none may trip over a name.
        text = text.translate(_PLAIN)
        return {"error": self.error, "cause_path": f"States.Format('{text}{{}}', States.JsonToString({output.place}))"}


def _present(path: str) -> dict[str, Any]:
    return {"Variable": path, "IsPresent": True}


def _not_empty(path: str) -> dict[str, Any]:
    return {"Not": {"Variable": path, "StringEquals": ""}}


def _text(path: str) -> list[dict[str, Any]]:
    # Of all strings only the empty one is not after it, and what is no string is after none.
    return [_present(path), {"Variable": path, "StringGreaterThan": ""}]


def _number(path: str, above: int) -> list[dict[str, Any]]:
    # What is no number is above none.
    return [_present(path), {"Variable": path, "NumericGreaterThan": above}]


def _some(path: str) -> list[str]:
    return [f"$type({path}) = 'string'", f"{path} != ''"]


def _more(path: str, than: int) -> str:
    # Not `and`, which need not stop early: a text is not comparable with a number.
    return f"($type({path}) = 'number' ? {path} > {than} : false)"
