"""Worker processes for tests that kill them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from docagent.jobs.worker import worker_name
from docagent.settings import Settings
from docagent.store import Job
from docagent.store.store import Library, Store

DEADLINE_SECONDS = 240.0
"""How long a test waits for anything; far more than it needs."""

NAME = "test"


class WorkerProcess:
    """``docagent worker`` as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        variables = {
            "DOCAGENT_STORE_FOLDER": str(settings.store.folder),
            "DOCAGENT_STORE_URL": settings.store.url.get_secret_value(),
            "DOCAGENT_STORE_KEY": settings.store.key.get_secret_value(),
            "DOCAGENT_JOBS_LEASE": str(settings.jobs.lease),
            "DOCAGENT_JOBS_SECONDS": str(settings.jobs.seconds),
            "DOCAGENT_THREADS": "1",
        }
        command = [sys.executable, "-m", "docagent", "worker", "--name", NAME]
        self._process = subprocess.Popen(command, env={**os.environ, **variables})
        self.name = worker_name(NAME, self._process.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash or the kernel does, without a chance to tidy up."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        return self._process.wait(timeout=DEADLINE_SECONDS)

    def stop_in_job(self, store: Store, library: Library) -> Job:
        """Suspend the process while it runs a job, and not while it holds the lock of SQLite's only
        writer; returns the job."""
        end = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < end:
            time.sleep(0.02)
            self.send(signal.SIGSTOP)
            running = library.jobs.list(1000, state="running").items
            held = [job for job in running if job.worker == self.name]
            if held and _can_be_written(store):
                return held[0]
            self.send(signal.SIGCONT)
        raise AssertionError("the worker was never found at work")


@contextmanager
def worker_processes(settings: Settings, count: int) -> Iterator[list[WorkerProcess]]:
    """Processes that end with the block; the block may add more."""
    started: list[WorkerProcess] = []
    try:
        started.extend(WorkerProcess(settings) for _ in range(count))
        yield started
    finally:
        for process in started:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition. Raises AssertionError if it does not come true."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def _can_be_written(store: Store) -> bool:
    if not store.database.is_sqlite:
        return True
    path = Path(store.database.engine.url.database or "")
    connection = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
