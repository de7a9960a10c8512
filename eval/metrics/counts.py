"""Counts and error rates that add up over pages before they are divided (micro average)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Right, predicted and true items; precision, recall and F1 follow. Counts add up."""

    right: int = 0
    predicted: int = 0
    true: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right, self.predicted + other.predicted, self.true + other.true
        )

    @property
    def precision(self) -> float:
        """Right of predicted; 0 if nothing was predicted."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Right of true; 0 if there was nothing to find."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 if nothing was predicted and nothing true."""
        if not self.predicted and not self.true:
            return 1.0
        return 2 * self.right / (self.predicted + self.true)


@dataclass(frozen=True)
class ErrorRate:
    """Edits needed, and length of the truth. Rates add up; ``rate`` can exceed 1."""

    edits: int = 0
    length: int = 0

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(self.edits + other.edits, self.length + other.length)

    @property
    def rate(self) -> float:
        """edits / length; for an empty truth 0 if nothing was predicted, else 1."""
        if self.length == 0:
            return float(self.edits > 0)
        return self.edits / self.length


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0-1) of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)]
