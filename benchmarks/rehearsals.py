"""Rehearsals of this build beside those of another checkout, and beside aws-local-stepfunctions: ratios, as a table.

usage: rehearsals.py <checkout of the other build> [--repeat 3] [--jobs 20 100]
Each figure is of a process of its own, this build's and the other's in turn. Writes the part of docs/performance.md
between its marks for rehearsals. aws-local-stepfunctions is compared where `npm install` was run in tests/node.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from constructs_sm.interpreter.calls import Player
from constructs_sm.interpreter.execution import Execution
from constructs_sm.interpreter.machines import Machine

from compare import surroundings
from with_constructs_sm import build

ROOT = Path(__file__).parent.parent
REHEARSE = Path(__file__).with_name("rehearse.py")
NODE = ROOT / "tests" / "node"
PAGE = ROOT / "docs" / "performance.md"
MARKS = ("<!-- rehearsed -->", "<!-- /rehearsed -->")
ASKED = ("run", "permissions", "drill")
LAMBDA = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sns:publish",
    "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:alerts", "Message.$": "$.id"},
    "End": True,
}
SMALL = {"StartAt": "Tell", "States": {"Tell": LAMBDA}}
TURNS = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Result": {"n": 0}, "Next": "Add"},
        "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "IsMore"},
        "IsMore": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 1000, "Next": "Add"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
ITEMS = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Keep",
                "States": {
                    "Keep": {"Type": "Pass", "Parameters": {"k.$": "$.k"}, "ResultPath": "$.kept", "Next": "End"},
                    "End": {"Type": "Pass", "End": True},
                },
            },
            "End": True,
        }
    },
}
CASES: dict[str, tuple[Any, Any]] = {
    "a loop of 1,000 turns": (TURNS, {}),
    "a Map of 1,000 items": (ITEMS, [{"k": number} for number in range(1000)]),
}
"""What both interpreters run: no services."""


class Builds:
    """This build and another, each asked in processes of its own.

    Args:
        other: The other's checkout.
        repeat: How often each is asked; the median counts.
    """

    def __init__(self, other: Path, repeat: int) -> None:
        self._checkouts = (other, ROOT)
        self._repeat = repeat

    def figures(self, what: str, *arguments: str, ours: tuple[str, ...] | None = None) -> list[dict[str, float]]:
        """What the other build and this one take for the same, or this one for what is *ours*."""
        runs: list[list[dict[str, float]]] = [[], []]
        for _ in range(self._repeat):
            for found, checkout in zip(runs, self._checkouts, strict=True):
                asked = arguments if checkout != ROOT or ours is None else ours
                began = time.perf_counter()
                command = [sys.executable, str(REHEARSE), what, *(one.format(checkout=checkout) for one in asked)]
                environment = {**os.environ, "PYTHONPATH": str(checkout)}
                environment.pop("PYTHONDONTWRITEBYTECODE", None)
                ended = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
                figures = json.loads(ended.stdout.splitlines()[-1])
                found.append({**figures, "process_s": time.perf_counter() - began})
            print(what, *arguments, [round(found[-1]["seconds"], 3) for found in runs], file=sys.stderr)
        return [{name: median(run[name] for run in found) for name in found[0]} for found in runs]


def templates(folder: Path, jobs: list[int]) -> dict[int, str]:
    """Templates of pipelines with so many jobs, as both builds rehearse them."""
    from aws_cdk import App, Stack  # noqa: PLC0415 - the CDK is loaded for this alone

    made = {}
    for number in jobs:
        app = App(outdir=str(folder / f"{number}.out"))
        build(Stack(app, "Jobs"), number)
        path = folder / f"{number}.json"
        path.write_text(json.dumps(app.synth().get_stack_by_name("Jobs").template))
        made[number] = str(path)
    return made


def of_jobs(builds: Builds, folder: Path, jobs: list[int]) -> list[str]:
    """A run, the permissions and a drill, and how each grows with the jobs."""
    made = templates(folder, jobs)
    lines = ["| | jobs | other, s | this, s | this / other |", "|---|---:|---:|---:|---:|"]
    grown = []
    for what in ASKED:
        found = {number: builds.figures(what, path) for number, path in made.items()}
        for number, (other, ours) in found.items():
            lines.append(
                f"| {what} | {number} | {other['seconds']:.2f} | {ours['seconds']:.3f} | "
                f"{ours['seconds'] / other['seconds']:.3f} |"
            )
        growth = [found[jobs[-1]][side]["seconds"] / found[jobs[0]][side]["seconds"] for side in (0, 1)]
        grown.append(f"| {what}, from {jobs[0]} to {jobs[-1]} jobs: times | | {growth[0]:.1f} | {growth[1]:.1f} | |")
    return [*lines, *grown]


def of_processes(builds: Builds, folder: Path) -> list[str]:
    """Maps, the start of a process, and its memory."""
    definition = folder / "definition.json"
    definition.write_text(json.dumps(SMALL))
    subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(folder / "cdk.out")},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    rows = [
        ("Map, three states: 1,000 items inline, this build's 10,000 distributed, s", "seconds",
         builds.figures("map", "inline", "1000", ours=("distributed", "10000"))),
        ("process start to the first rehearsal of a definition file, s", "process_s",
         builds.figures("start", str(definition))),
        ("memory of the process, MiB", "memory_mib", builds.figures("start", str(definition))),
        ("memory, the cdk.out of app.py, MiB", "memory_mib", builds.figures("assembly", str(folder / "cdk.out"))),
        ("memory, app.py and its rehearsal in one process, MiB", "memory_mib",
         builds.figures("stack", "{checkout}/app.py")),
    ]  # fmt: skip
    return [
        "| | other | this | this / other |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {other[what]:.2f} | {ours[what]:.2f} | {ours[what] / other[what]:.2f} |"
            for name, what, (other, ours) in rows
        ),
    ]


def of_interpreters(times: int) -> list[str]:
    """The same state machines without services in aws-local-stepfunctions and here; the least of several times."""
    if not (NODE / "node_modules" / "aws-local-stepfunctions").is_dir():
        return ["aws-local-stepfunctions is not installed in tests/node, so it was not compared."]
    cases = [{"definition": definition, "input": given} for definition, given in CASES.values()]
    command = [os.environ.get("JSII_NODE", "node"), str(NODE / "timed.mjs")]
    asked = json.dumps({"cases": cases, "times": times})
    ended = subprocess.run(command, input=asked, check=True, stdout=subprocess.PIPE, text=True)
    lines = ["| | aws-local-stepfunctions, s | this, s | this / it |", "|---|---:|---:|---:|"]
    for (name, (definition, given)), theirs in zip(CASES.items(), json.loads(ended.stdout), strict=True):
        machine, seconds = Machine.of(definition), []
        for _ in range(times):
            began = time.perf_counter()
            Execution(machine, given, Player()).run()
            seconds.append(time.perf_counter() - began)
        lines.append(f"| {name} | {theirs:.3f} | {min(seconds):.3f} | {min(seconds) / theirs:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--jobs", type=int, nargs="+", default=[20, 100])
    arguments = parser.parse_args()
    builds = Builds(arguments.other.resolve(), arguments.repeat)
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            of_jobs(builds, Path(folder), sorted(arguments.jobs)),
            of_processes(builds, Path(folder)),
            of_interpreters(5),
        ]
    pipelines = (
        f"Pipelines are {', '.join(map(str, sorted(arguments.jobs)))} trainings in a row, as benchmarks/ makes them."
    )
    text = "\n\n".join([f"{surroundings(arguments.repeat)} {pipelines}", *("\n".join(lines) for lines in tables)])
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")
    print(text)


if __name__ == "__main__":
    main()
