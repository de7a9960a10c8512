"""What a training tells: lines on the screen and in ``log.jsonl``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from finetune.training.schedule import Progress

LOG = "log.jsonl"


class Tally:
    """Losses and counts of the steps since the last line of the log.

    Sums of what a device computes stay there until they are looked at: to wait for each would
    keep a GPU idle. waited: seconds without a batch.
    """

    def __init__(self) -> None:
        self.steps = self.samples = 0
        self.waited = 0.0
        self._sums: dict[str, Tensor] = {}
        self._started = time.monotonic()

    def add(self, losses: Mapping[str, Tensor], samples: int) -> None:
        """Count a step with these losses by name."""
        for name, value in losses.items():
            known = self._sums.get(name)
            self._sums[name] = value.detach() if known is None else known + value.detach()
        self.steps += 1
        self.samples += samples

    def row(self) -> dict[str, float]:
        """Mean losses, samples a second, and the share of the time spent waiting for batches."""
        seconds = max(1e-9, time.monotonic() - self._started)
        losses = {name: float(total) / self.steps for name, total in self._sums.items()}
        rates = {"samples_a_second": self.samples / seconds, "waited": self.waited / seconds}
        return losses | rates


def write_line(folder: Path, progress: Progress, row: Mapping[str, float]) -> None:
    """Print a row of figures, and add it to ``log.jsonl`` with step and seconds."""
    figures = {name: _short(value) for name, value in row.items()}
    said = " ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
    print(f"step {progress.step} {progress.seconds / 60:.1f} min {said}", flush=True)
    head = {"step": progress.step, "seconds": round(progress.seconds, 1)}
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(head | figures) + "\n")


def _short(value: float) -> float:
    """Four digits are enough to look at."""
    return value if isinstance(value, bool) else float(f"{value:.4g}")
