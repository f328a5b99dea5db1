#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: the shuffle_config of a channel of SageMakerCreateTrainingJob is not written. A job that asks for
# its data in an order shuffled by a seed gets it unshuffled, and nothing is said. The options beside it are written.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
channel: {"ChannelName": "train", "CompressionType": "Gzip", "ContentType": "text/csv", "InputMode": "FastFile"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions_tasks as tasks

stack = Stack(App(), "S")
place = tasks.S3Location.from_json_expression("$.place")
channel = tasks.Channel(
    channel_name="train",
    compression_type=tasks.CompressionType.GZIP,
    content_type="text/csv",
    data_source=tasks.DataSource(s3_data_source=tasks.S3DataSource(s3_location=place)),
    input_mode=tasks.InputMode.FAST_FILE,
    shuffle_config=tasks.ShuffleConfig(seed=7),
)
state = tasks.SageMakerCreateTrainingJob(
    stack, "A", training_job_name="j", input_data_config=[channel],
    algorithm_specification=tasks.AlgorithmSpecification(algorithm_name="a"),
    output_data_config=tasks.OutputDataConfig(s3_output_location=place),
)
(written,) = state.to_state_json()["Parameters"]["InputDataConfig"]
del written["DataSource"]
print("channel:", json.dumps(dict(sorted(written.items()))))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
