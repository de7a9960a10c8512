"""Routes that other programs know: Open WebUI's external loader, and docling-serve's converter."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.datastructures import UploadFile

from docagent.api.access import Caller, Writer, library_of, server_of
from docagent.api.openapi import PROBLEMS
from docagent.api.problems import RequestError
from docagent.api.running import reading_of
from docagent.api.uploads import File, read_file, to_file
from docagent.document import Document, Frozen
from docagent.export import document_to_markdown, document_to_text

router = APIRouter(tags=["loaders"], responses=PROBLEMS)

NO_TEXT = "No extractable text"
"""Open WebUI looks for these words in the error."""
_FILE = {"type": "string", "format": "binary"}
_RAW_BODY = {"required": True, "content": {"application/octet-stream": {"schema": _FILE}}}
_FORM_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"files": _FILE},
                "required": ["files"],
            }
        }
    },
}


class LoadedPage(Frozen):
    """A page as Open WebUI takes it. metadata: source (name of the file), page, url."""

    page_content: str
    metadata: dict[str, str | int]


class ConvertedDocument(Frozen):
    """A document as docling-serve returns it; only Markdown and text are made."""

    filename: str
    md_content: str | None = None
    text_content: str | None = None
    json_content: None = None
    html_content: None = None
    doctags_content: None = None


class Conversion(Frozen):
    """The answer of docling-serve's ``/v1/convert/file``."""

    document: ConvertedDocument
    status: Literal["success", "partial_success"]
    errors: tuple[str, ...] = ()
    processing_time: float
    timings: dict[str, Any] = Field(default_factory=dict)


@router.put("/process", openapi_extra={"requestBody": _RAW_BODY})
async def process(request: Request, caller: Writer) -> tuple[LoadedPage, ...]:
    """Open WebUI's external document loader: a file as the body, its pages as the answer."""
    file = await read_file(request, server_of(request).settings.limits)
    document = await _read(request, caller, file)
    base = server_of(request).base_url(request)
    pages = tuple(
        LoadedPage(
            page_content=page.text,
            metadata={
                "source": document.name,
                "page": page.number,
                "url": f"{base}/#/documents/{document.id}?page={page.number}",
            },
        )
        for page in document.pages
        if page.text.strip()
    )
    if not pages:
        raise RequestError(422, "source.unreadable", f"{NO_TEXT}: no page has words")
    return pages


@router.post("/v1/convert/file", openapi_extra={"requestBody": _FORM_BODY})
async def convert(request: Request, caller: Writer) -> Conversion:
    """docling-serve's conversion of one file (the part ``files``) to Markdown and text."""
    started = time.perf_counter()
    document = await _read(request, caller, await _form_file(request))
    failed = tuple(f"page {p.number}: {p.error}" for p in document.pages if p.error)
    return Conversion(
        document=ConvertedDocument(
            filename=document.name,
            md_content=document_to_markdown(document),
            text_content=document_to_text(document),
        ),
        status="partial_success" if failed else "success",
        errors=failed,
        processing_time=round(time.perf_counter() - started, 3),
    )


async def _form_file(request: Request) -> File:
    limits = server_of(request).settings.limits
    async with request.form(max_files=2, max_part_size=2**20) as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if len(files) != 1:
            message = f"the form has {len(files)} files; send one, as the part files"
            raise RequestError(422, "request.invalid", message, pointer="/files")
        return to_file(await files[0].read(), files[0].filename or "", limits)


async def _read(request: Request, caller: Caller, file: File) -> Document:
    documents = library_of(request, caller).documents
    stored, _ = await asyncio.to_thread(documents.add, file.data, file.name, file.media_type)
    return await reading_of(request, caller, stored.id)
