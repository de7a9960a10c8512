"""What the tools need of the documents that a client may name, wherever these are kept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple, Protocol

import anyio.from_thread
from mcp.server.mcpserver import Context
from PIL import Image

from docagent.document import Document
from docagent.errors import SourceError
from docagent.export.evidence_view import Result
from docagent.verbs import Verb

_CLIENT: ContextVar[Context[Any, Any] | None] = ContextVar("client", default=None)


class Kept(NamedTuple):
    """An upload. key: what names it from now on. name: for people. pages: how many."""

    key: str
    name: str
    pages: int


class Documents(Protocol):
    """Used by several threads. Each method raises SourceError or StoreError for a document that is
    not there, and tells the client meanwhile how many pages are read (``tell_pages``)."""

    def names(self) -> Mapping[str, str]:
        """What each document is called for people, by the name that the tools take."""

    def upload(self, name: str, content: str, password: str | None) -> Kept:
        """Keep a document, given in base64."""

    def run(self, verb: Verb, document: str, given: Mapping[str, Any]) -> Result:
        """Run a verb. given: its options and those of the source, as a model gave them; None where
        it gave none."""

    def read(self, document: str, pages: str | None, password: str | None) -> Document:
        """The text of a document, or of chosen pages."""

    def picture(self, document: str, number: int, password: str | None) -> Image.Image:
        """A page, upright."""


@contextmanager
def telling(client: Context[Any, Any]) -> Iterator[None]:
    """Within the block, ``tell_pages`` tells this client."""
    token = _CLIENT.set(client)
    try:
        yield
    finally:
        _CLIENT.reset(token)


def tell_pages(done: int, total: int | None) -> None:
    """Tell the client that waits how many pages are read, if it wants to know. Called in the thread
    of a tool."""
    client = _CLIENT.get()
    if client is not None and total:
        message = f"page {done} of {total}"
        anyio.from_thread.run(partial(client.report_progress, done, total, message))


def decode(name: str, content: str, max_bytes: int) -> bytes:
    """The bytes of an upload. Raises SourceError for one that is too large or not base64."""
    if len(content) > max_bytes * 4 // 3 + 4:
        reason = f"it is larger than the {max_bytes / 2**20:g} MB allowed; split it"
        raise SourceError(name, reason, "too_large")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SourceError(name, f"content is not base64 ({error})", "damaged") from error
