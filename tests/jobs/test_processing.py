"""Every field of a processing job from typed arguments, known at synthesis and later; its code in particular."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from constructs_sm import (
    AthenaDatasetDefinition,
    ExperimentConfig,
    FeatureStoreOutput,
    InstancePreference,
    InvalidInputError,
    ProcessingInput,
    ProcessingJob,
    ProcessingOutput,
    RedshiftDatasetDefinition,
    S3Location,
    images,
    requests,
)
from constructs_sm.actions import PROCESSING_JOB
from constructs_sm.requests import model_check
from constructs_sm.testing import Rehearsal, definition, resolved, state_machine_policy

import pytest
from aws_cdk import App, DefaultStackSynthesizer, Duration, Environment, LegacyStackSynthesizer, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from rendered import members, reached
from typed import processing

JSONATA = sfn.QueryLanguage.JSONATA
CODE = "/opt/ml/processing/input/code"
UNPACK = ["/bin/sh", "-c", f'cd {CODE} && python3 -m zipfile -e "$0" . && exec "$@"']
ROLE = "arn:aws:iam::123456789012:role/redshift"
ATHENA = AthenaDatasetDefinition(
    catalog="AwsDataCatalog",
    database="sales",
    query_string="SELECT * FROM customers",
    work_group="churn",
    output="s3://data/athena/",
    output_format="PARQUET",
    output_compression="SNAPPY",
    kms_key="alias/athena",
)
REDSHIFT = RedshiftDatasetDefinition(
    cluster_id="sales",
    database="dev",
    db_user="churn",
    query_string="SELECT * FROM calls",
    cluster_role=ROLE,
    output="s3://data/redshift/",
    output_format="CSV",
    output_compression="GZIP",
    kms_key="alias/redshift",
)
EVERYTHING = {
    "image": IMAGE,
    "code": "s3://code/prepare.py",
    "command_arguments": ["--rows", 1000, "--shuffle", True],
    "inputs": {
        "raw": "s3://data/raw/",
        "streamed": ProcessingInput(
            data="s3://data/manifest.json",
            local_path="/opt/ml/processing/streamed",
            input_mode="Pipe",
            data_distribution_type="ShardedByS3Key",
            s3_data_type="ManifestFile",
            s3_compression_type="Gzip",
            app_managed=False,
        ),
        "customers": ATHENA,
        "calls": ProcessingInput(data=REDSHIFT, data_distribution_type="FullyReplicated", input_mode="File"),
        "own": ProcessingInput(data="s3://data/own/", app_managed=True),
    },
    "outputs": {
        "train": "s3://data/train/",
        "logs": ProcessingOutput(
            data="s3://data/logs/", local_path="/opt/ml/processing/logs", s3_upload_mode="Continuous", app_managed=False
        ),
        "features": FeatureStoreOutput(feature_group_name="customers"),
    },
    "environment": {"LEVEL": 3},
    "instance_type": ec2.InstanceType("m5.xlarge"),
    "instance_count": 2,
    "volume_size": Size.gibibytes(50),
    "max_runtime": Duration.hours(2),
    "subnets": ["subnet-1"],
    "security_groups": ["sg-1"],
    "network_isolation": True,
    "inter_container_traffic_encryption": True,
    "volume_kms_key": "alias/volumes",
    "output_kms_key": "alias/outputs",
    "experiment": ExperimentConfig(
        experiment_name="churn", trial_name="first", trial_component_display_name="prepare", run_name="one"
    ),
    "tags": {"team": "growth"},
    "job_name": "prepare",
}
REQUEST = {
    "AppSpecification": {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": ["python3", f"{CODE}/prepare.py"],
        "ContainerArguments": ["--rows", "1000", "--shuffle", "true"],
    },
    "ProcessingInputs": [
        {
            "InputName": "raw",
            "S3Input": {
                "S3Uri": "s3://data/raw/",
                "LocalPath": "/opt/ml/processing/input/raw",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        },
        {
            "InputName": "streamed",
            "AppManaged": False,
            "S3Input": {
                "S3Uri": "s3://data/manifest.json",
                "LocalPath": "/opt/ml/processing/streamed",
                "S3DataType": "ManifestFile",
                "S3InputMode": "Pipe",
                "S3DataDistributionType": "ShardedByS3Key",
                "S3CompressionType": "Gzip",
            },
        },
        {
            "InputName": "customers",
            "DatasetDefinition": {
                "AthenaDatasetDefinition": {
                    "Catalog": "AwsDataCatalog",
                    "Database": "sales",
                    "QueryString": "SELECT * FROM customers",
                    "WorkGroup": "churn",
                    "OutputS3Uri": "s3://data/athena/",
                    "OutputFormat": "PARQUET",
                    "OutputCompression": "SNAPPY",
                    "KmsKeyId": "alias/athena",
                },
                "LocalPath": "/opt/ml/processing/input/customers",
            },
        },
        {
            "InputName": "calls",
            "DatasetDefinition": {
                "RedshiftDatasetDefinition": {
                    "ClusterId": "sales",
                    "Database": "dev",
                    "DbUser": "churn",
                    "QueryString": "SELECT * FROM calls",
                    "ClusterRoleArn": ROLE,
                    "OutputS3Uri": "s3://data/redshift/",
                    "OutputFormat": "CSV",
                    "OutputCompression": "GZIP",
                    "KmsKeyId": "alias/redshift",
                },
                "LocalPath": "/opt/ml/processing/input/calls",
                "DataDistributionType": "FullyReplicated",
                "InputMode": "File",
            },
        },
        {
            "InputName": "own",
            "AppManaged": True,
            "S3Input": {"S3Uri": "s3://data/own/", "S3DataType": "S3Prefix", "S3InputMode": "File"},
        },
        {
            "InputName": "code",
            "S3Input": {
                "S3Uri": "s3://code/prepare.py",
                "LocalPath": CODE,
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        },
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "train",
                "S3Output": {
                    "S3Uri": "s3://data/train/",
                    "LocalPath": "/opt/ml/processing/output/train",
                    "S3UploadMode": "EndOfJob",
                },
            },
            {
                "OutputName": "logs",
                "AppManaged": False,
                "S3Output": {
                    "S3Uri": "s3://data/logs/",
                    "LocalPath": "/opt/ml/processing/logs",
                    "S3UploadMode": "Continuous",
                },
            },
            {
                "OutputName": "features",
                "AppManaged": True,
                "FeatureStoreOutput": {"FeatureGroupName": "customers"},
            },
        ],
        "KmsKeyId": "alias/outputs",
    },
    "Environment": {"LEVEL": "3"},
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 2,
            "VolumeSizeInGB": 50,
            "VolumeKmsKeyId": "alias/volumes",
        }
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 7200},
    "NetworkConfig": {
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
    },
    "ExperimentConfig": {
        "ExperimentName": "churn",
        "TrialName": "first",
        "TrialComponentDisplayName": "prepare",
        "RunName": "one",
    },
    "Tags": [{"Key": "team", "Value": "growth"}],
    "ProcessingJobName": "prepare",
}
SMALLEST = {"image": IMAGE, "instance_type": "ml.m5.xlarge"}


@pytest.fixture
def request_of(stack, machine):
    """What SageMaker is sent for a job with *arguments*, without role and, if it is not told one, name."""

    def make(**arguments):
        job = ProcessingJob(stack, "Job", **arguments)
        machine(job, query_language=arguments.get("query_language"))
        state = definition(stack)["States"]["Job"]
        request = state["Arguments" if "Arguments" in state else "Parameters"]
        assert request.pop("RoleArn")
        requests.check(PROCESSING_JOB, {"ProcessingJobName": "job", **request, "RoleArn": ROLE})
        if "job_name" not in arguments:
            request.pop("ProcessingJobName", None)
            request.pop("ProcessingJobName.$", None)
        return request

    return make


def test_every_argument_stands_in_the_request(request_of):
    assert request_of(**EVERYTHING) == REQUEST


PREFERENCES = [InstancePreference(instance_type=name, instance_count=1) for name in ("ml.m5.xlarge", "ml.m4.xlarge")]


def test_every_member_of_the_model_has_an_argument(request_of):
    several = request_of(image=IMAGE, instance_preferences=PREFERENCES)
    found = reached(REQUEST | {"RoleArn": ROLE}, "CreateProcessingJob") | reached(several, "CreateProcessingJob")
    # SageMaker answers with them, and does not take them.
    answered = {f"ProcessingClusterConfig.Selected{name}" for name in ("InstanceType", "InstanceCount")}
    assert members("CreateProcessingJob") - found == answered


@pytest.mark.parametrize(
    ("preferences", "arguments", "cluster"),
    [
        (
            PREFERENCES,
            {"kms_key": "alias/churn"},
            {
                "InstancePreferences": [
                    {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
                    {"InstanceType": "ml.m4.xlarge", "InstanceCount": 1},
                ],
                "VolumeSizeInGB": 30,
                "VolumeKmsKeyId": "alias/churn",
            },
        ),
        (
            [InstancePreference(instance_type="ml.g5.xlarge"), InstancePreference(instance_type="ml.g4dn.xlarge")],
            {"kms_key": "alias/churn"},
            {
                "InstancePreferences": [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g4dn.xlarge"}],
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
            },
        ),
    ],
    ids=["counted each", "counted once"],
)
def test_several_instance_types_are_counted_each_or_once(request_of, preferences, arguments, cluster):
    made = request_of(image=IMAGE, instance_preferences=preferences, **arguments)
    assert made["ProcessingResources"]["ClusterConfig"] == cluster


@pytest.mark.parametrize(
    ("instance_type", "keys", "volumes", "outputs"),
    [
        ("ml.m5.xlarge", {"kms_key": "both"}, "both", "both"),
        ("ml.m5.xlarge", {"kms_key": "both", "volume_kms_key": "volumes"}, "volumes", "both"),
        ("ml.m5.xlarge", {"kms_key": "both", "output_kms_key": "outputs"}, "both", "outputs"),
        ("ml.m5.xlarge", {"volume_kms_key": "volumes"}, "volumes", None),
        ("ml.g5.xlarge", {"kms_key": "both"}, None, "both"),
        (ec2.InstanceType("g5.xlarge"), {"kms_key": "both"}, None, "both"),
    ],
)
def test_volumes_and_outputs_have_one_key_or_each_its_own(request_of, instance_type, keys, volumes, outputs):
    made = request_of(image=IMAGE, instance_type=instance_type, outputs={"a": "s3://data/a/"}, **keys)
    found = made["ProcessingResources"]["ClusterConfig"], made["ProcessingOutputConfig"]
    assert tuple(part.get(name) for part, name in zip(found, ("VolumeKmsKeyId", "KmsKeyId"), strict=True)) == (
        volumes,
        outputs,
    )


def test_key_encrypts_outputs_that_only_parameters_have(request_of):
    output = {"OutputName": "a", "S3Output": {"S3Uri": "s3://data/a/", "S3UploadMode": "EndOfJob"}}
    made = request_of(**SMALLEST, kms_key="both", parameters={"ProcessingOutputConfig": {"Outputs": [output]}})
    assert made["ProcessingOutputConfig"] == {"Outputs": [output], "KmsKeyId": "both"}


def test_volume_key_of_its_own_beside_local_storage_fails_and_says_why(stack):
    with pytest.raises(InvalidInputError, match=r"VolumeKmsKeyId is for volumes, and ml.g5.xlarge has local storage"):
        ProcessingJob(stack, "Job", image=IMAGE, instance_type="ml.g5.xlarge", volume_kms_key="alias/churn")


def test_cdk_objects_stand_in_a_query_as_what_sagemaker_calls_them(stack, request_of):
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:123456789012:key/1")
    made = request_of(
        **SMALLEST,
        inputs={
            "calls": RedshiftDatasetDefinition(
                cluster_id="sales",
                database="dev",
                db_user="churn",
                query_string="SELECT 1",
                cluster_role=iam.Role.from_role_arn(stack, "Role", ROLE),
                output=s3.Bucket.from_bucket_name(stack, "Bucket", "data"),
                output_format="CSV",
                kms_key=key,
            )
        },
    )
    query = made["ProcessingInputs"][0]["DatasetDefinition"]["RedshiftDatasetDefinition"]
    assert (query["ClusterRoleArn"], query["OutputS3Uri"]) == (ROLE, "s3://data/")
    assert query["KmsKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/1"


# Later.


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"command_arguments": "States.Array('--rows', $.rows)"}, "States.Array('--rows', $.rows)"),
        ({"command_arguments": "$.arguments"}, "$.arguments"),
        ({"command_arguments": ["--rows", "$.rows"]}, "States.Array('--rows', States.Format('{}', $.rows))"),
        ({"command_arguments": sfn.JsonPath.list_at("$.arguments")}, "$.arguments"),
    ],
    ids=["function", "path", "item", "token"],
)
def test_command_arguments_may_come_at_run_time(request_of, arguments, wanted):
    made = request_of(**SMALLEST, entrypoint=["run"], **arguments)
    assert made["AppSpecification"] == {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": ["run"],
        "ContainerArguments.$": wanted,
    }


def test_every_value_may_come_at_run_time_in_jsonpath(request_of):
    made = request_of(
        image="$.image",
        entrypoint="$.command",
        inputs="$.inputs",
        outputs={"train": "$.train", "features": FeatureStoreOutput(feature_group_name="$.group")},
        environment={"LEVEL": "$.level"},
        instance_type="$.type",
        instance_count="$.count",
        volume_size="$.size",
        max_runtime="$.seconds",
        network_isolation="$.isolated",
        kms_key="$.key",
    )
    assert made == {
        "AppSpecification": {"ImageUri.$": "$.image", "ContainerEntrypoint.$": "$.command"},
        "ProcessingInputs.$": "$.inputs",
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "train",
                    "S3Output": {
                        "S3Uri.$": "$.train",
                        "LocalPath": "/opt/ml/processing/output/train",
                        "S3UploadMode": "EndOfJob",
                    },
                },
                {
                    "OutputName": "features",
                    "AppManaged": True,
                    "FeatureStoreOutput": {"FeatureGroupName.$": "$.group"},
                },
            ],
            "KmsKeyId.$": "$.key",
        },
        "Environment": {"LEVEL.$": "States.Format('{}', $.level)"},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType.$": "$.type",
                "InstanceCount.$": "$.count",
                "VolumeSizeInGB.$": "$.size",
                "VolumeKmsKeyId.$": "$.key",
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds.$": "$.seconds"},
        "NetworkConfig": {"EnableNetworkIsolation.$": "$.isolated"},
    }


def test_every_value_may_come_at_run_time_in_jsonata(request_of):
    made = request_of(
        image="{% $states.input.image %}",
        entrypoint=["python3", "{% $states.input.script %}"],
        command_arguments="{% $states.input.arguments %}",
        inputs={"raw": ProcessingInput(data="{% $states.input.raw %}", app_managed="{% $states.input.own %}")},
        outputs="{% $states.input.outputs %}",
        output_kms_key="{% $states.input.key %}",
        instance_type="{% $states.input.type %}",
        instance_count="{% $states.input.count %}",
        max_runtime="{% $states.input.seconds %}",
        query_language=JSONATA,
    )
    assert made == {
        "AppSpecification": {
            "ImageUri": "{% $states.input.image %}",
            "ContainerEntrypoint": ["python3", "{% $string($states.input.script) %}"],
            "ContainerArguments": "{% $states.input.arguments %}",
        },
        "ProcessingInputs": [
            {
                "InputName": "raw",
                "AppManaged": "{% $states.input.own %}",
                "S3Input": {
                    "S3Uri": "{% $states.input.raw %}",
                    "LocalPath": "/opt/ml/processing/input/raw",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {"Outputs": "{% $states.input.outputs %}", "KmsKeyId": "{% $states.input.key %}"},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType": "{% $states.input.type %}",
                "InstanceCount": "{% $states.input.count %}",
                "VolumeSizeInGB": 30,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": "{% $states.input.seconds %}"},
    }


# Code.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of code, from where it is `churn`."""
    churn = tmp_path / "churn"
    (churn / "steps").mkdir(parents=True)
    (churn / "main.py").write_text("import sys\nfrom steps import one\nprint(one.NAME, *sys.argv[1:])\n")
    (churn / "steps" / "one.py").write_text("NAME = 'one'\n")
    (churn / "clean.R").write_text("quit()\n")
    (churn / "job.jar").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return churn


def manifest_files(app):
    """What the manifest of the synthesized app uploads, by name in S3."""
    assembly = Path(app.synth().directory)
    assets = json.loads((assembly / "Stack.assets.json").read_text())["files"]
    return {
        destination["objectKey"]: assembly / asset["source"]["path"]
        for asset in assets.values()
        for destination in asset["destinations"].values()
        if not destination["objectKey"].endswith(".json")
    }


def entrypoint(made):
    return made["AppSpecification"]["ContainerEntrypoint"]


def code_uri(made):
    return made["ProcessingInputs"][-1]["S3Input"]["S3Uri"]


@pytest.mark.parametrize("code", ["churn/main.py", Path("churn/main.py")], ids=["str", "Path"])
def test_file_becomes_an_asset_that_is_run_by_its_name_in_s3(app, folder, request_of, code):
    made = request_of(**SMALLEST, code=code)

    ((key, source),) = manifest_files(app).items()
    assert source.read_text() == (folder / "main.py").read_text()
    # SageMaker calls an object in the container as the last part of its key.
    assert entrypoint(made) == ["python3", f"{CODE}/{key}"]
    assert code_uri(made) == f"s3://cdk-hnb659fds-assets-${{AWS::AccountId}}-${{AWS::Region}}/{key}"
    assert made["ProcessingInputs"][-1]["S3Input"]["LocalPath"] == CODE


def test_absolute_path_is_taken_wherever_the_program_runs(app, folder, request_of, monkeypatch):
    monkeypatch.chdir("/")
    request_of(**SMALLEST, code=folder / "main.py")

    assert [source.read_text() for source in manifest_files(app).values()] == [(folder / "main.py").read_text()]


def test_folder_becomes_a_zip_that_the_container_unpacks(app, folder, request_of):
    made = request_of(**SMALLEST, code="churn", entrypoint="main.py", command_arguments=["--rows", 3])

    ((key, source),) = manifest_files(app).items()
    assert key.endswith(".zip")
    assert sorted(path.name for path in source.iterdir()) == ["clean.R", "job.jar", "main.py", "steps"]
    assert entrypoint(made) == [*UNPACK, f"{CODE}/{key}", "python3", f"{CODE}/main.py"]
    assert code_uri(made).endswith(f"/{key}")


def test_unpacking_runs_the_code_with_its_arguments(folder, tmp_path):
    inside = tmp_path / "container"
    inside.mkdir()
    with zipfile.ZipFile(inside / "0.zip", "w") as archive:
        for path in folder.rglob("*.py"):
            archive.write(path, path.relative_to(folder))

    command = [part.replace(CODE, str(inside)) for part in [*UNPACK, f"{CODE}/0.zip", "python3", f"{CODE}/main.py"]]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    ended = subprocess.run([*command, "--rows", "3"], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "one --rows 3\n"


def test_what_python_leaves_behind_changes_no_code(folder):
    def asset_keys():
        app = App()
        ProcessingJob(Stack(app, "Stack"), "Job", **SMALLEST, code="churn", entrypoint="main.py")
        return list(manifest_files(app))

    before = asset_keys()
    (folder / "steps" / "__pycache__").mkdir()
    (folder / "steps" / "__pycache__" / "one.pyc").write_bytes(b"1")
    assert asset_keys() == before


SPARK = images.spark("3.5")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ({"code": "s3://code/main.py"}, ["python3", f"{CODE}/main.py"]),
        ({"code": "s3://code/main.py", "entrypoint": "main.py"}, ["python3", f"{CODE}/main.py"]),
        ({"code": "s3://code/v1.2", "entrypoint": "steps/one.py"}, ["python3", f"{CODE}/steps/one.py"]),
        ({"code": "$.code", "entrypoint": "main.py"}, ["python3", f"{CODE}/main.py"]),
        ({"code": S3Location("s3://code/v1/main.py")}, ["python3", f"{CODE}/main.py"]),
        ({"code": "s3://code/main.py", "image": SPARK}, ["smspark-submit", f"{CODE}/main.py"]),
        ({"code": "s3://code/job.jar", "image": SPARK}, ["smspark-submit", f"{CODE}/job.jar"]),
        ({"code": "s3://code/v1/", "entrypoint": ["Rscript", f"{CODE}/clean.R"]}, ["Rscript", f"{CODE}/clean.R"]),
        (
            {"code": "s3://code/v1.zip", "entrypoint": "main.py"},
            [*UNPACK, f"{CODE}/v1.zip", "python3", f"{CODE}/main.py"],
        ),
        (
            {"code": "s3://code/v1.zip", "entrypoint": "main.py", "image": SPARK},
            [*UNPACK, f"{CODE}/v1.zip", "smspark-submit", f"{CODE}/main.py"],
        ),
        (
            {"code": "s3://code/v1.zip", "entrypoint": ["python3", "main.py", 3]},
            [*UNPACK, f"{CODE}/v1.zip", "python3", "main.py", "3"],
        ),
    ],
    ids=[
        "file",
        "named",
        "prefix",
        "JSONPath",
        "location",
        "Spark",
        "jar",
        "command",
        "zip",
        "Spark zip",
        "zip command",
    ],
)
def test_code_in_s3_is_run_as_the_image_runs_code(request_of, arguments, command):
    made = request_of(**(SMALLEST | arguments))
    assert entrypoint(made) == command


def test_late_command_runs_code_in_s3(request_of):
    made = request_of(**SMALLEST, code="s3://code/v1/", entrypoint="States.Array('python3', $.script)")
    assert made["AppSpecification"]["ContainerEntrypoint.$"] == "States.Array('python3', $.script)"


def test_token_in_the_place_of_code_hides_no_file_name(stack, request_of):
    bucket = s3.Bucket(stack, "Bucket")
    made = request_of(**SMALLEST, code=f"s3://{bucket.bucket_name}/code/main.py")
    assert entrypoint(made) == ["python3", f"{CODE}/main.py"]


@pytest.mark.parametrize(
    "command",
    [["Rscript", f"{CODE}/clean.R"], f"States.Array('Rscript', '{CODE}/clean.R')"],
    ids=["list", "late"],
)
def test_command_calls_a_file_of_this_machine_as_it_is_called_there(app, folder, request_of, command):
    made = request_of(**SMALLEST, code="churn/clean.R", entrypoint=command)

    (key,) = manifest_files(app)
    if isinstance(command, list):
        assert entrypoint(made) == ["Rscript", f"{CODE}/{key}"]
    else:
        assert made["AppSpecification"]["ContainerEntrypoint.$"] == f"States.Array('Rscript', '{CODE}/{key}')"


def test_late_part_of_a_command_unpacks_code_too(app, folder, request_of):
    made = request_of(**SMALLEST, code="churn", entrypoint=["python3", "main.py", "$.mode"])

    (key,) = manifest_files(app)
    unpack = ", ".join(f"'{part}'" for part in [*UNPACK, f"{CODE}/{key}", "python3", "main.py"])
    assert made["AppSpecification"]["ContainerEntrypoint.$"] == f"States.Array({unpack}, States.Format('{{}}', $.mode))"


@pytest.mark.parametrize(("path", "entry"), [("churn/main.py", None), ("churn", "main.py")], ids=["file", "folder"])
def test_asset_made_elsewhere_is_code(stack, folder, request_of, path, entry):
    # Node, which reads it, has not gone where the test went.
    asset = s3_assets.Asset(stack, "Asset", path=str(Path(path).absolute()))
    made = request_of(**SMALLEST, code=asset, entrypoint=entry)

    unpacked = [*UNPACK, f"{CODE}/{asset.s3_object_key}", "python3", f"{CODE}/main.py"]
    assert entrypoint(made) == (unpacked if entry else ["python3", f"{CODE}/{asset.s3_object_key}"])


@pytest.mark.parametrize(
    ("synthesizer", "uri"),
    [
        (DefaultStackSynthesizer(bucket_prefix="team/"), "s3://cdk-hnb659fds-assets-123456789012-eu-west-1/team/{}"),
        (
            LegacyStackSynthesizer(),
            None,
        ),
    ],
    ids=["prefix", "legacy"],
)
def test_code_is_named_by_its_hash_wherever_the_assets_lie(folder, synthesizer, uri):
    stack = Stack(App(), "Stack", synthesizer=synthesizer, env=Environment(account="123456789012", region="eu-west-1"))
    job = ProcessingJob(stack, "Job", **SMALLEST, code="churn/main.py")
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))

    asset = next(child for child in job.node.children if child.node.id == "Code")
    name = f"{asset.asset_hash}.py"
    made = definition(stack)["States"]["Job"]["Parameters"]
    assert entrypoint(made) == ["python3", f"{CODE}/{name}"]
    assert uri is None or code_uri(made) == uri.format(name)


def test_execution_role_reads_that_asset_and_no_other(app, stack, folder, machine):
    machine(ProcessingJob(stack, "Job", **SMALLEST, code="churn/main.py"))

    (key,) = manifest_files(app)
    template = json.loads((Path(app.synth().directory) / "Stack.template.json").read_text())
    policies = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Policy"]
    statements = [
        s for p in policies if "ExecutionRole" in json.dumps(p["Roles"]) for s in p["PolicyDocument"]["Statement"]
    ]
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    reads = {s["Action"]: s for s in statements if str(s["Action"]).startswith("s3:")}
    assert set(reads) == {"s3:GetObject", "s3:ListBucket"}
    assert spelled(reads["s3:GetObject"]["Resource"]) == f"arn:${{AWS::Partition}}:s3:::{bucket}/{key}*"
    assert spelled(reads["s3:ListBucket"]["Resource"]) == f"arn:${{AWS::Partition}}:s3:::{bucket}"
    assert reads["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": f"{key}*"}}


def spelled(value):
    """A resolved string with its references as `${Name}`."""
    if isinstance(value, str):
        return value
    ((function, operand),) = value.items()
    if function == "Fn::Join":
        return operand[0].join(map(spelled, operand[1]))
    return operand if function == "Fn::Sub" else f"${{{operand}}}"


def test_two_syntheses_with_code_are_equal_to_the_byte(folder, tmp_path):
    def synthesized(name):
        app = App(outdir=str(tmp_path / name))
        stack = Stack(app, "Stack")
        first = ProcessingJob(stack, "First", **SMALLEST, code="churn/main.py")
        second = ProcessingJob(stack, "Second", **SMALLEST, code="churn", entrypoint="main.py")
        sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(first.next(second)))
        app.synth()
        return {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }

    one = synthesized("one")
    assert len([path for path in one if path.parts[0].startswith("asset.")]) == 5
    assert synthesized("two") == one


def test_job_with_code_runs_to_its_end_with_what_it_is_granted(stack, folder, machine):
    machine(ProcessingJob(stack, "Job", **SMALLEST, code="churn", entrypoint=["python3", "main.py", "$.mode"]))

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(resolved(definition(stack)), {"mode": "fast"})
    assert run.status == "SUCCEEDED", run.cause
    command = dict(run.requests)["Job"]["AppSpecification"]["ContainerEntrypoint"]
    assert (command[:3], command[4:]) == (UNPACK, ["python3", "main.py", "fast"])


# Wrong.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"code": "churn/none.py"}, r"no such code, got 'churn/none.py'; .*/churn/none.py is not there: pass a path"),
        ({"code": 5}, "code is no place, got 5; pass a path on this machine, or a place in S3"),
        ({"code": "churn"}, "code without an entrypoint, got nothing; name the file of it that is to be run"),
        ({"code": "s3://code/v1/"}, "code without an entrypoint, got nothing"),
        ({"code": "$.code"}, "code without an entrypoint, got nothing"),
        (
            {"code": "churn", "entrypoint": "none.py"},
            "entrypoint is not in code, got 'none.py'; name a file in /.*churn$",
        ),
        (
            {"code": "churn/main.py", "entrypoint": "steps.py"},
            "entrypoint is not in code, got 'steps.py'; leave it out",
        ),
        (
            {"code": "churn/clean.R"},
            r"nothing is known to run this, got '.R'; pass entrypoint=\[...\], the whole command",
        ),
        ({"code": "churn/job.jar"}, "nothing is known to run this, got '.jar'"),
        ({"code": "churn", "entrypoint": "$.command"}, "a command that is known at run time cannot unpack code"),
        (
            {"code": "churn", "entrypoint": sfn.JsonPath.list_at("$.command")},
            "a command that is known at run time cannot unpack code",
        ),
        ({"code": "churn/main.py", "inputs": {"code": "s3://a/b"}}, "input 'code' is given twice"),
        ({"code": "churn/main.py", "inputs": "$.inputs"}, "inputs that are known at run time cannot have code beside"),
        ({"entrypoint": "main.py"}, "AppSpecification.ContainerEntrypoint must be a list, got 'main.py'"),
        ({"inputs": "s3://data/"}, "inputs must be a mapping, got 's3://data/'"),
        ({"outputs": "train"}, r"outputs must be a mapping, or a list of names, got 'train'; write \['train'\]"),
        ({"outputs": ["train"]}, r"outputs without a place, got \['train'\]; map each to its s3:// prefix"),
        ({"outputs": {"train": ProcessingOutput()}}, r"outputs without a place, got \['train'\]"),
        (
            {"inputs": {"a": ProcessingInput(data=ATHENA, s3_data_type="S3Prefix")}},
            r"ProcessingInputs\[0\].DatasetDefinition.S3DataType is not a field of this API",
        ),
        (
            {"inputs": {"a": ProcessingInput(data="s3://a/b", s3_compression_type="Gzip")}},
            r"ProcessingInputs\[0\].S3Input.S3InputMode must be Pipe where S3CompressionType is Gzip, got 'File'",
        ),
        ({"output_kms_key": "alias/a"}, "ProcessingOutputConfig.Outputs is missing"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_argument_fails_and_nothing_is_made(stack, folder, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        ProcessingJob(stack, "Job", **(SMALLEST | arguments))

    assert stack.node.children == []


def test_what_is_named_like_a_secret_is_no_code(stack, folder):
    Path("churn/.env").write_text("KEY=secret")
    with pytest.raises(InvalidInputError, match=r"code has what is named like a secret in it, got '\.env'"):
        ProcessingJob(stack, "Job", **SMALLEST, code="churn", entrypoint="main.py")

    assert stack.node.children == []


def test_what_tools_leave_is_no_code(app, folder, request_of):
    for name in (".git/HEAD", ".venv/bin/python", "steps/__pycache__/a.pyc"):
        file = Path("churn", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    request_of(**SMALLEST, code="churn", entrypoint="main.py")

    app.synth()
    kept = [path for path in Path(app.outdir).rglob("*") if path.is_file() and path.parts[-2] != app.outdir]
    assert not [path for path in kept if {".git", ".venv", "__pycache__"} & set(path.parts)]


def test_asset_is_not_made_where_something_else_is_wrong(stack, folder):
    with pytest.raises(InvalidInputError, match="InstanceType is not a value SageMaker knows"):
        ProcessingJob(stack, "Job", image=IMAGE, code="churn/main.py", instance_type="m5.xlarge")

    assert stack.node.children == []


def test_output_in_s3_is_an_input_of_later_jobs(stack):
    outputs = {"train": ProcessingOutput(data="s3://data/train/"), "group": FeatureStoreOutput(feature_group_name="a")}
    job = ProcessingJob(stack, "Job", **SMALLEST, outputs=outputs)

    assert job.output("train") == S3Location("s3://data/train/", "s3://data/train/")
    with pytest.raises(InvalidInputError, match="no such output, got 'group'; use one of train"):
        job.output("group")


@pytest.mark.parametrize("make", processing.JOBS, ids=lambda make: make.__name__)
def test_what_the_typed_programs_say_is_a_request(make):
    state = make(Stack(App(), "Stack")).task.to_state_json()
    assert model_check.problems(PROCESSING_JOB, state.get("Parameters") or state["Arguments"]) == []
