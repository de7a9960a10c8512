"""Documents: upload, list, pages as pictures and text, download, delete."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from docagent.api.access import Caller, Reader, Writer, library_of, server_of
from docagent.api.openapi import PROBLEMS, answers
from docagent.api.pictures import MAX_WIDTH, MIN_WIDTH, render_page
from docagent.api.problems import RequestError
from docagent.api.running import reading_of, render
from docagent.api.uploads import MEDIA_TYPES as KINDS
from docagent.api.uploads import File, read_file
from docagent.document import Document, Page
from docagent.errors import SourceError
from docagent.export import document_to_pdf
from docagent.export.page_pictures import scan_to_picture
from docagent.jobs.exporting import TEXT_EXPORTS
from docagent.settings import Settings
from docagent.sources.scan import READABLE, Scan, load
from docagent.store.types import Slice, StoredDocument

router = APIRouter(prefix="/v1/documents", tags=["documents"], responses=PROBLEMS)

DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file")]
Limit = Annotated[int, Query(ge=1, le=1000, description="most items of the answer")]
After = Annotated[
    str | None, Query(max_length=1000, description="next of the answer before, for the rest")
]
TextFormat = Literal["text", "markdown", "hocr", "alto", "json"]

MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "hocr": "application/xhtml+xml; charset=utf-8",
    "alto": "application/xml; charset=utf-8",
    "json": "application/json",
}
KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": StoredDocument, "description": "It was there already"}
}
_FOREVER = "private, max-age=31536000, immutable"
_CHUNK = 2**16
_FILE_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.post("", status_code=201, responses=KNOWN, openapi_extra={"requestBody": _FILE_BODY})
async def add_document(request: Request, response: Response, caller: Writer) -> StoredDocument:
    """Upload a file: a form with the part file, or the file as the body with its name in the
    header X-Filename. 201 if it is new, 200 if it was there already."""
    server = server_of(request)
    file = await read_file(request, server.settings.limits)
    await asyncio.to_thread(_check_readable, file, server.settings)
    library = library_of(request, caller)
    stored, is_new = await asyncio.to_thread(
        library.documents.add, file.data, file.name, file.media_type
    )
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/documents/{stored.id}"
    return stored


add_document.__doc__ = f"{add_document.__doc__} docagent reads {READABLE}."


@router.get("")
def list_documents(
    request: Request,
    caller: Reader,
    limit: Limit = 100,
    after: After = None,
    order: Literal["newest", "oldest"] = "newest",
) -> Slice[StoredDocument]:
    """The documents of the caller."""
    return library_of(request, caller).documents.list(limit, after, order)


@router.get("/{document_id}")
def get_document(request: Request, caller: Reader, document_id: DocumentId) -> StoredDocument:
    """What is known of a document."""
    return library_of(request, caller).documents.get(document_id)


@router.delete("/{document_id}", status_code=204)
def delete_document(request: Request, caller: Writer, document_id: DocumentId) -> None:
    """Delete a document with everything made of it: file, text, results, labels, chats, jobs."""
    server = server_of(request)
    library_of(request, caller).documents.delete(document_id, caller.name)
    server.scans.forget(caller.owner, document_id)
    server.pictures.forget(document_id)


@router.get(
    "/{document_id}/file", response_class=Response, responses=answers("The file", *KINDS.values())
)
def get_file(request: Request, caller: Reader, document_id: DocumentId) -> Response:
    """The file as it was uploaded."""
    documents = library_of(request, caller).documents
    stored = documents.get(document_id)
    headers = {"Content-Disposition": attachment(stored.name)}
    return Response(documents.content(document_id), 200, headers, stored.media_type)


@router.get(
    "/{document_id}/pages/{number}.webp",
    response_class=Response,
    responses=answers("The page", "image/webp"),
)
async def get_picture(
    request: Request,
    caller: Reader,
    document_id: DocumentId,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    width: Annotated[int, Query(ge=MIN_WIDTH, le=MAX_WIDTH)] = 900,
) -> Response:
    """A page as a WebP picture, upright once the document is read, so that polygons lie on it."""
    return await asyncio.to_thread(_picture, request, caller, document_id, (number, width))


@router.get("/{document_id}/pages/{number}")
async def get_page(
    request: Request,
    caller: Reader,
    document_id: DocumentId,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
) -> Page:
    """The words and lines of one page, with their polygons; it is read first if need be."""
    document = await reading_of(request, caller, document_id)
    return _page_of(document, number)


@router.get(
    "/{document_id}/text",
    response_class=Response,
    responses=answers("The text", *(kind.partition(";")[0] for kind in MEDIA_TYPES.values())),
)
async def get_text(
    request: Request, caller: Reader, document_id: DocumentId, format: TextFormat = "text"
) -> Response:
    """The text of a document in one of the formats; it is read first if need be."""
    document = await reading_of(request, caller, document_id)
    if format == "json":
        return render(document)
    content = await asyncio.to_thread(TEXT_EXPORTS[format], document)
    return Response(content.encode("utf-8", "replace"), media_type=MEDIA_TYPES[format])


@router.get(
    "/{document_id}/searchable.pdf",
    response_class=StreamingResponse,
    responses=answers("The PDF", "application/pdf"),
)
async def get_pdf(request: Request, caller: Reader, document_id: DocumentId) -> StreamingResponse:
    """The document as a PDF whose text can be searched and copied."""
    document = await reading_of(request, caller, document_id)
    library, scans = library_of(request, caller), server_of(request).scans
    scan = await asyncio.to_thread(scans.get, library, document_id)
    stream = await asyncio.to_thread(_write_pdf, document, scan)
    headers = {"Content-Disposition": attachment(f"{document.name}.searchable.pdf")}
    return StreamingResponse(_chunks(stream), 200, headers, "application/pdf")


def _check_readable(file: File, settings: Settings) -> None:
    """Raises SourceError for a file that nobody could read later, by the library's own checks. A
    password may come with the verb."""
    try:
        load(file.data, settings, file.name)
    except SourceError as error:
        if error.fault != "encrypted":
            raise


def _picture(
    request: Request, caller: Caller, document_id: str, wanted: tuple[int, int]
) -> Response:
    server, library = server_of(request), library_of(request, caller)
    number, width = wanted
    reading = library.documents.reading(document_id)
    if reading is None:
        page, lasts = Page(number=number, width=0, height=0), "private, no-cache"
    else:
        page, lasts = _page_of(reading, number), _FOREVER
    tag = f"{document_id}-{number}-{width}-{page.rotation}"
    headers = {"ETag": f'"{tag}"', "Cache-Control": lasts}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    content = server.pictures.get(tag)
    if content is None:
        content = _draw(server.scans.get(library, document_id), page, width)
        server.pictures.put(tag, content)
    return Response(content, 200, headers, "image/webp")


def _draw(scan: Scan, page: Page, width: int) -> bytes:
    if page.number > len(scan.pages):
        raise _no_page(page.number, len(scan.pages))
    return render_page(scan, page, width)


def _page_of(document: Document, number: int) -> Page:
    if number > len(document.pages):
        raise _no_page(number, len(document.pages))
    return document.pages[number - 1]


def _no_page(number: int, count: int) -> RequestError:
    return RequestError(
        404,
        "page.missing",
        f"there is no page {number}; the document has {count}",
        pointer="number",
    )


def _write_pdf(document: Document, scan: Scan) -> BinaryIO:
    # Whoever sends it closes it.
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=2**24))  # noqa: SIM115
    document_to_pdf(document, (scan_to_picture(scan, page) for page in document.pages), stream)
    stream.seek(0)
    return stream


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def attachment(name: str) -> str:
    """The header that makes a browser save a file; a page of this server's origin is never made of
    a document."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
