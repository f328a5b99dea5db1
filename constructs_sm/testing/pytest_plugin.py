"""The pytest plugin of constructs_sm, loaded by itself wherever the library is installed.

Importing `constructs_sm.testing` starts the CDK, and nobody who does not rehearse should wait for that. So nothing of
the package is imported here before a fixture is asked for.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from constructs_sm.testing import Rehearsal

_RUNS = "constructs_sm.testing.run"


@pytest.fixture
def rehearse() -> Iterator[Callable[..., Rehearsal]]:
    """Opens rehearsals that end with the test: `rehearse(stack, **options)`, as `Rehearsal.of`."""
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415

    with contextlib.ExitStack() as opened:
        yield lambda source, **options: opened.enter_context(Rehearsal.of(source, **options))


@pytest.fixture
def template() -> Callable[..., dict[str, Any]]:
    """`template(stack)`: its template, readable, and without what changes when nothing has changed."""
    from constructs_sm.testing import template as readable  # noqa: PLC0415

    return readable


@pytest.fixture
def definition() -> Callable[..., dict[str, Any]]:
    """`definition(stack)`: its one state machine as Amazon States Language."""
    from constructs_sm.testing import definition as readable  # noqa: PLC0415

    return readable


@pytest.hookimpl
def pytest_runtest_logfinish() -> None:
    """Forget what a test has rehearsed."""
    if runs := sys.modules.get(_RUNS):
        runs.recent.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Show beside a failure what the last executions did."""
    outcome = yield
    report = outcome.get_result()
    runs = sys.modules.get(_RUNS)
    if runs and call.when == "call" and report.failed:
        for run in runs.recent:
            report.sections.append((f"rehearsal: {run.status}", _told(run)))


def _told(run: Any) -> str:
    lines = [run.timeline]
    if run.failure:
        lines.append(f"\n{run.failure.state} failed with {run.failure.error}: {run.failure.reason}")
    if run.failed_request is not None:
        lines.append(f"its request: {json.dumps(run.failed_request, indent=2, default=str)}")
    return "\n".join(lines)
