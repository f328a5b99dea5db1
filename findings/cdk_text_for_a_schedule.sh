#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: ScheduleTargetInput.from_text hands a text to a state machine as it is, which is no JSON, and the
# input of an execution must be JSON. RuleTargetInput.from_text, its namesake for events, writes a JSON text. Nothing is
# said at synthesis.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
schedule, from_text: nightly (no JSON)
schedule, from_object: {"kind":"nightly"} (JSON)
rule, from_text: "nightly" (JSON)
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Duration, Stack, assertions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as event_targets
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as schedule_targets
from aws_cdk import aws_stepfunctions as sfn


def kind(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return "no JSON"
    return "JSON"


for name, given in {
    "schedule, from_text": scheduler.ScheduleTargetInput.from_text("nightly"),
    "schedule, from_object": scheduler.ScheduleTargetInput.from_object({"kind": "nightly"}),
    "rule, from_text": events.RuleTargetInput.from_text("nightly"),
}.items():
    stack = Stack(App(), "S")
    machine = sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(sfn.Succeed(stack, "A")))
    if name.startswith("schedule"):
        target = schedule_targets.StepFunctionsStartExecution(machine, input=given)
        scheduler.Schedule(stack, "R", schedule=scheduler.ScheduleExpression.rate(Duration.hours(1)), target=target)
        (resource,) = assertions.Template.from_stack(stack).find_resources("AWS::Scheduler::Schedule").values()
        text = resource["Properties"]["Target"]["Input"]
    else:
        every = events.Schedule.rate(Duration.hours(1))
        events.Rule(stack, "R", schedule=every, targets=[event_targets.SfnStateMachine(machine, input=given)])
        (resource,) = assertions.Template.from_stack(stack).find_resources("AWS::Events::Rule").values()
        text = resource["Properties"]["Targets"][0]["Input"]
    print(f"{name}: {text} ({kind(text)})")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
