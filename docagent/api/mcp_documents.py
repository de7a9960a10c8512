"""The caller's documents for the tools of ``/mcp``: verbs run as jobs, like everybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import anyio.from_thread
from fastapi import Request
from PIL import Image

from docagent.api.access import Caller, library_of, server_of
from docagent.api.routes.verbs import from_form
from docagent.api.running import result_of, submit
from docagent.api.uploads import to_file
from docagent.document import Document
from docagent.errors import SourceError
from docagent.export.evidence_view import Result
from docagent.export.page_pictures import scan_to_picture
from docagent.mcp.documents import Kept, decode, tell_pages
from docagent.sources.scan import load
from docagent.store.store import Library
from docagent.store.types import Job, StoredDocument
from docagent.verbs import VERBS, Verb

ID_CHARS = 16
"""Characters of a document's id that name it."""
MAX_LISTED = 200

_CALL: ContextVar[tuple[Request, Caller]] = ContextVar("call")


@contextmanager
def called_by(request: Request, caller: Caller) -> Iterator[None]:
    """Within the block, and in tasks that start there, ``StoredDocuments`` are those of a
    caller."""
    token = _CALL.set((request, caller))
    try:
        yield
    finally:
        _CALL.reset(token)


class StoredDocuments:
    """The documents in the store of whoever calls. Named by the beginning of their id."""

    def names(self) -> Mapping[str, str]:
        """The newest documents, at most MAX_LISTED."""
        return {
            found.id[:ID_CHARS]: found.name for found in _library().documents.list(MAX_LISTED).items
        }

    def upload(self, name: str, content: str, password: str | None) -> Kept:
        """Store a document. Raises SourceError, and RequestError without the scope ``write``."""
        request, caller = _CALL.get()
        caller.require("write")
        settings = server_of(request).settings
        file = to_file(decode(name, content, settings.limits.max_bytes), name, settings.limits)
        pages = len(load(file.data, settings, file.name, password=password).pages)
        stored, _ = _library().documents.add(file.data, file.name, file.media_type)
        return Kept(stored.id[:ID_CHARS], stored.name, pages)

    def run(self, verb: Verb, document: str, given: Mapping[str, Any]) -> Result:
        """Run a verb as a job. Raises as ``Jobs.submit``, the error that the job ends with, and
        RequestError without the scope ``write``."""
        _CALL.get()[1].require("write")
        result: Result = _run(verb, _find(document), given)
        return result

    def read(self, document: str, pages: str | None, password: str | None) -> Document:
        """What was read from a document; it is read first if need be."""
        found = _find(document)
        known = None if pages else _library().documents.reading(found.id)
        if known is not None:
            return known
        made: Document = _run(VERBS["read"], found, {"pages": pages, "password": password})
        return made

    def picture(self, document: str, number: int, password: str | None) -> Image.Image:
        """A page, upright. Raises SourceError if there is no such page."""
        found = _find(document)
        settings = server_of(_CALL.get()[0]).settings
        data = _library().documents.content(found.id)
        scan = load(data, settings, found.name, password=password)
        if number > len(scan.pages):
            raise SourceError(found.name, f"there is no page {number}; it has {len(scan.pages)}")
        reading = self.read(document, None, password)
        return scan_to_picture(scan, reading.page(number))


def _library() -> Library:
    return library_of(*_CALL.get())


def _find(name: str) -> StoredDocument:
    return _library().documents.find(name)


def _run(verb: Verb, document: StoredDocument, given: Mapping[str, Any]) -> Any:
    """The result of a verb. Called in the thread of a tool."""
    options = {option.name: option for option in verb.options}
    values = {
        name: from_form(options[name], value) if name in options else value
        for name, value in given.items()
        if value is not None
    }
    request, caller = _CALL.get()
    start = partial(submit, request, caller, document.id, verb.name, values)
    job: Job = anyio.from_thread.run(start)
    changes = server_of(request).watcher.changes(job)
    while (changed := anyio.from_thread.run(partial(anext, changes, None))) is not None:
        job = changed
        tell_pages(job.pages_done, job.pages_total)
    return result_of(_library(), job).result
