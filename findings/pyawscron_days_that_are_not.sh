#!/usr/bin/env bash
# Two readers of EventBridge's cron form on a day that not every month has. pyawscron 1.0.7 raises ValueError for 29
# February and for the 31st of each month; aws-croniter 2.1.1 finds both.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyawscron==1.0.7 aws-croniter==2.1.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
pyawscron, 29 February: ValueError
pyawscron, the 31st: ValueError
aws-croniter, 29 February: 2028-02-29
aws-croniter, the 31st: 2026-12-31
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import datetime

from aws_croniter import AwsCroniter
from pyawscron import AWSCron

NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)
RULES = {"29 February": "0 0 29 2 ? *", "the 31st": "0 0 31 * ? *"}
def nexts(rule):
    return AWSCron.get_all_schedule_bw_dates(NOW, NOW.replace(year=2029), rule)[0]
for name, rule in RULES.items():
    try:
        print(f"pyawscron, {name}: {nexts(rule):%Y-%m-%d}")
    except Exception as error:
        print(f"pyawscron, {name}: {type(error).__name__}")
for name, rule in RULES.items():
    print(f"aws-croniter, {name}: {AwsCroniter(rule).get_next(NOW, 1)[0]:%Y-%m-%d}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
