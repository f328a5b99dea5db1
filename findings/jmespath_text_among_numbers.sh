#!/usr/bin/env bash
# jmespath 1.1.0, which the CLI of AWS takes for --query, raises a bare TypeError where a text is compared with a number
# by <, >, <= or >=, as a hyperparameter of SageMaker is, which is always a text. By JMESPath's specification such a
# comparison gives null, and a filter skips the item; jsonpath-ng 1.16.0 skips it. Convert by to_number.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jmespath==1.1.0 jsonpath-ng==1.16.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
jobs[?auc > `0.9`].name: TypeError: '>' not supported between instances of 'str' and 'float'
jobs[?to_number(auc) > `0.9`].name: ['a', 'b']
jobs[?auc == `0.95`].name: ['a']
jsonpath-ng: ['a']
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import jmespath
from jsonpath_ng.ext import parse

JOBS = {"jobs": [{"name": "a", "auc": 0.95}, {"name": "b", "auc": "0.97"}, {"name": "c"}]}
QUERIES = ("jobs[?auc > `0.9`].name", "jobs[?to_number(auc) > `0.9`].name", "jobs[?auc == `0.95`].name")
for query in QUERIES:
    try:
        seen = jmespath.search(query, JOBS)
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
    print(f"{query}: {seen}")
print("jsonpath-ng:", [found.value for found in parse("$.jobs[?(@.auc > 0.9)].name").find(JOBS)])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
