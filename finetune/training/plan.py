"""What is decided before a training begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from docagent.errors import SettingsError


@dataclass(frozen=True)
class Plan:
    """How long, how fast and how carefully to train.

    Budget: ``minutes`` of wall time, ``steps`` of the optimizer, or both (the first one that is
    used up ends the training). It counts all parts of a run that was stopped and resumed.

    Learning rate: rises to ``peak`` over ``warmup`` steps, then falls along half a cosine to
    ``floor`` times the peak, by the share of the budget that is used. ``rates`` multiplies it for
    parameters whose name starts with a prefix: ``{"encoder.": 0.1}``.

    Optimizer: AdamW with ``betas``; ``weight_decay`` on matrices, and with ``decay_vectors`` on
    norms and biases too; gradients longer than ``clip`` are cut to it. ``average`` is the decay of
    the moving average of the weights, which is updated every ``average_every`` steps.

    Checks: ``checks`` times in the course of the budget the averaged weights are validated, but
    never for more than a quarter of the time. With ``keep_best`` the weights of the best check
    are the result, the untrained ones included, and after ``patience`` checks without a better
    one the training ends early. Without it the last averaged weights are the result.

    ``log_every``: steps between lines of the log. ``save_minutes``: between checkpoints.
    ``seed``: of torch, at the start. ``identity``: describes data and options that must not change
    while a run is stopped; a checkpoint with another one is refused.

    Raises SettingsError for a plan that cannot be followed.
    """

    peak: float
    minutes: float | None = None
    steps: int | None = None
    warmup: int = 100
    floor: float = 0.01
    rates: Mapping[str, float] = field(default_factory=dict)
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    decay_vectors: bool = False
    clip: float = 1.0
    average: float = 0.998
    average_every: int = 1
    checks: int = 12
    keep_best: bool = False
    patience: int | None = None
    log_every: int = 50
    save_minutes: float = 4.0
    seed: int = 1
    identity: str = ""

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise SettingsError("a plan without minutes and without steps never ends; give one")
        for name in ("peak", "minutes", "steps", "clip", "save_minutes", "log_every"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingsError(f"{name} {value} is not allowed; give more than 0")
