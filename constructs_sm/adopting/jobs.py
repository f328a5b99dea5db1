"""Tasks of SageMaker as jobs of this library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm import retry
from constructs_sm.adopting.adopted import JSONATA, TRANSITIONS, Adopted, caught, has_null, is_path, path_argument
from constructs_sm.adopting.python_text import Call, Code, literal
from constructs_sm.adopting.references import (
    STACK,
    is_reference_alone,
    with_references_computed,
    without_references,
)
from constructs_sm.adopting.typed_arguments import OF_ACTIONS
from constructs_sm.adopting.typed_requests import duration, typed_request
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.language.late_bound import LATE, is_json_path, is_jsonata
from constructs_sm.language.late_values import misspelled_expression, misspelled_path
from constructs_sm.language.paths import is_reference
from constructs_sm.requests.model_check import found_in
from constructs_sm.requests.request import read
from constructs_sm.requests.role_fields import lacks_role
from constructs_sm.rules.catalogue import RULES
from constructs_sm.values.names import LONGEST_STATE_NAME, JobName, name_problems, slug, unique_prefix_max

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.actions import Action
    from constructs_sm.adopting.python_text import Place
    from constructs_sm.checking.scene import Located

_FIELDS: Final = TRANSITIONS | frozenset(
    {
        "Type",
        "Resource",
        "Comment",
        "QueryLanguage",
        "Parameters",
        "Arguments",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "Retry",
        "Catch",
        "InputPath",
        "ResultPath",
        "ResultSelector",
        "OutputPath",
        "Output",
        "Assign",
    }
)
_UNCHANGED_RESULT: Final = "{% $states.result %}"
"""The Output of a task in JSONata, where it has none."""
_ROLE: Final = re.compile(r"arn:[^:]+:iam::[^:]*:role/.+")
_POLICY: Final = {
    "ErrorEquals": "errors",
    "IntervalSeconds": "interval_seconds",
    "MaxAttempts": "max_attempts",
    "BackoffRate": "backoff_rate",
    "MaxDelaySeconds": "max_delay_seconds",
}
_KNOWN_POLICIES: Final = {"retry.DEFAULT": retry.DEFAULT, "retry.DOCUMENTED": retry.DOCUMENTED}


class NoJobError(Exception):
    """A task is none that a job can be made of; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWriter:
    """Writes jobs.

    Attributes:
        place: Puts expressions into texts.
        role: Gives the variable of an execution role, by its ARN.
        retries: The states that get the default retries.
        names: The states whose jobs get names of their own for each attempt.
    """

    place: Place
    role: Callable[[str], Code]
    retries: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def job(self, located: Located, variable: str, construct_id: str) -> Adopted:
        """The job that a task is.

        Raises:
            NoJobError: It is none, or the job would be refused or rendered otherwise.
        """
        action = _action_of(located)
        request = located.state.get(located.request_field)
        if not isinstance(request, dict):
            raise NoJobError(f"its {located.request_field} are no object")
        if not isinstance(located.state.get("Comment", ""), str):
            raise NoJobError("its Comment is no text")
        _judge(located, action, request)
        named: dict[str, Any] = {}
        left = dict(request)
        self._names(located, action, left, named)
        self._takes_role(action, left, named)
        typed = typed_request(left, OF_ACTIONS[action], self.place, jsonata=located.jsonata)
        named |= typed.arguments
        if typed.parameters:
            named["parameters"] = literal(typed.parameters, self.place)
        if action.sync and not str(located.state["Resource"]).endswith(".sync"):
            named["integration_pattern"] = Code("sfn.IntegrationPattern.REQUEST_RESPONSE")
        named |= self._state(located)
        call = Call(OF_ACTIONS[action].construct, (Code(STACK), construct_id), named)
        leads = caught(located.state, self.place, jsonata=located.jsonata, on="task")
        if leads is None:
            raise NoJobError("the CDK renders its Catch otherwise")
        return Adopted(located.name, variable, call, led_to=leads)

    def _names(self, located: Located, action: Action, left: dict[str, Any], named: dict[str, Any]) -> None:
        """Take the name out of a request, and say it as `job_name`."""
        late_field = f"{action.name_field}{LATE}"
        given = left.get(action.name_field, left.get(late_field))
        if not isinstance(given, str):
            return
        computed = late_field in left or (located.jsonata and is_jsonata(given))
        if located.name in self.names:
            prefix = slug(without_references(given), unique_prefix_max(action.name_max)) if not computed else ""
            if prefix:
                named["job_name"] = Call("JobName.unique", (prefix,))
        elif (known := _unique_prefix(given, action, jsonata=located.jsonata)) is not None:
            named["job_name"] = Call("JobName.unique", (known,))
        elif is_json_path(given) or is_jsonata(given) or not computed:
            named["job_name"] = self.place(given)
        else:
            return
        left.pop(action.name_field, None)
        left.pop(late_field, None)

    def _takes_role(self, action: Action, left: dict[str, Any], named: dict[str, Any]) -> None:
        """Take the execution role out of a request, and say it as `role`."""
        if not action.role_path or f"{action.role_path[0]}s" in left:
            return
        *path, field = action.role_path
        holder: Any = left
        for name in path:
            holder = holder.get(name) if isinstance(holder, dict) else None
        arn = holder.get(field) if isinstance(holder, dict) else None
        if not isinstance(arn, str) or not (_ROLE.fullmatch(arn) or is_reference_alone(arn)) or is_jsonata(arn):
            return
        named["role"] = self.role(arn)
        if path:
            left[path[0]] = {key: value for key, value in holder.items() if key != field}
        else:
            del left[field]

    def _state(self, located: Located) -> dict[str, Any]:
        """Arguments that are fields of the state."""
        state, place, jsonata = located.state, self.place, located.jsonata
        named: dict[str, Any] = {"output_check": None}
        if located.name not in self.retries:
            named["retry"] = _policies(state)
        if jsonata:
            named["state_output"] = literal(state.get("Output", _UNCHANGED_RESULT), place)
            named["query_language"] = JSONATA
        else:
            named["result_path"] = path_argument(state.get("ResultPath", "$"), place)
            for field in ("InputPath", "OutputPath"):
                if state.get(field, "$") != "$":
                    named[_argument(field)] = path_argument(state[field], place)
            if "ResultSelector" in state:
                named["result_selector"] = literal(state["ResultSelector"], place)
        time = state.get("TimeoutSeconds", state.get("TimeoutSecondsPath"))
        if time is not None:
            named["task_timeout"] = duration(time) if isinstance(time, int) else place(time)
        if state.get("Assign"):
            named["assign"] = literal(state["Assign"], place)
        if state.get("Comment"):
            named["comment"] = place(state["Comment"])
        return named


def _argument(field: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", field).lower()


def _action_of(located: Located) -> Action:
    called = located.called
    if called is None or not called.is_sagemaker or called.sdk:
        raise NoJobError("it calls another API")
    action = next((each for each in OF_ACTIONS if each.api == called.api), None)
    if action is None:
        raise NoJobError(f"there is no job of {called.api}")
    if called.pattern not in ({"", "sync"} if action.sync else {""}):
        raise NoJobError(f"{action.api} does not offer .{called.pattern}")
    return action


def _judge(located: Located, action: Action, request: dict[str, Any]) -> None:
    """Find what a job would refuse.

    Raises:
        NoJobError: There is something.
    """
    state, jsonata = located.state, located.jsonata
    if more := sorted(state.keys() - _FIELDS):
        raise NoJobError(f"no argument says {more[0]}")
    if has_null({key: state.get(key, "") for key in ("Parameters", "Arguments", "ResultSelector", "Output", "Assign")}):
        raise NoJobError("its request has a null")
    if len(located.name) > LONGEST_STATE_NAME:
        raise NoJobError("its name is too long")
    # What is put in at deployment is as late as what is put in at run time; any other text is what it says.
    known = read(with_references_computed(request)).fields
    name = known.get(action.name_field, "job")
    if lacks_role(action, known):
        raise NoJobError("it names no execution role, and a job makes one")
    problems = [
        *(problem for problem in found_in(action.operation, known) if RULES[problem.rule].severity == "error"),
        *(name_problems(name, action.name_max) if type(name) is str and not is_jsonata(name) else ()),
    ]
    if problems:
        raise NoJobError(f"SageMaker refuses its request: {problems[0]}")
    for wrong in _unreadable(request, jsonata=jsonata):
        raise NoJobError(wrong)
    _judge_paths_and_times(state, jsonata=jsonata)
    _policies(state)


def _judge_paths_and_times(state: Mapping[str, Any], *, jsonata: bool) -> None:
    for field in ("InputPath", "OutputPath", "ResultPath"):
        path = state.get(field, "$")
        takes = is_reference if field == "ResultPath" else is_json_path
        if path is not None and not (is_path(path) and takes(path)):
            raise NoJobError(f"its {field} is read by the CDK alone: {path}")
    time = state.get("TimeoutSeconds", 1)
    if not (isinstance(time, int) and time >= 1) and not (jsonata and is_jsonata(time)):
        raise NoJobError(f"its TimeoutSeconds are none: {time}")
    if not is_json_path(state.get("TimeoutSecondsPath", "$.x")):
        raise NoJobError(f"its TimeoutSecondsPath is read by the CDK alone: {state['TimeoutSecondsPath']}")


def _unreadable(value: Any, *, jsonata: bool) -> list[str]:
    """Say which paths and expressions in a request cannot be read."""
    found: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key.endswith(LATE) and not jsonata:
                wrong = misspelled_path(item) if isinstance(item, str) else "it is no text"
                found += [f"{key} cannot be read: {wrong}"] if wrong else []
            found += _unreadable(item, jsonata=jsonata)
    elif isinstance(value, list):
        for item in value:
            found += _unreadable(item, jsonata=jsonata)
    elif jsonata and is_jsonata(value) and (wrong := misspelled_expression(value)):
        found.append(f"an expression cannot be read: {wrong}")
    return found


def _unique_prefix(given: str, action: Action, *, jsonata: bool) -> str | None:
    """The prefix of a name that is as `JobName.unique` makes it; None if it is any other."""
    found = re.search(r"'([A-Za-z0-9-]+)-", given)
    if found is None:
        return None
    made = JobName.unique(found[1])
    same = not made.problems(action.name_max) and made.expression(action.name_max, jsonata=jsonata) == given
    return found[1] if same else None


def _policies(state: Mapping[str, Any]) -> Any:
    """The retriers of a state as an argument.

    Raises:
        NoJobError: A policy of ours cannot say one.
    """
    given = state.get("Retry", [])
    for name, known in _KNOWN_POLICIES.items():
        if given == [policy.to_state() for policy in known]:
            return Code(name)
    made = []
    for retrier in given:
        strategy = retrier.get("JitterStrategy", "NONE")
        named = {argument: retrier[key] for key, argument in _POLICY.items() if key in retrier}
        if retrier.keys() - _POLICY.keys() - {"JitterStrategy"} or strategy not in {"FULL", "NONE"}:
            raise NoJobError(f"no RetryPolicy is this: {dict(retrier)}")
        if strategy == "FULL":
            named["jitter"] = True
        try:
            retry.RetryPolicy(**named)
        except (InvalidInputError, TypeError) as error:
            raise NoJobError(str(error)) from error
        made.append(Call("RetryPolicy", named=named))
    if wrong := retry.problems_of([retry.RetryPolicy(**each.named) for each in made]):
        raise NoJobError(str(wrong[0]))
    return made or Code("()")
