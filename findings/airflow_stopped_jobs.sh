#!/usr/bin/env bash
# apache-airflow-providers-amazon 9.39.0: a stopped transform job, tuning job, AutoML job or pipeline is a success to its
# sensor; a stopped training or processing job is none. Out of service is a success of an endpoint. The waiters that the
# same operators use when they are deferred do fail on Stopped, but none ends on a state machine that timed out.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-amazon==9.39.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Training, Stopped: fails
Processing, Stopped: fails
Transform, Stopped: succeeds
Tuning, Stopped: succeeds
AutoML, Stopped: succeeds
Pipeline, Stopped: succeeds
Endpoint, OutOfService: succeeds
TransformJobComplete, deferred: Stopped fails
TuningJobComplete, deferred: Stopped fails
step_function_succeeded, deferred: nothing about TIMED_OUT
EXPECTED

AIRFLOW_HOME="$work/airflow" AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing \
  "$work/venv/bin/python" - "$work/seen" >"$work/log" 2>&1 <<'PROGRAM' || cat "$work/log" >&2
import pathlib
import sys

from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.hooks.step_function import StepFunctionHook
from airflow.providers.amazon.aws.sensors import sagemaker as sensors

# Airflow logs to the standard output, so what is seen goes elsewhere.
lines = []
SENSORS = {
    "Training": ("job_name", "TrainingJobStatus", "Stopped"),
    "Processing": ("job_name", "ProcessingJobStatus", "Stopped"),
    "Transform": ("job_name", "TransformJobStatus", "Stopped"),
    "Tuning": ("job_name", "HyperParameterTuningJobStatus", "Stopped"),
    "AutoML": ("job_name", "AutoMLJobStatus", "Stopped"),
    "Pipeline": ("pipeline_exec_arn", "PipelineExecutionStatus", "Stopped"),
    "Endpoint": ("endpoint_name", "EndpointStatus", "OutOfService"),
}
for name, (argument, field, status) in SENSORS.items():
    options = {"print_log": False} if name == "Training" else {}
    sensor = getattr(sensors, f"SageMaker{name}Sensor")(task_id="wait", **{argument: "x"}, **options)
    sensor.get_sagemaker_response = lambda: {field: status, "FailureReason": "", "ResponseMetadata": {"HTTPStatusCode": 200}}
    try:
        seen = "succeeds" if sensor.poke({}) else "waits"
    except Exception:
        seen = "fails"
    lines.append(f"{name}, {status}: {seen}")

WAITERS = (
    (SageMakerHook, "TransformJobComplete", "Stopped"),
    (SageMakerHook, "TuningJobComplete", "Stopped"),
    (StepFunctionHook, "step_function_succeeded", "TIMED_OUT"),
)
for hook, name, status in WAITERS:
    states = [acceptor.state for acceptor in hook().get_waiter(name).config.acceptors if acceptor.expected == status]
    lines.append(f"{name}, deferred: " + (f"{status} fails" if states == ["failure"] else f"nothing about {status}"))
pathlib.Path(sys.argv[1]).write_text("\n".join([*lines, ""]))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
