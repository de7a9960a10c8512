"""The ranker's network in PyTorch, its batches and its loss.

Each option gets a score from its features; the field gets two: for there being no value, and for a
value that is not among the options. The softmax over all of them is trained to put its mass on
whichever is true, so that its probabilities are confidences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from docagent.ranking.model import MAX_DEVIATION, vectors
from finetune.ranking.collect import Row

MAX_OPTIONS = 12
"""Options of a row that the training looks at."""


class RankerNetwork(nn.Module):
    """Two small perceptrons. options: (b, k, d); fields: (b, f); returns logits (b, k + 2), the
    last two for "no value" and "another value"."""

    def __init__(self, option_features: int, field_features: int, width: int, drop: float) -> None:
        super().__init__()
        self.option = _perceptron(option_features, width, 1, drop)
        self.field = _perceptron(field_features, width // 2, 2, drop)

    def forward(self, options: torch.Tensor, fields: torch.Tensor) -> torch.Tensor:
        return torch.cat((self.option(options).squeeze(-1), self.field(fields)), -1)


def _perceptron(inputs: int, width: int, outputs: int, drop: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.ReLU(),
        nn.Dropout(drop),
        nn.Linear(width, width // 2),
        nn.ReLU(),
        nn.Linear(width // 2, outputs),
    )


@dataclass(frozen=True)
class Arrays:
    """Rows as arrays: options (n, k, d), fields (n, f), there (n, k + 2): which logits are open,
    right (n, k + 2): which are true."""

    options: NDArray[np.float32]
    fields: NDArray[np.float32]
    there: NDArray[np.bool_]
    right: NDArray[np.bool_]

    def take(self, indices: Sequence[int]) -> Arrays:
        """Some of the rows."""
        kept = list(indices)
        return Arrays(self.options[kept], self.fields[kept], self.there[kept], self.right[kept])

    def scaled(self, scale: Scale) -> Arrays:
        return Arrays(
            scale.options.apply(self.options),
            scale.fields.apply(self.fields),
            self.there,
            self.right,
        )


@dataclass(frozen=True)
class Standard:
    """Mean and deviation of each feature."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> Standard:
        deviation = values.std(0)
        return cls(values.mean(0), np.where(deviation < 1e-3, 1.0, deviation).astype(np.float32))

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        moved = (values - self.mean) / self.deviation
        return np.clip(moved, -MAX_DEVIATION, MAX_DEVIATION).astype(np.float32)


@dataclass(frozen=True)
class Scale:
    """Of the features of options and of fields."""

    options: Standard
    fields: Standard

    @classmethod
    def of(cls, arrays: Arrays) -> Scale:
        flat = arrays.options[arrays.there[:, :-2]]
        return cls(Standard.of(flat), Standard.of(arrays.fields))


def to_arrays(
    rows: Sequence[Row], option_names: Sequence[str], field_names: Sequence[str]
) -> Arrays:
    """Rows with features by name as arrays."""
    most = min(MAX_OPTIONS, max((len(row.right) for row in rows), default=1) or 1)
    options = np.zeros((len(rows), most, len(option_names)), np.float32)
    there = np.zeros((len(rows), most + 2), bool)
    right = np.zeros((len(rows), most + 2), bool)
    there[:, -2:] = True
    for n, row in enumerate(rows):
        kept = row.features.options[:most]
        options[n, : len(kept)] = vectors(kept, option_names)
        there[n, : len(kept)] = True
        right[n, : len(kept)] = row.right[:most]
        right[n, -2] = not row.is_there
        right[n, -1] = row.is_there and not any(row.right[:most])
    fields = vectors([row.features.field for row in rows], field_names)
    return Arrays(options, fields, there, right)


@dataclass(frozen=True)
class Plan:
    """Of one training. drop: dropout. decay: of weights."""

    width: int = 32
    drop: float = 0.2
    decay: float = 3e-3
    rate: float = 3e-3
    epochs: int = 12
    batch: int = 256


def train(arrays: Arrays, weights: NDArray[np.float32], plan: Plan, seed: int) -> RankerNetwork:
    """A network trained on scaled arrays. weights (n,): of each row."""
    torch.manual_seed(seed)
    data = [
        torch.from_numpy(a) for a in (arrays.options, arrays.fields, arrays.there, arrays.right)
    ]
    every = torch.from_numpy(weights)
    model = RankerNetwork(arrays.options.shape[-1], arrays.fields.shape[-1], plan.width, plan.drop)
    optimizer = torch.optim.AdamW(model.parameters(), plan.rate, weight_decay=plan.decay)
    steps = plan.epochs * (len(every) // plan.batch + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.rate, steps)
    model.train()
    for _ in range(plan.epochs):
        for batch in torch.randperm(len(every)).split(plan.batch):
            options, fields, there, right = (part[batch] for part in data)
            loss = (row_losses(model(options, fields), there, right) * every[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def row_losses(logits: torch.Tensor, there: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Negative log of the mass on what is true, of each row."""
    logits = logits.masked_fill(~there, -1e9)
    true = logits.masked_fill(~right, -1e9)
    return torch.logsumexp(logits, -1) - torch.logsumexp(true, -1)


def probabilities(model: RankerNetwork, arrays: Arrays) -> NDArray[np.float32]:
    """(n, k + 2), 0 for options that are not there."""
    with torch.no_grad():
        logits = model(torch.from_numpy(arrays.options), torch.from_numpy(arrays.fields))
        masked = logits.masked_fill(~torch.from_numpy(arrays.there), -1e9)
        return torch.softmax(masked, -1).numpy()
