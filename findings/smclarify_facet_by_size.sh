#!/usr/bin/env bash
# smclarify 0.5, the library of SageMaker Clarify's bias reports, takes a facet of few numbers as a threshold while the
# table is short, and as a value once the table is long: at 5 % of distinct values the meaning turns. Of a column of 0
# and 1 the value 0 is the rows with 1 in 40 rows, and the rows with 0 in 60, so the class imbalance has the other sign.
# Texts that look like numbers are taken so too; texts that do not are not.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check smclarify==0.5 'pandas<3' >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
value 0, 40 rows: (0, 1] 0.2
value 0, 60 rows: 0 -0.2
text 0, 40 rows: (0.0, 1.0] 0.2
text 0, 60 rows: 0 -0.2
text men, 40 rows: men -0.2
text men, 60 rows: men -0.2
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import logging

import pandas
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report

logging.disable(logging.CRITICAL)
PEOPLE = [1, 0, 0, 0, 1]
for name, spelled in {"value 0": {0: 0, 1: 1}, "text 0": {0: "0", 1: "1"}, "text men": {0: "men", 1: "women"}}.items():
    for times in (8, 12):
        table = pandas.DataFrame({"group": [spelled[who] for who in PEOPLE], "hired": [1, 0, 1, 1, 0]})
        table = pandas.concat([table] * times, ignore_index=True)
        label = LabelColumn("hired", table.hired, [1])
        (found,) = bias_report(table, FacetColumn("group", [spelled[0]]), label, StageType.PRE_TRAINING, metrics=["CI"])
        (metric,) = found["metrics"]
        print(f"{name}, {len(table)} rows: {found['value_or_threshold']} {metric['value']:.1f}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
