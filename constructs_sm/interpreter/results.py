"""The results of a distributed Map: as the state hands them on, and as they are written to S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.branches import SUCCEEDED
from constructs_sm.interpreter.calls import TaskError, Writing
from constructs_sm.interpreter.state_errors import StateError
from constructs_sm.interpreter.timestamps import after
from constructs_sm.interpreter.timestamps import written as written_time
from constructs_sm.interpreter.values import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.interpreter.branches import Branch, Group
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import WriterFields

_WRITER_FAILED: Final = "States.ResultWriterFailed"
_FILES: Final = (("FAILED", "FAILED_0"), ("SUCCEEDED", "SUCCEEDED_0"))


def described(execution: Execution, child: Branch) -> dict[str, Any]:
    """A child workflow, as DescribeExecution has it."""
    succeeded = child.status == SUCCEEDED
    found = {
        "ExecutionArn": child.execution["Id"],
        "Input": compact(child.execution["Input"]),
        "InputDetails": {"Included": True},
        "Name": child.execution["Name"],
        "RedriveCount": execution.redrives,
        "RedriveStatus": "NOT_REDRIVABLE" if succeeded else "REDRIVABLE",
        "StartDate": written_time(after(child.begun_at)),
        "StateMachineArn": child.machine_arn,
        "Status": "SUCCEEDED" if succeeded else "FAILED",
        "StopDate": written_time(execution.time),
    }
    if succeeded:
        return {**found, "Output": compact(child.output), "OutputDetails": {"Included": True}}
    assert child.error is not None  # noqa: S101 - it has failed
    return {**found, **child.error.output, "RedriveStatusReason": "Execution is FAILED and can be redriven"}


def written(execution: Execution, branch: Branch, group: Group, writer: WriterFields) -> Any:
    """The result of a Map that has a ResultWriter."""
    state = branch.state
    assert state is not None  # noqa: S101 - it is in one
    made = _transformed(group.results, writer.transformation)
    if writer.request is None:
        return "\n".join(map(compact, made)) if writer.lines else made
    request = writer.request(execution.scope(branch, group.base))
    bucket, prefix = request.get("Bucket"), request.get("Prefix", "")
    if not isinstance(bucket, str) or not isinstance(prefix, str):
        raise StateError(
            _WRITER_FAILED, f"The Bucket and the Prefix of a ResultWriter are texts, but were {compact(request)}"
        )
    folder = "/".join(part for part in (prefix.rstrip("/"), group.run_arn.rpartition(":")[2]) if part)
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}

    def objects() -> Mapping[str, str]:
        return _objects(group, writer, bucket, folder)

    try:
        where = {"bucket": bucket, "key": details["Key"], "map_run": group.run_arn}
        execution.player.results(Writing(state=state.name, objects=objects, **where))
    except TaskError as error:
        raise StateError(error.error, error.cause) from None
    return {"MapRunArn": group.run_arn, "ResultWriterDetails": details}


def _transformed(found: list[Any], transformation: str) -> list[Any]:
    """Descriptions of child workflows as they are; or their outputs; or what is in those that are lists."""
    if transformation == "NONE":
        return found
    outputs = [
        json.loads(one["Output"])
        if one["Status"] == "SUCCEEDED"
        else {"Status": one["Status"], "Error": one["Error"], "Cause": one["Cause"]}
        for one in found
    ]
    if transformation == "COMPACT":
        return outputs
    return [inner for output in outputs for inner in (output if isinstance(output, list) else [output])]


def _objects(group: Group, writer: WriterFields, bucket: str, folder: str) -> Mapping[str, str]:
    ending = "jsonl" if writer.lines else "json"
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    objects = {}
    for status, name in _FILES:
        chosen = _transformed([one for one in group.results if one["Status"] == status], writer.transformation)
        if chosen:
            key = f"{folder}/{name}.{ending}"
            text = "\n".join(map(compact, chosen)) + "\n" if writer.lines else compact(chosen)
            objects[key] = text
            files[status].append({"Key": key, "Size": len(text.encode())})
    manifest = {"DestinationBucket": bucket, "MapRunArn": group.run_arn, "ResultFiles": files}
    return {f"{folder}/manifest.json": compact(manifest), **objects}
