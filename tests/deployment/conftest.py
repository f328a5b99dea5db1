"""One emulator, one deployment and one app under test for all deploy tests."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .deployed import Deployed, deployed_state_machine
from .emulator import ACCOUNT, REGION, REPOSITORY, Emulator, emulator, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class App:
    """An app that ``python app.py`` synthesizes."""

    file: Path
    stack: str


@pytest.fixture(scope="session")
def app_under_test() -> App:
    return App(REPOSITORY / "app.py", stack="Churn")


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def assembly(app_under_test: App, aws: Emulator) -> Path:
    """The synthesized app."""
    directory = aws.directory / "cdk.out"
    run(
        [sys.executable, app_under_test.file],
        app_under_test.file.parent,
        {**aws.environment, "CDK_OUTDIR": str(directory)},
    )
    return directory


@pytest.fixture(scope="session")
def bootstrapped(aws: Emulator, assembly: Path) -> Emulator:
    aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", str(assembly))
    return aws


@pytest.fixture(scope="session")
def deployed(app_under_test: App, bootstrapped: Emulator, assembly: Path) -> Deployed:
    bootstrapped.cdk("deploy", "--all", "--app", str(assembly), "--require-approval", "never")
    return deployed_state_machine(bootstrapped, app_under_test.stack)
