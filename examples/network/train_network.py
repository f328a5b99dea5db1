"""Train a small network on rows of numbers, going on from a checkpoint where there is one.

Reads every .csv of the channel `train`: no header, the label (0 or 1) first. Run by the PyTorch container of SageMaker,
also on spare capacity: what is under --checkpoints is there again after an interruption.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import torch


def main() -> None:
    """Train, and leave the network with the code that serves it: PyTorch's container looks for both in the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--weight-shift", type=float, default=0.0)
    parser.add_argument("--checkpoints", type=Path, default=Path("/opt/ml/checkpoints"))
    said = parser.parse_args()

    torch.manual_seed(0)
    rows, labels = _rows(Path(os.environ["SM_CHANNEL_TRAIN"]))
    network = torch.nn.Linear(rows.shape[1], 1)
    with torch.no_grad():
        network.weight += said.weight_shift
    optimizer = torch.optim.Adam(network.parameters(), lr=said.learning_rate)
    loss_of = torch.nn.BCEWithLogitsLoss()
    kept = said.checkpoints / "last.pt"
    begin = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        begin = state["epoch"] + 1
    for epoch in range(begin, said.epochs):
        optimizer.zero_grad()
        loss = loss_of(network(rows).squeeze(1), labels)
        loss.backward()
        optimizer.step()
        said.checkpoints.mkdir(parents=True, exist_ok=True)
        torch.save(
            {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch},
            said.checkpoints / "new",
        )
        (said.checkpoints / "new").replace(kept)
        print(f"epoch={epoch} loss={loss.item():.6f}")

    model = Path(os.environ["SM_MODEL_DIR"])
    torch.save(network.state_dict(), model / "network.pt")
    (model / "code").mkdir()
    shutil.copy(Path(__file__).parent / "inference.py", model / "code")


def _rows(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    lines = [line for file in sorted(folder.rglob("*.csv")) for line in file.read_text().splitlines()]
    if not lines:
        raise SystemExit(f"no .csv with rows under {folder}: upload rows without a header, the label first")
    table = torch.tensor([[float(cell) for cell in line.split(",")] for line in lines])
    return table[:, 1:], table[:, 0]


if __name__ == "__main__":
    main()
