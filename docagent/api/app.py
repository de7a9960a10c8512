"""The application: routes, and what every request passes before and after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from docagent import __version__
from docagent.api.guard import Guard
from docagent.api.observer import Observer
from docagent.api.openai import chat_completions, models, responses
from docagent.api.openapi import describe
from docagent.api.page_files import add_page
from docagent.api.problems import add_problem_handlers
from docagent.api.routes import (
    chats,
    documents,
    info,
    jobs,
    loaders,
    results,
    samples,
    schemas,
    search,
    session,
    verbs,
    webhooks,
)
from docagent.api.state import Server
from docagent.api.tracing import Traces
from docagent.settings import Settings

ROUTERS: Sequence[APIRouter] = (
    verbs.router,
    documents.router,
    jobs.router,
    results.router,
    schemas.router,
    chats.router,
    search.router,
    webhooks.router,
    samples.router,
    session.router,
    chat_completions.router,
    responses.router,
    models.router,
    loaders.router,
    info.router,
)
DESCRIPTION = (
    "Documents in, text with boxes and grounded, validated fields out. Every answer carries the "
    "library's own types; every error is a problem detail (RFC 9457)."
)
MCP_PATH = "/mcp"
JSON_OVERHEAD = 1.4
"""A file in JSON takes four bytes for three; a form adds little."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def max_body_bytes(settings: Settings) -> int:
    """Bytes of the largest body that a request may have."""
    return int(settings.limits.max_bytes * JSON_OVERHEAD) + 2**20


def create_app(
    server: Server,
    hosts: Sequence[str],
    traces: Traces,
    lifespan: Lifespan,
    mcp: ASGIApp | None = None,
) -> FastAPI:
    """The application of one server. hosts: names that requests may be for; see ``Guard``. mcp:
    what answers at ``/mcp``, if anything does."""
    settings = server.settings
    app = FastAPI(
        title="docagent",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # it loads scripts from another site
        redoc_url=None,
        # Its spans would hold addresses; ``tracing`` makes docagent's own.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        max_body_size=max_body_bytes(settings),
        separate_input_output_schemas=False,
    )
    app.state.server = server
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    if mcp is not None:
        app.add_route(MCP_PATH, mcp, ["DELETE", "GET", "POST"], include_in_schema=False)  # type: ignore[arg-type]
    add_page(app)
    app.add_middleware(Guard, hosts=hosts, upload_seconds=settings.serve.upload_seconds)
    app.add_middleware(Observer, metrics=server.metrics, traces=traces)
    _describe_once(app, server.needs_keys)
    return app


def _describe_once(app: FastAPI, needs_keys: bool) -> None:
    plain = app.openapi
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(describe(plain(), needs_keys))
        return made

    app.openapi = openapi  # type: ignore[method-assign]
