#!/usr/bin/env bash
# aws-sam-translator 1.115.0 ends with a bare TypeError from json on a Wait state whose Timestamp is not in quotes: YAML
# makes a date of it. CloudFormation's own templates and the CDK have no such trap. Quote the timestamp.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-sam-translator==1.115.0 PyYAML==6.0.3 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
TypeError: Object of type datetime is not JSON serializable
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import os
from unittest import mock

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = """
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:aws:iam::123456789012:role/r
      Definition:
        StartAt: Until
        States:
          Until: {Type: Wait, Timestamp: 2026-12-01T00:00:00Z, End: true}
"""
policies = mock.Mock()
policies.load.return_value = {}
try:
    transform(yaml_parse(TEMPLATE), {}, policies)
    print("transformed")
except TypeError as error:
    print(f"TypeError: {error}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
