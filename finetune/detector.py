"""Train the text detector on synthetic pages and export it to ONNX.

    python -m finetune.detector --shards runs/shards --minutes 35 --output runs/detector

It resumes from its last checkpoint; ``--export docagent/weights/detector.onnx`` writes the
averaged weights.

To go on from the shipped weights with pages of your own (``finetune/README.md``):

    python -m finetune.detector --data labelled/ --output runs/adapted --minutes 5
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import torch
from torch import nn

from finetune.adapt import add_adapt_arguments, run_safely
from finetune.adapt_detector import PEAK, DetectorTask
from finetune.detector_data import detector_batches
from finetune.detector_model import DetectorModel
from finetune.export import export_detector
from finetune.losses import band_loss
from finetune.training import AveragedWeights, Clock, learning_rate, save_checkpoint


@dataclass(frozen=True)
class DetectorConfig:
    """size: side of the square crops. batch: crops a step. peak: learning rate."""

    size: int = 448
    batch: int = 6
    peak: float = 2e-3
    minutes: float = 35.0
    seed: int = 1


def train(config: DetectorConfig, shards: Path, output: Path) -> None:
    """Run until the clock is spent; checkpoints every three minutes."""
    torch.manual_seed(config.seed)
    cv2.setNumThreads(1)
    model = DetectorModel().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.peak, weight_decay=0.01, fused=True)
    average = AveragedWeights(model)
    step, before, checkpoint = 0, 0.0, output / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.state, step, before = state["average"], state["step"], state["elapsed"]
    clock = Clock(config.minutes * 60, before)
    saved, total = time.monotonic(), 0.0
    rng = random.Random(config.seed + step)
    for pages, bands, weights in detector_batches(shards, config.size, config.batch, rng):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, clock.progress, config.peak, warmup=100)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(pages.contiguous(memory_format=torch.channels_last))
        loss = band_loss(logits.float(), bands, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        average.update(model, step)
        step, total = step + 1, total + loss.item()
        if step % 50 == 0:
            print(f"step {step} {clock.elapsed / 60:.1f} min loss {total / 50:.4f}", flush=True)
            total = 0.0
        if time.monotonic() - saved > 180 or clock.progress >= 1:
            saved = time.monotonic()
            save_checkpoint(
                checkpoint,
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "average": average.state,
                    "elapsed": clock.elapsed,
                    "config": asdict(config),
                },
            )
        if clock.progress >= 1:
            return


def export(checkpoint: Path, target: Path) -> None:
    """Write the averaged weights of a checkpoint as an ONNX model."""
    export_detector(torch.load(checkpoint, weights_only=True)["average"], target)


def main() -> int:
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
        export(output / "last.pt", args.export)
        return 0
    minutes = DetectorConfig.minutes if args.minutes is None else args.minutes
    train(DetectorConfig(minutes=minutes), args.shards or Path("runs/shards"), output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
