"""Application Auto Scaling, which works with the rights of its caller, as a rehearsal plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.interpreter.calls import Call

_RANDOM = "00000000-0000-4000-8000-000000000000"


def answer(call: Call, before: Sequence[tuple[str, str, Any]]) -> Any:
    """Answer a call that the script says nothing of, or refuse it.

    Args:
        call: The call.
        before: State, API and request of the calls before it.
    """
    request = call.request
    target = request.get("ResourceId"), request.get("ScalableDimension")
    if call.operation == "RegisterScalableTarget":
        return {"ScalableTargetARN": call.arn("application-autoscaling", f"scalable-target/{_RANDOM}")}
    registered = (
        api == "applicationautoscaling:registerScalableTarget"
        and (said.get("ResourceId"), said.get("ScalableDimension")) == target
        for _state, api, said in before
    )
    if not any(registered):
        cause = f"No scalable target found for service namespace: sagemaker, resource ID: {target[0]}"
        return TaskError("ApplicationAutoScaling.ObjectNotFoundException", f"{cause}, scalable dimension: {target[1]}")
    if call.operation == "PutScalingPolicy":
        name = f"scalingPolicy:{_RANDOM}:resource/sagemaker/{target[0]}:policyName/{request.get('PolicyName')}"
        return {"PolicyARN": call.arn("autoscaling", name), "Alarms": []}
    return {}
