"""Train the embedded reader on synthetic documents.

    python -m finetune.reader train --output runs/reader --minutes 60

Processes of their own make documents, this one trains. The same command resumes from the last
checkpoint in the output folder; the learning rate follows the share of ``--minutes`` that all
runs together have used. SIGTERM saves and stops.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from finetune.reader.checkpoint import save_config
from finetune.reader.documents import document_batches
from finetune.reader.from_onnx import load_reader
from finetune.reader.losses import reader_loss
from finetune.reader.model import Reader, ReaderConfig
from finetune.reader.tensors import INPUTS, Batch
from finetune.training import Fitted, Plan, Progress, fit, from_workers

SEEDS_APART = 1000
"""Between the data of the parts of a run that was stopped."""


def loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Losses of a batch, of spans and of tags."""
    indices = (torch.int16, torch.int32)
    tensors = {k: v.long() if v.dtype in indices else v for k, v in batch.items()}
    points, absent = model(*(tensors[name] for name in INPUTS))
    targets = (tensors[name] for name in ("mask", "spans", "tags"))
    spans, tags = reader_loss(points, absent, *targets)
    return {"span_loss": spans, "tag_loss": tags}


def make_plan(minutes: float, peak: float, seed: int = 1) -> Plan:
    """The plan of a training of so many minutes of wall time."""
    return Plan(
        peak,
        minutes=minutes,
        warmup=150,
        floor=0.05,
        betas=(0.9, 0.98),
        weight_decay=0.02,
        decay_vectors=True,
        average=0.995,
        average_every=4,
        save_minutes=1.0,
        seed=seed,
    )


def train(
    model: Reader,
    plan: Plan,
    output: Path,
    batches: Callable[[Progress], Iterable[Batch]],
    device: str | None = None,
) -> Fitted:
    """Train a reader; the output folder gets its configuration, checkpoint and log."""
    save_config(model.config, output)
    return fit(model, batches, loss, plan, output, device=device)


def main() -> int:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--output", type=Path, default=Path("runs/reader"))
    parser.add_argument("--minutes", type=float, default=60, help="of wall time, all runs together")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make documents")
    parser.add_argument("--device", help="cpu or cuda; CUDA where there is any")
    parser.add_argument("--start", type=Path, help="an exported reader.onnx to start from")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    model = load_reader(args.start) if args.start else Reader(ReaderConfig())

    def batches(progress: Progress) -> Iterable[Batch]:
        first = args.seed + SEEDS_APART * progress.step
        return from_workers(document_batches, range(first, first + args.workers))

    plan = make_plan(args.minutes, args.rate, args.seed)
    return train(model, plan, args.output, batches, args.device).exit_code
