"""The moving average of a network's weights, which is what gets exported."""

from __future__ import annotations

import torch
from torch import nn


class AveragedWeights:
    """Exponential moving average of a model's weights and buffers.

    decay: of one update; it is lower in the first updates, so that the start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float = 0.998) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int, times: int = 1) -> None:
        """Move towards the model's weights, as far as ``times`` updates with these weights would.

        step: number of this update, from 0.
        """
        decay = min(self.decay, (1 + step) / (20 + step)) ** times
        for key, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[key].lerp_(value, 1 - decay)
            else:
                self.state[key].copy_(value)
