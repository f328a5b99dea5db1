#!/usr/bin/env bash
# sagemaker-training 5.1.4 hands a script a hyperparameter of one letter with one hyphen, -k 5, where sagemaker-train
# 1.27.0 writes --k 5. argparse does not take -k for --k: a script that reads its arguments with parse_known_args trains
# with its default, without a word.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-training==5.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps sagemaker-train==1.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
sagemaker-training: --eta 0.3 -k 5: k is 3, eta is 0.3, unknown ['-k', '5']
sagemaker-train: --eta 0.3 --k 5: k is 5, eta is 0.3, unknown []
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import argparse
import json
import pathlib
import sys
import sysconfig
import types

from sagemaker_training import mapping

root = pathlib.Path(sysconfig.get_path("purelib"), "sagemaker")
for name, folder in {"sagemaker": root, "sagemaker.train": root / "train"}.items():
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [str(folder)]
from sagemaker.train.container_drivers.common.utils import hyperparameters_to_cli_args

parser = argparse.ArgumentParser()
parser.add_argument("--k", type=int, default=3)
parser.add_argument("--eta", type=float, default=0.1)
for name, write in {"sagemaker-training": mapping.to_cmd_args, "sagemaker-train": hyperparameters_to_cli_args}.items():
    arguments = write({"eta": 0.3, "k": 5})
    read, unknown = parser.parse_known_args(arguments)
    print(f"{name}: {' '.join(arguments)}: k is {read.k}, eta is {read.eta}, unknown {unknown}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
