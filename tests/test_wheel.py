"""The wheel as somebody else gets it: in a fresh environment, without this repository, without a Node of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

pytestmark = pytest.mark.wheel

NOT_SOURCE = (".*", "node_modules", "cdk.out", "build", "dist", "*.egg-info", "__pycache__")
THEIR_APP = """
import json

from constructs_sm import TrainingJob
from constructs_sm.testing import definition, state_machine_policy

from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn

app = App(outdir="cdk.out")
stack = Stack(app, "Theirs")
train = TrainingJob(
    stack,
    "Train",
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    instance_type="ml.m5.xlarge",
    inputs={"train": "s3://data/train/", "validation": "s3://data/validation/"},
    output="s3://data/models/",
)
each = sfn.Map(stack, "Each dataset", items_path="$.datasets")
each.item_processor(train)
chain = sfn.Pass(stack, "Begin").next(each).next(sfn.Succeed(stack, "Done"))
sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chain))
app.synth()
print(json.dumps({"definition": definition(stack), "policy": state_machine_policy(stack)}))
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel in it, and an empty folder to work in."""

    python: Path
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with every warning an error, and with nothing of this process's environment."""
        path = str(self.python.parent)
        assert shutil.which("node", path=path) is None
        return subprocess.run(
            [self.python, "-W", "error", *arguments],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def succeed(*command: str | Path) -> None:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository: setuptools leaves folders behind, and packs what it finds in older ones."""
    copy = tmp_path_factory.mktemp("source") / "repository"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    succeed(sys.executable, "-m", "build", "--wheel", "--outdir", folder, source)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = tmp_path_factory.mktemp("environment")
    python = environment / "venv" / "bin" / "python"
    succeed(sys.executable, "-m", "venv", "--without-pip", environment / "venv")
    # Compiling all of aws-cdk-lib takes longer than compiling what is imported of it.
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
    succeed(*pip, "--disable-pip-version-check", "--constraint", ROOT / "constraints.txt", f"{wheel}[node]")
    folder = environment / "theirs"
    folder.mkdir()
    return Installed(python, folder)


@pytest.fixture(scope="module")
def theirs(installed: Installed) -> dict[str, Any]:
    """The definition and the policy of somebody else's app."""
    (installed.folder / "app.py").write_text(THEIR_APP)
    ended = installed.run("app.py")
    assert (ended.returncode, ended.stderr) == (0, "")
    return dict(json.loads(ended.stdout))


def test_wheel_holds_the_package_and_nothing_else(source: Path, wheel: Path) -> None:
    modules = {path.relative_to(source).as_posix() for path in (source / "constructs_sm").rglob("*.py")}
    data = {f"constructs_sm/{name}" for name in ("__init__.pyi", "ground_truth.json", "images.json", "py.typed")}
    folders = (source / "constructs_sm" / name for name in ("commands/project", "report/templates"))
    data |= {path.relative_to(source).as_posix() for folder in folders for path in folder.iterdir()}
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt"}

    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        (metadata,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
        license_text = archive.read(f"{metadata}/licenses/LICENSE")

    assert "constructs_sm/jobs/training.py" in modules
    assert names == modules | data | {f"{metadata}/{name}" for name in about}
    assert license_text == (ROOT / "LICENSE").read_bytes()


def test_installed_package_is_imported_silently(installed: Installed) -> None:
    ended = installed.run("-c", "import constructs_sm")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_command_is_installed_and_says_what_it_lacks(installed: Installed) -> None:
    program = "import sys; from importlib.metadata import entry_points; sys.exit(entry_points(name='constructs-sm')"
    ended = installed.run("-c", f"{program}['constructs-sm'].load()(['rehearse', 'cdk.out']))")

    assert ended.returncode == 2
    assert ended.stderr == (
        "constructs-sm: the command line needs click; install it with: pip install 'constructs-sm[cli]'\n"
    )


def test_importing_the_package_does_not_load_the_api_model(installed: Installed) -> None:
    ended = installed.run("-c", "import sys, constructs_sm; print('botocore' in sys.modules, constructs_sm.__file__)")

    loaded, _, file = ended.stdout.strip().partition(" ")
    assert loaded == "False"
    assert Path(file).is_relative_to(installed.python.parents[1])


def test_job_stands_in_the_map_of_somebody_elses_app(theirs: dict[str, Any]) -> None:
    definition = theirs["definition"]
    each = definition["States"]["Each dataset"]
    processor = each["ItemProcessor"]

    assert set(definition["States"]) == {"Begin", "Each dataset", "Done"}
    assert each["ItemsPath"] == "$.datasets"
    assert processor["StartAt"] == "Train"
    assert set(processor["States"]) == {
        "Train",
        "Train: ValidateOutput",
        "Train: InvalidOutput",
        "Train: Succeed",
    }
    assert processor["States"]["Train"]["Resource"].endswith(":sagemaker:createTrainingJob.sync")
    assert [
        channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in processor["States"]["Train"]["Parameters"]["InputDataConfig"]
    ] == ["s3://data/train/", "s3://data/validation/"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sagemaker:CreateTrainingJob", "sagemaker:${AWS::Region}:${AWS::AccountId}:training-job/train-*"),
        ("sagemaker:AddTags", "sagemaker:${AWS::Region}:${AWS::AccountId}:training-job/train-*"),
        (
            "events:PutRule",
            "events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
        ),
    ],
)
def test_machine_of_somebody_elses_app_may(action: str, resource: str, theirs: dict[str, Any]) -> None:
    assert granted(theirs["policy"], action) == (f"arn:${{AWS::Partition}}:{resource}", None)


def test_machine_of_somebody_elses_app_passes_its_role_to_sagemaker_only(theirs: dict[str, Any]) -> None:
    role = theirs["definition"]["States"]["Each dataset"]["ItemProcessor"]["States"]["Train"]["Parameters"]["RoleArn"]
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

    assert granted(theirs["policy"], "iam:PassRole") == (role, condition)


def granted(policy: list[dict[str, Any]], action: str) -> tuple[Any, Any]:
    """Resource and condition of the one statement that allows *action*."""
    (statement,) = (
        statement
        for statement in policy
        if action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    )
    return statement["Resource"], statement.get("Condition")
