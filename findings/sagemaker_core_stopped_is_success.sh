#!/usr/bin/env bash
# sagemaker-core 2.27.0: TrainingJob.wait returns without an error when the job was stopped; only a status with the word
# "failed" raises. A script that trains, waits and goes on deploys what a stopped job left.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-core==2.27.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Stopped: returned
Failed: FailedStatusError
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import logging
import os

os.environ.update(AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_EC2_METADATA_DISABLED="true")
logging.disable(logging.CRITICAL)
import io
from contextlib import redirect_stdout

from sagemaker.core.resources import TrainingJob

for status in ("Stopped", "Failed"):
    class Job(TrainingJob):
        def refresh(self):
            self.training_job_status = status
            self.failure_reason = "no data"
            return self
    with redirect_stdout(io.StringIO()):
        try:
            Job(training_job_name="a").wait(poll=0)
            seen = "returned"
        except Exception as error:
            seen = type(error).__name__
    print(f"{status}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
