"""A process that runs jobs, one at a time: it waits to be woken, and says when a job changed."""

from __future__ import annotations

import json
import os
import threading
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from docagent.agent import DocAgent
from docagent.errors import DocAgentError
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.results import insert_result
from docagent.store.rows import now
from docagent.store.store import Store
from docagent.store.tables import jobs
from docagent.store.types import JobError
from docagent.verbs import VERBS


class Worker:
    """Runs the jobs of one store."""

    def __init__(self, settings: Settings, name: str, says: int) -> None:
        self._store: Store = open_store(settings)
        self._agent = DocAgent(settings)
        self._name, self._says = name, says

    def run_next(self) -> bool:
        """Run the job that waits longest; returns whether there was one."""
        waiting = select(jobs).where(jobs.c.state == "waiting")
        with self._store.database.write() as connection:
            first = waiting.order_by(jobs.c.priority, jobs.c.number).limit(1)
            row = connection.execute(first).first()
            if row is None:
                return False
            begun = {"state": "running", "stage": "reading", "started": now()}
            connection.execute(
                update(jobs)
                .where(jobs.c.number == row.number)
                .values(worker=self._name, attempts=row.attempts + 1, **begun)
            )
        os.write(self._says, b"c")
        try:
            self._run(row)
        except DocAgentError as error:
            why = JobError(code=error.code, message=str(error), retryable=error.retryable)
            self._fail(row, why)
        except Exception as error:  # the worker goes on with the next job
            self._fail(row, JobError(code="job.fault", message=type(error).__name__))
        return True

    def _run(self, row: Row[Any]) -> None:
        library = self._store.library(row.owner)
        name = library.documents.get(row.document_id).name
        scan = self._agent.load(library.documents.content(row.document_id))
        document = self._agent.read(scan, partial(self._count, row)).replace(name=name)
        self._count(row, len(document.pages), len(document.pages))
        library.documents.save_reading(document)
        verb, options = VERBS[row.verb], json.loads(row.options)
        result = document
        if row.verb != "read":
            result = verb.run(self._agent, scan, verb.prepare(options))
        with self._store.database.write() as connection:
            known = (row.owner, row.document_id, row.verb, options, result, row.id)
            result_id = insert_result(connection, *known)
            done = {"state": "done", "stage": "finished", "result_id": result_id}
            connection.execute(update(jobs).where(*self._mine(row)).values(**done, finished=now()))
        os.write(self._says, b"c")

    def _count(self, row: Row[Any], done: int, total: int) -> None:
        self._set(row, pages_done=done, pages_total=total)

    def _fail(self, row: Row[Any], error: JobError) -> None:
        state = {"state": "failed", "stage": "finished", "finished": now()}
        self._set(row, error=error.model_dump_json(), **state)

    def _set(self, row: Row[Any], **values: Any) -> None:
        with self._store.database.write() as connection:
            connection.execute(update(jobs).where(*self._mine(row)).values(**values))
        os.write(self._says, b"c")

    @staticmethod
    def _mine(row: Row[Any]) -> tuple[Any, Any]:
        return jobs.c.number == row.number, jobs.c.state == "running"


def run_worker(settings: Settings, name: str, wakes: Connection, says: Connection) -> None:
    """Run jobs until the server that started this process is gone."""
    woken = threading.Event()

    def listen() -> None:
        while os.read(wakes.fileno(), 4096):
            woken.set()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    worker = Worker(settings, name, says.fileno())
    while True:
        if not worker.run_next():
            woken.wait(settings.jobs.poll)
            woken.clear()
