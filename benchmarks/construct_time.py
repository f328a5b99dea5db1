"""Times the construction of the benchmark's jobs here and in another checkout, side by side in interleaved rounds.

usage: construct_time.py <checkout> [--jobs 300] [--rounds 7]
Prints the medians of both, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent


def seconds(checkout: Path, jobs: int) -> float:
    """Time one run, in a process of its own."""
    # The app is that of the checkout, whose modules may lie elsewhere.
    command = [sys.executable, str(checkout / "benchmarks" / "measure.py"), "constructs_sm", str(jobs)]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(json.loads(run.stdout.splitlines()[-1])["construct_s"])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    both = {"before": given.checkout.absolute(), "here": HERE.parent}
    taken: dict[str, list[float]] = {name: [] for name in both}
    for number in range(given.rounds):
        # Each is the first as often as the other: a machine warms up.
        for name in sorted(both, reverse=bool(number % 2)):
            taken[name].append(seconds(both[name], given.jobs))
    before, here = median(taken["before"]), median(taken["here"])
    print(f"{given.jobs} jobs: {before:.2f} s before, {here:.2f} s here, ratio {here / before:.2f}")
    print(
        f"by round: {', '.join(f'{now / then:.2f}' for then, now in zip(taken['before'], taken['here'], strict=True))}"
    )


if __name__ == "__main__":
    main()
