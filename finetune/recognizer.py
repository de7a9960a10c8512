"""Train the text recognizer on synthetic line crops and export it to ONNX.

    python -m finetune.synthesis.shards --output runs/shards --count 400
    python -m finetune.recognizer --shards runs/shards --minutes 90 --output runs/recognizer

Stop it at any time and start it again with the same command: it resumes from the last
checkpoint. ``--export docagent/weights/recognizer.onnx`` writes the averaged weights.

To go on from the shipped weights with crops or pages of your own (``finetune/README.md``):

    python -m finetune.recognizer --data labelled/ --output runs/adapted --minutes 5
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from docagent.errors import DocAgentError
from docagent.ocr.recognition.charset import CHARSET
from finetune.adapt import add_adapt_arguments, load_start, run_safely
from finetune.adapt_recognizer import PEAK, RecognizerTask
from finetune.export import export_recognizer
from finetune.from_onnx import restore_norms
from finetune.losses import ctc_loss, greedy_texts
from finetune.recognizer_data import batches, framed, read_shard, to_batch
from finetune.recognizer_model import RecognizerModel
from finetune.training import AveragedWeights, Clock, learning_rate, save_checkpoint


@dataclass(frozen=True)
class RecognizerConfig:
    """pixels: crop columns in a batch. peak: learning rate. minutes: wall time of the run."""

    pixels: int = 12_000
    peak: float = 1.5e-3
    minutes: float = 90.0
    seed: int = 1


def validate(model: RecognizerModel, path: Path, limit: int = 400) -> float:
    """Share of held-out crops read exactly."""
    model.eval()
    samples = sorted(framed(read_shard(path)[:limit]), key=lambda s: s[0].shape[1])
    right = 0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in range(0, len(samples), 40):
            crops, texts, widths = to_batch(samples[i : i + 40])
            read = greedy_texts(model(crops).float(), widths)
            right += sum(a == b for a, b in zip(read, texts, strict=True))
    model.train()
    return right / max(1, len(samples))


def started_from(start: Path, shards: Path, config: RecognizerConfig) -> RecognizerModel:
    """The model of an exported ``start`` with norms that can be trained in earnest."""
    model = RecognizerModel(len(CHARSET) + 1)
    load_start(model, start, torch.ones(1, 1, 32, 64), model.load_shallower)
    if start.suffix == ".onnx":
        source = batches(shards, lambda: 1.0, 4 * config.pixels, random.Random(config.seed))
        restore_norms(model, next(source)[0])
    return model


def train(
    config: RecognizerConfig,
    shards: Path,
    output: Path,
    held_out: Path | None,
    start: Path | None = None,
) -> None:
    """Run until the clock is spent; checkpoints every four minutes. ``start``: go on from these
    weights instead of from nothing."""
    torch.manual_seed(config.seed)
    model = started_from(start, shards, config) if start else RecognizerModel(len(CHARSET) + 1)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.peak, weight_decay=0.01, fused=True)
    average = AveragedWeights(model)
    step, before = 0, 0.0
    checkpoint = output / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.state, step, before = state["average"], state["step"], state["elapsed"]
    clock = Clock(config.minutes * 60, before)

    def save() -> None:
        state: dict[str, Any] = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "average": average.state,
            "elapsed": clock.elapsed,
            "config": asdict(config),
        }
        save_checkpoint(checkpoint, state)

    saved, logged, lines, total = time.monotonic(), time.monotonic(), 0, 0.0
    rng = random.Random(config.seed + step)
    for crops, texts, widths in batches(
        shards, lambda: max(clock.progress, 0.1 if start else 0.0), config.pixels, rng
    ):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, clock.progress, config.peak)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(crops.contiguous(memory_format=torch.channels_last))
        loss = ctc_loss(logits, texts, widths, strict=bool(start) or clock.progress > 0.3)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model, step)
        step, lines, total = step + 1, lines + len(texts), total + loss.item()
        if step % 100 == 0:
            rate = lines / (time.monotonic() - logged)
            minutes = clock.elapsed / 60
            print(
                f"step {step} {minutes:.1f} min loss {total / 100:.4f} {rate:.0f} lines/s",
                flush=True,
            )
            logged, lines, total = time.monotonic(), 0, 0.0
        if time.monotonic() - saved > 240 or clock.progress >= 1:
            save()
            saved = time.monotonic()
            if held_out is not None:
                averaged = RecognizerModel(len(CHARSET) + 1)
                averaged.load_state_dict(average.state)
                print(f"step {step} held-out exact {validate(averaged, held_out):.4f}", flush=True)
        if clock.progress >= 1:
            return


def export(checkpoint: Path, target: Path) -> None:
    """Write the averaged weights of a checkpoint as an ONNX model."""
    export_recognizer(torch.load(checkpoint, weights_only=True)["average"], target)


def main() -> int:
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
        export(output / "last.pt", args.export)
        return 0
    config = RecognizerConfig(
        minutes=RecognizerConfig.minutes if args.minutes is None else args.minutes,
        peak=args.peak or RecognizerConfig.peak,
        seed=args.seed,
    )
    try:
        train(config, args.shards or Path("runs/shards"), output, args.held_out, args.start)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
