"""Split customers into a training, a validation and a test set, as SageMaker's XGBoost reads them.

Reads every .csv under the input folder: a header, then one customer a row, numbers only, with the column `churned` (0
or 1) among them. Writes CSV without a header and the label first; the test set, which is there to be scored, has none.
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

LABEL = "churned"
SHARES = {"train": 0.7, "validation": 0.2, "test": 0.1}
SEED = 20240101


def main(inputs: Path, outputs: Path) -> None:
    """Split the customers under *inputs* into folders of *outputs*."""
    rows = [row for path in sorted(inputs.rglob("*.csv")) for row in _customers(path)]
    if not rows:
        sys.exit(f"no customers under {inputs}: upload CSV files with a header to the raw/ prefix of the data bucket")
    random.Random(SEED).shuffle(rows)  # noqa: S311  (to shuffle, not to keep a secret)
    start = 0.0
    for name, share in SHARES.items():
        part = rows[round(start * len(rows)) : round((start + share) * len(rows))]
        start += share
        folder = outputs / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(row[1:] if name == "test" else row for row in part)


def _customers(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if LABEL not in (reader.fieldnames or ()):
            sys.exit(f"{path}: no column '{LABEL}', got {reader.fieldnames}")
        return [[row.pop(LABEL), *row.values()] for row in reader]


if __name__ == "__main__":
    main(Path("/opt/ml/processing/input/raw"), Path("/opt/ml/processing/output"))
