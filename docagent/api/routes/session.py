"""Logging in to the page: a key becomes a cookie that scripts cannot read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from docagent.api.access import COOKIE, Reader, server_of
from docagent.api.openapi import PROBLEMS
from docagent.document import Frozen
from docagent.store.types import Scope

router = APIRouter(prefix="/v1/session", tags=["session"], responses=PROBLEMS)


class Login(Frozen):
    """key: as ``docagent keys create`` showed it."""

    key: SecretStr = Field(max_length=200)


class Session(Frozen):
    """Who is calling: the owner of the documents that are seen, the name of the key, and what it
    may do. needs_key: whether the server asks for one."""

    owner: str
    name: str
    scopes: tuple[Scope, ...]
    needs_key: bool


@router.get("")
def get_session(request: Request, caller: Reader) -> Session:
    """Who is calling; 401 without a valid key where one is needed."""
    needs_key = server_of(request).needs_keys
    return Session(owner=caller.owner, name=caller.name, scopes=caller.scopes, needs_key=needs_key)


@router.post("")
def log_in(request: Request, response: Response, login: Login) -> Session:
    """Check a key and keep it in a cookie of this browser."""
    server = server_of(request)
    server.guesses.check(request.client.host if request.client else "unknown")
    secret = login.key.get_secret_value()
    key = server.store.keys.authenticate(secret)
    response.set_cookie(
        COOKIE, secret, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return Session(owner=key.owner, name=key.name, scopes=key.scopes, needs_key=server.needs_keys)


@router.delete("", status_code=204)
async def log_out(response: Response) -> None:
    """Forget the key in this browser; it stays valid."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
