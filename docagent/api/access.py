"""Who is calling, what they may do, and how often."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from docagent.api.problems import RequestError
from docagent.api.state import Server
from docagent.errors import StoreError
from docagent.store.keys import PREFIX
from docagent.store.store import Library
from docagent.store.types import LOCAL, Scope

COOKIE = "docagent_key"
ALL_SCOPES: tuple[Scope, ...] = ("read", "write", "review", "admin")


@dataclass(frozen=True)
class Caller:
    """owner: whose documents they see. name: of the key, for labels and the audit
    log; ``local`` without a key."""

    owner: str
    name: str
    scopes: tuple[Scope, ...]

    def require(self, scope: Scope) -> None:
        """Raises RequestError if the key has not the scope. ``admin`` has all others."""
        if scope not in self.scopes and "admin" not in self.scopes:
            has = ", ".join(self.scopes)
            raise RequestError(
                403,
                "key.scope",
                f"this needs a key with the scope {scope}; this one has {has} "
                "(docagent keys create --scope)",
            )


def server_of(request: Request) -> Server:
    """The server that a request came to."""
    return cast(Server, request.app.state.server)


def authenticate(request: Request) -> Caller:
    """The caller of a request. Raises StoreError or RequestError (401, 429)."""
    server = server_of(request)
    secret = secret_of(request)
    # Clients that insist on a key send any text to a server that needs none.
    if secret and (server.needs_keys or secret.startswith(f"{PREFIX}_")):
        caller = _with_key(request, server, secret)
    elif server.needs_keys:
        raise RequestError(
            401,
            "key.missing",
            "this server needs a key; send it as Authorization: Bearer KEY",
            headers={"WWW-Authenticate": "Bearer"},
        )
    else:
        caller = Caller(LOCAL, LOCAL, ALL_SCOPES)
    server.rate.check(caller.owner)
    return caller


def secret_of(request: Request) -> str:
    """The secret of the key that a request was sent with; empty without one."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()
    return request.cookies.get(COOKIE, "")


def _with_key(request: Request, server: Server, secret: str) -> Caller:
    try:
        key = server.store.keys.authenticate(secret)
    except StoreError:
        # Guesses are slowed down for each address.
        server.guesses.check(request.client.host if request.client else "unknown")
        raise
    return Caller(key.owner, key.name, key.scopes)


def library_of(request: Request, caller: Caller) -> Library:
    """Everything that the caller has, and nothing else."""
    return server_of(request).store.library(caller.owner)


def _scoped(scope: Scope) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    async def check(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
        caller.require(scope)
        return caller

    return check


Reader = Annotated[Caller, Depends(_scoped("read"))]
Writer = Annotated[Caller, Depends(_scoped("write"))]
Reviewer = Annotated[Caller, Depends(_scoped("review"))]
Admin = Annotated[Caller, Depends(_scoped("admin"))]
"""A caller with that scope, as a parameter of a route."""
