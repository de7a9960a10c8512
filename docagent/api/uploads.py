"""The body of a request: one file with options, or JSON; checked by content while it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import UploadFile

from docagent.api.problems import RequestError
from docagent.settings import LimitSettings
from docagent.sources.scan import kind_of

MAX_NAME_CHARS = 200
MAX_FIELD_BYTES = 1_100_000
"""A schema may have a million bytes."""
MAX_FIELDS = 50
MULTIPART = "multipart/form-data"
MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "bmp": "image/bmp",
}
"""Media type by what ``kind_of`` finds; what a client says of a file is not believed."""


@dataclass(frozen=True)
class File:
    """An uploaded file. name: for people, never a path. media_type: by content."""

    data: bytes = field(repr=False)
    name: str
    media_type: str


@dataclass(frozen=True)
class Body:
    """What a request holds: at most one file, and its other fields. is_form: whether these are
    texts of a form rather than JSON."""

    file: File | None
    fields: dict[str, Any]
    is_form: bool = False


async def read_body(request: Request, limits: LimitSettings) -> Body:
    """Parse a multipart form with one part ``file``, or a JSON object.

    Raises RequestError for any other body, SourceError for a file that docagent does not read.
    """
    kind = media_type(request)
    if kind == MULTIPART:
        return await _read_form(request, limits)
    if kind == "application/json" or kind.endswith("+json"):
        return Body(None, await read_object(request))
    raise RequestError(
        415,
        "request.media_type",
        f"Content-Type {kind or '(none)'} is not possible here; send {MULTIPART} with a part "
        "named file, or application/json with a document_id",
    )


async def read_file(request: Request, limits: LimitSettings) -> File:
    """The one file of a request: the part ``file`` of a form, or the whole body.

    The name of a raw body is in the header X-Filename, URL-encoded.
    """
    if media_type(request) == MULTIPART:
        body = await _read_form(request, limits)
        if body.file is None:
            raise RequestError(
                422, "request.invalid", "the form has no file; name its part file", pointer="/file"
            )
        return body.file
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        _check_size(size, limits)
        pieces.append(piece)
    name = unquote(request.headers.get("x-filename", ""))
    return to_file(b"".join(pieces), name, limits)


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object of a body. Raises RequestError."""
    try:
        value = json.loads(await request.body(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
        message = f"the body is not JSON: {reason}"
        raise RequestError(400, "request.invalid", message, pointer="") from error
    if not isinstance(value, dict):
        message = f"the body is a JSON {type(value).__name__}; send an object"
        raise RequestError(422, "request.invalid", message, pointer="")
    return value


def to_file(data: bytes, name: str, limits: LimitSettings) -> File:
    """A file, its kind found by its first bytes. Raises SourceError for other kinds."""
    _check_size(len(data), limits)
    plain = plain_name(name)
    kind = kind_of(data, plain)
    return File(data, plain, MEDIA_TYPES[kind])


def plain_name(name: str) -> str:
    """A client's name of a file, without folders and control characters; it is only shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if c.isprintable()).strip(" .")
    return shown[:MAX_NAME_CHARS] or "document"


def media_type(request: Request) -> str:
    """The media type of the body, in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read_form(request: Request, limits: LimitSettings) -> Body:
    async with _form(request) as form:
        file: File | None = None
        fields: dict[str, Any] = {}
        for name, value in form:
            if not isinstance(value, UploadFile):
                _add_field(fields, name, value)
            elif name == "file" and file is None:
                _check_size(value.size or 0, limits)
                file = to_file(await value.read(), value.filename or "", limits)
            else:
                message = f"the form has a file {name!r}; send one file, as the part file"
                raise RequestError(422, "request.invalid", message, pointer=f"/{name}")
    return Body(file, fields, is_form=True)


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[list[tuple[str, Any]]]:
    async with request.form(
        max_files=2, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
    ) as form:
        yield list(form.multi_items())


def _add_field(fields: dict[str, Any], name: str, value: Any) -> None:
    """A field that is sent several times is a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def _check_size(size: int, limits: LimitSettings) -> None:
    if size > limits.max_bytes:
        raise RequestError(
            413,
            "request.too_large",
            f"the file is larger than the {limits.max_bytes:,} bytes allowed; split it",
            pointer="/file",
        )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
