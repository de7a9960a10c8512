"""``/mcp``: the tools of ``docagent mcp`` for the documents in the store, with the server's keys.

Names of hosts and origins are checked by ``Guard`` before a request comes here.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import Request
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from docagent.api.access import authenticate
from docagent.api.app import MCP_PATH
from docagent.api.mcp_documents import StoredDocuments, called_by
from docagent.mcp import serve_documents


class McpDoor:
    """ASGI application of one address. max_bytes: of the body of a request."""

    def __init__(self, max_bytes: int) -> None:
        self._app = serve_documents(StoredDocuments()).streamable_http_app(
            streamable_http_path=MCP_PATH,
            stateless_http=True,
            max_request_body_size=max_bytes,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    def running(self) -> AbstractAsyncContextManager[Any]:
        """What has to be entered before the first request."""
        context: AbstractAsyncContextManager[Any] = self._app.router.lifespan_context(self._app)
        return context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Raises StoreError or RequestError for one without a key."""
        request = Request(scope)
        caller = await asyncio.to_thread(authenticate, request)
        caller.require("read")
        with called_by(request, caller):
            # Below, the scope gets the routes of the inner application.
            await self._app(dict(scope), receive, send)
