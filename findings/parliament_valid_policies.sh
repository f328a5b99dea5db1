#!/usr/bin/env bash
# parliament 1.6.4 complains of valid policies: of the ARN of SageMaker's public hub, whose account is the word aws, and
# of a policy variable with a default value. A number as the value of a condition, which the grammar of policies allows,
# ends in a bare TypeError; as a text it passes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check parliament==1.6.4 'setuptools<81' >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
public hub: INVALID_ARN
own hub: nothing
variable with a default: RESOURCE_MISMATCH
variable: nothing
number: TypeError
number as a text: nothing
EXPECTED

"$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PROGRAM' || cat "$work/errors" >&2
import json
import warnings

warnings.simplefilter("ignore")
import parliament

HUB = "arn:aws:sagemaker:us-east-1:{}:hub/SageMakerPublicHub"
LIST = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}
STATEMENTS = {
    "public hub": {"Action": "sagemaker:DescribeHub", "Resource": HUB.format("aws")},
    "own hub": {"Action": "sagemaker:DescribeHub", "Resource": HUB.format("111122223333")},
    "variable with a default": {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*"},
    "variable": {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"},
    "number": LIST | {"Condition": {"NumericLessThanEquals": {"s3:max-keys": 10}}},
    "number as a text": LIST | {"Condition": {"NumericLessThanEquals": {"s3:max-keys": "10"}}},
}
for name, statement in STATEMENTS.items():
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}
    try:
        seen = sorted({finding.issue for finding in parliament.analyze_policy_string(json.dumps(policy)).findings})
    except Exception as error:
        seen = [type(error).__name__]
    print(f"{name}:", *seen or ["nothing"])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
