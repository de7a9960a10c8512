"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from docagent.errors import ModelError, SettingsError
from finetune.training.averaging import AveragedWeights
from finetune.training.checkpoint import random_state, restore_random_state, save_checkpoint
from finetune.training.device import autocast, batch_size, has_convolutions, pick_device, to_device
from finetune.training.interruption import Stopper
from finetune.training.journal import Tally, write_line
from finetune.training.optimizer import make_optimizer, set_rate
from finetune.training.plan import Plan
from finetune.training.schedule import Progress, learning_rate

Batch = TypeVar("Batch")
State = dict[str, Tensor]
"""Parameters and buffers of a network by name."""
Figures = dict[str, float]
"""What a validation found, by name; higher is better, the first figure counting most."""
Losses = Tensor | Mapping[str, Tensor]
Batches = Callable[[Progress], Iterable[Batch]]
Loss = Callable[[nn.Module, Batch], Losses]
Validate = Callable[[nn.Module], Mapping[str, float]]

CHECKPOINT = "last.pt"
CHECK_TIME = 3
"""Seconds of training that every second of a check asks for in a run by the clock."""


@dataclass(frozen=True)
class Fitted:
    """What a training came to.

    weights: the averaged weights at the end, or with ``Plan.keep_best`` those of the best check,
    on the CPU. figures: of these weights; empty where nothing validates. best_step: the step they
    are of; 0 if no check was better than the start. steps, seconds: of all parts of the run.
    stopped: the signal that ended it before its budget was used up, or 0.
    """

    weights: State
    figures: Figures
    best_step: int
    steps: int
    seconds: float
    stopped: int = 0

    @property
    def exit_code(self) -> int:
        """Of a script that has trained: 0, or 128 and the signal, as shells have it."""
        return 128 + self.stopped if self.stopped else 0


def fit(
    model: nn.Module,
    batches: Batches[Batch],
    loss: Loss[Batch],
    plan: Plan,
    output: Path,
    *,
    validate: Validate | None = None,
    device: str | None = None,
) -> Fitted:
    """Train a model in place until the plan's budget is used up or a signal comes.

        def batches(progress):                   # from where the training stands
            rng = random.Random(1000 * seed + progress.step)
            while True:
                yield make_batch(rng)            # tensors or arrays, in any tuple or dict

        def loss(model, batch):                  # a tensor, or tensors by name, which are added
            inputs, wanted = batch
            return nn.functional.cross_entropy(model(inputs), wanted)

        def accuracy(model):                     # averaged weights, evaluation mode, no gradients
            return {"accuracy": ...}

        plan = Plan(peak=1e-3, minutes=30)
        done = fit(model, batches, loss, plan, Path("runs/mine"), validate=accuracy)
        if done.stopped:
            sys.exit(done.exit_code)
        export(done.weights)

    batches: called at the start, when a run is resumed (``progress.step`` tells where to go on; a
    stream that depends on nothing else makes the resumed run equal to an undisturbed one), and
    whenever what it gave has ended. device: see ``pick_device``; batches are moved there. Loss
    and validation run in bfloat16 autocast where the device is made for it; models with
    convolutions, and batches for them, keep the channels of a pixel side by side.

    Writes ``last.pt`` (whole or not at all, every ``plan.save_minutes``) and ``log.jsonl`` into
    ``output``, and goes on from ``last.pt`` where there is one. SIGTERM and Ctrl-C end the step,
    save and return. Raises SettingsError for a checkpoint of other data or of another network,
    ModelError where the loss is no number, ValueError for a stream without batches.
    """
    if plan.keep_best and validate is None:
        raise SettingsError("keep_best needs a validation to choose by; give validate")
    run = _Run(model, loss, plan, output, pick_device(device))
    run.begin(validate)
    with Stopper() as stopper:
        if not run.done:
            run.announce()
        run.train(batches, validate, stopper)
        run.save()
    return run.result(0 if run.done else stopper.signal)


@dataclass
class _Checks:
    """What the checks have found. made: of those in the plan. figures: of the last one.
    best_figures, best_step: of the best one. stale: checks since then."""

    made: int = 0
    figures: Figures = field(default_factory=dict)
    best_figures: Figures = field(default_factory=dict)
    best_step: int = 0
    stale: int = 0


class _Run:
    """Model, optimizer, average and progress of one call of ``fit``."""

    def __init__(
        self, model: nn.Module, loss: Loss[Any], plan: Plan, output: Path, device: torch.device
    ) -> None:
        self.plan, self.output, self.device, self.loss = plan, output, device, loss
        self.channels_last = has_convolutions(model)
        layout = torch.channels_last if self.channels_last else torch.preserve_format
        self.model = model.to(device=device, memory_format=layout)
        self.optimizer = make_optimizer(model, plan)
        self.average = AveragedWeights(model, plan.average)
        self.progress, self.checks = Progress(plan), _Checks()
        self.best: State = {}
        self.done, self.rate = False, plan.peak
        self.tally = Tally()
        self.saved = self.checked = time.monotonic()
        self.check_seconds = 0.0

    def begin(self, validate: Validate | None) -> None:
        """Go on from the checkpoint, or look at the untrained model and begin."""
        self.output.mkdir(parents=True, exist_ok=True)
        if (self.output / CHECKPOINT).exists():
            self._resume()
            return
        torch.manual_seed(self.plan.seed)
        if validate and self.plan.keep_best:
            figures = self._validate(validate)
            self.checks = _Checks(figures=figures, best_figures=figures)
            self.best = _copy(self.average.state)
            self.progress = Progress(self.plan)  # the budget is for training

    def announce(self) -> None:
        """Say what is going to be trained, and for how long."""
        plan = self.plan
        budget = [f"{plan.minutes:g} minutes"] if plan.minutes else []
        budget += [f"{plan.steps} steps"] if plan.steps else []
        count = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        print(
            f"training for {' or '.join(budget)} in all: {count:,} parameters on {self.device}; "
            "Ctrl-C saves",
            flush=True,
        )

    def train(self, batches: Batches[Any], validate: Validate | None, stopper: Stopper) -> None:
        """Steps until the budget is used up, it gets no better, or a signal comes."""
        stream = _endless(batches, self.progress)
        while not (self.done or stopper.signal):
            began = time.monotonic()
            batch = next(stream)
            self.tally.waited += time.monotonic() - began
            self._step(batch)
            is_over = self.progress.share >= 1
            if is_over or self.tally.steps >= self.plan.log_every:
                self._log()
            if validate and (is_over or self._is_check_due()):
                self._check(validate)
            self.done = is_over or self._is_stale()
            if time.monotonic() - self.saved > 60 * self.plan.save_minutes:
                self.save()
        if self.tally.steps:
            self._log()

    def _step(self, batch: Any) -> None:
        """One update of the weights."""
        plan, step = self.plan, self.progress.step
        self.model.train()
        share = self.progress.share
        self.rate = learning_rate(step, share, plan.peak, plan.warmup, plan.floor)
        set_rate(self.optimizer, self.rate)
        with autocast(self.device):
            found = self.loss(self.model, to_device(batch, self.device, self.channels_last))
        losses = {"loss": found} if isinstance(found, Tensor) else dict(found)
        if not isinstance(found, Tensor):
            losses = {"loss": torch.stack(list(losses.values())).sum(), **losses}
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), plan.clip)
        self.optimizer.step()
        if step % plan.average_every == 0:
            self.average.update(self.model, step, plan.average_every)
        self.tally.add(losses, batch_size(batch))
        self.progress.step += 1

    def _is_check_due(self) -> bool:
        due = self.progress.share * self.plan.checks >= self.checks.made + 1
        if self.plan.minutes is None:
            return due
        return due and time.monotonic() - self.checked >= CHECK_TIME * self.check_seconds

    def _check(self, validate: Validate) -> None:
        """Validate the averaged weights, and keep them if they are the best."""
        checks = self.checks
        checks.figures = self._validate(validate)
        checks.made = int(self.progress.share * self.plan.checks)
        checks.stale += 1
        if not self.plan.keep_best:
            write_line(self.output, self.progress, checks.figures)
            return
        is_best = tuple(checks.figures.values()) > tuple(checks.best_figures.values())
        if is_best:
            self.best = _copy(self.average.state)
            checks.best_figures, checks.best_step = checks.figures, self.progress.step
            checks.stale = 0
        write_line(self.output, self.progress, {**checks.figures, "best_so_far": is_best})

    def _validate(self, validate: Validate) -> Figures:
        began = time.monotonic()
        trained = {key: value.clone() for key, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.state)
        self.model.eval()
        with torch.no_grad(), autocast(self.device):
            figures = {name: float(value) for name, value in validate(self.model).items()}
        self.model.load_state_dict(trained)
        self.checked = time.monotonic()
        self.check_seconds = self.checked - began
        return figures

    def _is_stale(self) -> bool:
        patience = self.plan.patience
        return self.plan.keep_best and patience is not None and self.checks.stale >= patience

    def _log(self) -> None:
        """A line about the steps since the last one. Raises ModelError if there is no loss."""
        row = self.tally.row()
        if not math.isfinite(row["loss"]):
            raise ModelError(
                f"the loss is {row['loss']} near step {self.progress.step}; lower the learning "
                f"rate and remove {self.output / CHECKPOINT}, or set it back"
            )
        write_line(self.output, self.progress, {**row, "rate": self.rate})
        self.tally = Tally()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "identity": self.plan.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state,
            "best": self.best,
            "checks": asdict(self.checks),
            "step": self.progress.step,
            "seconds": self.progress.seconds,
            "done": self.done,
            "random": random_state(),
        }
        save_checkpoint(self.output / CHECKPOINT, state)
        self.saved = time.monotonic()

    def _resume(self) -> None:
        path = self.output / CHECKPOINT
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["identity"] != self.plan.identity:
            raise SettingsError(
                f"{path} is of other data, labels, options or starting weights; give another "
                "--output, or remove that file to begin again"
            )
        try:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise SettingsError(
                f"{path} is of another network ({reason}); give another --output"
            ) from error
        self.average.state = {k: v.to(self.device) for k, v in state["average"].items()}
        self.best, self.checks = state["best"], _Checks(**state["checks"])
        self.progress = Progress(self.plan, state["step"], state["seconds"])
        # The budget may have grown since.
        self.checks.made = min(self.checks.made, int(self.progress.share * self.plan.checks))
        restore_random_state(state["random"])
        # A run that was stopped has not had its last check, whatever budget it has now.
        self.done = state["done"] and (self.progress.share >= 1 or self._is_stale())
        what = "has ended before, at" if self.done else "goes on from"
        print(f"this training {what} step {self.progress.step}", flush=True)

    def result(self, stopped: int) -> Fitted:
        """What the run has come to."""
        checks, progress = self.checks, self.progress
        weights, figures, step = self.best, checks.best_figures, checks.best_step
        if not self.plan.keep_best:
            weights, figures, step = _copy(self.average.state), checks.figures, progress.step
        return Fitted(weights, figures, step, progress.step, progress.seconds, stopped)


def _endless(batches: Batches[Batch], progress: Progress) -> Iterator[Batch]:
    """Batches, asked for anew whenever they end."""
    while True:
        before = progress.step
        yield from batches(progress)
        if progress.step == before:
            raise ValueError("no batches were given to train on")


def _copy(state: Mapping[str, Tensor]) -> State:
    return {key: value.detach().cpu().clone() for key, value in state.items()}
