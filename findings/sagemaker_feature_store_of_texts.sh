#!/usr/bin/env bash
# sagemaker 2.257.7 with pandas 3, which it lets pip install: FeatureGroup.load_feature_definitions refuses every column
# of texts, since pandas 3 calls their type str. A column of type object, or string, is taken.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker==2.257.7 pandas==3.0.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
as it comes: ValueError
object: String
string: String
a whole number: Integral
EXPECTED

AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PROGRAM' || cat "$work/errors" >&2
import logging
from unittest.mock import Mock

logging.disable(logging.CRITICAL)
import pandas
from sagemaker.feature_store.feature_group import FeatureGroup

COLUMNS = {
    "as it comes": pandas.Series(["red", "blue"]),
    "object": pandas.Series(["red", "blue"], dtype="object"),
    "string": pandas.Series(["red", "blue"], dtype="string"),
    "a whole number": pandas.Series([1, 2]),
}
for name, column in COLUMNS.items():
    group = FeatureGroup(name="colours", sagemaker_session=Mock())
    try:
        (definition,) = group.load_feature_definitions(pandas.DataFrame({"c": column}))
        seen = definition.feature_type.value
    except Exception as error:
        seen = type(error).__name__
    print(f"{name}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
