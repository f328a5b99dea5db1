"""One app in a process of its own: what it takes, as one line of JSON.

usage: measure.py <app> <jobs>, measure.py again <app> <jobs>, or measure.py import <module> ...
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUILDERS = {
    "empty": None,
    "hand_written": ("hand_written", "build"),
    "same_guards": ("hand_written", "build_same_guards"),
    "constructs_sm": ("with_constructs_sm", "build"),
}


def run(app_name: str, jobs: int) -> dict[str, Any]:
    """Import, construct and synthesize *app_name* with *jobs* jobs."""
    began = time.perf_counter()
    from aws_cdk import App, Stack  # noqa: PLC0415  (its import is timed)

    builder = BUILDERS[app_name]
    build = getattr(importlib.import_module(builder[0]), builder[1]) if builder else None
    from bridge import counted  # noqa: PLC0415

    imported = time.perf_counter()
    with counted() as messages:
        app = App()
        stack = Stack(app, "Jobs")
        if build is not None:
            build(stack, jobs)
        constructed = time.perf_counter()
        template = app.synth().get_stack_by_name("Jobs").template
    ended = time.perf_counter()
    return {
        "import_s": imported - began,
        "construct_s": constructed - imported,
        "synth_s": ended - constructed,
        "total_s": ended - began,
        "messages": messages.count,
        "memory_mib": peak_memory_mib(),
        **sizes(template),
    }


def run_again(app_name: str, jobs: int) -> dict[str, Any]:
    """The same app a second time in one process, as tests make apps."""
    run(app_name, jobs)
    return run(app_name, jobs)


def sizes(template: dict[str, Any]) -> dict[str, int]:
    """Return what quotas count: bytes of the template and the definition, characters and number of policies."""
    resources = [resource.get("Properties", {}) for resource in template.get("Resources", {}).values()]
    policies = [resource["PolicyDocument"] for resource in resources if "PolicyDocument" in resource]
    definitions = [resource["DefinitionString"] for resource in resources if "DefinitionString" in resource]
    return {
        "template_bytes": len(json.dumps(template).encode()),
        "definition_bytes": sum(len(joined(definition).encode()) for definition in definitions),
        "policy_chars": sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies),
        "policies": len(policies),
    }


def joined(definition: Any) -> str:
    """The text of a definition; a reference in it counts as `aws`, which is what they mostly are."""
    parts = definition["Fn::Join"][1] if isinstance(definition, dict) else [definition]
    return "".join(part if isinstance(part, str) else "aws" for part in parts)


def peak_memory_mib() -> float:
    """The most memory that this process and the Node processes under it have had; 0 where the system does not tell."""
    return sum(map(_peak_kib, _with_descendants(os.getpid()))) / 1024


def cpu_s() -> float:
    """CPU time of this process and of the Node processes under it; 0 where the system does not tell."""
    return sum(map(_ticks, _with_descendants(os.getpid()))) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat")
    # The name, in brackets, may have spaces in it.
    return sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) if stat.exists() else 0


def _with_descendants(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _with_descendants(int(child))


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def importing(names: Sequence[str]) -> dict[str, float]:
    """Time the import of constructs_sm, and then of all its names, after the CDK's modules it needs: *names*."""
    marks = [time.perf_counter()]
    for name in names:
        importlib.import_module(name)
    marks.append(time.perf_counter())
    package = importlib.import_module("constructs_sm")
    marks.append(time.perf_counter())
    for name in package.__all__:
        getattr(package, name)
    marks.append(time.perf_counter())
    steps = ("aws_cdk_s", "constructs_sm_s", "all_names_s")
    return {step: after - before for step, before, after in zip(steps, marks, marks[1:], strict=False)}


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "import":
        figures: dict[str, Any] = importing(arguments)
    elif what == "again":
        figures = run_again(arguments[0], int(arguments[1]))
    else:
        figures = run(what, int(*arguments))
    print(json.dumps(figures))
