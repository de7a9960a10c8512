"""Train the text detector on synthetic pages and export it to ONNX.

    python -m finetune.detector --shards runs/shards --minutes 35 --output runs/detector

The same command resumes from the last checkpoint; ``--export docagent/weights/detector.onnx``
writes the averaged weights.

To start from the shipped weights with pages of your own (``finetune/README.md``):

    python -m finetune.detector --data labelled/ --output runs/adapted --minutes 5
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn

from finetune.ocr.adaptation.run import add_adapt_arguments, run_safely
from finetune.ocr.detector.adapt import PEAK, DetectorTask
from finetune.ocr.detector.batches import PageBatch, detector_batches
from finetune.ocr.detector.model import DetectorModel
from finetune.ocr.export import export_detector
from finetune.ocr.losses import band_loss
from finetune.training import Fitted, Plan, Progress, fit, load_weights


@dataclass(frozen=True)
class DetectorConfig:
    """size: side of the square crops in pixels. batch: crops a step. peak: learning rate.
    minutes: wall time of all parts of the run. device: see ``pick_device``."""

    size: int = 448
    batch: int = 6
    peak: float = 2e-3
    minutes: float = 35.0
    seed: int = 1
    device: str | None = None


def loss(model: nn.Module, batch: PageBatch) -> Tensor:
    """The loss of a batch."""
    return band_loss(model(batch.pages).float(), batch.bands, batch.weights)


def train(config: DetectorConfig, shards: Path, output: Path) -> Fitted:
    """Train on the shards of a folder until the minutes are used up or a signal comes."""
    torch.manual_seed(config.seed)
    cv2.setNumThreads(1)

    def batches(progress: Progress) -> Iterator[PageBatch]:
        rng = random.Random(config.seed + progress.step)
        return detector_batches(shards, config.size, config.batch, rng)

    plan = Plan(
        config.peak,
        minutes=config.minutes,
        decay_vectors=True,
        clip=2.0,
        save_minutes=3.0,
        seed=config.seed,
    )
    return fit(DetectorModel(), batches, loss, plan, output, device=config.device)


def main() -> int:
    """Parse the command line; train, adapt or export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shards", type=Path, help="runs/shards; with --data: rehearse on these")
    parser.add_argument("--held-out", type=Path, help="with --data: a labelled folder")
    parser.add_argument("--output", type=Path, help="runs/detector; with --data runs/adapted")
    parser.add_argument("--minutes", type=float, help="35; with --data 5")
    parser.add_argument("--peak", type=float, help=f"with --data: learning rate, {PEAK}")
    parser.add_argument("--export", type=Path, help="write ONNX here and stop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", help="cpu or cuda; CUDA where there is any")
    add_adapt_arguments(parser).add_argument(
        "--boxes",
        choices=("auto", "lines", "words"),
        default="auto",
        help="what the labelled boxes are; words are joined to lines, which the detector finds",
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.data:
        return run_safely(DetectorTask, args, args.peak or PEAK)
    output = args.output or Path("runs/detector")
    if args.export:
        export_detector(load_weights(output / "last.pt"), args.export)
        return 0
    minutes = DetectorConfig.minutes if args.minutes is None else args.minutes
    config = DetectorConfig(minutes=minutes, device=args.device)
    return train(config, args.shards or Path("runs/shards"), output).exit_code
