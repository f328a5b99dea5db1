"""The model registry, as a rehearsal plays it: which versions of a group there are, and which are approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_sm.interpreter.calls import Call

_KIND = "model-package"
_MOST = 10
"""Versions in an answer, where the request does not say."""


def listed(
    call: Call, made: Iterable[tuple[str, Call, str]], existing: Iterable[tuple[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Answer ListModelPackages.

    Args:
        call: The call.
        made: ARN of each version that a run has made, the call that made it, and its status.
        existing: Type and name of what was there before: a version is `churn/3`, and approved.
    """
    request = call.request
    group = str(request.get("ModelPackageGroupName", "")).rpartition("/")[2]
    found = [
        _summary(call.arn("sagemaker", f"{_KIND}/{name}"), name, "Approved", "Completed", None)
        for kind, name in sorted(existing, key=_version)
        if kind == _KIND and "/" in name
    ]
    for arn, begun, status in made:
        approval = begun.request.get("ModelApprovalStatus", "PendingManualApproval")
        found.append(_summary(arn, arn.partition(f":{_KIND}/")[2], approval, status, begun.at))
    wanted = request.get("ModelApprovalStatus")
    chosen = [
        one
        for one in found
        if one["ModelPackageGroupName"].lower() == group.lower() and wanted in (None, one["ModelApprovalStatus"])
    ]
    if request.get("SortOrder", "Descending") == "Descending":
        chosen.reverse()
    return {"ModelPackageSummaryList": chosen[: request.get("MaxResults", _MOST)]}


def _version(existing: tuple[str, str]) -> tuple[str, int]:
    group, _, version = existing[1].rpartition("/")
    return group, int(version) if version.isdecimal() else 0


def _summary(arn: str, name: str, approval: str, status: str, at: Any) -> dict[str, Any]:
    group, _, version = name.rpartition("/")
    return {
        "ModelPackageArn": arn,
        "ModelPackageGroupName": group,
        "ModelPackageVersion": int(version) if version.isdecimal() else 1,
        "ModelApprovalStatus": approval,
        "ModelPackageStatus": status,
        **({} if at is None else {"CreationTime": at}),
    }
