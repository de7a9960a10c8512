"""Jobs as their owner sees them: submit, look, wait, cancel. ``leases`` is the workers' side."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, text, update
from sqlalchemy.engine import Row

from docagent.errors import StoreError
from docagent.schemas import AUTO, list_schemas
from docagent.store.database import Database
from docagent.store.results import require_document
from docagent.store.rows import (
    from_json,
    missing,
    new_id,
    now,
    slice_of,
    to_json,
    to_optional_time,
    to_time,
)
from docagent.store.schemas import Schemas
from docagent.store.tables import jobs
from docagent.store.types import FINAL_STATES, Job, JobError, JobState, Slice
from docagent.store.webhooks import queue_deliveries
from docagent.verbs import SOURCE_OPTIONS, VERBS, Verb, prepare_opening

PRIORITIES = (-100, 100)
"""The first and the last priority; 0 is usual."""

SECRET_OPTIONS = frozenset(("password",))
"""Options that only the worker sees; they are deleted when the job ends."""

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_WAIT_SECONDS = 0.05
_LOCK = "SELECT pg_advisory_xact_lock(7305420181)"


class Jobs:
    """The jobs of one owner."""

    def __init__(self, database: Database, waiting: int, owner: str) -> None:
        """waiting: most jobs of all owners that wait at the same time."""
        self._database = database
        self._waiting = waiting
        self._schemas = Schemas(database, owner)
        self.owner = owner

    def submit(
        self,
        document_id: str,
        verb: str,
        options: Mapping[str, Any] | None = None,
        *,
        job_id: str | None = None,
        priority: int = 0,
        batch_id: str | None = None,
    ) -> tuple[Job, bool]:
        """Ask for one verb on one document; returns the job, and whether it is new.

        options: of the verb, and ``pages`` and ``password`` of the source; JSON types. A schema is
        the name of a built-in one, the name of one that the owner saved, or a JSON Schema; never a
        file. job_id: the idempotency key; the same submission with the same key is the same job.
        priority: lower numbers run first.

        Raises StoreError: ``store.full`` (retryable) if too many jobs wait, ``store.conflict`` if
        ``job_id`` stands for another submission, ``store.missing`` without the document or schema;
        and SettingsError and SchemaError for options that are wrong.
        """
        checked, prepared = self._check(verb, options or {})
        _check_names(job_id, priority)
        asked = to_json([document_id, verb, without_secrets(prepared)])
        request = hashlib.sha256(asked.encode()).hexdigest()
        made = job_id or new_id()
        with self._database.write() as connection:
            # One submission at a time, so that the limit holds and a key stands for one job.
            if connection.dialect.name == "postgresql":
                connection.execute(text(_LOCK))
            known = connection.execute(self._query().where(jobs.c.id == made)).first()
            if known is not None:
                return _same(known, request), False
            self._check_room(connection)
            require_document(connection, self.owner, document_id)
            values = {
                "owner": self.owner,
                "id": made,
                "document_id": document_id,
                "verb": checked.name,
                "options": to_json(prepared),
                "request": request,
                "batch_id": batch_id,
                "priority": priority,
                "state": "waiting",
                "stage": "waiting",
                "due": now(),
                "created": now(),
            }
            # Values beside the statement, so that it is the same one each time and compiled once.
            row = connection.execute(insert(jobs).returning(jobs), values).one()
        return to_job(row), True

    def get(self, job_id: str) -> Job:
        """A job. Raises StoreError if the owner has none with that id."""
        with self._database.read() as connection:
            row = connection.execute(self._query().where(jobs.c.id == job_id)).first()
        if row is None:
            raise missing("job", job_id)
        return to_job(row)

    def wait(self, job_id: str, seconds: float) -> Job:
        """A job once it is final, or as it is after ``seconds``. Raises StoreError if there is no
        such job, also if it is deleted meanwhile."""
        end = time.monotonic() + seconds
        while True:
            job = self.get(job_id)
            if job.is_final or time.monotonic() >= end:
                return job
            time.sleep(min(_WAIT_SECONDS, max(0.0, end - time.monotonic())))

    def list(
        self,
        limit: int = 100,
        after: str | None = None,
        *,
        state: JobState | None = None,
        batch_id: str | None = None,
        document_id: str | None = None,
    ) -> Slice[Job]:
        """Jobs, newest first; the other arguments select. limit: 1 to 1000."""
        query = self._query()
        for column, wanted in (
            (jobs.c.state, state),
            (jobs.c.batch_id, batch_id),
            (jobs.c.document_id, document_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        order = (jobs.c.created, jobs.c.id)
        with self._database.read() as connection:
            return slice_of(connection, query, order, (limit, after, True), to_job)

    def counts(self, batch_id: str | None = None) -> dict[JobState, int]:
        """How many jobs are in each state, of a batch or of the owner."""
        query = select(jobs.c.state, func.count()).where(jobs.c.owner == self.owner)
        if batch_id is not None:
            query = query.where(jobs.c.batch_id == batch_id)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(jobs.c.state)).all()
        return dict(map(tuple, rows))

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that waits or runs; one that is final stays as it is. A worker that runs it
        stops after the page it is at, and what it made is thrown away. Raises StoreError if there
        is no such job."""
        with self._database.write() as connection:
            ended = connection.execute(
                update(jobs)
                .where(
                    jobs.c.owner == self.owner,
                    jobs.c.id == job_id,
                    jobs.c.state.not_in(FINAL_STATES),
                )
                .returning(jobs)
                .values(state="cancelled", stage="finished", finished=now(), lease=None)
            ).first()
            if ended is not None:
                end_job(connection, ended)
        return self.get(job_id)

    def _check(self, verb: str, options: Mapping[str, Any]) -> tuple[Verb, dict[str, Any]]:
        """The verb, and its options with names of saved schemas resolved."""
        if verb not in VERBS or VERBS[verb].is_conversation:
            names = ", ".join(name for name, known in VERBS.items() if not known.is_conversation)
            raise StoreError(f"{verb!r} is not a verb that a job can run; give {names}", "invalid")
        checked = VERBS[verb]
        schemas = {option.name: option for option in checked.options if option.type == "schema"}
        resolved = {
            name: self._resolve(value, schemas[name].many)
            if name in schemas and value is not None
            else value
            for name, value in options.items()
        }
        opening, others = split_options(resolved)
        checked.prepare(others)
        prepare_opening(opening)
        return checked, resolved

    def _resolve(self, schema: Any, many: bool) -> Any:
        if many and isinstance(schema, list | tuple):
            return [self._resolve(one, False) for one in schema]
        if not isinstance(schema, str):
            return schema
        if schema in {AUTO.name, *(known.name for known in list_schemas())}:
            return schema
        # Whatever else a string may be for the command line, a job opens no file of the server.
        return dict(self._schemas.get(schema).json_schema)

    def _check_room(self, connection: Connection) -> None:
        query = select(func.count()).where(jobs.c.state == "waiting")
        waiting = connection.execute(query).scalar() or 0
        if waiting >= self._waiting:
            raise StoreError(
                f"{waiting} jobs wait, and DOCAGENT_JOBS_WAITING allows {self._waiting}; try again "
                "later",
                "full",
            )

    def _query(self) -> Select[Any]:
        return select(jobs).where(jobs.c.owner == self.owner)


def _check_names(job_id: str | None, priority: int) -> None:
    if job_id is not None and not _ID.fullmatch(job_id):
        raise StoreError(
            f"job id {job_id!r} is not allowed; give 1 to 200 letters, digits, or any of _.:-",
            "invalid",
        )
    first, last = PRIORITIES
    if not first <= priority <= last:
        raise StoreError(f"priority={priority} is not possible; give {first} to {last}", "invalid")


def _same(known: Row[Any], request: str) -> Job:
    """The job that has the key already. Raises StoreError if it was submitted for another thing."""
    if known.request != request:
        raise StoreError(
            f"job {known.id!r} was submitted with another document, verb or options; use a new key",
            "conflict",
        )
    return to_job(known)


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a job that say how the source is opened, and those of the verb."""
    names = {option.name for option in SOURCE_OPTIONS}
    opening = {name: value for name, value in options.items() if name in names}
    return opening, {name: value for name, value in options.items() if name not in names}


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that may be shown and kept."""
    return {name: value for name, value in options.items() if name not in SECRET_OPTIONS}


def end_job(connection: Connection, row: Row[Any]) -> None:
    """What follows when a job reaches a final state, in the same transaction: its secrets are
    deleted, and the owner's webhooks are told. row: the job as it is now."""
    options = from_json(row.options)
    kept = without_secrets(options)
    if kept != options:
        changed = update(jobs).where(jobs.c.number == row.number).values(options=to_json(kept))
        connection.execute(changed)
    job = to_job(row)
    event = f"job.{job.state}"
    data = job.model_dump(mode="json", exclude={"options"})
    payload = to_json({"type": event, "timestamp": data["finished"], "data": data})
    queue_deliveries(connection, job.owner, event, payload, job.document_id)


def to_job(row: Row[Any]) -> Job:
    """A job as its owner sees it."""
    return Job(
        id=row.id,
        owner=row.owner,
        document_id=row.document_id,
        verb=row.verb,
        options=without_secrets(from_json(row.options)),
        state=row.state,
        stage=row.stage,
        pages_done=row.pages_done,
        pages_total=row.pages_total,
        priority=row.priority,
        attempts=row.attempts,
        worker=row.worker,
        batch_id=row.batch_id,
        result_id=row.result_id,
        error=None if row.error is None else JobError.model_validate_json(row.error),
        created=to_time(row.created),
        started=to_optional_time(row.started),
        finished=to_optional_time(row.finished),
    )
