#!/usr/bin/env bash
# sagemaker-training 5.1.4 and the drivers of sagemaker-train 1.27.0 read each hyperparameter as JSON, texts too: the
# script gets --python 3.1 of the text 3.10, and infinity of the commit 70e1234. SageMaker's API has texts only, and
# version 3 of the SDK sends a text as it is. With quotation marks of JSON the text survives the first, which reads it
# once, and not the second, which reads it twice.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-training==5.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps sagemaker-train==1.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
sagemaker-training: --commit inf --labels a=1 --python 3.1 --quoted 3.10 --zip 02139
sagemaker-train: --commit Infinity --labels {"a": 1} --python 3.1 --quoted 3.1 --zip 02139
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import os
import pathlib
import shlex
import sys
import sysconfig
import tempfile
import types

from sagemaker_training import environment, mapping

root = pathlib.Path(sysconfig.get_path("purelib"), "sagemaker")
for name, folder in {"sagemaker": root, "sagemaker.train": root / "train"}.items():
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [str(folder)]
from sagemaker.train.container_drivers.common.utils import hyperparameters_to_cli_args
from sagemaker.train.container_drivers.scripts.environment import set_env

logging.disable(logging.CRITICAL)
os.environ["TRAINING_JOB_NAME"] = "churn"
HOST = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0", "current_instance_type": "ml.m5.large"}
GIVEN = {"commit": "70e1234", "labels": '{"a": 1}', "python": "3.10", "quoted": '"3.10"', "zip": "02139"}
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder, "hyperparameters.json")
    file.write_text(json.dumps(GIVEN))
    environment.hyperparameters_file_dir = str(file)
    print("sagemaker-training:", *mapping.to_cmd_args(environment.read_hyperparameters()))

    variables = pathlib.Path(folder, "env.sh")
    group = {"current_group_name": "homogeneousCluster", "instance_groups": []}
    set_env(resource_config=HOST | group, input_data_config={}, hyperparameters_config=GIVEN, output_file=str(variables))
    (line,) = (line for line in variables.read_text().splitlines() if line.startswith("export SM_HPS="))
    (value,) = shlex.split(line.partition("=")[2])
    print("sagemaker-train:", *hyperparameters_to_cli_args(json.loads(value)))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
