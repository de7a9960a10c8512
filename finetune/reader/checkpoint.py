"""Trained readers: the configuration beside a checkpoint, and the averaged network in it."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from finetune.reader.network import Reader, ReaderConfig
from finetune.training import load_weights

CONFIG = "config.json"


def save_config(config: ReaderConfig, folder: Path) -> None:
    """Write the configuration of the network that is trained in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(config.as_dict(), indent=1) + "\n", "utf-8")


def load_average(checkpoint: Path) -> tuple[Reader, int, float]:
    """The averaged network of a ``last.pt``, ready to run; its steps and training seconds."""
    config = json.loads((checkpoint.parent / CONFIG).read_text("utf-8"))
    model = Reader(ReaderConfig(**config))
    model.load_state_dict(load_weights(checkpoint))
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return model.eval(), saved["step"], saved["seconds"]
