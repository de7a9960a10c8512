"""Training on from good weights for a short time: a low rate, frozen norms, the best kept."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType

import torch
from torch import Tensor, nn

from docagent.errors import SettingsError
from finetune.from_onnx import freeze_norms
from finetune.training import AveragedWeights, Clock, learning_rate, save_checkpoint

CHECKS = 12
"""How often in a run the network is scored on the pages kept aside for that."""
PATIENCE = 5
"""Checks without a better score after which a run ends early."""
WARM_UP = 40

Score = tuple[float, ...]
"""Higher is better, the first figure counting most."""
State = dict[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """minutes: wall time of all parts of the run. peak: learning rate. checkpoint: file of its
    state. identity: of all that must be the same for a run to go on."""

    minutes: float
    peak: float
    checkpoint: Path
    identity: str


class Stopper:
    """Within it, SIGINT and SIGTERM are noted in ``signal`` rather than ending the process."""

    def __init__(self) -> None:
        self.signal = 0

    def __enter__(self) -> Stopper:
        kinds = (signal.SIGINT, signal.SIGTERM)
        self._before = {kind: signal.signal(kind, self._note) for kind in kinds}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:  # asked twice: do not wait for the step to end
            raise KeyboardInterrupt
        self.signal = number


@dataclass
class Run:
    """The state of a run. best: the weights with the best score so far. stale: checks since
    then. done: it needs no more steps. stopped: the signal that ended this part of it, or 0."""

    best: State
    best_score: Score
    best_step: int = 0
    step: int = 0
    elapsed: float = 0.0
    stale: int = 0
    done: bool = False
    stopped: int = 0


class FineTuning:
    """Trains a model on from where it is; goes on from the plan's checkpoint if there is one.

    loss: of a new batch. score: of a model, on pages kept aside; the unchanged model counts, so
    the best is never worse than the start. Raises SettingsError for another run's checkpoint.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[nn.Module], Tensor],
        score: Callable[[nn.Module], Score],
        plan: Plan,
    ) -> None:
        # On a CPU, a step takes a tenth less time in this layout.
        self._model = model.to(memory_format=torch.channels_last)
        self._loss, self._score, self._plan = loss, score, plan
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=plan.peak, weight_decay=0.01, fused=True
        )
        self._average = AveragedWeights(model)
        if plan.checkpoint.exists():
            self.run = self._resume()
        else:
            self.run = Run(_copy(model.state_dict()), score(model))

    def finish(self) -> Run:
        """Train until the clock is spent, it gets no better, or a signal; saves the state."""
        run, plan = self.run, self._plan
        clock = Clock(plan.minutes * 60, run.elapsed)
        checked, spent, losses = time.monotonic(), 0.0, list[float]()
        with Stopper() as stopper:
            if not run.done:
                print(f"training for {plan.minutes:g} minutes in all; Ctrl-C saves", flush=True)
            while not run.done and not stopper.signal:
                losses.append(self._step(clock.progress))
                # A check may take long on many pages; it gets at most a quarter of the time.
                wait = max(plan.minutes * 60 / CHECKS, 3 * spent)
                started = time.monotonic()
                if started - checked < wait and clock.progress < 1:
                    continue
                self._check(sum(losses) / len(losses), clock)
                checked, losses = time.monotonic(), []
                spent = checked - started
            run.elapsed = clock.elapsed
            self._save()
        run.stopped = 0 if run.done else stopper.signal
        return run

    def _step(self, progress: float) -> float:
        """One step of the optimizer; the loss."""
        self._model.train()
        freeze_norms(self._model)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self.run.step, progress, self._plan.peak, WARM_UP)
        loss = self._loss(self._model)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._average.update(self._model, self.run.step)
        self.run.step += 1
        return loss.item()

    def _check(self, loss: float, clock: Clock) -> None:
        """Score the averaged weights, keep them if they are the best, print, save."""
        run, trained = self.run, _copy(self._model.state_dict())
        self._model.load_state_dict(self._average.state)
        found = self._score(self._model)
        self._model.load_state_dict(trained)
        run.stale += 1
        if found > run.best_score:
            run.best, run.best_score = _copy(self._average.state), found
            run.best_step, run.stale = run.step, 0
        run.done = clock.progress >= 1 or run.stale >= PATIENCE
        run.elapsed = clock.elapsed
        figures = " ".join(f"{value:.4f}" for value in found)
        mark = " (best so far)" if run.stale == 0 else ""
        print(
            f"step {run.step} {run.elapsed / 60:.1f} min loss {loss:.4f} score {figures}{mark}",
            flush=True,
        )
        self._save()

    def _save(self) -> None:
        run = {key: value for key, value in asdict(self.run).items() if key != "stopped"}
        state = {
            "identity": self._plan.identity,
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self._average.state,
            "run": run,
        }
        save_checkpoint(self._plan.checkpoint, state)

    def _resume(self) -> Run:
        path = self._plan.checkpoint
        state = torch.load(path, weights_only=True)
        if state["identity"] != self._plan.identity:
            raise SettingsError(
                f"{path} is of other data, labels, options or starting weights; give another "
                "--output, or remove that file to begin again"
            )
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._average.state = state["average"]
        run = Run(**state["run"])
        if run.elapsed < self._plan.minutes * 60 and run.stale < PATIENCE:
            run.done = False  # it has been given more minutes
        what = "has ended before, at" if run.done else "goes on from"
        print(f"this adaptation {what} step {run.step}", flush=True)
        return run


def _copy(state: Mapping[str, Tensor]) -> State:
    return {key: value.detach().clone() for key, value in state.items()}
