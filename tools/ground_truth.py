"""Write `constructs_sm/ground_truth.json`: what AWS publishes for Ground Truth's built-in task types.

Run it after raising botocore. The descriptions in botocore's model, which are those of the API reference, spell out the
ARN of every function in every Region; here they are taken apart.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TARGET = Path(__file__).parent.parent / "constructs_sm" / "ground_truth.json"
_TITLE_OR_FUNCTION = re.compile(
    r"<b>(?P<title>[^<]*)</b>"
    r"|arn:aws:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<kind>PRE|ACS)-(?P<task_type>\w+)"
)
_REGION = r"(?:aws-region|region|<i>region</i>)"
_UI = re.compile(rf"arn:aws:sagemaker:{_REGION}:(?P<account>\d{{12}}):human-task-ui/(?P<name>\w+)")
_ALGORITHM = re.compile(
    rf"arn:aws:sagemaker:{_REGION}:(?P<account>\d{{12}}):labeling-job-algorithm-specification/(?P<name>[\w-]+)"
)
_IN_BRACKETS = re.compile(r"\(<code>(\w+)\)?</code>")
_MUST_NOT = "Verification"
"""Of the types whose labels are files, those that verify labels are the ones whose labels are not."""


def main() -> None:
    """Read botocore's model and write."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    TARGET.write_text(spelled(compact(shapes)))


def compact(shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `constructs_sm.ground_truth` needs of the descriptions."""
    accounts: dict[str, str] = {}
    before = _task_types(_said(shapes, "HumanTaskConfig", "PreHumanTaskLambdaArn"), "PRE", accounts)
    after = _task_types(
        _said(shapes, "AnnotationConsolidationConfig", "AnnotationConsolidationLambdaArn"), "ACS", accounts
    )
    if before.keys() != after.keys():
        message = f"task types with one of two functions: {sorted(before.keys() ^ after.keys())}"
        raise ValueError(message)
    label = _said(shapes, "CreateLabelingJobRequest", "LabelAttributeName")
    refs = {name for name in _IN_BRACKETS.findall(label) if not name.startswith(_MUST_NOT)}
    return {
        "source": f"botocore {botocore.__version__}",
        "accounts": dict(sorted(accounts.items())),
        "task_types": before,
        "ref_task_types": sorted(refs & before.keys()),
        "human_task_uis": _of_one_account(_UI.finditer(_said(shapes, "UiConfig", "HumanTaskUiArn"))),
        "algorithms": _of_one_account(
            _ALGORITHM.finditer(_said(shapes, "LabelingJobAlgorithmsConfig", "LabelingJobAlgorithmSpecificationArn"))
        ),
    }


def spelled(data: Mapping[str, Any]) -> str:
    """*data* as JSON that shows a newer version as a readable difference."""
    return f"{json.dumps(data, indent=2)}\n"


def _said(shapes: Mapping[str, Any], shape: str, member: str) -> str:
    said: str = shapes[shape]["members"][member]["documentation"]
    return said


def _task_types(said: str, kind: str, accounts: dict[str, str]) -> dict[str, str]:
    """The title of each type whose functions of *kind* are in all Regions, which are put into *accounts*."""
    title = ""
    titles: dict[str, str] = {}
    regions: dict[str, set[str]] = {}
    for found in _TITLE_OR_FUNCTION.finditer(said):
        if found["title"]:
            title = found["title"]
        elif found["kind"] == kind:
            titles[found["task_type"]] = title
            regions.setdefault(found["task_type"], set()).add(found["region"])
            if accounts.setdefault(found["region"], found["account"]) != found["account"]:
                message = f"two accounts in {found['region']}"
                raise ValueError(message)
    for task_type, known in regions.items():
        if known != accounts.keys():
            message = f"{task_type} is not in {sorted(accounts.keys() - known)}"
            raise ValueError(message)
    return titles


def _of_one_account(found: Iterable[re.Match[str]]) -> dict[str, Any]:
    matches = list(found)
    (account,) = {match["account"] for match in matches}
    return {"account": account, "names": [match["name"] for match in matches]}


if __name__ == "__main__":
    main()
