"""Arguments of every blueprint, as cdk.json has them, and what makes its model good enough."""

from __future__ import annotations

from typing import Any

from constructs_sm.testing import Metrics

BATCH: dict[str, Any] = {"image": "xgboost:1.7-1", "model_data": "models/model.tar.gz", "data": "in/"}
SERVED: dict[str, Any] = {"image": "xgboost:1.7-1", "inputs": {"train": "train/"}, "endpoint_name": "churn"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "BatchInference": BATCH,
    "TrainAndDeploy": {**SERVED, "metric": "validation:auc", "at_least": 0.8},
    "TuneAndDeploy": {
        **SERVED,
        "ranges": {"eta": ["0.1", "0.3"]},
        "objective": "validation:auc",
        "at_least": 0.8,
        "tune": {"strategy": "Random"},
    },
}
GOOD = Metrics(**{"validation:auc": 0.9})
