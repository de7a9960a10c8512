"""A LLaVA so small that tests build and train it in seconds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch

from finetune.llava.build import build
from finetune.llava.config import LlavaSettings
from finetune.llava.documents import ReadDocument, draw_document, read_document

DATA: dict[str, Any] = {
    "kinds": {"receipt": 1, "prescription": 1},
    "chars": 1200,
    "fields": 4,
    "rows": 1,
    "images": [0, 1],
    "pixels": 20_000,
    "legible": False,
    "noise": 0.5,
    "weights": {"extract": 0.6, "ask": 0.3, "correct": 0.1},
    "readings": 1,
    "samples": 2,
}
MINI: dict[str, Any] = {
    "seed": 3,
    "tokenizer": {"vocabulary": 1280, "line_ids": 64, "documents": 13},
    "language": {
        "hidden": 256,
        "layers": 2,
        "heads": 4,
        "intermediate": 128,
        "context": 4096,
        "rope_theta": 1e6,
    },
    "vision": {
        "image": 32,
        "patch": 16,
        "hidden": 32,
        "layers": 2,
        "heads": 2,
        "intermediate": 32,
    },
    "data": DATA,
    "training": {
        "rate": 1e-3,
        "warmup": 2,
        "tokens": 2048,
        "weight_decay": 0.0,
        "longest": 1500,
        "workers": 1,
        "save_seconds": 999,
    },
}


def mini_settings(**language: Any) -> LlavaSettings:
    """The mini configuration with other settings of its language model."""
    return LlavaSettings.model_validate({**MINI, "language": {**MINI["language"], **language}})


def untrained(folder: Path) -> Path:
    """``folder`` for a training, with its untrained checkpoint in ``start``."""
    torch.set_num_threads(1)
    build(mini_settings(), folder / "start")
    return folder


def read(kind: str, seed: int, noise: float = 1.0) -> ReadDocument:
    """A synthetic document as read."""
    rng = random.Random(seed)
    made = read_document(draw_document([kind], rng), rng, noise=noise)
    assert made is not None
    return made
