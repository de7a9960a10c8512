"""Tune a network on a user's own data: options, training, and the folder of weights it gives.

A run writes a folder of weights that is complete: the adapted network, and the shipped others.
``adapted.json`` in it says what was adapted and how well; ``training-<network>`` in it is the
state of the run, which the same command resumes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from docagent.errors import DocAgentError, ModelError, SettingsError
from eval.table_output import rows_to_table
from eval.tasks.confidence import Outcome
from finetune.ocr.adaptation.calibration import refit_words
from finetune.ocr.from_onnx import freeze_norms, load_onnx
from finetune.ocr.labelled_data import LabelledData, LabelledImage, load_labelled, split_pages
from finetune.ocr.quantize import IN_FLOAT, Inputs, quantize
from finetune.training import Figures, Fitted, Plan, Progress, State, fit
from finetune.weights_folder import SHIPPED, write_weights

REHEARSAL = 0.4
"""Share of steps on the shipped style, if there are shards of it."""
ASIDE = 10
"""One training page in so many is kept aside to choose the best weights; fewer pages than that
leave none, and the choice is made on the held-out pages."""
ENOUGH = 0.01
"""Loss in the first figure that 8 bits may cost against floats, which read half as fast."""
BLEND = 0.7
"""How far to go from the start to the adapted weights. On receipts 0.7 kept 0.92 of the gain of
going all the way and forgot 0.48 as much of the shipped style; 0.5 kept 0.61 and forgot 0.04."""
WARM_UP = 40
"""Steps in which the learning rate rises."""
PATIENCE = 5
"""Checks without a better score, of twelve, after which a run ends early."""
NOT_BETTER = 3
"""Exit code of a run after which nothing was exported, as it was not better."""


@dataclass(frozen=True)
class AdaptOptions:
    """data: labelled folder. output: folder for weights. minutes: wall time in all. peak:
    learning rate. start: an .onnx or a training checkpoint .pt. shards: folder of the shipped
    style to rehearse, or None. fraction: of the pages held out, unless ``held_out`` is a folder.
    blend: how far to go towards the adapted weights, 0-1. force: export even if not better.
    ignore_case, boxes: see the two scripts. device: see ``pick_device``."""

    data: Path
    output: Path
    minutes: float
    peak: float
    start: Path
    shards: Path | None = None
    held_out: Path | None = None
    fraction: float = 0.2
    blend: float = BLEND
    force: bool = False
    ignore_case: bool = False
    boxes: str = "auto"
    device: str | None = None


def add_adapt_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options of adapting to labelled data to a training script; their group."""
    group = parser.add_argument_group("adapting to your own data")
    group.add_argument("--data", type=Path, metavar="FOLDER", help="labelled crops or pages")
    group.add_argument("--start", type=Path, help="weights to start from: an .onnx or a last.pt")
    group.add_argument("--fraction", type=float, default=0.2, help="of the pages held out")
    group.add_argument(
        "--blend",
        type=float,
        default=BLEND,
        help=f"{BLEND}: how far to go towards the adapted weights; 1 forgets most",
    )
    group.add_argument("--force", action="store_true", help="export even if it is not better")
    return group


def to_options(args: argparse.Namespace, network: str, peak: float) -> AdaptOptions:
    """Options out of the parsed arguments of a training script. Raises SettingsError."""
    if not 0 < args.blend <= 1:
        raise SettingsError(f"--blend {args.blend} is not allowed; give more than 0, at most 1")
    return AdaptOptions(
        data=args.data,
        output=args.output or Path("runs/adapted"),
        minutes=5.0 if args.minutes is None else args.minutes,
        peak=peak,
        start=args.start or SHIPPED / f"{network}.onnx",
        shards=args.shards,
        held_out=args.held_out,
        fraction=args.fraction,
        blend=args.blend,
        force=args.force,
        ignore_case=getattr(args, "case_insensitive", False),
        boxes=getattr(args, "boxes", "auto"),
        device=args.device,
    )


@dataclass(frozen=True)
class Parts:
    """train: to learn from. aside: to choose the best weights on. held_out: to report on."""

    train: list[LabelledImage]
    aside: list[LabelledImage]
    held_out: list[LabelledImage]


def load_parts(options: AdaptOptions, needs: str) -> Parts:
    """Load and split the labelled data; prints what it is and what was left out.

    needs: "texts" or "boxes". Raises SettingsError or SourceError.
    """
    data = _load(options.data, needs)
    if options.held_out is None:
        train, held_out = split_pages(data.images, options.fraction)
    else:
        train, held_out = list(data.images), list(_load(options.held_out, needs).images)
    if len({image.page for image in train}) < ASIDE:
        print("few pages: the best weights are chosen on the held-out pages, so the figures")
        print("after adapting are a little too good")
        return Parts(train, held_out, held_out)
    train, aside = split_pages(train, 1 / ASIDE)
    return Parts(train, aside, held_out)


def _load(folder: Path, needs: str) -> LabelledData:
    data = load_labelled(folder)
    print(f"{folder}: {data.kind}, {len(data.images)} images")
    for warning in data.warnings:
        warn(warning)
    if needs == "boxes" and not data.has_boxes:
        raise SettingsError(f"{folder} has crops only; the detector needs pages with boxes")
    if needs == "texts" and not data.has_texts:
        raise SettingsError(f"{folder} has boxes without text; the recognizer needs their text")
    return data


def warn(sentence: str) -> None:
    """A warning for the person who runs the script."""
    print(f"warning: {sentence}", file=sys.stderr, flush=True)


def load_start(
    model: nn.Module,
    start: Path,
    example: Tensor,
    fill: Callable[[dict[str, Tensor]], object] | None = None,
) -> None:
    """Fill a model from an export (.onnx) or a training checkpoint. Raises ModelError.

    fill: takes a checkpoint's weights, ``load_state_dict`` by default.
    """
    if start.suffix == ".onnx":
        load_onnx(model, start, example)
        return
    try:
        (fill or model.load_state_dict)(torch.load(start, weights_only=True)["average"])
    except (OSError, EOFError, KeyError, RuntimeError, UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"{start}: not a checkpoint of this network ({reason}); give a last.pt or an .onnx"
        ) from error


def fingerprint(options: AdaptOptions, parts: Parts) -> str:
    """Of all that a run must not change when it goes on."""
    digest = hashlib.sha256(options.start.read_bytes())
    for image in (*parts.train, *parts.aside, *parts.held_out):
        texts = [line.text for line in image.lines]
        digest.update(repr((image.path.name, image.path.stat().st_size, texts)).encode())
    digest.update(repr((options.ignore_case, options.boxes)).encode())
    return digest.hexdigest()


class Task(Protocol):
    """One network and the user's data for it."""

    name: str
    example: Tensor
    parts: Parts

    def new_model(self) -> nn.Module:
        """An untrained network."""

    def batches(self, progress: Progress) -> Iterator[Any]:
        """Endless batches to learn from."""

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        """The loss of a batch."""

    def score(self, model: nn.Module) -> Figures:
        """How good a network in training is, on the pages kept aside; higher is better, the
        first figure counting most."""

    def measure(self, weights: Path, held_out: bool) -> Figures:
        """How good exported weights are, on the held-out pages or on those kept aside."""

    def rank(self, figures: Figures) -> tuple[float, ...]:
        """Measured figures as numbers to compare by: higher is better, the first counting most."""

    def export(self, state: State, target: Path) -> None:
        """Write weights as ONNX."""

    def read_words(self, weights: Path) -> list[Outcome] | None:
        """Words that exported weights read on pages not trained on; None if they read none."""

    def examples(self) -> Iterator[Inputs]:
        """Inputs of the exported network, for its calibration."""


def adapt(task: Task, options: AdaptOptions) -> int:
    """Fine-tune, report, and write a folder of weights if it got better; the exit code."""
    model = task.new_model()
    load_start(model, options.start, task.example)
    first = {key: value.clone() for key, value in model.state_dict().items()}
    with tempfile.TemporaryDirectory() as scratch:
        start = options.start
        if start.suffix != ".onnx":
            start = Path(scratch) / "start.onnx"
            task.export(first, start)
        before = task.measure(start, held_out=True)
        print(f"before: {_figures(before)}", flush=True)
        run = _train(task, model, options)
        if run.stopped:
            print(f"stopped at step {run.steps}; the same command goes on from there")
            return run.exit_code
        chosen = _export(task, blend(first, run.weights, options.blend), Path(scratch))
        after = task.measure(chosen, held_out=True)
        rows = [{"what": key, "before": before[key], "after": after[key]} for key in before]
        print(rows_to_table(rows, {"what": "held out", "before": "before", "after": "after"}))
        if not options.force and (run.best_step == 0 or task.rank(after) <= task.rank(before)):
            print(
                "adapting did not make it better, so nothing is exported; try more labels or "
                "--minutes, or --force to export all the same"
            )
            return NOT_BETTER
        write_weights(options.output, task.name, chosen, {"before": before, "after": after})
        words = task.read_words(chosen)
    for sentence in refit_words(options.output, words) if words is not None else ():
        print(sentence)
    print(f"wrote {options.output}; docagent read page.png --weights {options.output}")
    return 0


def blend(first: State, last: State, share: float) -> State:
    """Weights on the line from ``first`` to ``last``: 0 is the first, 1 the last.

    In between, a network keeps more of what it could before than it loses of what it learnt
    (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    return {
        key: value.lerp(last[key], share) if value.is_floating_point() else last[key]
        for key, value in first.items()
    }


def run_safely(make: type[Task], args: argparse.Namespace, peak: float) -> int:
    """``adapt`` by the arguments of a script, with errors as sentences; the exit code."""
    try:
        options = to_options(args, make.name, peak)
        return adapt(make(options), options)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # outside of training, where there is nothing to save
        print("stopped; the same command goes on", file=sys.stderr)
        return 130


def _train(task: Task, model: nn.Module, options: AdaptOptions) -> Fitted:
    """Train on from good weights for a short time: a low rate, frozen norms, the best kept."""

    def loss(network: nn.Module, batch: Any) -> Tensor:
        freeze_norms(network)
        return task.loss(network, batch)

    plan = Plan(
        options.peak,
        minutes=options.minutes,
        warmup=WARM_UP,
        decay_vectors=True,
        keep_best=True,
        patience=PATIENCE,
        identity=fingerprint(options, task.parts),
    )
    folder = options.output / f"training-{task.name}"
    return fit(model, task.batches, loss, plan, folder, validate=task.score, device=options.device)


def _export(task: Task, best: State, scratch: Path) -> Path:
    """The best weights as ONNX: in 8 bits, unless that costs accuracy on the pages aside."""
    exact, small = scratch / "float.onnx", scratch / "8bit.onnx"
    task.export(best, exact)
    quantize(exact, small, task.examples(), IN_FLOAT[task.name])
    figures = [task.measure(path, held_out=False) for path in (exact, small)]
    loss = task.rank(figures[0])[0] - task.rank(figures[1])[0]
    print(f"in floats: {_figures(figures[0])}; in 8 bits: {_figures(figures[1])}", flush=True)
    return small if loss <= ENOUGH else exact


def _figures(figures: Figures) -> str:
    return ", ".join(f"{key} {value:.4f}" for key, value in figures.items())
