"""A browser for the tests of pages, and the site."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from browser import launched, served
from conftest import ROOT


@pytest.fixture(scope="session")
def browser():
    with launched() as started:
        yield started


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="session")
def host(site):
    """The address of the site, served on loopback."""
    with served(site) as address:
        yield address
