"""Checkpoints on disk, and the random state that they carry."""

from __future__ import annotations

import random
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from docagent.errors import ModelError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that an interrupted write leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def load_weights(path: Path) -> dict[str, Tensor]:
    """The result of a training so far: averaged weights of a ``last.pt``, or the best ones where
    its plan keeps those. Raises ModelError for a file that is none."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        weights: dict[str, Tensor] = state.get("best") or state["average"]
    except (OSError, EOFError, KeyError, RuntimeError, UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path}: not a checkpoint ({reason}); give a last.pt") from error
    return weights


def random_state() -> dict[str, Any]:
    """The state of the global generators of Python, numpy and torch."""
    kind, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(np.asarray(keys, np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put the generators where ``random_state`` found them; those of CUDA where there are as
    many devices as then."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
