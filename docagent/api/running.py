"""From a request to a job and its result: submit, wait as long as asked, answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from docagent.api.access import Caller, library_of, server_of
from docagent.api.problems import RequestError, status_of
from docagent.document import Document, Frozen
from docagent.store.store import Library
from docagent.store.types import Job, StoredResult

MAX_WAIT_SECONDS = 600.0
READ_JOB = "read-{}"
"""Id of the job that reads a document because a page, text or chat needs it."""

_WAIT = re.compile(r"\s*wait\s*=\s*\"?(\d{1,6}(?:\.\d{1,3})?)\"?\s*")


@dataclass(frozen=True)
class Preference:
    """How long to wait for a result (RFC 7240). seconds: 0 for not at all. is_given: whether the
    client said so."""

    seconds: float
    is_given: bool


def preference_of(request: Request, default: float) -> Preference:
    """What ``Prefer: wait=SECONDS`` or ``respond-async`` asks for; other preferences are ignored,
    as RFC 7240 wants."""
    given = [part for line in request.headers.getlist("prefer") for part in line.split(",")]
    for part in given:
        match = _WAIT.fullmatch(part)
        if match:
            return Preference(min(float(match[1]), MAX_WAIT_SECONDS), True)
    if any(part.strip().lower() == "respond-async" for part in given):
        return Preference(0.0, True)
    return Preference(default, False)


async def respond_with_result(request: Request, caller: Caller, job: Job) -> Response:
    """The result of a job if it is there in time, else 202 with the job."""
    server = server_of(request)
    preference = preference_of(request, server.settings.serve.wait)
    job = await server.watcher.wait(job, preference.seconds)
    headers = {"X-Job-Id": job.id}
    if preference.is_given:
        headers["Preference-Applied"] = (
            f"wait={preference.seconds:g}" if preference.seconds else "respond-async"
        )
    if not job.is_final:
        headers |= {"Location": f"/v1/jobs/{job.id}", "Retry-After": "1"}
        return render(job, 202, headers)
    return await asyncio.to_thread(render_result, library_of(request, caller), job, headers)


def result_of(library: Library, job: Job) -> StoredResult:
    """The result of a job that is done. Raises RequestError as ``result_id_of``."""
    return library.results.get(result_id_of(job))


def result_id_of(job: Job) -> str:
    """The id of the result of a job that is done. Raises RequestError for another job: the error
    that it failed with, or that it is not done."""
    if job.error is not None and job.state == "failed":
        error = job.error
        retry = 5.0 if error.retryable else None
        raise RequestError(status_of(error.code), error.code, error.message, retry_after=retry)
    if job.state == "cancelled":
        raise RequestError(409, "job.cancelled", f"job {job.id} was cancelled; submit it again")
    if job.result_id is None:
        raise RequestError(
            409,
            "job.not_done",
            f"job {job.id} is {job.state}; wait for it (GET /v1/jobs/{job.id}/events)",
            retry_after=1.0,
        )
    return job.result_id


def render_result(library: Library, job: Job, headers: Mapping[str, str]) -> Response:
    """The result of a job as JSON of the library's own type, just as it was saved; the headers name
    where it can be had again. Raises RequestError as ``result_id_of``."""
    result_id = result_id_of(job)
    content, document_id = library.results.get_json(result_id)
    named = {
        "Content-Location": f"/v1/results/{result_id}",
        "X-Result-Id": result_id,
        "X-Document-Id": document_id,
    }
    return Response(content, 200, {**headers, **named}, "application/json")


def render(value: Frozen, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    content = value.model_dump_json(by_alias=True)
    return Response(content, status, dict(headers or {}), "application/json")


async def submit(
    request: Request,
    caller: Caller,
    document_id: str,
    verb: str,
    options: Mapping[str, Any],
    **given: Any,
) -> Job:
    """Submit a job and wake a worker. given: as ``Jobs.submit``. Raises what that raises."""
    jobs = library_of(request, caller).jobs
    job, is_new = await asyncio.to_thread(jobs.submit, document_id, verb, options, **given)
    if is_new:
        server_of(request).wake()
    return job


async def reading_of(request: Request, caller: Caller, document_id: str) -> Document:
    """What was read from a document; it is read first if need be. Raises RequestError if that
    fails or takes longer than the server waits."""
    library = library_of(request, caller)
    reading = await asyncio.to_thread(library.documents.reading, document_id)
    if reading is not None:
        return reading
    server = server_of(request)
    job = await submit(
        request, caller, document_id, "read", {}, job_id=READ_JOB.format(document_id)
    )
    if job.state == "cancelled" or (job.error is not None and job.error.retryable):
        job = await submit(request, caller, document_id, "read", {})
    job = await server.watcher.wait(job, server.settings.serve.wait)
    if not job.is_final:
        raise RequestError(
            503,
            "document.reading",
            f"the document is still being read (job {job.id}); try again in a moment",
            retry_after=2.0,
        )
    stored = await asyncio.to_thread(result_of, library, job)
    assert isinstance(stored.result, Document)
    return stored.result
