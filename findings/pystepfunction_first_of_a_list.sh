#!/usr/bin/env bash
# pystepfunction 1.1.131, which applies the data flow of tasks to a state for tests, gives the first match of a path
# that has several: $.jobs[*].auc is 0.8, where Step Functions gives the list of all three. A path below the first level
# of the parameters stays a text. Neither raises.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pystepfunction==1.1.131 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
all scores: 0.8
one score: 0.8
nested: {"Name": {"Value.$": "$.name"}}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from pystepfunction.state import StateMachine
from pystepfunction.tasks import Task

STATE = {"name": "churn", "jobs": [{"auc": 0.8}, {"auc": 0.9}, {"auc": 0.7}]}
for name, parameters in {
    "all scores": {"found.$": "$.jobs[*].auc"},
    "one score": {"found.$": "$.jobs[0].auc"},
    "nested": {"found": {"Name": {"Value.$": "$.name"}}},
}.items():
    machine = StateMachine(state=STATE)
    machine.apply_task(Task("A").with_input(parameters=parameters))
    print(f"{name}: {json.dumps(machine.state['found'])}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
