"""Calls side by side: results in the order of their items, and asyncio versions of methods."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")
Owner = TypeVar("Owner")


def in_order(call: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """``call`` of each item on ``workers`` threads, in the order of the items.

    At most twice as many items as workers are taken before their results are, so that ``items``
    may be endless. Exceptions of ``call`` end the iteration. Items that were not begun when the
    iterator is closed are left out.
    """
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(copy_context().run, call, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


async def in_order_async(
    call: Callable[[T], R], items: Iterable[T], workers: int
) -> AsyncIterator[R]:
    """``in_order`` for asyncio. Calls that run when the iterator is closed end unseen."""
    waiting: deque[asyncio.Task[R]] = deque()
    try:
        for item in items:
            waiting.append(asyncio.create_task(asyncio.to_thread(call, item)))
            if len(waiting) >= workers:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()


def in_thread(
    method: Callable[Concatenate[Owner, P], R],
) -> Callable[Concatenate[Owner, P], Coroutine[Any, Any, R]]:
    """A method for asyncio: the same one, on a thread of the event loop's pool.

    A call that is cancelled runs on to its end, unseen.
    """
    name = method.__name__

    @functools.wraps(method)
    async def run(self: Owner, /, *args: P.args, **kwargs: P.kwargs) -> R:
        # By name, so that a subclass that changes the method changes this one too.
        bound: Callable[..., R] = getattr(self, name)
        return await asyncio.to_thread(bound, *args, **kwargs)

    run.__name__, run.__qualname__ = f"a{name}", f"a{method.__qualname__}"
    run.__doc__ = f"``{name}`` for asyncio: on a thread, so that the event loop goes on."
    return run
