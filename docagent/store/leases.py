"""Jobs as workers see them. A worker holds a job by a lease that it extends while it lives.

A lease that runs out is given to the next worker. What a worker writes is accepted only under the
lease that it was given: one that was slow, suspended or cut off and comes back later changes
nothing, so that each job has one result, which is written in the transaction that ends the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.engine import Row

from docagent.document import Frozen
from docagent.service_settings import JobSettings
from docagent.store.database import Database
from docagent.store.jobs import end_job, to_job, without_secrets
from docagent.store.results import insert_result
from docagent.store.rows import from_json, now
from docagent.store.tables import jobs
from docagent.store.types import Job, JobError, JobStage

FIRST_RETRY_SECONDS = 2.0
"""Wait before the second start of a job that failed; it doubles with each further one."""
LAST_RETRY_SECONDS = 60.0


@dataclass(frozen=True)
class Lease:
    """A job that a worker holds. number, attempt and the worker's name identify it. options: of the
    verb, with secrets."""

    number: int
    attempt: int
    job: Job
    options: Mapping[str, Any]


class Leases:
    """Gives jobs to workers. May be used by several threads."""

    def __init__(self, database: Database, settings: JobSettings) -> None:
        self._database = database
        self._settings = settings

    def take(self, worker: str) -> Lease | None:
        """The next job, or one whose worker was lost; None if none waits. worker: a name that no
        other process has."""
        # Idle workers only read, so that they do not keep others from writing.
        with self._database.read() as connection:
            if connection.execute(_next()).first() is None:
                return None
        with self._database.write() as connection:
            while (row := connection.execute(_next(lock=True)).first()) is not None:
                if row.attempts >= self._settings.attempts:
                    self._end_lost(connection, row)
                    continue
                return self._give(connection, row, worker)
        return None

    def extend(self, lease: Lease) -> bool:
        """Hold a job for longer; False if the lease is over, as after a cancellation."""
        return self._write(lease, {"lease": self._until()})

    def progress(
        self, lease: Lease, stage: JobStage, pages_done: int, pages_total: int | None
    ) -> bool:
        """Note how far a job is, which extends the lease; False if the lease is over."""
        values = {"stage": stage, "pages_done": pages_done, "pages_total": pages_total}
        return self._write(lease, {**values, "lease": self._until()})

    def finish(self, lease: Lease, result: Frozen, pages: int | None = None) -> bool:
        """Save the result and end the job, both or neither; False if the lease is over, in which
        case nothing is saved. pages: how many were read; by default those noted last."""
        job = lease.job
        counted = {} if pages is None else {"pages_done": pages, "pages_total": pages}
        with self._database.write() as connection:
            held = select(jobs.c.number).where(_is(lease)).with_for_update()
            if connection.execute(held).first() is None:
                return False
            options = without_secrets(lease.options)
            made = insert_result(
                connection, job.owner, job.document_id, job.verb, options, result, job.id
            )
            self._end(connection, _is(lease), state="done", result_id=made, error=None, **counted)
        return True

    def fail(self, lease: Lease, error: JobError) -> bool:
        """End a job without a result, or let it wait to be tried again if that may help; False if
        the lease is over."""
        if not error.retryable or lease.attempt >= self._settings.attempts:
            with self._database.write() as connection:
                return self._end(
                    connection, _is(lease), state="failed", error=error.model_dump_json()
                )
        wait = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (lease.attempt - 1))
        values = {"error": error.model_dump_json(), "due": now() + wait}
        return self._write(lease, {**values, **_WAITING_AGAIN})

    def give_back(self, lease: Lease) -> bool:
        """Let a job wait again, as if it had not been started: its worker stops in good order."""
        return self._write(lease, {"attempts": lease.attempt - 1, **_WAITING_AGAIN})

    def release(self, worker: str) -> int:
        """Take what a worker holds that is known to be dead, without waiting for its leases to run
        out; returns how many jobs."""
        with self._database.write() as connection:
            return connection.execute(
                update(jobs)
                .where(jobs.c.state == "running", jobs.c.worker == worker)
                .values(lease=now())
            ).rowcount

    def counts(self) -> dict[str, int]:
        """How many jobs of all owners are in each state."""
        query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        with self._database.read() as connection:
            return dict(map(tuple, connection.execute(query).all()))

    def oldest_waiting(self) -> float:
        """Seconds that the oldest waiting job waits already; 0 if none does."""
        query = select(func.min(jobs.c.created)).where(jobs.c.state == "waiting")
        with self._database.read() as connection:
            created: float | None = connection.execute(query).scalar()
        return 0.0 if created is None else max(0.0, now() - created)

    def _give(self, connection: Connection, row: Row[Any], worker: str) -> Lease:
        taken = connection.execute(
            update(jobs)
            .where(jobs.c.number == row.number)
            .values(
                state="running",
                stage="loading",
                worker=worker,
                attempts=row.attempts + 1,
                lease=self._until(),
                started=now(),
                pages_done=0,
                pages_total=None,
            )
            .returning(jobs)
        ).one()
        return Lease(taken.number, taken.attempts, to_job(taken), from_json(taken.options))

    def _end_lost(self, connection: Connection, row: Row[Any]) -> None:
        """End a job whose workers were lost each time: it may be what ends them."""
        error = JobError(
            code="job.lost",
            message=f"the job was started {row.attempts} times and its worker was lost each time, "
            f"last {row.worker}; the document may need too much memory",
        )
        self._end(
            connection,
            jobs.c.number == row.number,
            state="failed",
            error=error.model_dump_json(),
        )

    def _end(self, connection: Connection, which: ColumnElement[bool], **values: Any) -> bool:
        ended = connection.execute(
            update(jobs)
            .where(which)
            .values(stage="finished", finished=now(), lease=None, worker="", **values)
            .returning(jobs)
        ).first()
        if ended is not None:
            end_job(connection, ended)
        return ended is not None

    def _write(self, lease: Lease, values: Mapping[str, Any]) -> bool:
        with self._database.write() as connection:
            changed = connection.execute(update(jobs).where(_is(lease)).values(**values))
        return changed.rowcount == 1

    def _until(self) -> float:
        return now() + self._settings.lease


_WAITING_AGAIN: Mapping[str, Any] = {
    "state": "waiting",
    "stage": "waiting",
    "worker": "",
    "lease": None,
}


def _is(lease: Lease) -> ColumnElement[bool]:
    """Whether a row is a job that is still held under this lease."""
    return and_(
        jobs.c.number == lease.number,
        jobs.c.attempts == lease.attempt,
        jobs.c.worker == lease.job.worker,
        jobs.c.state == "running",
    )


def _next(lock: bool = False) -> Any:
    """The job to start next: the most urgent one, of those the oldest."""
    time = now()
    is_due = and_(jobs.c.state == "waiting", jobs.c.due <= time)
    is_lost = and_(jobs.c.state == "running", jobs.c.lease <= time)
    query = select(jobs.c.number, jobs.c.attempts, jobs.c.worker).where(or_(is_due, is_lost))
    query = query.order_by(jobs.c.priority, jobs.c.number).limit(1)
    return query.with_for_update(skip_locked=True) if lock else query
