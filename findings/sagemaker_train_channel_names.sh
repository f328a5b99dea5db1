#!/usr/bin/env bash
# sagemaker-train 1.27.0 gives the training script a variable for each channel, by the channel's name in capitals with
# its hyphens left in. No shell can read $SM_CHANNEL_MY-DATA; hyphens in hyperparameters do become underscores.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps sagemaker-train==1.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
SM_CHANNEL_MY-DATA
SM_HP_MAX_DEPTH
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import os
import pathlib
import sys
import sysconfig
import tempfile
import types

root = pathlib.Path(sysconfig.get_path("purelib"), "sagemaker", "train", "container_drivers")
for name in ("sagemaker", "sagemaker.train"):
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [str(root.parents[2] / name.replace(".", "/"))]
from sagemaker.train.container_drivers.scripts import environment

logging.disable(logging.CRITICAL)
os.environ["TRAINING_JOB_NAME"] = "churn"
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder, "env.sh")
    environment.set_env(
        resource_config={"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0", "current_instance_type": "ml.m5.large", "current_group_name": "homogeneousCluster", "instance_groups": []},
        input_data_config={"my-data": {}},
        hyperparameters_config={"max-depth": "5"},
        output_file=str(file),
    )
    for line in file.read_text().splitlines():
        variable = line.removeprefix("export ").split("=")[0]
        if variable.startswith(("SM_CHANNEL_", "SM_HP_")):
            print(variable)
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
