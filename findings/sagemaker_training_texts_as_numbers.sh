#!/usr/bin/env bash
# sagemaker-training 5.1.4 and the drivers of sagemaker-train 1.27.0 read each hyperparameter as JSON, texts too: the
# script gets --python 3.1 of the text 3.10, and infinity of the commit 70e1234. SageMaker's API has texts only. Version
# 2 of the SDK hid this by writing JSON, version 3 sends texts as they are; write "3.10" with its quotation marks.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-training==5.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps sagemaker-train==1.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
sagemaker-training: --commit inf --labels a=1 --python 3.1 --quoted 3.10 --zip 02139
sagemaker-train: --commit Infinity --labels {"a": 1} --python 3.1 --quoted 3.10 --zip 02139
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import pathlib
import sys
import sysconfig
import tempfile
import types

from sagemaker_training import environment, mapping

root = pathlib.Path(sysconfig.get_path("purelib"), "sagemaker")
for name, folder in {"sagemaker": root, "sagemaker.train": root / "train"}.items():
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [str(folder)]
from sagemaker.train.container_drivers.common import utils as driver

logging.disable(logging.CRITICAL)
GIVEN = {"commit": "70e1234", "labels": '{"a": 1}', "python": "3.10", "quoted": '"3.10"', "zip": "02139"}
with tempfile.TemporaryDirectory() as folder:
    environment.hyperparameters_file_dir = str(pathlib.Path(folder, "hyperparameters.json"))
    pathlib.Path(environment.hyperparameters_file_dir).write_text(json.dumps(GIVEN))
    print("sagemaker-training:", *mapping.to_cmd_args(environment.read_hyperparameters()))
print("sagemaker-train:", *driver.hyperparameters_to_cli_args(GIVEN))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
