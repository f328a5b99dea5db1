#!/usr/bin/env bash
# sagemaker-training 5.1.4 writes environment variables in capitals: of the hyperparameters C and c, or of two that
# differ in case, the last one wins in the variable SM_HP_C, while both reach the arguments. A hyphen stays, in
# SM_HP_LEARNING-RATE, which no shell can read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-training==5.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
arguments: -C 1 -c 2 --learning-rate 0.1 --learning_rate 0.2
SM_HP_C=2
SM_HP_LEARNING-RATE=0.1
SM_HP_LEARNING_RATE=0.2
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from sagemaker_training import mapping

GIVEN = {"C": 1, "c": 2, "learning-rate": 0.1, "learning_rate": 0.2}
print("arguments:", *mapping.to_cmd_args(GIVEN))
for name, value in mapping.to_env_vars({f"hp_{name}": value for name, value in GIVEN.items()}).items():
    print(f"{name}={value}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
