#!/usr/bin/env bash
# statelint 3.1.0 knows JSONata machines, but not the InputType of a distributed Map's reader, nor Assign in a JSONPath
# state: it refuses every machine that reads its items from S3, and variables outside JSONata.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check statelint==3.1.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Field "InputType" not allowed in State Machine.Each.ItemReader.ReaderConfig
Field "Assign" not allowed in State Machine.Keep
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import pathlib
import subprocess
import sys
import tempfile

ITEM = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
READER = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "k"}}
MACHINES = [
    {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemReader": READER, "ItemProcessor": ITEM, "End": True}}},
    {"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "Assign": {"x": 1}, "End": True}}},
]
for machine in MACHINES:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "machine.json")
        file.write_text(json.dumps(machine))
        told = subprocess.run([pathlib.Path(sys.executable).with_name("statelint"), file], capture_output=True, text=True)
        lines = (told.stdout + told.stderr).splitlines()
        print(*(line.strip().replace("State Machine.States.", "State Machine.") for line in lines if "not allowed" in line), sep="\n")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
