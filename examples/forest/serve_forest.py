"""Serve what train_forest.py has left: the scikit-learn container of SageMaker imports this and calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib


def model_fn(model_dir: str) -> Any:
    """Load the forest; the container reads the rows, calls `predict` and writes the answer."""
    return joblib.load(Path(model_dir) / "forest.joblib")["forest"]
