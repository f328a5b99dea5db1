"""Few words for the calls, retries and conditions of a state."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from constructs_sm.language.error_names import ALL
from constructs_sm.language.numbers import is_whole_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from constructs_sm.language.machines import Json

LONGEST_LABEL = 28
_COMPARISON = re.compile("(Is|String|Numeric|Boolean|Timestamp)(.+?)(Path)?")
_SIGNS = {"Equals": "=", "GreaterThan": ">", "GreaterThanEquals": "≥", "LessThan": "<", "LessThanEquals": "≤"}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def called(resource: str) -> str:
    """Say what a Resource calls: `createTrainingJob.sync`, `sns:publish`, `function:tell`."""
    _, optimized, api = resource.rpartition(":states:::")
    api = api.removeprefix("aws-sdk:").removeprefix("sagemaker:")
    return api if optimized else ":".join(resource.split(":")[-2:])


def notes_of(state: Json) -> Iterator[str]:
    """Say what a state does, in lines."""
    match state:
        case {"Type": "Task", "Resource": str(resource)}:
            yield called(resource)
        case {"Type": "Wait", "Seconds": int(seconds)}:
            yield f"waits {seconds} s"
        case {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}:
            yield "distributed map"
        case {"Type": "Map" | "Parallel" as kind}:
            yield str(kind).lower()
    retriers = [retrier for retrier in state.get("Retry", []) if retrier.get("MaxAttempts") != 0]
    if errors := {error for retrier in retriers for error in retrier["ErrorEquals"]}:
        yield f"retries {_kinds(errors)}"


def waits(state: Json) -> str:
    """Say how long a Wait state waits, in the largest unit that is whole."""
    seconds = state.get("Seconds")
    if not is_whole_number(seconds, least=0):
        return "waits"
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"waits {seconds // size} {unit}"
    return f"waits {seconds} s"


def condition(rule: Json, *, fails: bool) -> str:
    """Say on which condition a rule of a Choice is taken: in its own words if they are few."""
    always = rule.get("Condition") == "{% true %}"
    text = str(rule.get("Comment") or ("otherwise" if always else comparison(rule)))
    return text if 0 < len(text) <= LONGEST_LABEL else "rejected" if fails or always else "accepted"


def caught(errors: Sequence[str]) -> str:
    """Say which errors a catcher is for."""
    named = " or ".join(error.rpartition(".")[2] for error in errors)
    return named if len(named) <= LONGEST_LABEL and ALL not in errors else _kinds(errors)


def _kinds(errors: Collection[str]) -> str:
    if ALL in errors:
        return "any error"
    return f"{len(errors)} kind{'s' if len(errors) > 1 else ''} of error"


def comparison(rule: Json, *, negated: bool = False) -> str:
    """Say *rule* of a Choice if it is a single comparison; else nothing."""
    if "Condition" in rule:
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    if isinstance(rule.get("Not"), dict):
        return comparison(rule["Not"], negated=not negated)
    if isinstance(rule.get("And"), list) and not negated:
        # That a field is there goes without saying if the next part compares it.
        parts = [
            part for part in rule["And"] if isinstance(part, dict) and not any(key.startswith("Is") for key in part)
        ]
        return comparison(parts[0]) if len(parts) == 1 else ""
    for key, value in rule.items():
        # That a name or an ARN is not empty says less than that the output is accepted.
        if value == "" or not (compared := _COMPARISON.fullmatch(key)):
            continue
        family, operator, is_path = compared.groups()
        if family == "Is":
            sign, other = f"is {'not ' if value == negated else ''}{operator.lower()}", ""
        else:
            sign = _SIGNS.get(operator, operator.lower())
            sign = sign if not negated else "≠" if sign == "=" else f"not {sign}"
            other = str(value).removeprefix("$.") if is_path else json.dumps(value, ensure_ascii=False)
        return f"{str(rule.get('Variable', '')).removeprefix('$.')} {sign} {other}".strip()
    return ""
