"""Jobs and batches: list, look, follow, cancel, and their results."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from docagent.api.access import Reader, Writer, library_of, server_of
from docagent.api.openapi import PROBLEMS, Whole, answers
from docagent.api.routes.documents import After, Limit
from docagent.api.routes.verbs import RUNNABLE
from docagent.api.running import render_result
from docagent.document import Frozen
from docagent.errors import StoreError
from docagent.store.rows import missing
from docagent.store.types import Job, JobError, JobState, Slice

router = APIRouter(prefix="/v1", responses=PROBLEMS)

JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
BATCH_PRIORITY = 10
"""Batches run after requests that somebody waits for."""
MAX_BATCH = 1000

VerbName = Annotated[str, Field(pattern=f"^({'|'.join(verb.name for verb in RUNNABLE)})$")]


DocumentHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BatchRequest(Frozen):
    """One verb on many documents. options: of the verb, as in its own route."""

    document_ids: tuple[DocumentHash, ...] = Field(min_length=1, max_length=MAX_BATCH)
    verb: VerbName
    options: dict[str, Any] = Field(default_factory=dict)
    priority: Whole = Field(default=BATCH_PRIORITY, ge=-100, le=100)


class Refused(Frozen):
    """A document of a batch for which there is no job, and why."""

    document_id: str
    error: JobError


class Batch(Frozen):
    """Jobs that were submitted together. counts: how many are in each state. refused: documents
    without a job, when the batch was made."""

    id: str
    counts: dict[JobState, int]
    refused: tuple[Refused, ...] = ()


@router.get("/jobs", tags=["jobs"])
def list_jobs(
    request: Request,
    caller: Reader,
    limit: Limit = 100,
    after: After = None,
    state: JobState | None = None,
    document_id: Annotated[str | None, Query(max_length=64)] = None,
    batch_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Slice[Job]:
    """The jobs of the caller, newest first."""
    jobs = library_of(request, caller).jobs
    return jobs.list(limit, after, state=state, batch_id=batch_id, document_id=document_id)


def _job(request: Request, caller: Reader, job_id: JobId) -> Job:
    return library_of(request, caller).jobs.get(job_id)


KnownJob = Annotated[Job, Depends(_job)]


@router.get("/jobs/{job_id}", tags=["jobs"])
def get_job(job: KnownJob) -> Job:
    """A job: its state, its stage, and how many pages are done."""
    return job


@router.get("/jobs/{job_id}/events", tags=["jobs"], response_class=EventSourceResponse)
async def follow_job(request: Request, job: KnownJob) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: ``progress`` with the job each time it changes, and ``end`` with the job
    when it is done, failed or cancelled; then the stream ends."""
    async for changed in server_of(request).watcher.changes(job):
        yield ServerSentEvent(
            raw_data=changed.model_dump_json(), event="end" if changed.is_final else "progress"
        )


@router.post("/jobs/{job_id}/cancel", tags=["jobs"])
def cancel_job(request: Request, caller: Writer, job_id: JobId) -> Job:
    """Cancel a job that waits or runs; it stops after the page it is at."""
    job = library_of(request, caller).jobs.cancel(job_id)
    server_of(request).watcher.notify()
    return job


@router.get(
    "/jobs/{job_id}/result",
    tags=["jobs"],
    response_class=Response,
    responses=answers("The result, of the type that the verb returns", "application/json"),
)
def get_job_result(request: Request, caller: Reader, job: KnownJob) -> Response:
    """The result of a job, as often as it is asked for; the error that it failed with, if it
    did."""
    return render_result(library_of(request, caller), job, {"X-Job-Id": job.id})


@router.post("/batches", status_code=202, tags=["batches"])
async def add_batch(
    request: Request, response: Response, caller: Writer, batch: BatchRequest
) -> Batch:
    """Run one verb on many documents. Documents that are not there are named in ``refused``; the
    others run. Where none is left to run, there is no batch, but the error of the first."""
    made = await asyncio.to_thread(_submit_all, request, caller, batch)
    server_of(request).wake()
    response.headers["Location"] = f"/v1/batches/{made.id}"
    return made


@router.get("/batches/{batch_id}", tags=["batches"])
def get_batch(
    request: Request, caller: Reader, batch_id: Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
) -> Batch:
    """How many jobs of a batch are in each state; ``GET /v1/jobs?batch_id=`` lists them."""
    counts = library_of(request, caller).jobs.counts(batch_id)
    if not counts:
        raise missing("batch", batch_id)
    return Batch(id=batch_id, counts=counts)


def _submit_all(request: Request, caller: Writer, batch: BatchRequest) -> Batch:
    library = library_of(request, caller)
    batch_id = secrets.token_hex(12)
    given: dict[str, Any] = {"batch_id": batch_id, "priority": batch.priority}
    failed: dict[str, StoreError] = {}
    wanted = list(dict.fromkeys(batch.document_ids))
    for document_id in wanted:
        try:
            library.documents.get(document_id)
        except StoreError as error:
            failed[document_id] = error
            continue
        try:
            library.jobs.submit(document_id, batch.verb, batch.options, **given)
        except StoreError as error:
            if error.fault != "full":
                raise  # the options are wrong, for every document
            failed[document_id] = error
    if failed and len(failed) == len(wanted):
        raise failed[wanted[0]]
    refused = tuple(_refused(document_id, error) for document_id, error in failed.items())
    return Batch(id=batch_id, counts=library.jobs.counts(batch_id), refused=refused)


def _refused(document_id: str, error: StoreError) -> Refused:
    why = JobError(code=error.code, message=str(error), retryable=error.retryable)
    return Refused(document_id=document_id, error=why)
