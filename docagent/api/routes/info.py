"""What the server is: limits, verbs, health, metrics, and what its error codes mean."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from docagent import __version__
from docagent.api.access import Admin, Reader, authenticate, server_of
from docagent.api.openapi import PROBLEMS
from docagent.api.problems import CODES
from docagent.api.routes.verbs import RUNNABLE, option_schema, options_of
from docagent.document import Frozen
from docagent.sources.scan import READABLE
from docagent.store.rows import missing
from docagent.store.types import AuditEntry

router = APIRouter(tags=["server"], responses=PROBLEMS)


class Limits(Frozen):
    """Limits of one server. max_bytes, max_pages, max_pixels: of a file. requests_per_minute: of
    one caller. wait_seconds: how long a verb waits for its result unless ``Prefer`` says otherwise.
    waiting_jobs: most jobs that wait; then 429. upload_seconds: how long a body may take."""

    max_bytes: int
    max_pages: int
    max_pixels: int
    requests_per_minute: int
    wait_seconds: float
    waiting_jobs: int
    upload_seconds: float
    formats: str = READABLE


class VlmInfo(Frozen):
    """Whether a vision-language model is connected. mode: when it is asked."""

    connected: bool
    mode: str
    model: str


class OptionInfo(Frozen):
    """An option of a verb. json_schema: of its values."""

    name: str
    required: bool
    json_schema: dict[str, object]


class VerbInfo(Frozen):
    """A verb: what it does, and its options."""

    name: str
    help: str
    options: tuple[OptionInfo, ...]


class ServerInfo(Frozen):
    """What a client may show of the server."""

    version: str
    vlm: VlmInfo
    verbs: tuple[VerbInfo, ...]


@router.get("/v1/limits")
def get_limits(request: Request, caller: Reader) -> Limits:
    """The limits that 413, 422 and 429 are about."""
    settings = server_of(request).settings
    return Limits(
        max_bytes=settings.limits.max_bytes,
        max_pages=settings.limits.max_pages,
        max_pixels=settings.limits.max_pixels,
        requests_per_minute=settings.serve.rate,
        wait_seconds=settings.serve.wait,
        waiting_jobs=settings.jobs.waiting,
        upload_seconds=settings.serve.upload_seconds,
    )


@router.get("/v1/server")
def get_server(request: Request, caller: Reader) -> ServerInfo:
    """The version, the verbs with their options, and whether a model is connected."""
    vlm = server_of(request).settings.vlm
    verbs = tuple(
        VerbInfo(
            name=verb.name,
            help=verb.help,
            options=tuple(
                OptionInfo(name=o.name, required=o.required, json_schema=option_schema(o))
                for o in options_of(verb)
            ),
        )
        for verb in RUNNABLE
    )
    info = VlmInfo(connected=vlm.is_named, mode=vlm.effective_mode, model=vlm.model)
    return ServerInfo(version=__version__, vlm=info, verbs=verbs)


@router.get("/v1/audit")
def get_audit(
    request: Request,
    caller: Admin,
    after: Annotated[int, Query(ge=0, lt=2**53, description="number of the last entry known")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="most entries of the answer")] = 100,
) -> tuple[AuditEntry, ...]:
    """The audit log: who did what to which document, key or result, never what it holds. Each entry
    has the hash of the one before."""
    return server_of(request).store.audit.entries(after, limit)


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
async def readyz(request: Request) -> str:
    """The database answers too, and workers run; 503 otherwise."""
    server = server_of(request)
    await asyncio.to_thread(server.store.check)
    server.check_workers()
    return "ok\n"


@router.get("/metrics", response_class=PlainTextResponse)
def get_metrics(request: Request) -> Response:
    """Metrics in Prometheus' text format. Off loopback it needs a key, as all else does."""
    server = server_of(request)
    if server.needs_keys:
        authenticate(request)
    waiting = server.store.leases.counts().get("waiting", 0)
    server.metrics.waiting.set(waiting)
    return Response(server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/problems/{code}", response_class=PlainTextResponse)
async def get_problem(code: str) -> str:
    """What an error code means: the ``type`` of a problem leads here."""
    if code not in CODES:
        raise missing("error code", code)
    return f"{code}\n\n{CODES[code]}\n"
