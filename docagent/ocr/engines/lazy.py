"""Lazy construction of engines, safe for pages read in parallel threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from docagent.forking import ForkLock

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """A callable that constructs a value with ``make`` on first use and then returns the same one.

    Threads wait while it is constructed. If ``make`` raises, the next call tries again.
    """
    lock = ForkLock()
    made: list[T] = []

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
