"""A browser for the tests of pages."""

from __future__ import annotations

import pytest
from browser import launched


@pytest.fixture(scope="session")
def browser():
    with launched() as started:
        yield started
