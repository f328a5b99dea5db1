#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: a distributed Map with result_writer_v2 has neither a ResultWriter in the definition nor the
# permission to write, unless the feature flag useDistributedMapResultWriterV2 is on; with the flag on, the same is true
# of result_writer. Nothing warns of either: the results of all items go into the state's output instead of the bucket,
# and result_writer is the one that is deprecated.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
flag off, result_writer: ResultWriter, may write, 0 warnings
flag off, result_writer_v2: no ResultWriter, may not write, 0 warnings
flag on, result_writer: no ResultWriter, may not write, 0 warnings
flag on, result_writer_v2: ResultWriter, may write, 0 warnings
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

FLAG = "@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2"


def writer(stack: Stack, argument: str) -> dict[str, object]:
    bucket = s3.Bucket.from_bucket_name(stack, "Results", "results-of-all")
    return {argument: (sfn.ResultWriterV2 if argument == "result_writer_v2" else sfn.ResultWriter)(bucket=bucket)}


for context in ({}, {FLAG: True}):
    for argument in ("result_writer", "result_writer_v2"):
        stack = Stack(App(context=context), "S")
        each = sfn.DistributedMap(stack, "Each", **writer(stack, argument)).item_processor(sfn.Pass(stack, "A"))
        sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(each))
        template = str(assertions.Template.from_stack(stack).to_json())
        warnings = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
        print(
            f"flag {'on' if context else 'off'}, {argument}:",
            "ResultWriter," if "ResultWriter" in template else "no ResultWriter,",
            "may write," if "s3:PutObject" in template else "may not write,",
            f"{len(warnings)} warnings",
        )
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
