#!/usr/bin/env bash
# botocore 1.44.5: the waiter endpoint_in_service ends at once on Failed only. An endpoint whose update and rollback both
# failed, or that is out of service, is asked 120 times, half a minute apart; after an hour the waiter says that it
# asked too often, as of an endpoint that is still being made.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check botocore==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Failed: asked 1 times, Waiter encountered a terminal failure state
UpdateRollbackFailed: asked 120 times, Max attempts exceeded
OutOfService: asked 120 times, Max attempts exceeded
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from unittest import mock

import botocore.session
from botocore.exceptions import WaiterError

sagemaker = botocore.session.get_session().create_client(
    "sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
)
for status in ("Failed", "UpdateRollbackFailed", "OutOfService"):
    with mock.patch("time.sleep"), mock.patch.object(sagemaker, "_make_api_call", return_value={"EndpointStatus": status}) as asked:
        try:
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="e")
            told = "in service"
        except WaiterError as error:
            told = error.kwargs["reason"].split(":")[0]
    print(f"{status}: asked {asked.call_count} times, {told}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
