"""Every field that a rail reads, of each of the nine APIs and of the polled ones: beyond it, within it, and late."""

from __future__ import annotations

import re
from functools import reduce

from constructs_sm import Guardrails
from constructs_sm.actions import ACTIONS
from constructs_sm.guardrails.judging import Judge
from constructs_sm.guardrails.rails import RAILS, fields_of
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.requests.request import sent_by

import pytest

KEY, OTHER_KEY = (f"arn:aws:kms:us-east-1:123456789012:key/{name}" for name in ("ours", "theirs"))
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
VALUES = {
    "instance_types": (["ml.m5.*"], "ml.m5.large", "ml.c5.large"),
    "most_instances": (2, 2, 3),
    "longest_runtime": (3600, 3600, 3601),
    "subnets": (["subnet-ours"], "subnet-ours", "subnet-theirs"),
    "security_groups": (["sg-ours"], "sg-ours", "sg-theirs"),
    "volume_keys": ([KEY], KEY, OTHER_KEY),
    "output_keys": ([KEY], KEY, OTHER_KEY),
    "network_isolation": (True, True, False),
    "traffic_encryption": (True, True, False),
    "spot": (True, True, False),
    "public_work_teams": (False, TEAM, PUBLIC_TEAM),
    "most_endpoint_instances": (2, 2, 3),
}
"""By line of the guardrails: the limit, a value within it, and one beyond it."""
LISTS_SAID_TOGETHER = re.compile(r"\[\d*\]")
FIELDS = [
    pytest.param(rail, action.operation, path, part.keyed, id=f"{rail.rule.id} {action.operation} {'.'.join(path)}")
    for rail in RAILS
    if rail.line in VALUES
    for action in (*ACTIONS, *POLLED_ACTIONS)
    for part in fields_of(rail, action.operation)
    for path in ((*part.place, *steps) for steps in part.fields)
]


def judged(rail, operation, path, value, *, late=False):
    """The fields at fault of a request that has the one at *path* alone: beyond the rail, and late."""
    *outer, last = [f"{name}.$" if late and name == path[-1] and name != "*" else name for name in path]
    if late and last == "*":
        *outer, last = (*outer[:-1], f"{outer[-1]}.$")
    request = reduce(lambda inner, name: [inner] if name == "*" else {name: inner}, reversed((*outer, last)), value)
    judge = Judge(Guardrails(**{rail.line: VALUES[rail.line][0]}, reason="r"))
    verdicts = [found for of, found in judge.verdicts(operation, sent_by({"Parameters": request})) if of is rail]
    faults = [fault for verdict in verdicts for fault in (*verdict.broken, *verdict.late)]
    field = ".".join(path[:-1] if late and path[-1] == "*" else path).replace(".*", "[]")
    return [each for each in faults if LISTS_SAID_TOGETHER.sub("[]", each.path) == field]


@pytest.mark.parametrize(("rail", "operation", "path", "keyed"), FIELDS)
def test_field_is_refused_beyond_its_rail_taken_within_it_and_limited_by_iam_if_it_has_the_key(
    rail, operation, path, keyed
):
    _, right, wrong = VALUES[rail.line]

    (fault,) = judged(rail, operation, path, wrong)
    assert (fault.got, fault.late) == (wrong, False)
    assert judged(rail, operation, path, right) == []
    (late,) = judged(rail, operation, path, "$.value", late=True)
    assert (late.late, late.limited) == (True, keyed)


def test_fields_are_those_of_all_structures_that_jobs_are_made_of():
    fields = {(each.values[0].line, each.values[1], ".".join(each.values[2])) for each in FIELDS}

    assert len(fields) > 120
    assert {
        ("instance_types", "CreateHyperParameterTuningJob", "TrainingJobDefinitions.*.ResourceConfig.InstanceType"),
        ("subnets", "CreateProcessingJob", "NetworkConfig.VpcConfig.Subnets.*"),
        ("instance_types", "CreateEndpointConfig", "ShadowProductionVariants.*.InstanceType"),
        ("volume_keys", "CreateLabelingJob", "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId"),
        ("output_keys", "CreateTransformJob", "DataCaptureConfig.KmsKeyId"),
        ("most_instances", "CreateOptimizationJob", "MaxInstanceCount"),
    } <= fields
