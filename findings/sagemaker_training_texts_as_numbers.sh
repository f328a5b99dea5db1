#!/usr/bin/env bash
# sagemaker-training 5.1.4 reads each hyperparameter as JSON, texts too: the script gets --python 3.1 of the text 3.10,
# and --commit inf of the commit 70e1234. SageMaker's API has texts only, and the SDK hides this by writing JSON; who
# calls the API otherwise must write "3.10" with its quotation marks.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-training==5.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
--commit inf
--labels a=1
--none ''
--python 3.1
--quoted 3.10
--zip 02139
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import pathlib
import tempfile

from sagemaker_training import environment, mapping

logging.disable(logging.CRITICAL)
GIVEN = {"python": "3.10", "commit": "70e1234", "zip": "02139", "none": "null", "labels": '{"a": 1}', "quoted": '"3.10"'}
with tempfile.TemporaryDirectory() as folder:
    environment.hyperparameters_file_dir = str(pathlib.Path(folder, "hyperparameters.json"))
    pathlib.Path(environment.hyperparameters_file_dir).write_text(json.dumps(GIVEN))
    arguments = mapping.to_cmd_args(environment.read_hyperparameters())
for name, value in zip(arguments[::2], arguments[1::2], strict=True):
    print(name, value or "''")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
