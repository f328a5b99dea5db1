#!/usr/bin/env bash
# sagemaker 2.257.7: RecordSerializer refuses an array of 32-bit whole numbers, though the format has a tensor for just
# these, and writes 64-bit ones into it, up to 2**31. In sagemaker-core 2.27.0 the class is still there, and every call
# raises NotImplementedError without a word.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for version in sagemaker==2.257.7 sagemaker-core==2.27.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/python" -m pip install --quiet --disable-pip-version-check "$version" >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
done

cat >"$work/expected" <<'EXPECTED'
sagemaker: int64 written int32 ValueError float32 written 2**31 ValueError
sagemaker.core: int64 NotImplementedError int32 NotImplementedError float32 NotImplementedError 2**31 NotImplementedError
EXPECTED

cat >"$work/program.py" <<'PROGRAM'
import importlib
import logging
import sys

logging.disable(logging.CRITICAL)
import numpy

name, module = sys.argv[1:]
serializer = importlib.import_module(module).RecordSerializer()
ARRAYS = {
    "int64": numpy.array([[1, 2]], dtype="int64"),
    "int32": numpy.array([[1, 2]], dtype="int32"),
    "float32": numpy.array([[1.5, 2]], dtype="float32"),
    "2**31": numpy.array([[2**31]], dtype="int64"),
}
seen = []
for kind, array in ARRAYS.items():
    try:
        serializer.serialize(array)
        seen += [kind, "written"]
    except Exception as error:
        seen += [kind, type(error).__name__]
print(f"{name}:", *seen)
PROGRAM
export AWS_DEFAULT_REGION=us-east-1
"$work/sagemaker==2.257.7/bin/python" "$work/program.py" sagemaker sagemaker.amazon.common >"$work/seen" 2>"$work/errors" || cat "$work/errors" >&2
"$work/sagemaker-core==2.27.0/bin/python" "$work/program.py" sagemaker.core sagemaker.core.serializers.implementations >>"$work/seen" 2>"$work/errors" || cat "$work/errors" >&2

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
