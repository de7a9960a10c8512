"""Train the text recognizer on synthetic line crops and export it to ONNX.

    python -m finetune.synthesis shards --output runs/shards --count 400
    python -m finetune.recognizer --shards runs/shards --minutes 90 --output runs/recognizer

Stop it at any time and start it again with the same command: it resumes from the last
checkpoint. ``--export docagent/weights/recognizer.onnx`` writes the averaged weights.

To start from the shipped weights with crops or pages of your own (``finetune/README.md``):

    python -m finetune.recognizer --data labelled/ --output runs/adapted --minutes 5
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from docagent.ocr.recognition.charset import CHARSET
from finetune.ocr.adaptation.run import add_adapt_arguments, load_start, run_safely
from finetune.ocr.export import export_recognizer
from finetune.ocr.from_onnx import restore_norms
from finetune.ocr.losses import ctc_loss, greedy_texts
from finetune.ocr.recognizer.adapt import PEAK, RecognizerTask
from finetune.ocr.recognizer.batches import LineBatch, batches, framed, read_shard_lines, to_batch
from finetune.ocr.recognizer.model import RecognizerModel
from finetune.training import Fitted, Plan, Progress, device_of, fit, load_weights

STRICT_FROM = 0.3
"""Share of a run from nothing after which hopeless crops are left out."""
LONG_FROM = 0.1
"""Share of a run at which one from trained weights begins: it needs no short crops first."""


@dataclass(frozen=True)
class RecognizerConfig:
    """pixels: crop columns in a batch. peak: learning rate. minutes: wall time of all parts of
    the run. start: weights to start from instead of from nothing. device: see ``pick_device``."""

    pixels: int = 12_000
    peak: float = 1.5e-3
    minutes: float = 90.0
    seed: int = 1
    start: Path | None = None
    device: str | None = None


def loss(model: nn.Module, batch: LineBatch) -> Tensor:
    """The loss of a batch."""
    return ctc_loss(model(batch.crops), batch.texts, batch.widths, strict=batch.strict)


def exact_share(path: Path, limit: int = 400) -> Callable[[nn.Module], dict[str, float]]:
    """A validation: the share of the first ``limit`` crops of a shard that are read exactly."""
    samples = sorted(framed(read_shard_lines(path)[:limit]), key=lambda s: s[0].shape[1])

    def validate(model: nn.Module) -> dict[str, float]:
        right = 0
        for i in range(0, len(samples), 40):
            batch = to_batch(samples[i : i + 40])
            read = greedy_texts(model(batch.crops.to(device_of(model))).float(), batch.widths)
            right += sum(a == b for a, b in zip(read, batch.texts, strict=True))
        return {"held-out exact": right / max(1, len(samples))}

    return validate


def first_model(shards: Path, config: RecognizerConfig) -> RecognizerModel:
    """An untrained model, or that of ``config.start`` with norms that can be trained in earnest.
    Raises ModelError for a start that is no recognizer."""
    torch.manual_seed(config.seed)
    model = RecognizerModel(len(CHARSET) + 1)
    if config.start is None:
        return model
    load_start(model, config.start, torch.ones(1, 1, 32, 64), model.load_shallower)
    if config.start.suffix == ".onnx":
        source = batches(shards, lambda: 1.0, 4 * config.pixels, random.Random(config.seed))
        restore_norms(model, next(source).crops)
    return model


def train(config: RecognizerConfig, shards: Path, output: Path, held_out: Path | None) -> Fitted:
    """Train on the shards of a folder until the minutes are used up or a signal comes.

    held_out: one shard to validate on.
    """
    model = first_model(shards, config)
    started = config.start is not None

    def source(progress: Progress) -> Iterator[LineBatch]:
        def share() -> float:
            return max(progress.share, LONG_FROM if started else 0.0)

        rng = random.Random(config.seed + progress.step)
        for batch in batches(shards, share, config.pixels, rng):
            yield batch._replace(strict=started or progress.share > STRICT_FROM)

    plan = Plan(
        config.peak,
        minutes=config.minutes,
        warmup=300,
        decay_vectors=True,
        checks=25,
        log_every=100,
        seed=config.seed,
    )
    validate = exact_share(held_out) if held_out else None
    return fit(model, source, loss, plan, output, validate=validate, device=config.device)


def main() -> int:
    """Parse the command line; train, adapt or export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shards", type=Path, help="runs/shards; with --data: rehearse on these")
    parser.add_argument(
        "--held-out",
        type=Path,
        help="one shard that is not trained on; with --data: a labelled folder",
    )
    parser.add_argument("--output", type=Path, help="runs/recognizer; with --data runs/adapted")
    parser.add_argument("--minutes", type=float, help="90; with --data 5")
    parser.add_argument("--peak", type=float, help=f"{RecognizerConfig.peak}; with --data {PEAK}")
    parser.add_argument("--seed", type=int, default=RecognizerConfig.seed, help="of the data")
    parser.add_argument("--export", type=Path, help="write ONNX here and stop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", help="cpu or cuda; CUDA where there is any")
    add_adapt_arguments(parser).add_argument(
        "--case-insensitive",
        action="store_true",
        help="labels do not tell the case (all capitals, say): either is right",
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.data:
        return run_safely(RecognizerTask, args, args.peak or PEAK)
    output = args.output or Path("runs/recognizer")
    if args.export:
        export_recognizer(load_weights(output / "last.pt"), args.export)
        return 0
    config = RecognizerConfig(
        minutes=RecognizerConfig.minutes if args.minutes is None else args.minutes,
        peak=args.peak or RecognizerConfig.peak,
        seed=args.seed,
        start=args.start,
        device=args.device,
    )
    return train(config, args.shards or Path("runs/shards"), output, args.held_out).exit_code
