"""Safety under ``fork``: objects replace their locks, threads, sockets and child processes.

``fork`` copies the memory of a process, but only the thread that called it. In the child, a lock
that another thread held stays locked for ever, and a thread pool has no threads. An object with
such parts registers with ``renew_in_children``.
"""

from __future__ import annotations

import ctypes
import functools
import os
from threading import RLock
from typing import Any, Protocol, Self, TypeVar, overload
from weakref import ref

T = TypeVar("T")


class Renewed(Protocol):
    """An object with parts that do not survive a fork."""

    def after_fork(self) -> None:
        """Called in a forked child before any other code runs there."""
        ...


_REGISTERED: set[ref[Renewed]] = set()


def renew_in_children(renewed: Renewed) -> None:
    """Register an object: every child forked from now on calls its ``after_fork``.

    The registration ends with the object; it holds a weak reference only.
    """
    # Both of the set's methods are atomic, so that no lock is needed.
    _REGISTERED.add(ref(renewed, _REGISTERED.discard))


def _after_fork_in_child() -> None:
    for reference in tuple(_REGISTERED):
        renewed = reference()
        if renewed is not None:
            renewed.after_fork()


def never_freed(value: object) -> None:
    """Keep an object until the process ends, so that its destructor never runs.

    In a forked child the destructor of an inference session waits for threads that do not exist.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


class ForkLock:
    """A reentrant lock that is free in a forked child, whichever thread held it in the parent.

    It can be pickled; the copy is a new, free lock.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        renew_in_children(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def acquire(self, timeout: float = -1) -> bool:
        """Take the lock; False if ``timeout`` seconds pass before (-1: no limit)."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Release the lock. Raises RuntimeError in a thread that does not hold it."""
        self._lock.release()

    def after_fork(self) -> None:
        """Replace the lock, which a thread of the parent may have held."""
        self._lock = RLock()

    def __reduce__(self) -> tuple[type[ForkLock], tuple[()]]:
        return ForkLock, ()


class cached_property(functools.cached_property[T]):
    """``functools.cached_property`` without the lock of Python 3.11.

    All instances of a class share that lock: one PDF that takes long to parse stalls all others,
    and a child that is forked meanwhile waits for ever. Without it two threads may both compute
    the value, which does no harm as values are equal.
    """

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | T:
        if instance is None:
            return self
        assert self.attrname is not None
        cache: dict[str, T] = instance.__dict__
        if self.attrname not in cache:
            cache[self.attrname] = self.func(instance)
        return cache[self.attrname]


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
