"""Handing batches from the process that makes them to the one that trains."""

from __future__ import annotations

import multiprocessing
from queue import Full
from typing import Any


def put_while_wanted(queue: Any, batch: Any) -> bool:
    """Wait for a free place in the queue; False when the training process has gone."""
    parent = multiprocessing.parent_process()
    while parent is None or parent.is_alive():
        try:
            queue.put(batch, timeout=20)
            return True
        except Full:
            continue
    return False
