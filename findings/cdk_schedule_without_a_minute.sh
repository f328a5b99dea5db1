#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 writes a cron schedule with an hour and no minute as each minute of that hour: sixty runs. Of
# events.Schedule.cron in a rule synthesis warns; of ScheduleExpression.cron in a schedule of EventBridge Scheduler it
# does not.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
rule: cron(* 9 * * ? *), a warning
schedule: cron(* 9 * * ? *), no warning
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_stepfunctions as sfn


def rule(stack: Stack, machine: sfn.IStateMachine) -> str:
    events.Rule(stack, "R", schedule=events.Schedule.cron(hour="9"), targets=[events_targets.SfnStateMachine(machine)])
    return "AWS::Events::Rule"


def schedule(stack: Stack, machine: sfn.IStateMachine) -> str:
    target = scheduler_targets.StepFunctionsStartExecution(machine)
    scheduler.Schedule(stack, "R", schedule=scheduler.ScheduleExpression.cron(hour="9"), target=target)
    return "AWS::Scheduler::Schedule"


for make in (rule, schedule):
    stack = Stack(App(), "S")
    kind = make(stack, sfn.StateMachine.from_state_machine_arn(stack, "M", "arn:aws:states:us-east-1:111122223333:stateMachine:m"))
    (made,) = assertions.Template.from_stack(stack).find_resources(kind).values()
    warnings = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    print(f"{make.__name__}: {made['Properties']['ScheduleExpression']}, {'a warning' if warnings else 'no warning'}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
