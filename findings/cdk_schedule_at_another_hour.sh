#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: ScheduleExpression.at(nine o'clock in Paris, TimeZone.EUROPE_PARIS) is written as eight o'clock
# in Paris. The moment is turned into UTC, as Python's datetime with a time zone says it, and the zone is written beside
# those digits. Leave the zone out, or give the digits as if they were UTC.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 tzdata >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
with the zone: at(2026-12-01T08:00:00) Europe/Paris
without: at(2026-12-01T08:00:00) Etc/UTC
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from datetime import datetime
from zoneinfo import ZoneInfo

from aws_cdk import TimeZone
from aws_cdk.aws_scheduler import ScheduleExpression

nine = datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Europe/Paris"))
for name, zone in {"with the zone": TimeZone.EUROPE_PARIS, "without": None}.items():
    schedule = ScheduleExpression.at(nine, zone)
    print(f"{name}: {schedule.expression_string} {schedule.time_zone.timezone_name}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
