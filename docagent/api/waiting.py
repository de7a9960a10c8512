"""Waiting for jobs: one look at the store serves everybody who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from docagent.errors import StoreError
from docagent.store.types import Job

JobKey = tuple[str, str]
"""Owner and id of a job."""
Look = Callable[[Collection[JobKey]], Iterable[Job]]
"""The jobs with these keys as they are now; those that are gone are left out."""


@dataclass
class _Watch:
    """Somebody who waits. last: the job as they know it; None once it is gone. only_end: whether
    they wait for its end alone."""

    last: Job | None
    only_end: bool
    queue: asyncio.Queue[Job | None] = field(default_factory=asyncio.Queue)

    def tell(self, job: Job | None) -> None:
        if job != self.last and (job is None or job.is_final or not self.only_end):
            self.last = job
            self.queue.put_nowait(job)


class Watcher:
    """Looks at the jobs that somebody waits for: when a worker says that something changed, and
    otherwise every ``seconds``. Used in one event loop."""

    def __init__(self, look: Look, seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._watched: dict[JobKey, list[_Watch]] = {}
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def notify(self, ended: bool = True) -> None:
        """Some job changed. ended: whether one ended; if not, those who wait for ends alone are
        not worth a look. May be called from any thread."""
        if self._loop is not None and (ended or self._progress_matters()):
            self._loop.call_soon_threadsafe(self._changed.set)

    def _progress_matters(self) -> bool:
        watches = (watch for watches in tuple(self._watched.values()) for watch in tuple(watches))
        return not all(watch.only_end for watch in watches)

    async def run(self) -> None:
        """Look until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds if self._watched else None):
                    await self._changed.wait()
            self._changed.clear()
            keys = tuple(self._watched)
            if not keys:
                continue
            try:
                found = await asyncio.to_thread(self._find, keys)
            except StoreError:
                continue  # the database is away for a moment; whoever waits goes on waiting
            for key in keys:
                for watch in self._watched.get(key, ()):
                    watch.tell(found.get(key))

    async def changes(self, job: Job, only_end: bool = False) -> AsyncIterator[Job]:
        """The job now, each time it changes, and last when it ends. Ends early if it is deleted.
        only_end: leaves out what is between."""
        yield job
        if job.is_final:
            return
        with self._watching(job, only_end) as watch:
            while (changed := await watch.queue.get()) is not None:
                yield changed
                if changed.is_final:
                    return

    async def wait(self, job: Job, seconds: float) -> Job:
        """The job when it ends, or as it is after ``seconds``."""
        latest = job
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for changed in self.changes(job, only_end=True):
                    latest = changed
        return latest

    def _find(self, keys: Collection[JobKey]) -> dict[JobKey, Job]:
        return {(job.owner, job.id): job for job in self._look(keys)}

    @contextmanager
    def _watching(self, job: Job, only_end: bool) -> Iterator[_Watch]:
        watches = self._watched.setdefault((job.owner, job.id), [])
        watch = _Watch(job, only_end)
        watches.append(watch)
        self._changed.set()  # it may have changed since it was read
        try:
            yield watch
        finally:
            watches.remove(watch)
            if not watches:
                self._watched.pop((job.owner, job.id), None)
