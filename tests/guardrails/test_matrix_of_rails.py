"""Each rail, for each of the nine APIs, in both query languages: what is known, what comes later, and exceptions."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from constructs_sm import Guardrails, acknowledge
from constructs_sm.actions import ACTIONS
from constructs_sm.guardrails.rails import RAILS
from constructs_sm.guardrails.table import table
from constructs_sm.testing import Rehearsal

import pytest
from aws_cdk import App
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_action import REQUESTS, job
from guarded import machine, refused, rows, stack_in, template

KEY, OTHER_KEY = (f"arn:aws:kms:us-east-1:123456789012:key/{name}" for name in ("ours", "theirs"))
OUR_TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
GROUPS = {"SecurityGroupIds": ["sg-ours"]}
SUBNETS = {"Subnets": ["subnet-ours"]}
AUTOMATED = {
    "LabelingJobAlgorithmSpecificationArn": (
        "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/text"
    )
}
AUTOMATED_RESOURCES = "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig"
LANGUAGES = {"JSONPath": None, "JSONata": sfn.QueryLanguage.JSONATA}


@dataclass(frozen=True)
class Cell:
    """One API under a rail.

    Attributes:
        path: The field.
        right: A value within the rail.
        wrong: A value beyond it.
        besides: Fields that SageMaker wants with it.
        by_iam: Whether AWS has the condition key for it.
        with_right: Fields that SageMaker wants with the right value alone.
    """

    path: str
    right: Any
    wrong: Any
    besides: dict[str, Any] = field(default_factory=dict)
    by_iam: bool = True
    with_right: dict[str, Any] = field(default_factory=dict)


def cells(paths: dict[str, str], right: Any, wrong: Any, **more: Any) -> dict[str, Cell]:
    return {api: Cell(path, right, wrong, **more) for api, path in paths.items()}


TYPES = {
    "createTrainingJob": "ResourceConfig.InstanceType",
    "createProcessingJob": "ProcessingResources.ClusterConfig.InstanceType",
    "createTransformJob": "TransformResources.InstanceType",
    "createHyperParameterTuningJob": "TrainingJobDefinition.ResourceConfig.InstanceType",
    "createEndpointConfig": "ProductionVariants.0.InstanceType",
}
VPC = {
    "createTrainingJob": "VpcConfig",
    "createProcessingJob": "NetworkConfig.VpcConfig",
    "createHyperParameterTuningJob": "TrainingJobDefinition.VpcConfig",
    "createModel": "VpcConfig",
    "createEndpointConfig": "VpcConfig",
}
VOLUMES = {
    "createTrainingJob": "ResourceConfig.VolumeKmsKeyId",
    "createProcessingJob": "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
    "createTransformJob": "TransformResources.VolumeKmsKeyId",
    "createHyperParameterTuningJob": "TrainingJobDefinition.ResourceConfig.VolumeKmsKeyId",
    "createEndpointConfig": "KmsKeyId",
}
FLAGS = {
    "createTrainingJob": "",
    "createProcessingJob": "NetworkConfig.",
    "createHyperParameterTuningJob": "TrainingJobDefinition.",
}
OUTPUT = {
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "o",
                "S3Output": {"S3Uri": "s3://data/ours/", "LocalPath": "/opt/ml/o", "S3UploadMode": "EndOfJob"},
            }
        ]
    }
}
INPUT = {
    "ProcessingInputs": [
        {
            "InputName": "i",
            "S3Input": {
                "S3Uri": "s3://data/ours/",
                "LocalPath": "/opt/ml/i",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
    ]
}
CHANNEL = [
    {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/ours/"}},
    }
]
CAPTURE = {
    "DataCaptureConfig": {
        "InitialSamplingPercentage": 10,
        "DestinationS3Uri": "s3://data/ours/",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
}
ASYNC = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://data/ours/"}}}
IMAGES = {
    "createTrainingJob": "AlgorithmSpecification.TrainingImage",
    "createProcessingJob": "AppSpecification.ImageUri",
    "createHyperParameterTuningJob": "TrainingJobDefinition.AlgorithmSpecification.TrainingImage",
    "createModel": "PrimaryContainer.Image",
}
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
OUR_PLACE, OTHER_PLACE = "s3://data/ours/x", "s3://data/theirs/x"
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}

LINES: dict[str, tuple[dict[str, Any], dict[str, Cell]]] = {
    "guardrail-instance-type": (
        {"instance_types": ["ml.m5.*"]},
        cells(TYPES, "ml.m5.large", "ml.c5.18xlarge"),
    ),
    "guardrail-instance-count": (
        {"most_instances": 2},
        cells(
            {
                api: path.replace("InstanceType", "InstanceCount")
                for api, path in TYPES.items()
                if "Endpoint" not in api
            },
            2,
            3,
            by_iam=False,
        ),
    ),
    "guardrail-runtime": (
        {"longest_runtime": 7200},
        cells(
            {
                "createTrainingJob": "StoppingCondition.MaxRuntimeInSeconds",
                "createProcessingJob": "StoppingCondition.MaxRuntimeInSeconds",
                "createHyperParameterTuningJob": "TrainingJobDefinition.StoppingCondition.MaxRuntimeInSeconds",
            },
            7200,
            7201,
        ),
    ),
    "guardrail-subnet": (
        {"subnets": ["subnet-ours", "subnet-ours-*"]},
        {
            **{
                api: Cell(f"{path}.Subnets", ["subnet-ours"], ["subnet-ours-2", "subnet-x"], {path: GROUPS})
                for api, path in VPC.items()
            },
            "createLabelingJob": Cell(
                f"{AUTOMATED_RESOURCES}.VpcConfig.Subnets",
                ["subnet-ours"],
                ["subnet-x"],
                {"LabelingJobAlgorithmsConfig": AUTOMATED, f"{AUTOMATED_RESOURCES}.VpcConfig": GROUPS},
                by_iam=False,
            ),
        },
    ),
    "guardrail-security-group": (
        {"security_groups": ["sg-ours"]},
        {
            **{
                api: Cell(f"{path}.SecurityGroupIds", ["sg-ours"], ["sg-ours", "sg-x"], {path: SUBNETS})
                for api, path in VPC.items()
            },
            "createLabelingJob": Cell(
                f"{AUTOMATED_RESOURCES}.VpcConfig.SecurityGroupIds",
                ["sg-ours"],
                ["sg-x"],
                {"LabelingJobAlgorithmsConfig": AUTOMATED, f"{AUTOMATED_RESOURCES}.VpcConfig": SUBNETS},
                by_iam=False,
            ),
        },
    ),
    "guardrail-volume-key": (
        {"volume_keys": [KEY]},
        {
            **cells(VOLUMES, KEY, OTHER_KEY),
            "createLabelingJob": Cell(
                f"{AUTOMATED_RESOURCES}.VolumeKmsKeyId", KEY, OTHER_KEY, {"LabelingJobAlgorithmsConfig": AUTOMATED}
            ),
        },
    ),
    "guardrail-output-key": (
        {"output_keys": [KEY]},
        {
            "createTrainingJob": Cell("OutputDataConfig.KmsKeyId", KEY, OTHER_KEY),
            "createProcessingJob": Cell("ProcessingOutputConfig.KmsKeyId", KEY, OTHER_KEY, OUTPUT),
            "createTransformJob": Cell("TransformOutput.KmsKeyId", KEY, OTHER_KEY),
            "createHyperParameterTuningJob": Cell("TrainingJobDefinition.OutputDataConfig.KmsKeyId", KEY, OTHER_KEY),
            "createLabelingJob": Cell("OutputConfig.KmsKeyId", KEY, OTHER_KEY),
            "createEndpointConfig": Cell(
                "AsyncInferenceConfig.OutputConfig.KmsKeyId", KEY, OTHER_KEY, ASYNC, by_iam=False
            ),
        },
    ),
    "guardrail-network-isolation": (
        {"network_isolation": True},
        cells(
            {
                **{api: f"{path}EnableNetworkIsolation" for api, path in FLAGS.items()},
                "createModel": "EnableNetworkIsolation",
                "createEndpointConfig": "EnableNetworkIsolation",
            },
            True,
            False,
        ),
    ),
    "guardrail-traffic-encryption": (
        {"traffic_encryption": True},
        cells({api: f"{path}EnableInterContainerTrafficEncryption" for api, path in FLAGS.items()}, True, False),
    ),
    "guardrail-image": (
        {"images": [f"{REGISTRY}/churn*"]},
        cells(IMAGES, f"{REGISTRY}/churn:2", f"{REGISTRY}/other:1", by_iam=False),
    ),
    "guardrail-tag": (
        {"tags": {"team": ["ml", "risk-*"], "owner": None}},
        {
            action.api: Cell(
                "Tags.0.Value",
                "risk-1",
                "sales",
                {"Tags": [{"Key": "team", "Value": "ml"}, {"Key": "owner", "Value": "x"}]},
            )
            for action in ACTIONS
            if action.verb == "Create"
        },
    ),
    "guardrail-input-place": (
        {"inputs": ["s3://data/ours/", "s3://data/manifest.json", "s3://data/labels/", "s3://data/ui.template"]},
        {
            "createTrainingJob": Cell(
                "InputDataConfig.0.DataSource.S3DataSource.S3Uri",
                OUR_PLACE,
                OTHER_PLACE,
                {"InputDataConfig": CHANNEL},
                by_iam=False,
            ),
            "createProcessingJob": Cell(
                "ProcessingInputs.0.S3Input.S3Uri", OUR_PLACE, OTHER_PLACE, INPUT, by_iam=False
            ),
            "createTransformJob": Cell(
                "TransformInput.DataSource.S3DataSource.S3Uri", OUR_PLACE, OTHER_PLACE, by_iam=False
            ),
            "createHyperParameterTuningJob": Cell(
                "TrainingJobDefinition.InputDataConfig.0.DataSource.S3DataSource.S3Uri",
                OUR_PLACE,
                OTHER_PLACE,
                {"TrainingJobDefinition.InputDataConfig": CHANNEL},
                by_iam=False,
            ),
            "createLabelingJob": Cell(
                "InputConfig.DataSource.S3DataSource.ManifestS3Uri", OUR_PLACE, OTHER_PLACE, by_iam=False
            ),
            "createModel": Cell(
                "PrimaryContainer.ModelDataUrl", f"{OUR_PLACE}.tar.gz", f"{OTHER_PLACE}.tar.gz", by_iam=False
            ),
        },
    ),
    "guardrail-output-place": (
        {"outputs": ["s3://data/ours/"]},
        {
            "createTrainingJob": Cell("OutputDataConfig.S3OutputPath", OUR_PLACE, OTHER_PLACE, by_iam=False),
            "createProcessingJob": Cell(
                "ProcessingOutputConfig.Outputs.0.S3Output.S3Uri", OUR_PLACE, OTHER_PLACE, OUTPUT, by_iam=False
            ),
            "createTransformJob": Cell("TransformOutput.S3OutputPath", OUR_PLACE, OTHER_PLACE, by_iam=False),
            "createHyperParameterTuningJob": Cell(
                "TrainingJobDefinition.OutputDataConfig.S3OutputPath", OUR_PLACE, OTHER_PLACE, by_iam=False
            ),
            "createLabelingJob": Cell("OutputConfig.S3OutputPath", OUR_PLACE, OTHER_PLACE, by_iam=False),
            "createEndpointConfig": Cell(
                "DataCaptureConfig.DestinationS3Uri", OUR_PLACE, OTHER_PLACE, CAPTURE, by_iam=False
            ),
        },
    ),
    "guardrail-spot": (
        {"spot": True},
        {
            api: Cell(
                f"{path}EnableManagedSpotTraining",
                True,
                False,
                by_iam=False,
                with_right={f"{path}StoppingCondition.MaxWaitTimeInSeconds": 3600},
            )
            for api, path in FLAGS.items()
            if "Processing" not in api
        },
    ),
    "guardrail-work-team": (
        {"public_work_teams": False},
        {"createLabelingJob": Cell("HumanTaskConfig.WorkteamArn", OUR_TEAM, PUBLIC_TEAM)},
    ),
    "guardrail-endpoint-instances": (
        {"most_endpoint_instances": 2},
        {"createEndpointConfig": Cell("ProductionVariants.0.InitialInstanceCount", 2, 3, by_iam=False)},
    ),
    "guardrail-endpoint-public": (
        {"public_endpoints": False},
        {
            "createModel": Cell("VpcConfig", {**GROUPS, **SUBNETS}, None),
            "createEndpointConfig": Cell(
                "VpcConfig",
                {**GROUPS, **SUBNETS},
                None,
                {
                    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/endpoint",
                    "ProductionVariants": [
                        {"VariantName": "A", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
                    ],
                },
            ),
        },
    ),
    "guardrail-endpoint-serverless": (
        {"public_endpoints": False},
        {
            "createEndpointConfig": Cell(
                "ProductionVariants",
                [{"VariantName": "A", "ModelName": "churn", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}],
                [{"VariantName": "A", "ModelName": "churn", "ServerlessConfig": SERVERLESS}],
            )
        },
    ),
    "guardrail-budget": (
        {"budget": 10, "rates": {"ml.m5.xlarge": 0.25, "ml.c5.*": 40}},
        cells(
            {api: path for api, path in TYPES.items() if "Endpoint" not in api and "Transform" not in api},
            "ml.m5.xlarge",
            "ml.c5.18xlarge",
            by_iam=False,
        ),
    ),
}
"""By rail: the line of the guardrails, and the APIs that have a field for it."""


def put(request: Any, path: str, value: Any) -> None:
    """Set a field of a request; None takes it away."""
    *outer, last = path.split(".")
    for name in outer:
        request = request[int(name)] if name.isdigit() else request.setdefault(name, {})
    if value is None:
        request.pop(last, None)
    elif isinstance(value, dict) and isinstance(request, dict):
        request[last] = {**copy.deepcopy(value), **request.get(last, {})} if last != "ProductionVariants" else value
    else:
        request[int(last) if last.isdigit() else last] = copy.deepcopy(value)


def request_of(api: str, cell: Cell, value: Any) -> dict[str, Any]:
    request = copy.deepcopy(REQUESTS[api])
    for path, besides in cell.besides.items():
        put(request, path, besides)
    for path, besides in cell.with_right.items() if value == cell.right else ():
        put(request, path, besides)
    put(request, cell.path, value)
    return request


def late(api: str, cell: Cell, language: str) -> dict[str, Any]:
    """The request with its value from the input."""
    request = request_of(api, cell, cell.right)
    holder, _, name = cell.path.rpartition(".")
    put(request, cell.path, None)
    holding = request
    for step in filter(None, holder.split(".")):
        holding = holding[int(step)] if step.isdigit() else holding.setdefault(step, {})
    if language == "JSONata":
        holding[name] = "{% $states.input.value %}"
    else:
        holding[f"{name}.$"] = "$.value"
    return request


every_rail = pytest.mark.parametrize("rail", LINES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def test_every_rail_of_the_table_is_tried():
    assert list(LINES) == [rail.rule.id for rail in RAILS]


def test_table_of_the_page_is_the_one_that_is_printed(capsys):
    print("\n".join(table()))  # noqa: T201  (to be read where the test fails)

    assert capsys.readouterr().out in (ROOT / "docs" / "guardrails.md").read_text(encoding="utf-8")


@every_rail
def test_table_says_which_apis_have_the_field_and_which_the_condition_key(rail):
    (line,) = [line for line in table() if line.startswith(f"| `{rail}` |")]
    said = dict(zip([action.api for action in ACTIONS], [cell.strip() for cell in line.split("|")[4:-1]], strict=True))

    tried = {api: "IAM" if cell.by_iam else "synthesis" for api, cell in LINES[rail][1].items()}
    # An endpoint configuration reads one place only: the baseline of an explainer, of whoever still has one.
    if rail == "guardrail-input-place":
        tried["createEndpointConfig"] = "synthesis"
    assert {api: reach for api, reach in said.items() if reach != "-"} == tried


@every_rail
@every_language
def test_known_values_beyond_a_rail_are_refused_all_at_once_and_others_taken(rail, language, tmp_path):
    line, apis = LINES[rail]
    app = App(outdir=str(tmp_path))
    stack = stack_in(app)
    Guardrails(**line, reason="because").apply(app)
    made = []
    for api, cell in apis.items():
        action = next(each for each in ACTIONS if each.api == api)
        for kind in ("wrong", "right", "excepted"):
            value = cell.right if kind == "right" else cell.wrong
            request = request_of(api, cell, value)
            made.append(job(stack, action, f"{kind} {api}", parameters=request, query_language=LANGUAGES[language]))
            if kind == "excepted":
                acknowledge(made[-1], rail, "agreed")
    chain = made[0]
    for each in made[1:]:
        chain = chain.next(each)
    machine(stack, chain)

    assert {(row.severity, row.rule, row.state) for row in rows(app)} == {
        *(("error", rail, f"wrong {api}") for api in apis),
        *(("info", rail, f"excepted {api}") for api in apis),
    }


def late_machines(rail: str, language: str, app: App, **guardrails: Any) -> dict[str, Cell]:
    line, apis = LINES[rail]
    stack = stack_in(app)
    Guardrails(**line, reason="because", **guardrails).apply(app)
    for number, (api, cell) in enumerate(apis.items()):
        action = next(each for each in ACTIONS if each.api == api)
        request = late(api, cell, language)
        made = job(stack, action, f"late {api}", parameters=request, query_language=LANGUAGES[language])
        made_of = machine(stack, made, f"Machine{number}")
        if cell.path == "KmsKeyId":
            # Of a key that comes at run time nothing is granted.
            use = iam.PolicyStatement(actions=["kms:CreateGrant", "kms:DescribeKey"], resources=[KEY])
            made_of.add_to_role_policy(use)
    return apis


@every_rail
@every_language
def test_values_that_come_later_are_denied_by_iam_or_refused(rail, language, tmp_path):
    app = App(outdir=str(tmp_path))
    apis = late_machines(rail, language, app)

    assert refused(app) == {(rail, f"late {api}") for api, cell in apis.items() if not cell.by_iam}


@every_rail
@every_language
def test_denied_values_end_as_access_denied_and_allowed_ones_succeed(rail, language, tmp_path):
    app = App(outdir=str(tmp_path))
    apis = late_machines(rail, language, app, late="warn")
    assert rows(app) == []
    made = template(app)
    ids = sorted(name for name, each in made["Resources"].items() if each["Type"].endswith("StateMachine"))
    for machine_id, (api, cell) in zip(ids, apis.items(), strict=True):
        beyond = [(cell.wrong, ("SageMaker.AmazonSageMakerException", True))] if cell.by_iam and cell.wrong else []
        for value, ends in ((cell.right, None), *beyond):
            with Rehearsal.of(made, machine=machine_id) as rehearsal:
                for kind in ("model", "endpoint-config", "endpoint"):
                    if api != f"create{kind.title().replace('-', '')}":
                        rehearsal.exists(kind, "churn")
                run = rehearsal.start({"value": value})
                assert (api, run.failure and (run.failure.error, "not authorized" in run.failure.cause)) == (api, ends)
        with Rehearsal.of(made, machine=machine_id) as rehearsal:
            permissions = rehearsal.permissions({"value": cell.right})
            assert (api, permissions.needless, permissions.missing) == (api, (), ())
