"""One rehearsal in a process of its own, by whichever build is first on the path: what it takes, as one line of JSON.

usage: rehearse.py <run | permissions | drill> <template>, rehearse.py map <inline | distributed> <items>,
rehearse.py start <definition>, rehearse.py assembly <cdk.out>, or rehearse.py stack <app.py>
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN = {"data": "s3://data/train/", "output": "s3://data/models/", "id": "monday"}


def of_template(what: str, path: str) -> Any:
    """Question asked of a rehearsal of a template, once all is loaded."""
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415 - what is imported when is what some of these measure

    template = json.loads(Path(path).read_text())
    with Rehearsal.of(template) as first:
        assert first.start(GIVEN).succeeded  # noqa: S101 - else nothing is measured
    with Rehearsal.of(template) as rehearsal:
        asks: dict[str, Callable[[Any], Any]] = {
            "run": rehearsal.start,
            "permissions": rehearsal.permissions,
            "drill": rehearsal.drill,
        }
        return timed(lambda: asks[what](GIVEN))


def of_map(mode: str, items: str) -> dict[str, float]:
    """A Map whose iterations go through three states."""
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415

    processor: dict[str, Any] = {
        "StartAt": "Keep",
        "States": {
            "Keep": {"Type": "Pass", "Parameters": {"k.$": "$.k"}, "ResultPath": "$.kept", "Next": "IsOne"},
            "IsOne": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.k", "NumericGreaterThan": -1, "Next": "End"}],
                "Default": "End",
            },
            "End": {"Type": "Pass", "End": True},
        },
    }
    if mode == "distributed":
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": None, "End": True}
    definition = {"StartAt": "Each", "States": {"Each": each}}
    with Rehearsal() as rehearsal:
        rehearsal.run(definition, {"items": []})
        given = {"items": [{"k": number} for number in range(int(items))]}
        return timed(lambda: rehearsal.run(definition, given))


def from_the_start(source: Any) -> dict[str, float]:
    """The first rehearsal of a process, of whatever can be rehearsed."""
    from constructs_sm.testing import Rehearsal  # noqa: PLC0415

    with Rehearsal.of(source) as rehearsal:
        return timed(lambda: rehearsal.start(GIVEN))


def of_app(path: str) -> dict[str, float]:
    """The app's stack, in the process that has made it."""
    return from_the_start(runpy.run_path(path)["stack"])


def timed(work: Callable[[], Any]) -> dict[str, float]:
    began = time.process_time()
    work()
    return {"seconds": time.process_time() - began}


WORK: dict[str, Callable[..., dict[str, float]]] = {
    "map": of_map,
    "start": from_the_start,
    "assembly": from_the_start,
    "stack": of_app,
}

if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    figures = WORK[what](*arguments) if what in WORK else of_template(what, *arguments)
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**figures, "memory_mib": kib / 1024}))
