"""Names of jobs: unique by default, fixed, or from the execution input.

SageMaker keeps the names of jobs for ever, per account and Region, so a name that is used twice (by a retry, a redrive,
an item of a Map) is an error: `SageMaker.ResourceInUseException`, which hides what went wrong first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from constructs_sm.language.errors import Problem
from constructs_sm.language.formats import joined
from constructs_sm.language.intrinsics import literal_beginning
from constructs_sm.language.late_bound import TOKEN, Computed, is_jsonata, is_late_bound, is_token, remedy_of_form
from constructs_sm.values.outputs import JobOutput

LONGEST_STATE_NAME = 80
LONGEST_PREFIX = 16
"""Of a pipeline's jobs: leaves room for the job's own part in a name of 63 characters with a UUID."""
_ALLOWED = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_UUID = 36
_UUID_TAIL = 12
"""The part of a UUID behind its last dash: 48 random bits, for names that have no room for a whole UUID."""
_ROOM_FOR_UUID = 63
# Nothing that binds less tightly than &: `'a' & x ? 'b' : 'c'` does not begin with a.
_CONCATENATION = re.compile(r"""\{%\s*(['"])([^'"\\]*)\1\s*&(?:(?!\b(?:and|or|in)\b)[^?:=<>~])*%\}""")
_CHARACTERS = "use letters, digits and inner dashes: [a-zA-Z0-9](-*[a-zA-Z0-9])*"


@dataclass(frozen=True, slots=True)
class JobName:
    """The way a job gets its name. Made by `unique`, `fixed` or `from_input`."""

    kind: Literal["unique", "fixed", "from_input"]
    prefix: str = ""
    value: str = ""

    @classmethod
    def unique(cls, prefix: str) -> JobName:
        """A fresh name for every attempt: *prefix*, a dash, a random part.

        The prefix is literal, so that IAM can name it: 26 characters at most, 19 for tuning jobs (whose names end after
        32, so that their random part is 12 hexadecimal digits in place of a UUID).
        """
        return cls("unique", prefix=prefix)

    @classmethod
    def fixed(cls, name: str) -> JobName:
        """One literal name. A second run, a retry after the service took the call, and a redrive find it in use."""
        return cls("fixed", value=name)

    @classmethod
    def from_input(cls, path: str, *, prefix: str = "") -> JobName:
        """The name stands in the state's input, at a JSONPath (`$.id`) or as a JSONata expression (`{% ... %}`).

        Whoever starts the execution must send a new name each time, within SageMaker's limits, and a retry finds the
        name in use. `$$.Execution.Name` is no good: up to 80 characters, 73 with an underscore when EventBridge starts
        it. With a literal *prefix*, put before the value with a dash, IAM grants the prefix; without one, every name.
        """
        return cls("from_input", prefix=prefix, value=path)

    @classmethod
    def of(cls, name: str | JobName) -> JobName:
        """A plain string is a fixed name, a late-bound one comes from the input."""
        if isinstance(name, JobName):
            return name
        return cls.from_input(name) if is_late_bound(name) else cls.fixed(name)

    def problems(self, name_max: int) -> list[Problem]:
        """Return what SageMaker would refuse of this name, as far as it is known."""
        if self.kind == "fixed":
            return name_problems(self.value, name_max)
        found = []
        if self.kind == "unique" or self.prefix:
            room = unique_prefix_max(name_max) if self.kind == "unique" else name_max - 2
            found += name_problems(self.prefix, room, "job name prefix")
        if self.kind == "from_input" and not is_late_bound(self.value):
            found.append(
                Problem(
                    "job name must be late-bound",
                    self.value,
                    "pass a path as '$.id', or JobName.fixed",
                    "job-name-late-bound",
                )
            )
        return found

    def expression(self, name_max: int, *, jsonata: bool) -> str:
        """The name as the request says it: a literal, an intrinsic function or path, or a JSONata expression."""
        value = self.value.spelled(jsonata=jsonata) if isinstance(self.value, JobOutput) else self.value
        if self.kind == "fixed":
            return value
        if self.kind == "from_input" and is_token(value):
            # A text with a token in it is joined, in either language, when the request is made.
            return f"{self.prefix}-{value}" if self.prefix else value
        if jsonata:
            bare = value.removeprefix("{%").removesuffix("%}").strip()
            if self.kind == "unique":
                bare = "$uuid()" if name_max >= _ROOM_FOR_UUID else f"$substring($uuid(), {_UUID - _UUID_TAIL})"
            return f"{{% '{self.prefix}-' & {bare} %}}" if self.prefix else value
        path = value
        if self.kind == "unique":
            path = "States.UUID()"
            if name_max < _ROOM_FOR_UUID:
                path = "States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 4)"
        said = joined([(f"{self.prefix}-", False), (path, True)]) if self.prefix else path
        # One of our own needs no reading.
        return Computed(said) if self.kind == "unique" else said


def id_problems(construct_id: object, longest: int, what: str = "the construct id") -> list[Problem]:
    """Return what is wrong with a construct id that names states: it is text, known at synthesis, and short enough."""
    if isinstance(construct_id, str) and 1 <= len(construct_id) <= longest and not TOKEN.search(construct_id):
        return []
    return [Problem(f"{what} names the states", construct_id, f"use 1 to {longest} characters", "construct-id")]


def name_problems(name: object, name_max: int, what: str = "job name") -> list[Problem]:
    """Return what SageMaker would refuse of a literal *name*."""
    if not isinstance(name, str):
        return [Problem(f"{what} must be a string", name, "pass a str or a JobName", "argument-type")]
    if is_late_bound(name):
        return []
    found = []
    if not 1 <= len(name) <= name_max:
        found.append(
            Problem(
                f"{what} must have 1 to {name_max} characters",
                name,
                f"shorten it from {len(name)}" if name else "name it",
                "job-name-form",
            )
        )
    if name and not _ALLOWED.fullmatch(name):
        use = remedy_of_form(name, _CHARACTERS)
        found.append(Problem(f"{what} has characters SageMaker refuses", name, use, "job-name-form"))
    return found


@cache
def unique_prefix_max(name_max: int) -> int:
    """The longest prefix that leaves room for a dash and the random part."""
    return name_max - 1 - (_UUID if name_max >= _ROOM_FOR_UUID else _UUID_TAIL)


def slug(text: str, most: int, otherwise: str = "job") -> str:
    """*text* as a name prefix: lower case, as SageMaker spells it in ARNs, and at most *most* characters."""
    dashed = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return dashed[:most].rstrip("-") or otherwise[:most]


def arn_suffix(name: str, *, run_time: bool) -> str:
    """Return the part of a name that IAM can match: a literal name or beginning and `*`; `*` alone if nothing is known.

    Args:
        name: A literal name, or a token known at deployment; with *run_time*, a JSONPath or intrinsic function.
            A JSONata expression is recognized by itself.
        run_time: Whether Step Functions computes the name.
    """
    if is_jsonata(name):
        beginning = _CONCATENATION.match(name)
        return f"{beginning[2]}*" if beginning else "*"
    if not run_time:
        return f"{name}*"
    return f"{(literal_beginning(name) or '')}*"
