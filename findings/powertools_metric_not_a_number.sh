#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0 takes NaN and infinity as values of a metric and writes them into its line of the
# embedded metric format, which is then no JSON, and with it every other metric of the line. A text is refused. A metric
# of SageMaker, such as the loss of a model that diverged, comes so from boto3.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
0.9: [0.9]
nan: ValueError: NaN is no JSON
inf: ValueError: Infinity is no JSON
'0.9': MetricValueError: 0.9 is not a valid number
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import io
import json
from contextlib import redirect_stdout

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit


def refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


for value in (0.9, float("nan"), float("inf"), "0.9"):
    metrics = Metrics(namespace="Churn", service="train")
    text = io.StringIO()
    try:
        metrics.add_metric(name="Jobs", unit=MetricUnit.Count, value=1)
        metrics.add_metric(name="Loss", unit=MetricUnit.NoUnit, value=value)
        with redirect_stdout(text):
            metrics.flush_metrics()
        seen = json.loads(text.getvalue(), parse_constant=refuse)["Loss"]
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
    metrics.clear_metrics()
    print(f"{value!r}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
