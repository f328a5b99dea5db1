#!/usr/bin/env bash
# sagemaker-core 2.27.0: parse_s3_url drops what follows a # or a ? in a key, and the slash that a key begins with. S3
# allows all three. s3_path_join makes one slash of two, and drops the last: a prefix changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-core==2.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
s3://b/run#1/model.tar.gz: run
s3://b/day?/model.tar.gz: day
s3://b//model.tar.gz: model.tar.gz
s3://b/a%20b: a%20b
s3://b/a//b/: s3://b/a/b
EXPECTED

AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PROGRAM' || cat "$work/errors" >&2
import logging

logging.disable(logging.CRITICAL)
from sagemaker.core.s3 import parse_s3_url, s3_path_join

for address in ("s3://b/run#1/model.tar.gz", "s3://b/day?/model.tar.gz", "s3://b//model.tar.gz", "s3://b/a%20b"):
    print(f"{address}: {parse_s3_url(address)[1]}")
print("s3://b/a//b/:", s3_path_join("s3://b/a//b/"))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
