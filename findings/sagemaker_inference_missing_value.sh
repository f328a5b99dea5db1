#!/usr/bin/env bash
# sagemaker-inference 1.10.1 reads a missing whole number of a CSV request as -1. Where the column has a fraction, a
# missing value is not a number, as one expects; what stands after a # is dropped. A model gets -1 as if it were data.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-inference==1.10.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
whole numbers: [[1, -1, 3], [4, 5, 6]]
fractions: [[1.5, nan, 3.5], [4.5, 5.5, 6.5]]
a #: [[1, 2], [5, 6]]
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from sagemaker_inference import decoder

REQUESTS = {
    "whole numbers": "1,,3\n4,5,6\n",
    "fractions": "1.5,,3.5\n4.5,5.5,6.5\n",
    "a #": "1,2\n#3,4\n5,6\n",
}
for name, request in REQUESTS.items():
    print(f"{name}: {decoder.decode(request, 'text/csv').tolist()}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
