"""Check of a job's output: the rule of the Choice after it, and what Fail says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import raise_unless
from constructs_sm.language.jsonata import jsonata_of, said

if TYPE_CHECKING:
    from constructs_sm.actions import Action

_DOCUMENTED_ERROR = "InvalidOutput"
_DOCUMENTED_CAUSE = (
    "Output is not what was expected. This could be due to a service outage or a misconfigured service integration."
)


_PLAIN = str.maketrans({"\\": "/", "'": "\N{RIGHT SINGLE QUOTATION MARK}", "{": "(", "}": ")"})


class Status(Enum):
    """Presence of a status in a job's output, which says how the job ended."""

    REQUIRED = "it was waited for"
    OPTIONAL = "whoever sends the task token back may say so"
    NONE = "it only began"


@dataclass(frozen=True, slots=True)
class Output:
    """Place of a job's output, and what it can hold.

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
        """Place as a JSONata expression without its marks."""
        return jsonata_of(self.path)

    @property
    def place(self) -> str:
        """Place in the job's own query language."""
        return self.expression if self.jsonata else self.path


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """Condition on a job's output for the state machine to go on. Made by `completed` or `documented`.

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

        Raises:
            InvalidInputError: The name of the error is no text.
        """
        raise_unless("OutputCheck.completed", error=(error, str, "the name of an error"))
        return cls(error)

    @classmethod
    def documented(cls, error: str = _DOCUMENTED_ERROR, cause: str = _DOCUMENTED_CAUSE) -> OutputCheck:
        """AWS's own example: the ARN is not empty.

        After a success this is always so. Where the ARN is missing, Step Functions ends the execution with
        `States.Runtime`, which nothing catches.

        Raises:
            InvalidInputError: The name of the error, or its cause, is no text.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
        """
        given = {"error": (error, str, "the name of an error"), "cause": (cause, str, "a sentence")}
        raise_unless("OutputCheck.documented", **given)
        return cls(error, cause, arn_only=True)

    def fields(self, action: Action, output: Output) -> tuple[str, ...]:
        """The fields of the output that are looked at, or may be missing, but must not have been dropped."""
        if self.arn_only or output.status is not Status.REQUIRED:
            return (action.arn_field,)
        names = [action.arn_field, str(action.status_field)]
        # A job is described by its name.
        names += [r.field if action.hands_on(r.field) else action.name_field for r in action.required_results]
        return tuple(dict.fromkeys(name.partition(".")[0] for name in names))

    def described(self, action: Action, output: Output) -> tuple[str, ...]:
        """Dotted fields that are looked at, and that the output is not known to hold."""
        if self.arn_only or output.status is not Status.REQUIRED or not action.required_results:
            return ()
        wanted = tuple(result.field for result in action.required_results if not action.hands_on(result.field))
        return (*wanted, *action.described_along) if wanted else ()

    def documented_rule(self, action: Action, output: Output) -> dict[str, Any]:
        """The documented rule after a JSONPath job: JSONPath, to the letter, without its Next."""
        return {"Not": {"Variable": f"{output.path}.{action.arn_field}", "StringEquals": ""}}

    def condition(self, action: Action, output: Output) -> str:
        """Spell the condition in JSONata without its marks: what is missing is nothing, which is false."""
        if self.arn_only:
            return f"{output.expression}.{action.arn_field} != ''"
        conditions = [action.arn_field]
        if output.status is Status.NONE:
            # By itself, what is missing would be no condition.
            conditions.append("true")
        else:
            success = f"{action.status_field} = '{action.success_status}'"
            optional = f"($not($exists({action.status_field})) or {success})"
            conditions.append(optional if output.status is Status.OPTIONAL else success)
        if output.status is Status.REQUIRED:
            for result in action.required_results:
                place = action.found_at(result.field)
                conditions.append(place if result.above is None else _more(place, result.above))
        return f"{output.expression}.({' and '.join(conditions)})"

    def failure(self, action: Action, output: Output, job: str = "") -> dict[str, str]:
        """Error and cause where the check says no, as arguments of `sfn.Fail`; the cause begins with *job*."""
        if self.cause is not None:
            return {"error": self.error, "cause": self.cause}
        missing = [f"no {action.arn_field}"]
        if output.status is not Status.NONE:
            missing.append(f"not {action.success_status}")
        if output.status is Status.REQUIRED:
            missing += [f"no {result}" for result in action.required_results]
        text = f"{job}{': ' if job else ''}{', or '.join(missing)}: "
        if output.jsonata:
            return {"error": self.error, "cause": said(text, f"$string({output.place})")}
        # Interpreters differ in how they take an escaped character, and none may trip over a name.
        text = text.translate(_PLAIN)
        return {"error": self.error, "cause_path": f"States.Format('{text}{{}}', States.JsonToString({output.place}))"}


def _more(path: str, than: int) -> str:
    # Not `and`, which need not stop early: a text is not comparable with a number.
    return f"($type({path}) = 'number' ? {path} > {than} : false)"


COMPLETED: Final = OutputCheck.completed()
"""The check of a job that was told no other."""
