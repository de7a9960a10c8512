"""What every request passes first: names of the host and origin, time limits, and safe headers."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docagent.api.problems import RequestError, problem_of, respond

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class Guard:
    """ASGI middleware. hosts: names that a request may be for (without port); empty allows all,
    which is safe only where keys are required, since a page that rebinds its name to this server
    has no key. upload_seconds: how long a body may take to arrive.

    A browser says from which site a request comes; one from another site may not change anything.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], upload_seconds: float) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in hosts)
        self._upload_seconds = upload_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self._check(scope["method"], Headers(scope=scope))
        except RequestError as error:
            problem, headers = problem_of(error)
            response = respond(Request(scope), problem, headers)
            await response(scope, receive, send_safely)
            return
        await self._app(scope, self._timed(receive), send_safely)

    def _check(self, method: str, headers: Headers) -> None:
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else ""
        if self._hosts and name not in self._hosts:
            known = ", ".join(sorted(self._hosts))
            raise RequestError(
                421,
                "request.host",
                f"this server does not answer to {name or 'a request without one host'!r}; it "
                f"answers to {known} (docagent serve --allow-host NAME adds one)",
            )
        if method in SAFE_METHODS:
            return
        origin = headers.get("origin")
        is_foreign = origin is not None and origin.partition("://")[2] != hosts[0].lower()
        if is_foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            raise RequestError(
                403, "request.origin", "pages of other sites may not change anything on this server"
            )

    def _timed(self, receive: Receive) -> Receive:
        """``receive`` that gives up when the body is not there in time."""
        deadline = asyncio.get_running_loop().time() + self._upload_seconds
        arriving = True

        async def receive_in_time() -> Message:
            nonlocal arriving
            if not arriving:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                reason = f"the body did not arrive within {self._upload_seconds:g} seconds"
                raise HTTPException(408, reason) from None
            arriving = message["type"] == "http.request" and message.get("more_body", False)
            return message

        return receive_in_time


def host_name(host: str) -> str:
    """The name in a Host header, in lower case, without port and brackets."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
