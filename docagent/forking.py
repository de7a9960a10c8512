"""What a forked process makes anew: locks, and whatever holds threads, sockets or child processes.

``fork`` copies the memory of a process but only the thread that called it. A lock that another
thread held stays locked in the child for ever, and a pool of threads has none left.
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
    """A thing with parts that do not survive a fork."""

    def after_fork(self) -> None:
        """Called in a forked child before anything else runs there."""
        ...


_THINGS: set[ref[Renewed]] = set()


def renew_in_children(thing: Renewed) -> None:
    """Has ``thing.after_fork`` called in every child forked from now on, as long as it lives."""
    # Both of the set's methods are atomic: no lock is needed.
    _THINGS.add(ref(thing, _THINGS.discard))


def _after_fork_in_child() -> None:
    for reference in tuple(_THINGS):
        thing = reference()
        if thing is not None:
            thing.after_fork()


def never_freed(thing: object) -> None:
    """Keeps an object until the process ends, its destructor uncalled: in a child, that of an
    inference session waits for threads that are not there."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


class ForkLock:
    """A lock that one thread may take again while it holds it, and that is free in a forked child,
    whoever held it in the parent. It can be pickled; the copy is another lock, and free."""

    def __init__(self) -> None:
        self._lock = RLock()
        renew_in_children(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def acquire(self, timeout: float = -1) -> bool:
        """Whether the lock was taken within ``timeout`` seconds (-1: waits as long as it takes)."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Raises RuntimeError in a thread that does not hold it."""
        self._lock.release()

    def after_fork(self) -> None:
        """Replaces the lock, which a thread of the parent may have held."""
        self._lock = RLock()

    def __reduce__(self) -> tuple[type[ForkLock], tuple[()]]:
        return ForkLock, ()


class cached_property(functools.cached_property[T]):
    """``functools.cached_property`` without the lock of Python 3.11.

    That lock is one for all instances of a class: one PDF that takes long to parse stalls all
    others, and a child that was forked meanwhile waits for ever. Here two threads may compute a
    value twice, and both get the same.
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
