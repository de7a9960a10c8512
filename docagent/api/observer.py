"""What is noted of every request: an id, a log line, a metric; and faults become answers."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docagent.api.logs import LOG
from docagent.api.metrics import Metrics
from docagent.api.problems import fault_problem, places, respond
from docagent.api.tracing import Traces

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset(("/healthz", "/readyz", "/metrics"))


class Observer:
    """ASGI middleware, the outermost one. Neither log nor metric holds a path, query or body: the
    route stands for them."""

    def __init__(self, app: ASGIApp, metrics: Metrics, traces: Traces) -> None:
        self._app = app
        self._metrics = metrics
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                self._note(scope, status, time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except ClientDisconnect:
            self._note(scope, 499, time.perf_counter() - started)
        except Exception as error:  # the last door: whatever went wrong becomes an answer
            LOG.error("fault", error=type(error).__name__, places=places(error))
            if status:
                raise ConnectionAbortedError from None  # half an answer must not look whole
            response = respond(Request(scope), fault_problem(), {})
            await response(scope, receive, send_noted)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "none")
        method = scope["method"]
        self._metrics.requests.labels(route, method, str(status)).observe(seconds)
        if route not in _QUIET:
            values: dict[str, str | int] = {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
            self._traces.add(f"{method} {route}", seconds, values)
            LOG.info(
                "request", method=method, route=route, status=status, seconds=round(seconds, 4)
            )


def _request_id(headers: Headers) -> str:
    """The client's id if it looks like one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
