"""Worker processes: each runs one job at a time, and any number of them share a store.

A worker extends the lease of its job while it lives. One that dies, hangs or is cut off loses the
job to another one, so that a job is never lost and never has two results.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from docagent.agent import DocAgent
from docagent.errors import StoreError
from docagent.jobs.progress import Progress, StoppedError
from docagent.jobs.running import Ended, Runner
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.leases import Lease
from docagent.store.store import Store
from docagent.store.types import JobError

LOG = logging.getLogger("docagent.jobs")

EXTENSIONS_PER_LEASE = 4
STUCK_EXIT_CODE = 70
"""Exit code of a worker that ended itself because a job took too long."""
_STOP_SECONDS = 0.2
"""Between two looks at whether to stop."""
_UNAVAILABLE_SECONDS = 1.0
_READ_BYTES = 4096


def worker_name(name: str, pid: int) -> str:
    """What a worker process is called in the store; no other one is called so while it lives."""
    return f"{name}@{socket.gethostname()}:{pid}"


def run_worker(
    settings: Settings,
    name: str,
    wakes: Connection | None = None,
    says: Connection | None = None,
    ended: Ended | None = None,
) -> None:
    """Run jobs until the process is asked to stop, by SIGTERM, or by the closing of ``wakes``. It
    then finishes the page that is being read, and lets the job wait for another worker.

    wakes: whatever arrives here ends the wait for the next look at the jobs. says: a byte is
    written here for each change of a job. name: for logs; need not be unique. ended: see
    ``Runner``.
    """
    stop, wake = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        wake.set()

    signal.signal(signal.SIGTERM, end)
    # Ctrl-C is for the process that started this one, if there is one.
    signal.signal(signal.SIGINT, end if wakes is None else signal.SIG_IGN)
    if wakes is not None:
        threading.Thread(target=_listen, args=(wakes, wake, end), daemon=True).start()
    store = open_store(settings)
    runner = Runner(store, DocAgent(settings), _speaker(says), ended)
    Worker(store, runner, worker_name(name, os.getpid())).run(stop, wake)
    store.close()


class Worker:
    """Takes jobs one after the other and runs them."""

    def __init__(self, store: Store, runner: Runner, name: str) -> None:
        """name: one that no other worker of the store has."""
        self._store = store
        self._runner = runner
        self._name = name
        self._settings = store.settings.jobs

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Run jobs until ``stop`` is set. wake: set by others when there may be a new job, so that
        it does not wait for the next look."""
        while not stop.is_set():
            try:
                worked = self.run_next(stop)
            except StoreError as error:
                # The lease runs out, and whoever reaches the store first takes the job.
                LOG.warning("the store cannot be used: %s", error.code)
                worked = False
                stop.wait(_UNAVAILABLE_SECONDS)
            if not worked:
                wake.wait(self._settings.poll)
                wake.clear()

    def run_next(self, stop: threading.Event) -> bool:
        """Run the next job, if there is one; returns whether there was. stop: gives the job back
        after the page that is being read. Raises StoreError if the store cannot be used."""
        lease = self._store.leases.take(self._name)
        if lease is None:
            return False
        progress = Progress(self._store.leases, lease, self._runner.changed)
        with self._held(lease, progress, stop):
            try:
                self._runner.run(lease, progress)
            except StoppedError:
                self._store.leases.give_back(lease)  # in vain if the lease is over
            except StoreError:
                raise
            except Exception as error:  # the job fails, and the worker goes on with the next one
                LOG.error("fault %s at %s", type(error).__name__, _places(error))
                message = f"{type(error).__name__} in docagent; the log of the worker says where"
                self._store.leases.fail(lease, JobError(code="job.fault", message=message))
        return True

    @contextmanager
    def _held(self, lease: Lease, progress: Progress, stop: threading.Event) -> Iterator[None]:
        """Extends the lease in a thread while the block runs."""
        is_done = threading.Event()
        arguments = (lease, progress, stop, is_done)
        keeper = threading.Thread(target=self._keep, args=arguments, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            is_done.set()
            keeper.join()

    def _keep(
        self,
        lease: Lease,
        progress: Progress,
        stop: threading.Event,
        is_done: threading.Event,
    ) -> None:
        interval = self._settings.lease / EXTENSIONS_PER_LEASE
        end = time.monotonic() + self._settings.seconds
        extended = time.monotonic()
        while not is_done.wait(min(interval, _STOP_SECONDS)):
            if stop.is_set():
                progress.stop()
            if time.monotonic() >= end:
                self._end_stuck(lease)
            with suppress(StoreError):  # it may be there again before the lease is over
                progress.flush()
                if time.monotonic() >= extended + interval:
                    extended = time.monotonic()
                    progress.extend()

    def _end_stuck(self, lease: Lease) -> None:
        """End the process, as a thread that hangs cannot be ended."""
        message = (
            f"the job took longer than {self._settings.seconds:g} seconds "
            "(DOCAGENT_JOBS_SECONDS); its worker was ended"
        )
        with suppress(StoreError):
            self._store.leases.fail(lease, JobError(code="job.timeout", message=message))
        os._exit(STUCK_EXIT_CODE)


def _listen(wakes: Connection, wake: threading.Event, end: Callable[[], None]) -> None:
    """Passes on what arrives; the end of it is the end of the process that started this one."""
    while True:
        try:
            heard = os.read(wakes.fileno(), _READ_BYTES)
        except OSError:
            heard = b""
        if not heard:
            end()
            return
        wake.set()


def _speaker(says: Connection | None) -> Callable[[], None]:
    """Writes a byte for each change. Nobody may be listening any more."""
    if says is None:
        return lambda: None
    os.set_blocking(says.fileno(), False)

    def say() -> None:
        with suppress(OSError):
            os.write(says.fileno(), b"c")

    return say


def _places(error: BaseException) -> str:
    """Where an error came from, without its message, which may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
