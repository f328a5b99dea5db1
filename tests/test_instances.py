"""Volume keys stay away from instance types with local storage, and from no others."""

from __future__ import annotations

from constructs_sm import requests
from constructs_sm.actions import ACTIONS, ENDPOINT_CONFIG, PROCESSING_JOB, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB
from constructs_sm.instances import LOCAL_STORAGE, has_local_storage, key_of_volumes

import generated_requests as generated
import instance_types
import pytest
from every_action import REQUESTS

KEY = "alias/churn"
NVME, EBS = "ml.g5.xlarge", "ml.m5.xlarge"


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
    families = {instance_types.family(name) for name in types_of_sagemaker() if instance_types.has_local_storage(name)}
    assert set(LOCAL_STORAGE) == families


@pytest.mark.parametrize(
    ("instance_type", "known"),
    [(NVME, True), ("g5.xlarge", True), (EBS, False), ("$.type", False), ("${Token[TOKEN.1]}", False), (None, False)],
)
def test_local_storage_is_known_of_literal_types_only(instance_type, known):
    assert has_local_storage(instance_type) is known


@pytest.mark.parametrize(
    ("volume_key", "types", "chosen"),
    [
        (None, [NVME], None),
        (None, [NVME, "ml.p4d.24xlarge"], None),
        (None, [NVME, EBS], "both"),
        (None, [EBS], "both"),
        (None, ["$.type"], "both"),
        (None, [], "both"),
        ("own", [NVME], "own"),
        ("own", [EBS], "own"),
    ],
)
def test_key_for_everything_is_left_out_for_volumes_only_where_all_is_local(volume_key, types, chosen):
    assert key_of_volumes(volume_key, "both", types) == chosen


def with_cluster(api, path, **fields):
    """The smallest request of *api* with other fields in the structure that has the volume key."""
    request = {name: value for name, value in REQUESTS[api].items() if name != path[0]}
    inner = REQUESTS[api][path[0]]
    return request | {path[0]: with_fields(inner, path[1:], fields)}


def with_fields(structure, path, fields):
    if not path:
        return {k: v for k, v in (structure | fields).items() if v is not None}
    return structure | {path[0]: with_fields(structure.get(path[0], {}), path[1:], fields)}


TRAINING = ("ResourceConfig",)
PROCESSING = ("ProcessingResources", "ClusterConfig")
TUNING = ("TrainingJobDefinition", "ResourceConfig")
GROUPS = [
    {"InstanceType": name, "InstanceCount": 1, "InstanceGroupName": name[3:5]} for name in (NVME, "ml.p4d.24xlarge")
]
NO_TYPE = {"InstanceType": None, "InstanceCount": None}


def said(action, request):
    return [problem.what for problem in requests.problems(action, request) if "local storage" in problem.what]


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
    ],
    ids=["volumes", "JSONPath", "JSONata", "both kinds"],
)
def test_volume_key_may_be_given_where_there_may_be_a_volume(fields):
    assert said(TRAINING_JOB, with_cluster("createTrainingJob", TRAINING, VolumeKmsKeyId=KEY, **fields)) == []


def test_endpoint_takes_no_key_if_any_of_its_variants_has_local_storage():
    variant = REQUESTS["createEndpointConfig"]["ProductionVariants"][0]
    for variants, found in (([variant], 0), ([variant, variant | {"InstanceType": NVME}], 1)):
        assert len(said(ENDPOINT_CONFIG, {"ProductionVariants": variants, "KmsKeyId": KEY})) == found
