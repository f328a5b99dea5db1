"""Train a random forest on rows of numbers, and say how good it is on others.

Reads every .csv of the channels `train` and `validation`: no header, the label first. Run by the scikit-learn container
of SageMaker: hyperparameters come as arguments, places in the environment.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier


def main() -> None:
    """Train, print the accuracy for SageMaker to find in the log, and leave the model where SageMaker takes it from."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--least-gain", type=float, default=0.0)
    parser.add_argument("--bootstrap", choices=["True", "False"], default="True")
    parser.add_argument("--release", default="none")
    said = parser.parse_args()

    forest = RandomForestClassifier(
        n_estimators=said.trees,
        min_impurity_decrease=max(said.least_gain, 0),
        bootstrap=said.bootstrap == "True",
        random_state=0,
    )
    rows, labels = _rows("train")
    forest.fit(rows, labels)
    print(f"accuracy={forest.score(*_rows('validation')):.4f}")
    joblib.dump({"forest": forest, "release": said.release}, Path(os.environ["SM_MODEL_DIR"]) / "forest.joblib")


def _rows(channel: str) -> tuple[np.ndarray, np.ndarray]:
    folder = Path(os.environ[f"SM_CHANNEL_{channel.upper()}"])
    files = sorted(folder.rglob("*.csv"))
    if not files:
        sys.exit(f"no .csv under {folder}: upload rows without a header, the label first")
    table = np.concatenate([np.loadtxt(file, delimiter=",", ndmin=2) for file in files])
    return table[:, 1:], table[:, 0]


if __name__ == "__main__":
    main()
