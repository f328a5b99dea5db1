"""Histories of executions, event by event, in the shape that `aws stepfunctions get-execution-history` prints."""

from __future__ import annotations

import json

START = 1_790_000_000.0
SYNC = {"resourceType": "sagemaker", "resource": "createTrainingJob.sync"}
INVOKE = {"resourceType": "lambda", "resource": "invoke"}


def details_of(kind):
    """The member of an event that has its fields."""
    for ending in ("StateEntered", "StateExited"):
        if kind.endswith(ending):
            return f"{ending[0].lower()}{ending[1:]}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


class History:
    """A history that grows; each event comes of the one before it, unless another is named."""

    def __init__(self, given="{}"):
        self.events = []
        self.seconds = 0.0
        self.add("ExecutionStarted", input=given, inputDetails={"truncated": False}, roleArn="arn:aws:iam::1:role/r")

    def add(self, kind, after=None, *, of=None, **fields):
        """Add an event so many seconds *after* the one before, and return its number."""
        self.seconds += after or 0
        number = len(self.events) + 1
        event = {
            "timestamp": START + self.seconds,
            "type": kind,
            "id": number,
            "previousEventId": (0 if number == 2 else number - 1) if of is None else of,
        }
        if fields:
            event[details_of(kind)] = fields
        self.events.append(event)
        return number

    def enter(self, kind, name, given="{}", **more):
        return self.add(f"{kind}StateEntered", name=name, input=given, inputDetails={"truncated": False}, **more)

    def exit(self, kind, name, output="{}", **more):
        return self.add(f"{kind}StateExited", name=name, output=output, outputDetails={"truncated": False}, **more)

    def task(self, call, outcome, seconds=1, *, of=None, **fields):
        """Add an attempt of a task: scheduled, started, submitted if it waits, and how it ended."""
        begun = self.add(
            "TaskScheduled", of=of, region="us-east-1", parameters="{}", **call, **fields.pop("limits", {})
        )
        self.add("TaskStarted", of=begun, **call)
        if "." in call["resource"] and outcome != "TaskSubmitFailed":
            self.add("TaskSubmitted", **call, output="{}")
        if outcome is None:
            return begun
        return self.add(outcome, seconds, **call, **fields)

    def page(self, first=0, last=None, **more):
        return json.dumps({"events": self.events[first:last], **more})
