"""Processes that make batches while another one trains, and how much they can make.

They hand batches over at once, or write shards of samples that one more process makes batches of
(``finetune.llava.shards``): a restart then goes on with what was made before it, and where samples
are made too slowly, old ones come again instead of nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from threading import Thread
from typing import Any

from finetune.llava.batches import Batch, batches, encoded_samples
from finetune.llava.config import DataConfig, LlavaSettings, TrainingConfig
from finetune.llava.encoding import Encoded
from finetune.llava.shards import ShardFolder
from finetune.training.workers import put_while_wanted

READY = 8
"""Batches that wait in the training process."""


class Meter:
    """Tokens that processes have made together, and the seconds that each was busy, in sum."""

    def __init__(self, context: SpawnContext) -> None:
        self._sums = context.Array("d", 2)

    def add(self, tokens: int, seconds: float) -> None:
        with self._sums.get_lock():
            self._sums[0] += tokens
            self._sums[1] += seconds

    def read(self) -> tuple[float, float]:
        """Tokens and seconds so far."""
        return self._sums[0], self._sums[1]

    def timed(self, stream: Iterator[Encoded]) -> Iterator[Encoded]:
        """The same samples, counted."""
        while True:
            began = time.monotonic()
            one = next(stream)
            self.add(len(one.ids), time.monotonic() - began)
            yield one


@dataclass(frozen=True)
class Order:
    """What a process is told. checkpoint: a folder whose processor encodes. limit: tokens of the
    longest sample, a shared number."""

    checkpoint: Path
    data: DataConfig
    training: TrainingConfig
    seed: int
    limit: Any
    meter: Meter
    shards: ShardFolder | None = None

    def processor(self) -> Any:
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(self.checkpoint)

    def samples(self, processor: Any, rng: random.Random, longest: Callable[[], int]) -> Any:
        """New samples for ever, counted."""
        return self.meter.timed(encoded_samples(processor, self.data, rng, longest))


class BatchStream:
    """Batches made by processes of their own, which end with this one.

    checkpoint: a folder whose processor encodes. ``limit``: tokens of the longest sample; may be
    changed while training. With several workers the order of batches is not fixed. waited: seconds
    that whoever takes the batches has waited for them. read: False only writes shards.
    """

    def __init__(
        self,
        checkpoint: Path,
        settings: LlavaSettings,
        longest: int,
        seed: int,
        shards: ShardFolder | None = None,
        *,
        read: bool = True,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        workers = settings.training.workers
        self._queue = context.Queue(maxsize=4 + 2 * workers)
        self._limit = context.Value("i", longest)
        self.meter, self.waited = Meter(context), 0.0
        self._made = []
        for number in range(workers):
            order = Order(
                checkpoint,
                settings.data,
                settings.training,
                seed + number,
                self._limit,
                self.meter,
                shards,
            )
            target, given = (_produce, (order, self._queue)) if not shards else (_write, (order,))
            self._made.append(context.Process(target=target, args=given, daemon=True))
        if shards and read:
            reader = context.Process(target=_replay, args=(order, self._queue), daemon=True)
            self._made.append(reader)
        for process in self._made:
            process.start()
        # Unpacking a batch of pictures takes a while, in which the next step can begin.
        self._ready: queue.Queue[Batch] = queue.Queue(READY)
        Thread(target=self._fetch, daemon=True).start()

    def _fetch(self) -> None:
        while True:
            self._ready.put(self._queue.get())

    def close(self) -> None:
        """End the processes."""
        for process in self._made:
            process.terminate()

    def limit(self, longest: int) -> None:
        """From now on make samples of at most so many tokens."""
        self._limit.value = longest

    def until(self, is_over: Callable[[], bool]) -> Iterator[Batch]:
        """Batches until it is over, which is asked every half second of waiting too. Raises
        RuntimeError if a process that makes them has ended."""
        while not is_over():
            began = time.monotonic()
            try:
                batch = self._ready.get(timeout=0.5)
            except queue.Empty:
                if not all(process.is_alive() for process in self._made):
                    raise RuntimeError("a process that makes samples has ended") from None
                continue
            finally:
                self.waited += time.monotonic() - began
            yield batch


def _produce(order: Order, made: Any) -> None:
    """New samples in batches."""
    os.nice(2)
    rng, processor = random.Random(order.seed), order.processor()
    stream = order.samples(processor, rng, lambda: int(order.limit.value))
    _hand_over(order, processor, stream, rng, made)


def _replay(order: Order, made: Any) -> None:
    """Samples of shards in batches, what was read least first."""
    rng, processor = random.Random(order.seed), order.processor()
    assert order.shards is not None
    read = order.shards.read(rng)
    stream = (one for one in read if len(one.ids) <= int(order.limit.value))
    _hand_over(order, processor, stream, rng, made)


def _hand_over(
    order: Order, processor: Any, stream: Iterator[Encoded], rng: random.Random, made: Any
) -> None:
    wanted, pad = order.training, processor.tokenizer.pad_token_id
    for batch in batches(stream, rng, wanted.forward, pad, wanted.sorted):
        if not put_while_wanted(made, batch):
            return


def _write(order: Order) -> None:
    """New samples in shards, while whoever wants them lives."""
    os.nice(2)
    assert order.shards is not None
    seed = order.shards.free_seed(order.seed)
    processor, longest = order.processor(), order.training.longest
    parent = multiprocessing.parent_process()
    stream = order.samples(processor, random.Random(seed), lambda: longest)
    order.shards.write(stream, seed, lambda: parent is not None and not parent.is_alive())
