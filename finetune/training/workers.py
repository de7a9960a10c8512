"""Processes that make batches while another one trains."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full
from typing import Any, TypeVar

Batch = TypeVar("Batch")

PATIENCE_SECONDS = 20
"""Between looks at whether the process at the other end of a queue still lives."""


def from_workers(
    make: Callable[[int], Iterable[Batch]], seeds: Iterable[int], ready: int = 24
) -> Iterator[Batch]:
    """Batches of ``make(seed)``, made by one process for each seed, which end with this one.

    make: a function of a module, as the processes import it; it should go on for ever. ready:
    batches that wait in all. The order of batches is fixed with one seed only. Raises RuntimeError
    if a process has ended.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=ready)
    processes = [
        context.Process(target=_produce, args=(make, seed, queue), daemon=True) for seed in seeds
    ]
    for process in processes:
        process.start()
    try:
        while True:
            try:
                yield queue.get(timeout=PATIENCE_SECONDS)
            except Empty:
                if not all(process.is_alive() for process in processes):
                    raise RuntimeError("a process that makes batches has ended") from None
    finally:
        for process in processes:
            process.terminate()


def _produce(make: Callable[[int], Iterable[Any]], seed: int, queue: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trains
    os.nice(3)
    for batch in make(seed):
        if not put_while_wanted(queue, batch):
            return


def put_while_wanted(queue: Any, batch: Any) -> bool:
    """Wait for a free place in the queue; False when the training process has gone."""
    parent = multiprocessing.parent_process()
    while parent is None or parent.is_alive():
        try:
            queue.put(batch, timeout=PATIENCE_SECONDS)
            return True
        except Full:
            continue
    return False
