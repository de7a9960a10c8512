"""Transports: standard input and output for one client, or HTTP.

By HTTP, only requests for this host count (``Host`` and ``Origin`` are checked), so that a web page
that a person visits cannot reach the server under another name (DNS rebinding). Off the loopback
addresses the server refuses to start without a token.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from docagent.errors import SettingsError

MIN_TOKEN_CHARS = 16
PATH = "/mcp"


def serve_stdio(server: MCPServer) -> None:
    """Serve one client on standard input and output until it leaves."""
    anyio.run(server.run_stdio_async)


def serve_http(
    server: MCPServer,
    host: str,
    port: int,
    *,
    token: str = "",
    names: Sequence[str] = (),
    max_bytes: int = 100 * 2**20,
) -> None:
    """Serve by HTTP until stopped. Raises SettingsError as ``http_app``."""
    import uvicorn

    app = http_app(server, host, port, token=token, names=names, max_bytes=max_bytes)
    uvicorn.run(app, host=host, port=port, log_level="warning")


def http_app(
    server: MCPServer,
    host: str,
    port: int,
    *,
    token: str = "",
    names: Sequence[str] = (),
    max_bytes: int = 100 * 2**20,
) -> Any:
    """The ASGI application of a server, at ``/mcp``.

    token: what clients send as a bearer token; empty for none. names: other names of this host
    that requests may be for, such as ``docs.example.org``. max_bytes: of the largest upload.
    Raises SettingsError for a host that others reach without a token, and for a short token.
    """
    if not token and not _is_loopback(host):
        raise SettingsError(
            f"--host {host} can be reached by others; set DOCAGENT_MCP_TOKEN to a long random "
            "text, which clients then send as a bearer token, or use 127.0.0.1"
        )
    if token and len(token) < MIN_TOKEN_CHARS:
        raise SettingsError(
            f"DOCAGENT_MCP_TOKEN has {len(token)} characters; give at least {MIN_TOKEN_CHARS}"
        )
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        max_request_body_size=max_bytes * 4 // 3 + 2**16,
        transport_security=_security(host, port, names),
        host=host,
    )
    return _with_token(app, token) if token else app


def _security(host: str, port: int, names: Sequence[str]) -> TransportSecuritySettings:
    own = ["127.0.0.1", "localhost", "[::1]"] if _is_loopback(host) else [host]
    hosts = [f"{name}:{port}" for name in own]
    for name in names:
        hosts += [name, f"{name}:{port}"]
    origins = [f"{scheme}://{name}" for name in hosts for scheme in ("http", "https")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
    )


def _with_token(app: Any, token: str) -> Any:
    """An ASGI application that answers requests with a bearer token only."""
    expected = f"Bearer {token}".encode()

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, expected):
                headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await app(scope, receive, send)

    return checked


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
