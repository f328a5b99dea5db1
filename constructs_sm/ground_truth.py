"""Resources of AWS for Ground Truth, by Region: functions of the built-in task types, worker UIs, algorithms, workers.

The data are those of botocore's descriptions (`tools/ground_truth.py` writes them anew), read when first asked for.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from constructs_sm.environment import arns_of
from constructs_sm.image_accounts import mapped_account
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.language.late_bound import is_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import IConstruct

Stage: TypeAlias = Literal["PRE", "ACS"]
"""The use of a function: to prepare the task of an object, or to consolidate the answers of its workers."""
_MAPPING = "GroundTruthFunctions"
# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-workforce-management-public.html
_PUBLIC_CROWD = "arn:{partition}:sagemaker:{region}:394669845002:workteam/public-crowd/default"


def task_types() -> Mapping[str, str]:
    """The built-in task types as their functions are called, and their titles in the API reference."""
    return cast("Mapping[str, str]", _data()["task_types"])


def check_task_type(task_type: str) -> None:
    """Raise InvalidInputError if there is no such built-in task type."""
    known = task_types()
    if not isinstance(task_type, str) or task_type not in known:
        # Whoever read the titles knows a type by its title.
        names = {name.lower(): name for name in known} | {_squeezed(title): name for name, title in known.items()}
        raise _wrong("no such task type", task_type, names)


def function_arn(scope: IConstruct, stage: Stage, task_type: str) -> str:
    """The function of a built-in task type, in the Region of the stack around *scope*.

    Raises:
        InvalidInputError: There is no such task type, or not in this Region.
    """
    check_task_type(task_type)
    arns, accounts = arns_of(scope), _data()["accounts"]
    if not is_token(arns.region) and arns.region not in accounts:
        what = f"task type {task_type} is not in this Region"
        use = f"the Region is unsupported; use one of {', '.join(accounts)}"
        raise InvalidInputError("Ground Truth", [Problem(what, arns.region, use, "ground-truth-unknown")])
    account = accounts.get(arns.region) or mapped_account(scope, _MAPPING, accounts)
    return f"arn:{arns.partition}:lambda:{arns.region}:{account}:function:{stage}-{task_type}"


def labels_are_files(task_type: str) -> bool:
    """Return whether the output manifest of a task type holds references: the name of its labels then ends in -ref."""
    return task_type in _data()["ref_task_types"]


def human_task_ui_arn(scope: IConstruct, task_type: str) -> str | None:
    """AWS's own worker UI for a task type; None: it has a template of the user's."""
    name = task_type.removeprefix("Adjustment").removeprefix("3D")
    if name not in _data()["human_task_uis"]["names"]:
        return None
    return _of_aws(scope, "human_task_uis", "human-task-ui", name)


def algorithm_arn(scope: IConstruct, algorithm: str) -> str:
    """An algorithm of automated data labeling.

    Raises:
        InvalidInputError: There is no such algorithm.
    """
    known = _data()["algorithms"]["names"]
    if algorithm not in known:
        raise _wrong("no such algorithm", algorithm, _itself(known))
    return _of_aws(scope, "algorithms", "labeling-job-algorithm-specification", algorithm)


def public_workteam_arn(scope: IConstruct) -> str:
    """The workers of Amazon Mechanical Turk."""
    arns = arns_of(scope)
    return _PUBLIC_CROWD.format(partition=arns.partition, region=arns.region)


def _of_aws(scope: IConstruct, kind: str, arn_type: str, name: str) -> str:
    arns, account = arns_of(scope), _data()[kind]["account"]
    return f"arn:{arns.partition}:sagemaker:{arns.region}:{account}:{arn_type}/{name}"


@cache
def _data() -> dict[str, Any]:
    text = resources.files("constructs_sm").joinpath("ground_truth.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _squeezed(title: str) -> str:
    return "".join(character for character in title.lower() if character.isalnum())


def _itself(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


def _wrong(what: str, got: object, options: Mapping[str, str]) -> InvalidInputError:
    """An error that suggests one of *options*, which stand under each of their spellings."""
    use = choose_from(options, str(got).lower())
    return InvalidInputError("Ground Truth", [Problem(what, got, use, "ground-truth-unknown")])
