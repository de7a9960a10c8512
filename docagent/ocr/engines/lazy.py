"""Engines are made when first used, and once: pages are read side by side, a thread each."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """A callable that gives what ``make`` made, to all threads the same; they wait while it is
    made. If ``make`` raises, the next call tries again."""
    lock = Lock()
    made: list[T] = []

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
