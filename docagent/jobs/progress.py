"""How far a job is, as its worker notes it in the store."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock

from docagent.store.leases import Lease, Leases
from docagent.store.types import JobStage

_Note = tuple[JobStage, int, int | None]


class StoppedError(Exception):
    """Work on a job ends before its result: the lease is over, or the worker is asked to stop."""


class Progress:
    """The progress of one job. Used by the thread that works on it and by the one that keeps its
    lease.

    Notes of a document of one page are left to the keeper: such a job is mostly done before
    anybody could see them, and each would take longer than the rest of the store's work for it.
    """

    def __init__(self, leases: Leases, lease: Lease, changed: Callable[[], None]) -> None:
        """changed: called after each note that was written."""
        self._leases = leases
        self._lease = lease
        self._changed = changed
        self._is_stopped = Event()
        self._lock = Lock()
        self._pending: _Note | None = None
        self.pages: int | None = None

    def stop(self) -> None:
        """Let the job end at its next note."""
        self._is_stopped.set()

    def note(self, stage: JobStage, done: int, total: int | None) -> None:
        """Note a step. Raises StoppedError if the job is stopped or its lease over."""
        self.pages = done
        with self._lock:
            self._pending = stage, done, total
        if total != 1:
            self.flush()
        if self._is_stopped.is_set():
            raise StoppedError

    def flush(self) -> bool:
        """Write what is noted and not yet written, and stop the job if its lease is over; returns
        whether there was anything. Raises StoreError if the store cannot be used."""
        with self._lock:
            if self._pending is None:
                return False
            if not self._leases.progress(self._lease, *self._pending):
                self.stop()
            self._pending = None
        self._changed()
        return True

    def extend(self) -> None:
        """Hold the lease for longer, and stop the job if it is over. Raises StoreError."""
        if not self._leases.extend(self._lease):
            self.stop()
