"""Train the embedded reader on synthetic documents.

    python -m finetune.reader.train --output runs/reader --minutes 60

One process makes documents, this one trains on one core (bf16 where the processor has it).
Runs again from the last checkpoint in the output folder; the learning rate follows the share
of ``--minutes`` of processor time that all runs together have used.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from finetune.reader.data import CleanPage, batches, document_to_pages
from finetune.reader.model import Reader, ReaderConfig, reader_loss
from finetune.synthesis.documents import KINDS, generate
from finetune.training.workers import put_while_wanted

Batch = dict[str, NDArray[np.generic]]
INPUTS = (
    "grams",
    "looks",
    "boxes",
    "layout",
    "lines",
    "mask",
    "query_grams",
    "query_looks",
    "query_mask",
    "multiple",
)
REUSE = 3
ROUND = 96
WEIGHTS = {
    "receipt": 6.0,
    "invoice": 3.5,
    "form": 4.0,
    "nda": 2.5,
    "contract": 2.0,
    "memo": 0.5,
    "letter": 0.5,
    "report": 0.5,
}
"""How often a kind comes up against 1 for the others."""
WARM_UP = 0.03
EMA = 0.995


def make_pages(rng: random.Random, count: int) -> list[CleanPage]:
    """Pages of new documents of all kinds, at least ``count``."""
    kinds, weights = list(KINDS), [WEIGHTS.get(k, 1.0) for k in KINDS]
    pages: list[CleanPage] = []
    while len(pages) < count:
        try:
            pages += document_to_pages(generate(rng.choices(kinds, weights)[0], rng))
        except RuntimeError:  # no layout without overlaps was found: draw another document
            continue
    return pages


def produce(queue: Any, seed: int) -> None:
    """Fill the queue with batches for ever; every document is used REUSE times, with new noise."""
    os.nice(3)
    rng = random.Random(seed)
    pool = make_pages(rng, ROUND * REUSE)
    while True:
        pool = pool[ROUND // REUSE :] + make_pages(rng, ROUND // REUSE)
        for batch in batches(rng.sample(pool, min(ROUND, len(pool))), rng):
            if not put_while_wanted(queue, batch):
                return


def stream(seed: int) -> Iterator[Batch]:
    """Batches from a process of its own, which ends with this one."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=24)
    process = context.Process(target=produce, args=(queue, seed), daemon=True)
    process.start()
    while True:
        try:
            yield queue.get(timeout=300)
        except Empty:
            if not process.is_alive():
                raise RuntimeError("the process that makes documents has ended") from None


def to_tensors(batch: Batch) -> dict[str, torch.Tensor]:
    """Arrays as tensors; table rows and indices as int64."""
    return {
        k: torch.from_numpy(v.astype(np.int64) if v.dtype.kind == "i" else v)
        for k, v in batch.items()
    }


@dataclass
class Progress:
    """What all runs together have done; seconds of processor time."""

    steps: int = 0
    seconds: float = 0.0


class Trainer:
    """Network, its moving average, optimizer and checkpoints."""

    def __init__(self, output: Path, config: ReaderConfig, minutes: float, peak: float) -> None:
        self.output, self.minutes, self.peak = output, minutes, peak
        self.model = Reader(config)
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.02, fused=True
        )
        self.progress = Progress()
        self.bf16 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")

    def rate(self) -> float:
        """Learning rate now: warm-up, then cosine to a twentieth."""
        done = min(1.0, self.progress.seconds / (self.minutes * 60))
        if self.progress.steps < 150 or done < WARM_UP / 4:
            return self.peak * min(1.0, (self.progress.steps + 1) / 150)
        return self.peak * (0.05 + 0.95 * (1 + math.cos(math.pi * done)) / 2)

    def step(self, batch: Batch) -> tuple[float, float]:
        """One update; returns span and tag loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        tensors = to_tensors(batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            points, absent = self.model(*(tensors[name] for name in INPUTS))
        spans, tags = reader_loss(
            points, absent, tensors["mask"], tensors["spans"], tensors["tags"]
        )
        (spans + tags).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.progress.steps += 1
        keep = min(EMA, self.progress.steps / (self.progress.steps + 10))
        if self.progress.steps % 4 == 0:
            self._average(keep**4)
        return spans.item(), tags.item()

    def _average(self, keep: float) -> None:
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        path = self.output / "checkpoint.pt"
        torch.save(
            {
                "config": self.model.config.as_dict(),
                "model": self.model.state_dict(),
                "average": self.average,
                "optimizer": self.optimizer.state_dict(),
                "steps": self.progress.steps,
                "seconds": self.progress.seconds,
            },
            path.with_suffix(".new"),
        )
        path.with_suffix(".new").replace(path)

    def begin_with(self, model: Reader) -> None:
        """Take over the weights of another network of the same shape."""
        self.model.load_state_dict(model.state_dict())
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    def resume(self) -> None:
        """Continue from the checkpoint in the output folder, if there is one."""
        path = self.output / "checkpoint.pt"
        if not path.exists():
            return
        saved = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average = saved["average"]
        self.optimizer.load_state_dict(saved["optimizer"])
        self.progress = Progress(saved["steps"], saved["seconds"])


def load_average(checkpoint: Path) -> tuple[Reader, int, float]:
    """The averaged network of a checkpoint, ready to run; its steps and training seconds."""
    saved = torch.load(checkpoint, weights_only=True)
    model = Reader(ReaderConfig(**saved["config"]))
    model.load_state_dict(saved["average"])
    return model.eval(), saved["steps"], saved["seconds"]


def train(trainer: Trainer, data: Iterator[Batch], save_every: float = 60.0) -> None:
    """Steps until the minutes are used or SIGTERM comes; a line every 50 steps in log.jsonl."""
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    started, before = time.process_time(), trainer.progress.seconds
    saved = started
    losses: list[tuple[float, float]] = []
    pages = 0
    for batch in data:
        losses.append(trainer.step(batch))
        pages += len(batch["mask"])
        now = time.process_time()
        trainer.progress.seconds = before + now - started
        if trainer.progress.steps % 50 == 0:
            _log(trainer, losses, pages / (now - started))
            losses = []
        if now - saved > save_every:
            trainer.save()
            saved = now
        if stop or trainer.progress.seconds >= trainer.minutes * 60:
            break
    trainer.save()


def _log(trainer: Trainer, losses: list[tuple[float, float]], pages_a_second: float) -> None:
    row = {
        "step": trainer.progress.steps,
        "seconds": round(trainer.progress.seconds),
        "span_loss": round(sum(s for s, _ in losses) / len(losses), 4),
        "tag_loss": round(sum(t for _, t in losses) / len(losses), 4),
        "pages_a_second": round(pages_a_second, 1),
    }
    print(json.dumps(row), flush=True)
    with (trainer.output / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--output", type=Path, default=Path("runs/reader"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="an exported reader.onnx to go on from")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args.output, ReaderConfig(), args.minutes, args.rate)
    if args.start:
        from finetune.reader.from_onnx import load_reader  # which exports, and so imports this

        trainer.begin_with(load_reader(args.start))
    trainer.resume()
    print(sum(p.numel() for p in trainer.model.parameters()), "parameters")
    train(trainer, stream(args.seed + 1000 * trainer.progress.steps))


if __name__ == "__main__":
    main()
