"""Train a LLaVA from a configuration on synthetic documents, on a CPU core or one GPU.

    python -m finetune.llava train --config finetune/configs/llava_tiny.yaml \
        --output runs/llava_tiny --minutes 80

Builds the untrained checkpoint first (``OUTPUT/start``; ``--start`` goes on from a trained one
instead), writes the trained one to ``OUTPUT/checkpoint``. Runs again from the last state in the
output folder; the learning rate follows the share of ``--minutes`` that all runs together have
used, which ends with the checkpoint written. ``SIGTERM`` saves and stops.

``--shards FOLDER`` streams samples through files there, which outlast a run: what was made is not
lost, and comes again when new samples are not made in time. ``--make-only`` makes them ahead.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from finetune.llava.batch_workers import BatchStream
from finetune.llava.batches import Batch, encoded_samples
from finetune.llava.build import DTYPES, build
from finetune.llava.config import LlavaSettings, argument, checkpoint_folder, load_settings
from finetune.llava.encoding import Encoded
from finetune.llava.scoring import score_greedy
from finetune.llava.shards import ShardFolder
from finetune.llava.trainer import Tally, Trainer
from finetune.training import Stopper

HELD_OUT_SEED = 900_001
"""Held-out samples are drawn with it; training seeds stay below."""
LOG_EVERY = 25
LOG_SECONDS = 60
"""A line of the log after so many steps or so much time."""
TELL_SECONDS = 10
"""Between lines about shards that are made."""
SCORING = 0.1
"""Share of the time between two scorings that one may take."""


def held_out_samples(trainer: Trainer, count: int) -> list[Encoded]:
    """Encoded samples of documents that training does not see."""
    data, longest = trainer.settings.data.as_served, trainer.settings.training.longest
    rng = random.Random(HELD_OUT_SEED)
    stream = encoded_samples(trainer.processor, data, rng, lambda: longest)
    return [next(stream) for _ in range(count)]


def train(
    trainer: Trainer, data: BatchStream, *, score_every: float = 420, most_steps: int = 0
) -> None:
    """Steps until the minutes are used, or SIGTERM. A line in ``log.jsonl`` every few steps,
    and now and then greedy answers to held-out samples. most_steps: stop earlier."""
    last = trainer.steps + most_steps
    with Stopper() as stopper:

        def is_over() -> bool:
            ended = most_steps and trainer.steps >= last
            return bool(stopper.signal or ended or trainer.clock.progress >= 1)

        _steps(trainer, data, score_every, is_over)
    trainer.save()


def _steps(
    trainer: Trainer, data: BatchStream, score_every: float, is_over: Callable[[], bool]
) -> None:
    trainer.keep_time(trainer.save())  # a disk that cannot take it is told before the work
    held_out = held_out_samples(trainer, 32) if score_every else []
    saved = scored = time.monotonic()
    log = Log(trainer, data)
    for parts in _grouped(data.until(is_over), trainer.settings.training.passes):
        trainer.step(parts, log.tally)
        if log.is_due:
            data.limit(trainer.longest())
            log.write()
        if time.monotonic() - saved > trainer.settings.training.save_seconds:
            trainer.save()
            saved = time.monotonic()
        if score_every and time.monotonic() - scored > score_every and not is_over():
            most = min(SCORING * score_every, trainer.clock.left)
            score = score_greedy(trainer.model, trainer.processor.tokenizer, held_out, most)
            log.write({"held_out": str(score)})
            scored = time.monotonic()
    log.write()


def _grouped(batches: Iterator[Batch], passes: int) -> Iterator[list[Batch]]:
    """Batches, so many for each step; what is left in the end is not used."""
    while len(group := list(islice(batches, passes))) == passes:
        yield group


class Log:
    """Lines of ``log.jsonl``: what was learnt, how fast, and whether samples come in time.

    worker_tokens_a_second: what one process makes while it is not held up by a full queue.
    waited: share of the time in which the training had no batch.
    """

    def __init__(self, trainer: Trainer, data: BatchStream) -> None:
        self._trainer, self._data = trainer, data
        self._begin()

    def _begin(self) -> None:
        self.tally = Tally()
        self._waited, self._made = self._data.waited, self._data.meter.read()

    @property
    def is_due(self) -> bool:
        past = time.monotonic() - self.tally.started > LOG_SECONDS
        return self._trainer.steps % LOG_EVERY == 0 or past

    def write(self, row: dict[str, Any] | None = None) -> None:
        """A line about the steps since the last one, if there were any, or this row."""
        trainer, tally = self._trainer, self.tally
        if row is None and not tally.steps:
            return
        made = {
            "step": trainer.steps,
            "seconds": round(trainer.clock.elapsed),
            "tokens": trainer.tokens,
        }
        line = json.dumps(made | (row or tally.row() | self._supply()))
        print(line, flush=True)
        with (trainer.output / "log.jsonl").open("a") as file:
            file.write(line + "\n")
        self._begin()

    def _supply(self) -> dict[str, float]:
        tokens, seconds = (
            now - then for now, then in zip(self._data.meter.read(), self._made, strict=True)
        )
        since = time.monotonic() - self.tally.started
        return {
            "worker_tokens_a_second": round(tokens / seconds) if seconds else 0,
            "waited": round((self._data.waited - self._waited) / since, 3),
        }


def make_only(settings: LlavaSettings, start: Path, shards: ShardFolder, minutes: float) -> None:
    """Write shards for so many minutes, and how fast that goes."""
    began = told = time.monotonic()
    wanted = settings.training
    # Seeds of a training that may run beside it are full thousands away from its own.
    data = BatchStream(start, settings, wanted.longest, settings.seed + 500, shards, read=False)
    with Stopper() as stopper:
        while not stopper.signal and (passed := time.monotonic() - began) < 60 * minutes:
            time.sleep(min(1.0, 60 * minutes - passed))
            if time.monotonic() - told >= TELL_SECONDS or passed + 1 >= 60 * minutes:
                told = time.monotonic()
                _tell_supply(data, shards, told - began)
    data.close()


def _tell_supply(data: BatchStream, shards: ShardFolder, passed: float) -> None:
    tokens, seconds = data.meter.read()
    row = {
        "seconds": round(passed),
        "tokens": round(tokens),
        "worker_tokens_a_second": round(tokens / seconds) if seconds else 0,
        "shards": len(shards.files()),
    }
    print(json.dumps(row), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--config", type=argument(load_settings), required=True, help="YAML, see finetune/configs"
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--start", type=argument(checkpoint_folder), help="a checkpoint folder to go on from"
    )
    parser.add_argument("--minutes", type=float, default=40, help="of wall time, all runs together")
    parser.add_argument("--threads", type=int, default=1, help="of torch on a CPU")
    parser.add_argument("--steps", type=int, default=0, help="stop after so many (0: no limit)")
    parser.add_argument("--tokens", type=int, help="of a step, instead of the configuration's")
    parser.add_argument("--workers", type=int, help="instead of the configuration's")
    parser.add_argument("--shards", type=Path, help="folder of samples on disk, made or read")
    parser.add_argument("--shards-gb", type=float, default=20, help="most that the folder holds")
    parser.add_argument("--make-only", action="store_true", help="write --shards, train nothing")
    parser.add_argument("--compile", action="store_true", help="torch.compile, on a GPU only")
    parser.add_argument("--score-every", type=float, default=420, help="seconds; 0: never")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="of the checkpoint")
    return parser


def _settings(args: argparse.Namespace) -> LlavaSettings:
    """The configuration with what the command line says instead."""
    given = {"tokens": args.tokens, "workers": args.workers}
    changed = {name: value for name, value in given.items() if value}
    settings: LlavaSettings = args.config
    training = settings.training.replace(**changed)
    return settings.replace(training=training)


def _prepare(args: argparse.Namespace, settings: LlavaSettings) -> ShardFolder | None:
    """Make the untrained checkpoint if there is none, and the folder of shards. Raises ValueError
    if that has shards of another checkpoint."""
    start = args.output / "start"
    if args.start and not start.exists():
        shutil.copytree(args.start, start)
    if not (start / "config.json").is_file():
        build(settings, start)
    if not args.shards:
        return None
    shards = ShardFolder(args.shards, args.output / "shards_read.json", args.shards_gb * 1e9)
    shards.claim(start)
    return shards


def main() -> None:
    """Parse the command line and train."""
    parser = _parser()
    args = parser.parse_args()
    if args.make_only and not args.shards:
        parser.error("--make-only needs --shards, a folder to write")
    torch.set_num_threads(args.threads)
    settings = _settings(args)
    torch.manual_seed(settings.seed)
    try:
        shards = _prepare(args, settings)
        if shards and args.make_only:
            make_only(settings, args.output / "start", shards, args.minutes)
            return
        trainer = Trainer(settings, args.output, args.minutes, args.compile)
        resumed = trainer.resume()
    except ValueError as error:
        parser.error(str(error))
    count = sum(p.numel() for p in trainer.model.parameters())
    print(f"{count:,} parameters on {trainer.device}; resumed: {resumed}", flush=True)
    if args.compile and not trainer.compiled:
        print("--compile is for a GPU, of which there is none; going on without it", flush=True)
    seed = settings.seed + 1000 * (1 + trainer.steps)
    data = BatchStream(args.output / "start", settings, trainer.longest(), seed, shards)
    try:
        train(trainer, data, score_every=args.score_every, most_steps=args.steps)
    finally:
        data.close()
    trainer.export(args.output / "checkpoint", args.dtype)
