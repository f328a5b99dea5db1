#!/usr/bin/env bash
# A daily rule at 02:30 in Berlin, on the day the clocks go back: croniter 7.0.0 yields it twice, once before and once
# after the change; cronsim 2.8 once. EventBridge Scheduler runs once. A year of runs counted with croniter has one too
# many.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
croniter: 2027-10-31T02:30:00+02:00 2027-10-31T02:30:00+01:00 2027-11-01T02:30:00+01:00
cronsim: 2027-10-31T02:30:00+02:00 2027-11-01T02:30:00+01:00 2027-11-02T02:30:00+01:00
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

START = datetime.datetime(2027, 10, 30, 12, tzinfo=ZoneInfo("Europe/Berlin"))
dates = croniter("30 2 * * *", START)
print("croniter:", *(dates.get_next(datetime.datetime).isoformat() for _ in range(3)))
print("cronsim:", *(date.isoformat() for _, date in zip(range(3), CronSim("30 2 * * *", START))))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
