"""The worker processes of a server: started, woken when a job waits, replaced when they die."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import SpawnProcess

from docagent.api.logs import LOG
from docagent.api.problems import RequestError
from docagent.api.worker import ENDED, run_worker
from docagent.jobs.worker import worker_name
from docagent.settings import Settings

MIN_RESTART_SECONDS = 1.0
"""A worker that dies at once is not started again sooner than this after its start."""
LOAD_SECONDS = 3.0
"""A worker loads its models this much later than the one before it, which then has them on a quiet
machine. Loading them at once, all are late for the first job."""
STOP_SECONDS = 10.0
"""How long a worker may take to finish the page it is at when the server stops."""

_CHUNK = 4096


class _Worker:
    """One process with the connection to it."""

    def __init__(self, settings: Settings, name: str, delay: float) -> None:
        """delay: seconds before it loads its models, unless a job comes."""
        context = multiprocessing.get_context("spawn")
        wakes, self._to_worker = context.Pipe(duplex=False)
        self._from_worker, says = context.Pipe(duplex=False)
        self.process: SpawnProcess = context.Process(
            target=run_worker, args=(settings, name, wakes, says, delay), name=name, daemon=True
        )
        self.process.start()
        self.started = time.monotonic()
        wakes.close()
        says.close()
        # A worker that does not listen must not stop the server.
        os.set_blocking(self._to_worker.fileno(), False)
        os.set_blocking(self._from_worker.fileno(), False)

    @property
    def fileno(self) -> int:
        """What the worker says arrives here."""
        return self._from_worker.fileno()

    def wake(self) -> None:
        """A job waits. If nothing can be written, enough is written already."""
        with suppress(OSError):
            os.write(self._to_worker.fileno(), b"w")

    def heard(self) -> bytes | None:
        """What the worker said; None if it died and says nothing more."""
        try:
            return os.read(self._from_worker.fileno(), _CHUNK) or None
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close the connection, which ends an idle worker."""
        self._to_worker.close()
        self._from_worker.close()


class WorkerPool:
    """Keeps ``count`` workers alive. Used in one event loop, except for ``wake``."""

    def __init__(
        self,
        settings: Settings,
        count: int,
        on_change: Callable[[bool], None],
        on_death: Callable[[str], None],
    ) -> None:
        """on_change: called when a worker says that a job changed, with whether one ended.
        on_death: called in a thread with the name, in the store, of a worker that died."""
        self._settings, self._count = settings, count
        self._on_change, self._on_death = on_change, on_death
        self._workers: dict[int, _Worker] = {}
        self._is_stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start all workers, in the running event loop."""
        for place in range(self._count):
            self._start(place)

    def wake(self) -> None:
        """A job waits. May be called from any thread."""
        for worker in tuple(self._workers.values()):
            worker.wake()

    def check(self) -> None:
        """Raises RequestError if no worker runs."""
        if not any(worker.process.is_alive() for worker in self._workers.values()):
            raise RequestError(503, "server.no_worker", "no worker runs", retry_after=2.0)

    async def stop(self) -> None:
        """Stop all workers: each finishes the page it is at, or is killed. Jobs that they leave are
        taken up by the next server."""
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        for worker in self._workers.values():
            loop.remove_reader(worker.fileno)
            worker.close()
        await asyncio.gather(*(asyncio.to_thread(_end, w.process) for w in self._workers.values()))
        self._workers.clear()

    def _start(self, place: int) -> None:
        if self._is_stopping:
            return
        worker = _Worker(self._settings, f"worker-{place}", place * LOAD_SECONDS)
        self._workers[place] = worker
        loop = asyncio.get_running_loop()
        loop.add_reader(worker.fileno, self._read, place, worker)

    def _read(self, place: int, worker: _Worker) -> None:
        """What a worker says; nothing more comes from one that died."""
        said = worker.heard()
        if said is not None:
            self._on_change(ENDED in said)
            return
        asyncio.get_running_loop().remove_reader(worker.fileno)
        worker.close()
        self._replace(place, worker)

    def _replace(self, place: int, worker: _Worker) -> None:
        worker.process.join(1.0)
        LOG.warning("worker_died", worker=worker.process.name, code=worker.process.exitcode)
        self._tasks.add(task := asyncio.create_task(self._release(worker)))
        task.add_done_callback(self._tasks.discard)
        wait = max(0.0, worker.started + MIN_RESTART_SECONDS - time.monotonic())
        asyncio.get_running_loop().call_later(wait, self._start, place)

    async def _release(self, worker: _Worker) -> None:
        """Let the others have the job of a worker that died."""
        pid = worker.process.pid
        assert pid is not None  # it was started
        await asyncio.to_thread(self._on_death, worker_name(worker.process.name, pid))
        self.wake()
        self._on_change(True)


def _end(process: SpawnProcess) -> None:
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
