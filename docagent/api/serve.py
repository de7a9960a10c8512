"""``docagent serve``: checks who could reach the server, starts workers, and answers requests."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from docagent import __version__
from docagent.agent import DocAgent
from docagent.api.addresses import parse_networks
from docagent.api.app import create_app, max_body_bytes
from docagent.api.guard import is_loopback
from docagent.api.logs import LOG, start_logging
from docagent.api.metrics import Metrics
from docagent.api.pool import WorkerPool
from docagent.api.state import Server
from docagent.api.tracing import start_tracing
from docagent.api.waiting import Watcher
from docagent.api.webhooks import Sender
from docagent.errors import SettingsError, StoreError
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.store import Store

if TYPE_CHECKING:
    from docagent.api.mcp_door import McpDoor

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
DELIVERY_SECONDS = 2.0
"""Between two looks at the webhooks' deliveries."""
RETAIN_SECONDS = 3600.0
"""Between two deletions of what is older than ``store.retention_days``."""


@dataclass(frozen=True)
class Exposure:
    """Who can reach a server. needs_keys: whether callers need a key. hosts: names that requests
    may be for; empty for any."""

    needs_keys: bool
    hosts: tuple[str, ...]


def serve(settings: Settings, tell: Callable[[str], None], require_key: bool = False) -> int:
    """Serve until stopped by a signal; returns the exit code. tell: is given the address once the
    server listens. Raises SettingsError if it would be open to others, or cannot listen."""
    start_logging(settings.serve.log_level)
    store = open_store(settings)
    exposure = check_exposure(settings, store, require_key)
    listener = _listen(settings)
    port = listener.getsockname()[1]
    app = build(settings, store, exposure)
    # A slow reader of an answer may not keep the server from stopping for ever.
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
        lifespan="on",
    )
    host = settings.serve.host
    shown = f"[{host}]" if ":" in host else host
    tell(f"http://{shown}:{port}")
    LOG.info("serving", address=host, port=port, version=__version__)
    # uvicorn raises the signal that stopped it again once it has stopped.
    signal.signal(signal.SIGTERM, _interrupt)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    store.close()
    LOG.info("stopped")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def check_exposure(settings: Settings, store: Store, require_key: bool) -> Exposure:
    """Who may call. Raises SettingsError for an address that others reach, without any key."""
    names = tuple(name.strip() for name in settings.serve.hosts.split(",") if name.strip())
    if is_loopback(settings.serve.host):
        # Without a key a page that rebinds its name to this machine could read everything.
        return Exposure(require_key, (*LOOPBACK_NAMES, *names))
    if not any(key.revoked is None for key in store.keys.list()):
        raise SettingsError(
            f"serve_host={settings.serve.host!r} is reached by other machines, and there is no key "
            "yet; make one first (docagent keys create NAME), or serve on 127.0.0.1"
        )
    return Exposure(True, names)


def build(settings: Settings, store: Store, exposure: Exposure) -> FastAPI:
    """The application with its workers, which start and stop with it."""
    watcher = Watcher(store.find_jobs, settings.serve.poll)
    metrics = Metrics()

    def on_death(worker: str) -> None:
        metrics.restarts.inc()
        with suppress(StoreError):  # then its lease runs out
            store.leases.release(worker)

    pool = WorkerPool(settings, settings.serve.workers, watcher.notify, on_death)
    server = Server(
        settings=settings,
        store=store,
        agent=DocAgent(settings),
        watcher=watcher,
        metrics=metrics,
        needs_keys=exposure.needs_keys,
        networks=parse_networks(settings.serve.webhook_networks),
        wake=pool.wake,
        check_workers=pool.check,
    )

    door = _mcp_door(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if door is not None:
                await stack.enter_async_context(door.running())
            async with working():
                yield

    @asynccontextmanager
    async def working() -> AsyncIterator[None]:
        pool.start()
        tasks = [
            asyncio.create_task(watcher.run()),
            asyncio.create_task(_deliver(server)),
            asyncio.create_task(_retain(server)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await pool.stop()

    return create_app(server, exposure.hosts, start_tracing(), lifespan, door)


def _mcp_door(settings: Settings) -> McpDoor | None:
    """The server of MCP, where its library is installed."""
    if find_spec("mcp") is None:
        return None
    from docagent.api.mcp_door import McpDoor

    return McpDoor(max_body_bytes(settings))


async def _deliver(server: Server) -> None:
    """Send what is due to webhooks, until cancelled."""
    sender = Sender(server.networks, server.settings.serve.webhook_retry)
    try:
        while True:
            sent = 0
            with suppress(StoreError):  # the database is away for a moment
                sent = await asyncio.to_thread(sender.send_due, server.store.outbox)
            if not sent:
                await asyncio.sleep(DELIVERY_SECONDS)
    finally:
        sender.close()


async def _retain(server: Server) -> None:
    """Delete what is too old, until cancelled."""
    while True:
        with suppress(StoreError):
            await asyncio.to_thread(server.store.retain)
        await asyncio.sleep(RETAIN_SECONDS)


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.serve.host, settings.serve.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's algorithm, which holds answers back for 40 ms, only for sockets
    # that name their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
        return listener
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"serve_host={host!r}, serve_port={port}: cannot listen there ({error.strerror}); name "
            "another port (--port), or stop what listens there"
        ) from error
