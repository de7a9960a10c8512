"""Train the embedded reader on synthetic and real documents.

    python -m finetune.reader mixture --output runs/reader_pages.pkl
    python -m finetune.reader train --minutes 60

It starts from all-MiniLM-L6-v2 as the package of the extra ``encoder`` has it. Processes of their
own make documents, this one trains. The same command resumes from the last checkpoint in the output
folder; the learning rate follows the share of ``--minutes`` that all runs together have used.
SIGTERM saves and stops.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from docagent.reader.wordpiece import WordPiece
from finetune.reader.checkpoint import load_average, save_config
from finetune.reader.encoder import encoder_folder, load_pretrained
from finetune.reader.losses import reader_loss
from finetune.reader.mixture import SyntheticSource, load_sources, samples
from finetune.reader.network import Reader, ReaderConfig
from finetune.reader.windows import INPUTS, Batch, batches
from finetune.training import Fitted, Plan, Progress, fit, from_workers

SEEDS_APART = 1000
"""Between the data of the parts of a run that was stopped."""
ROUND = 200
"""Samples that batches are made of at a time."""
NEW_PARTS = (
    *("bias.", "encoder.embedding.features.", "pointer.word.", "pointer.gate.", "pointer.shift."),
    *("pointer.matches.", "pointer.points.", "pointer.absent."),
)
NEW_RATE = 5.0
"""Times the learning rate for what was not pretrained."""
TAG_WEIGHT = 3.0


def loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Losses of a batch, of spans and of tags."""
    points, absent = model(*(batch[name] for name in INPUTS))
    targets = (batch[name] for name in ("mask", "spans", "tags"))
    spans, tags = reader_loss(points, absent, *targets)
    return {"span_loss": spans, "tag_loss": TAG_WEIGHT * tags}


def make_plan(minutes: float, peak: float, seed: int = 1) -> Plan:
    """The plan of a training of so many minutes of wall time."""
    return Plan(
        peak,
        minutes=minutes,
        warmup=100,
        floor=0.05,
        rates=dict.fromkeys(NEW_PARTS, NEW_RATE),
        betas=(0.9, 0.98),
        average=0.997,
        save_minutes=3.0,
        log_every=20,
        seed=seed,
    )


def mixture_batches(seed: int, pdfs: Path, vocabulary: Path) -> Iterator[Batch]:
    """Batches of the training mixture without end."""
    rng = random.Random(seed)
    sources = {"synthetic": SyntheticSource(rng), **load_sources(False, pdfs)}
    drawn = samples(sources, rng, WordPiece(vocabulary))
    while True:
        yield from batches(list(islice(drawn, ROUND)), rng)


def begin(encoder: Path | None, start: Path | None) -> Reader:
    """A network to train: on the pretrained encoder, or as in another run's ``last.pt``. The
    table of pieces is not trained: rare pieces would be forgotten."""
    if start is not None:
        model = load_average(start)[0].train()
    else:
        model = Reader(ReaderConfig())
        if encoder is not None:
            for upper in (model.upper.layers, model.pointer.layers):
                layers = nn.ModuleList([*model.encoder.layers, *upper])
                load_pretrained(encoder, model.encoder.embedding, layers)
    model.encoder.embedding.pieces.weight.requires_grad_(False)
    return model


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
    parser.add_argument("--encoder", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--pdfs", type=Path, default=Path("runs/reader_pages.pkl"))
    parser.add_argument("--minutes", type=float, default=60, help="of wall time, all runs together")
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make documents")
    parser.add_argument("--device", help="cpu or cuda; CUDA where there is any")
    parser.add_argument("--start", type=Path, help="last.pt of another run to start from")
    args = parser.parse_args()
    encoder = encoder_folder(args.encoder)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    make = partial(mixture_batches, pdfs=args.pdfs, vocabulary=encoder / "vocab.txt")

    def batches(progress: Progress) -> Iterable[Batch]:
        first = args.seed + SEEDS_APART * progress.step
        return from_workers(make, range(first, first + args.workers))

    model = begin(encoder, args.start)
    plan = make_plan(args.minutes, args.rate, args.seed)
    return train(model, plan, args.output, batches, args.device).exit_code
