"""Time and learning rate: how far a training is, and how large its steps are."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from finetune.training.plan import Plan


@dataclass
class Clock:
    """Wall time against a budget, so that a run ends when it must.

    budget: seconds in all. elapsed_before: seconds spent by the runs this one resumes.
    """

    budget: float
    elapsed_before: float = 0.0

    def __post_init__(self) -> None:
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        return self.elapsed_before + time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; never below 0."""
        return max(0.0, self.budget - self.elapsed)

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the budget is spent."""
        return min(1.0, self.elapsed / self.budget)


class Progress:
    """Where a training stands. The loop moves it on; whoever makes batches may look at it.

    step: updates made so far, in all parts of the run.
    """

    def __init__(self, plan: Plan, step: int = 0, seconds: float = 0.0) -> None:
        self.step = step
        self._plan = plan
        self._clock = Clock(60 * plan.minutes if plan.minutes else math.inf, seconds)

    @property
    def seconds(self) -> float:
        """Wall time of all parts of the run."""
        return self._clock.elapsed

    @property
    def share(self) -> float:
        """Share of the budget that is used, 0-1."""
        by_steps = self.step / self._plan.steps if self._plan.steps else 0.0
        return min(1.0, max(self._clock.progress, by_steps))


def learning_rate(
    step: int, progress: float, peak: float, warmup: int = 300, floor: float = 0.01
) -> float:
    """Linear warm-up over ``warmup`` steps, then half a cosine down to ``floor`` of the peak.

    progress: share of the budget that is used, 0-1.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))
