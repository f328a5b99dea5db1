#!/usr/bin/env bash
# sagemaker-core 2.27.0: CSVSerializer takes a list for one row if it begins with a number, and for several rows if it
# begins with a text. The same row is right, refused, or one row a value, by the order of its columns; what looks like a
# comma within a text is then a new column. Pass a list of rows.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-core==2.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
[1.5, 'red']: '1.5,red'
['red', 1.5]: ValueError
['red', 'blue']: 'red\nblue'
['red, light', 'blue']: 'red, light\nblue'
[['red, light', 1.5]]: '"red, light",1.5'
EXPECTED

AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PROGRAM' || cat "$work/errors" >&2
import logging

logging.disable(logging.CRITICAL)
from sagemaker.core.serializers import CSVSerializer

for row in ([1.5, "red"], ["red", 1.5], ["red", "blue"], ["red, light", "blue"], [["red, light", 1.5]]):
    try:
        seen = repr(CSVSerializer().serialize(row))
    except Exception as error:
        seen = type(error).__name__
    print(f"{row}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
