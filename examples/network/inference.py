"""Serve what train_network.py has left: the PyTorch container of SageMaker finds this in the model, under code/."""

from __future__ import annotations

from pathlib import Path

import torch


def model_fn(model_dir: str) -> torch.nn.Module:
    """Load the network, of as many inputs as it was trained with; the container does the rest."""
    state = torch.load(Path(model_dir) / "network.pt", weights_only=True)
    network = torch.nn.Linear(state["weight"].shape[1], 1)
    network.load_state_dict(state)
    return torch.nn.Sequential(network, torch.nn.Sigmoid())
