"""Runs the empty app, the hand-written pipeline and ours in turn, several times: medians as a table and a plot.

usage: compare.py [--repeat 5] [--jobs 1 10 100 300 1000]
Writes docs/performance.svg, and the part of docs/performance.md between its two marks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import plot

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
MEASURE = Path(__file__).with_name("measure.py")
PAGE = ROOT / "docs" / "performance.md"
MARKS = ("<!-- measured -->", "<!-- /measured -->")
PIPELINES = {
    "hand_written": "hand-written",
    "same_guards": "the same guards, hand-written",
    "constructs_sm": "constructs_sm",
}
APPS = {"empty": "empty app", **PIPELINES}
SETTINGS = {
    "`CDK_VALIDATION=false`": {"CDK_VALIDATION": "false"},
    "`NODE_COMPILE_CACHE=<folder>`": {"NODE_COMPILE_CACHE": "{folder}"},
    "`NODE_OPTIONS=--max-semi-space-size=64`": {"NODE_OPTIONS": "--max-semi-space-size=64"},
    "`JSII_RUNTIME_PACKAGE_CACHE=disabled`": {"JSII_RUNTIME_PACKAGE_CACHE": "disabled"},
}
"""Variables that users can set in the environment of their app."""
_MIDDLE = 100
"""The number of jobs that whole processes are compared at."""


@dataclass(slots=True)
class Figures:
    """All runs of all apps: medians by app, number of jobs and what was measured."""

    runs: dict[tuple[str, int], list[dict[str, float]]] = field(default_factory=dict)
    imports: list[dict[str, float]] = field(default_factory=list)
    set_to: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    again: list[dict[str, float]] = field(default_factory=list)

    def of(self, app: str, jobs: int, what: str) -> float:
        return median(run[what] for run in self.runs[app, 0 if app == "empty" else jobs])

    def slope(self, app: str, jobs: list[int], what: str) -> float:
        """Return what one more job takes, from the fewest jobs to the most."""
        least, most = min(jobs), max(jobs)
        return (self.of(app, most, what) - self.of(app, least, what)) / (most - least)

    def slopes(self, jobs: list[int], what: str) -> dict[str, float]:
        """The same of every pipeline."""
        return {app: self.slope(app, jobs, what) for app in PIPELINES}


def measured(*arguments: str, settings: Mapping[str, str] | None = None) -> dict[str, float]:
    """Return what one process took, with the CPU time of it and of the Node under it."""
    # As users have it: bytecode is kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), *filter(None, [environment.get("PYTHONPATH")])))
    environment |= settings or {}
    before = os.times()
    command = [sys.executable, str(MEASURE), *arguments]
    ended = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {**json.loads(ended.stdout), "cpu_s": used}


def cdk_modules() -> list[str]:
    """The modules of the CDK that constructs_sm imports."""
    program = "import sys; from constructs_sm import *; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [name for name in ended.stdout.split() if name.split(".")[0] in {"aws_cdk", "constructs", "jsii"}]


def run_all(jobs: list[int], repeat: int, folder: str) -> Figures:
    """Every app with every number of jobs, in turn, so that what slows the machine down slows all of them."""
    figures, modules = Figures(), cdk_modules()
    turns = [("empty", 0), *((app, n) for n in jobs for app in PIPELINES)]
    for turn in range(repeat):
        for app, n in turns:
            run = measured(app, str(n))
            figures.runs.setdefault((app, n), []).append(run)
            print(f"{turn + 1}/{repeat} {app} {n}: {run['total_s']:.1f} s", file=sys.stderr)
        figures.imports.append(measured("import", *modules))
        figures.again.append(measured("again", "constructs_sm", "1"))
        for name, settings in SETTINGS.items():
            filled = {key: value.format(folder=folder) for key, value in settings.items()}
            figures.set_to.setdefault(name, []).append(measured("constructs_sm", str(_MIDDLE), settings=filled))
    return figures


def table(figures: Figures, jobs: list[int]) -> list[str]:
    """Growth with the number of jobs, hand-written and ours side by side."""
    columns = {
        "construct, s": ("construct_s", "{:.2f}"),
        "whole process, s": ("total_s", "{:.1f}"),
        "CPU, s": ("cpu_s", "{:.1f}"),
        "messages": ("messages", "{:.0f}"),
        "policy, characters": ("policy_chars", "{:.0f}"),
        "definition, bytes": ("definition_bytes", "{:.0f}"),
        "template, bytes": ("template_bytes", "{:.0f}"),
        "memory, MiB": ("memory_mib", "{:.0f}"),
    }
    lines = [f"| jobs | | {' | '.join(columns)} |", f"|---:|---|{'---:|' * len(columns)}"]
    for app, n in [("empty", 0), *((app, n) for n in jobs for app in PIPELINES)]:
        cells = [form.format(figures.of(app, n, what)) for what, form in columns.values()]
        lines.append(f"| {n} | {APPS[app]} | {' | '.join(cells)} |")
    return lines


def ratios(figures: Figures, jobs: list[int]) -> list[str]:
    """Return what is to be reached, and what was."""
    ours, theirs, same = "constructs_sm", "hand_written", "same_guards"

    def against(app: str, n: int, what: str) -> float:
        return figures.of(ours, n, what) / figures.of(app, n, what)

    def beside(per_job: Mapping[str, float]) -> str:
        fewer, equal = (per_job[ours] / per_job[app] for app in (theirs, same))
        return f"{fewer:.2f} of hand-written, {equal:.2f} of the same guards"

    most = max(jobs)
    messages = figures.slopes(jobs, "messages")
    empty = against("empty", _MIDDLE, "total_s")
    first, last = ([n for n in jobs if n <= _MIDDLE][-2:], jobs[-2:])
    growth = [
        figures.slope(ours, last, what) / figures.slope(ours, first, what) for what in ("construct_s", "memory_mib")
    ]
    bare, names = (
        median(run[what] / run["aws_cdk_s"] for run in figures.imports) for what in ("constructs_sm_s", "all_names_s")
    )
    rows = [
        (
            "messages a job",
            f"{messages[ours]:.0f}; hand-written {messages[theirs]:.0f}, the same guards {messages[same]:.0f}",
        ),
        ("construct time a job", beside(figures.slopes(jobs, "construct_s"))),
        ("definition a job", beside(figures.slopes(jobs, "definition_bytes"))),
        *(
            (
                f"whole process, {n:,} job{'s' if n > 1 else ''}",
                f"{against(theirs, n, 'total_s'):.2f} of hand-written, CPU {against(theirs, n, 'cpu_s'):.2f}"
                + (f"; {empty:.2f} of an empty app" if n == _MIDDLE else ""),
            )
            for n in (1, _MIDDLE, most)
        ),
        (
            f"a job more from {last[0]:,} to {last[1]:,}, against {first[0]} to {first[1]}",
            f"{growth[0]:.2f} of the construct time, {growth[1]:.2f} of the memory",
        ),
        (
            "`import constructs_sm`",
            f"{bare:.1%} of the import of the CDK's modules it needs, with all names {names:.0%}",
        ),
    ]
    return ["| | |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)]


def advice(figures: Figures) -> list[str]:
    """Return what users can do themselves, and what it changes."""
    usual, first = (figures.of("constructs_sm", jobs, "total_s") for jobs in (_MIDDLE, 1))
    rows = [
        (name, f"{median(run['total_s'] for run in runs) / usual:.2f} of the time, {_MIDDLE} jobs")
        for name, runs in figures.set_to.items()
    ]
    again = median(run["total_s"] for run in figures.again)
    rows.append(("a second app in the same process", f"{again / first:.2f} of the time of the first, 1 job"))
    return ["| setting | whole process |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)]


def surroundings(repeat: int) -> str:
    """Return when, on what machine, and with what versions."""
    node = subprocess.run([os.environ["JSII_NODE"], "--version"], check=True, stdout=subprocess.PIPE, text=True)
    packages = ", ".join(f"{name} {version(name)}" for name in ("aws-cdk-lib", "constructs", "jsii", "botocore"))
    load = (
        f"load {os.getloadavg()[-1]:.1f} over the last quarter of an hour"
        if hasattr(os, "getloadavg")
        else "load unknown"
    )
    machine = f"{_processor()} with {os.cpu_count()} cores, {load}, {platform.system()}"
    languages = f"Python {platform.python_version()}, Node {node.stdout.strip().removeprefix('v')}"
    today = datetime.now(timezone.utc).date().isoformat()
    runs = "One run" if repeat == 1 else f"Medians of {repeat} runs"
    return f"{runs} on {today}, {machine}; {languages}, {packages}."


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(figures: Figures, jobs: list[int], repeat: int) -> str:
    """Put the table into the page, and the plot beside it."""
    tables = ("\n".join(lines) for lines in (ratios(figures, jobs), table(figures, jobs), advice(figures)))
    text = "\n\n".join((surroundings(repeat), *tables))
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")
    PAGE.with_suffix(".svg").write_text(plot.drawn(_panels(figures, jobs)))
    return text


def _panels(figures: Figures, jobs: list[int]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    titles = {"construct_s": "construct time, s", "messages": "messages", "policy_chars": "policy, characters"}
    return {
        title: {APPS[app]: [(n, figures.of(app, n, what)) for n in jobs] for app in PIPELINES}
        for what, title in titles.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 10, _MIDDLE, 300, 1000])
    arguments: Any = parser.parse_args()
    jobs = sorted({1, _MIDDLE, *arguments.jobs})
    with tempfile.TemporaryDirectory() as folder:
        figures = run_all(jobs, arguments.repeat, folder)
    print(write(figures, jobs, arguments.repeat))


if __name__ == "__main__":
    main()
