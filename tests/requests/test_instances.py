"""Volume keys stay away from instance types with local storage, and from no others."""

from __future__ import annotations

from functools import reduce
from operator import getitem

from constructs_sm import (
    InstanceGroup,
    InstancePreference,
    ProcessingJob,
    TrainingJob,
    TuningJob,
)
from constructs_sm.actions import ACTIONS, ENDPOINT_CONFIG, PROCESSING_JOB, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB
from constructs_sm.requests import model_check
from constructs_sm.rules.instances import LOCAL_STORAGE, has_local_storage

import generated_requests as generated
import instance_types
import pytest
from aws_cdk import aws_ec2 as ec2
from every_action import IMAGE, REQUESTS
from newer_fields import has_field
from rendered import rendered

KEY = "alias/churn"
NVME, EBS = "ml.g5.xlarge", "ml.m5.xlarge"
TRAINING = ("ResourceConfig",)
PROCESSING = ("ProcessingResources", "ClusterConfig")
TUNING = ("TrainingJobDefinition", "ResourceConfig")


def types_of_sagemaker():
    """Every instance type that the requests of the table can name."""

    def found(shape, above):
        if shape.name in above:
            return
        if shape.name.endswith("InstanceType"):
            yield from shape.enum
        inner = {"structure": lambda: [*shape.members.values()], "list": lambda: [shape.member]}
        for member in inner.get(shape.type_name, list)():
            yield from found(member, {*above, shape.name})

    return sorted({name for action in ACTIONS for name in found(generated.shape_of(action.operation), set())})


def test_families_with_local_storage_are_those_ec2_says_have_it():
    names = types_of_sagemaker()
    families = {instance_types.family(name) for name in names if instance_types.has_local_storage(name)}
    # A model that is older lacks the newest families.
    assert set(LOCAL_STORAGE) & {instance_types.family(name) for name in names} == families


@pytest.mark.parametrize(
    ("instance_type", "known"),
    [(NVME, True), ("g5.xlarge", True), (EBS, False), ("$.type", False), ("${Token[TOKEN.1]}", False), (None, False)],
)
def test_local_storage_is_known_of_literal_types_only(instance_type, known):
    assert has_local_storage(instance_type) is known


def preferring(*types):
    return [InstancePreference(instance_type=one) for one in types]


def grouped(*types):
    return [InstanceGroup(instance_group_name=f"g{i}", instance_type=one) for i, one in enumerate(types)]


PREFERENCES = has_field(TRAINING_JOB, "ResourceConfig.InstancePreferences")
BOTH = {"kms_key": "both"}
OWN = BOTH | {"volume_kms_key": "own"}
CHOICES = [
    ({"instance_type": NVME}, BOTH, None),
    ({"instance_type": ec2.InstanceType("g5.xlarge")}, BOTH, None),
    ({"instance_type": EBS}, BOTH, "both"),
    ({"instance_type": EBS}, OWN, "own"),
    ({"instance_type": "$.type"}, BOTH, "both"),
    ({"instance_preferences": preferring(NVME, "ml.g4dn.xlarge")}, BOTH, None),
    ({"instance_preferences": preferring(NVME, EBS)}, BOTH, "both"),
    ({"instance_preferences": preferring(NVME, EBS)}, OWN, "own"),
]


@pytest.mark.parametrize(
    ("job", "path", "arguments", "choices"),
    [
        (ProcessingJob, PROCESSING, {}, CHOICES),
        (
            TrainingJob,
            TRAINING,
            {"output": "s3://data/a/"},
            [
                *CHOICES,
                ({"instance_groups": grouped(NVME, "ml.p4d.24xlarge")}, BOTH, None),
                ({"instance_groups": grouped(NVME, EBS)}, BOTH, "both"),
            ],
        ),
        (
            TuningJob,
            TUNING,
            {"output": "s3://data/a/", "objective": "auc", "ranges": {"eta": (0, 1)}, "max_jobs": 2},
            CHOICES[:5],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_key_for_everything_is_left_out_for_volumes_only_where_all_is_local(job, path, arguments, choices):
    common = {"image": IMAGE, **arguments}
    choices = [choice for choice in choices if "instance_preferences" not in choice[0] or PREFERENCES]
    for (_, _, chosen), request in zip(
        choices, rendered(job, [machines | keys for machines, keys, _ in choices], **common), strict=True
    ):
        cluster = reduce(getitem, path, request)
        assert cluster.get("VolumeKmsKeyId") == chosen, cluster


def with_cluster(api, path, **fields):
    """The smallest request of *api* with other fields in the structure that has the volume key."""
    request = {name: value for name, value in REQUESTS[api].items() if name != path[0]}
    inner = REQUESTS[api][path[0]]
    return request | {path[0]: with_fields(inner, path[1:], fields)}


def with_fields(structure, path, fields):
    if not path:
        return {k: v for k, v in (structure | fields).items() if v is not None}
    return structure | {path[0]: with_fields(structure.get(path[0], {}), path[1:], fields)}


GROUPS = [
    {"InstanceType": name, "InstanceCount": 1, "InstanceGroupName": name[3:5]} for name in (NVME, "ml.p4d.24xlarge")
]
NO_TYPE = {"InstanceType": None, "InstanceCount": None}


def said(action, request):
    return [problem.what for problem in model_check.problems(action, request) if "local storage" in problem.what]


@pytest.mark.parametrize(
    ("action", "path", "fields", "local"),
    [
        (TRAINING_JOB, TRAINING, {"InstanceType": NVME}, NVME),
        (TRAINING_JOB, TRAINING, NO_TYPE | {"InstanceGroups": GROUPS}, f"{NVME} and ml.p4d.24xlarge"),
        (TRAINING_JOB, TRAINING, {"InstanceType": None, "InstancePreferences": [{"InstanceType": NVME}]}, NVME),
        (PROCESSING_JOB, PROCESSING, {"InstanceType": "ml.r5d.large"}, "ml.r5d.large"),
        (TRANSFORM_JOB, ("TransformResources",), {"InstanceType": "ml.g4dn.xlarge"}, "ml.g4dn.xlarge"),
        (TUNING_JOB, TUNING, {"InstanceType": NVME}, NVME),
    ],
    ids=["training", "groups", "preferences", "processing", "transform", "tuning"],
)
def test_volume_key_beside_local_storage_fails_and_says_why(action, path, fields, local):
    request = with_cluster(action.api, path, VolumeKmsKeyId=KEY, **fields)
    what = f"{'.'.join([*path, 'VolumeKmsKeyId'])} is for volumes, and {local} has local storage instead"
    assert said(action, request) == [what]


@pytest.mark.parametrize(
    "fields",
    [
        {"InstanceType": EBS},
        {"InstanceType": None, "InstanceType.$": "$.type"},
        {"InstanceType": "{% $states.input.type %}"},
        NO_TYPE | {"InstanceGroups": [*GROUPS, {**GROUPS[0], "InstanceType": EBS}]},
        {"InstanceType": None, "InstancePreferences": [{"InstanceType": NVME}, "{% $states.input.preference %}"]},
        {"InstanceType": NVME, "InstancePreferences": "{% $states.input.preferences %}"},
        {"InstanceType": NVME, "InstancePreferences.$": "$.preferences"},
    ],
    ids=["volumes", "JSONPath", "JSONata", "both kinds", "one of several", "several", "several in JSONPath"],
)
def test_volume_key_may_be_given_where_there_may_be_a_volume(fields):
    assert said(TRAINING_JOB, with_cluster("createTrainingJob", TRAINING, VolumeKmsKeyId=KEY, **fields)) == []


def test_endpoint_takes_no_key_if_any_of_its_variants_has_local_storage():
    variant = REQUESTS["createEndpointConfig"]["ProductionVariants"][0]
    for variants, found in (([variant], 0), ([variant, variant | {"InstanceType": NVME}], 1)):
        assert len(said(ENDPOINT_CONFIG, {"ProductionVariants": variants, "KmsKeyId": KEY})) == found
