"""Batches of the reader as the network takes them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Batch = dict[str, NDArray[np.generic]]
INPUTS = (
    "grams",
    "looks",
    "boxes",
    "layout",
    "lines",
    "mask",
    "query_grams",
    "query_looks",
    "query_mask",
    "multiple",
)
"""Arrays of a batch that the network takes, in its order."""


def to_tensors(batch: Batch) -> dict[str, torch.Tensor]:
    """Arrays as tensors; table rows and indices as int64."""
    return {
        k: torch.from_numpy(v.astype(np.int64) if v.dtype.kind == "i" else v)
        for k, v in batch.items()
    }
