#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: JsonPath.string_at, execution_id and format in a JSONata state become plain texts, since nothing
# is a path there. A training job in JSONata gets the name $$.Execution.Name, the same in each run, and neither the
# construct nor the validation of the template says a word.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
training job: {"TrainingJobName": "$$.Execution.Name", "HyperParameters": {"depth": "$.depth"}}
pass: {"id": "$$.Execution.Id", "label": "States.Format('run-{}', $.day)"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

stack = Stack(App(), "S")
place = tasks.S3Location.from_json_expression("{% $states.input.place %}")
source = tasks.DataSource(s3_data_source=tasks.S3DataSource(s3_location=place))
job = tasks.SageMakerCreateTrainingJob.jsonata(
    stack, "A", training_job_name=sfn.JsonPath.execution_name,
    hyperparameters={"depth": sfn.JsonPath.string_at("$.depth")},
    algorithm_specification=tasks.AlgorithmSpecification(algorithm_name="a"),
    input_data_config=[tasks.Channel(channel_name="train", data_source=source)],
    output_data_config=tasks.OutputDataConfig(s3_output_location=place),
)
label = sfn.JsonPath.format("run-{}", sfn.JsonPath.string_at("$.day"))
last = sfn.Pass.jsonata(stack, "B", outputs={"id": sfn.JsonPath.execution_id, "label": label})
sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(job.next(last)))
(machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
pieces = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
states = json.loads("".join(piece if isinstance(piece, str) else "x" for piece in pieces))["States"]
arguments = states["A"]["Arguments"]
print("training job:", json.dumps({key: arguments[key] for key in ("TrainingJobName", "HyperParameters")}))
print("pass:", json.dumps(states["B"]["Output"]))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
