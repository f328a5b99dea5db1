"""What guardrails cost: the check of 1,000 jobs under all rails, beside the time in which they are made.

usage: guardrail_checks.py [jobs]
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from constructs_sm import Guardrails, PipelineStack, TrainingJob
from constructs_sm.task.guardrails import _Report
from constructs_sm.task.machines import Machines

from aws_cdk import App
from measure import cpu_s

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "arn:aws:kms:eu-west-1:123456789012:key/ours"
RAILS = Guardrails(
    instance_types=["ml.m5.*", "ml.c5.*"],
    most_instances=4,
    longest_runtime=28_800,
    subnets=["subnet-ours"],
    security_groups=["sg-ours"],
    volume_keys=[KEY],
    output_keys=[KEY],
    network_isolation=True,
    traffic_encryption=True,
    images=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/*"],
    tags={"team": ["ml", "risk"], "owner": None},
    inputs=["s3://acme-ml/"],
    outputs=["s3://acme-ml/"],
    spot=False,
    public_work_teams=False,
    most_endpoint_instances=4,
    public_endpoints=False,
    budget=100,
    rates={"ml.m5.*": 1, "ml.c5.*": 1},
    reason="because",
)
REQUEST: dict[str, Any] = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1",
        "TrainingInputMode": "File",
    },
    "InputDataConfig": [
        {
            "ChannelName": name,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://acme-ml/{name}/"}},
        }
        for name in ("train", "validation")
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://acme-ml/models/", "KmsKeyId": KEY},
    "ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 10, "VolumeKmsKeyId": KEY},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "VpcConfig": {"Subnets": ["subnet-ours"], "SecurityGroupIds": ["sg-ours"]},
    "EnableNetworkIsolation": True,
    "EnableInterContainerTrafficEncryption": True,
    "Tags": [{"Key": "team", "Value": "ml"}, {"Key": "owner", "Value": "ada"}],
}


_OF_A_PIPELINE = 250
"""Jobs of a pipeline: a definition has room for some 400 with as much in each request."""


@contextmanager
def timed(figures: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds of a block to a figure, and its CPU time to another."""
    wall, cpu = time.perf_counter(), cpu_s()
    yield
    for kind, used in (("s", time.perf_counter() - wall), ("cpu_s", cpu_s() - cpu)):
        figures[f"{name}_{kind}"] = figures.get(f"{name}_{kind}", 0.0) + used


def timing(figures: dict[str, float], of: type, method: str) -> None:
    """Have a method timed, wherever it is called, as a part of the check."""
    plain = getattr(of, method)

    @wraps(plain)
    def measured(*arguments: Any) -> Any:
        with timed(figures, "check"):
            return plain(*arguments)

    setattr(of, method, measured)


def main(jobs: int) -> None:
    """Make the jobs, half of them with a type from the input, and synthesize them."""
    figures: dict[str, float] = {}
    timing(figures, Machines, "_guard")
    timing(figures, _Report, "validate")
    app = App()
    RAILS.apply(app)
    with timed(figures, "construct"):
        for first in range(0, jobs, _OF_A_PIPELINE):
            stack = PipelineStack(app, f"Jobs{first}", bucket="acme-ml")
            chain: Any = None
            for number in range(first, min(jobs, first + _OF_A_PIPELINE)):
                kind = {"InstanceType": "ml.m5.xlarge"} if number % 2 else {"InstanceType.$": "$.type"}
                request = {**REQUEST, "ResourceConfig": {**REQUEST["ResourceConfig"], **kind}}
                job = TrainingJob(stack, f"Train {number}", parameters=request)
                chain = job if chain is None else chain.next(job)
            stack.run(chain)
    with timed(figures, "synth"):
        app.synth()
    figures["share"] = figures["check_s"] / figures["construct_s"]
    figures["cpu_share"] = figures["check_cpu_s"] / figures["construct_cpu_s"]
    print(json.dumps({"jobs": jobs, **{name: round(value, 4) for name, value in figures.items()}}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
