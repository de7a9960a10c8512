"""What a request in one of OpenAI's protocols asks: a question, what was said before, documents."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.api.finding import find_documents
from docagent.api.problems import RequestError
from docagent.api.uploads import File, to_file
from docagent.settings import LimitSettings
from docagent.store.store import Library

MODEL = "docagent"

_DATA_URL = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,(.*)", re.S)


@dataclass
class Asked:
    """question: the last one of the user. earlier: questions and answers before it. files: sent
    along, the last one last. document_ids: that were named."""

    question: str = ""
    earlier: list[tuple[str, str]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    document_ids: list[str] = field(default_factory=list)


def parse_messages(
    messages: Sequence[Any], model: str, metadata: Any, limits: LimitSettings
) -> Asked:
    """The question of a conversation in OpenAI's form. System prompts are not followed: the answer
    rests on the document alone. Raises RequestError for a conversation without a question, and for
    files that would have to be fetched."""
    asked = Asked(document_ids=list(_named(model, metadata)))
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise _invalid(f"/messages/{index}", "a message is an object with role and content")
        text = _read_content(message.get("content"), asked, limits, f"/messages/{index}/content")
        role = message.get("role", "user")
        if role == "user" and text:
            if asked.question:
                asked.earlier.append((asked.question, ""))
            asked.question = text
        elif role == "assistant" and asked.question:
            asked.earlier.append((asked.question, text))
            asked.question = ""
    if not asked.question:
        raise _invalid("/messages", "the last message is not a question of the user")
    return asked


def find_document(library: Library, asked: Asked) -> str:
    """The document that a question is about: the file sent last, one that was named, or the one
    whose pages have most of the question's words. Raises RequestError if there is none."""
    if asked.files:
        file = asked.files[-1]
        return library.documents.add(file.data, file.name, file.media_type)[0].id
    if asked.document_ids:
        return library.documents.get(asked.document_ids[-1]).id
    found = find_documents(library, asked.question)
    if not found:
        raise RequestError(
            404,
            "chat.no_document",
            f"no document is named, and none has words of the question; attach a file, or use the "
            f"model {MODEL}:DOCUMENT_ID",
        )
    return next(iter(found))


def _named(model: str, metadata: Any) -> Iterable[str]:
    prefix, _, document_id = model.partition(":")
    if prefix == MODEL and document_id:
        yield document_id
    ids = metadata.get("document_ids") if isinstance(metadata, Mapping) else None
    if isinstance(ids, str):
        yield from filter(None, re.split(r"[,\s]+", ids))
    elif isinstance(ids, Sequence):
        yield from map(str, ids)


def _read_content(content: Any, asked: Asked, limits: LimitSettings, place: str) -> str:
    """The text of a message; its files and documents are added to ``asked``."""
    if content is None or isinstance(content, str):
        return (content or "").strip()
    if not isinstance(content, Sequence):
        raise _invalid(place, "content is text, or a list of parts")
    texts = []
    for index, part in enumerate(content):
        if not isinstance(part, Mapping):
            raise _invalid(f"{place}/{index}", "a part is an object with a type")
        kind = part.get("type")
        if kind in ("text", "input_text", "output_text"):
            texts.append(str(part.get("text", "")))
        elif kind in ("file", "input_file", "image_url", "input_image"):
            _add_file(part, asked, limits, f"{place}/{index}")
        else:
            raise _invalid(f"{place}/{index}/type", f"{kind!r} is not a part that can be read")
    return "\n".join(texts).strip()


def _add_file(part: Mapping[str, Any], asked: Asked, limits: LimitSettings, place: str) -> None:
    inner = part.get("file") or part.get("image_url") or part
    if isinstance(inner, str):
        inner = {"url": inner}
    if not isinstance(inner, Mapping):
        raise _invalid(place, "a file is an object with file_data, file_id or url")
    if inner.get("file_id"):
        asked.document_ids.append(str(inner["file_id"]))
        return
    data = str(inner.get("file_data") or inner.get("url") or inner.get("image_url") or "")
    match = _DATA_URL.fullmatch(data)
    if match is None:
        raise _invalid(place, "send the file itself as a data URL (base64); nothing is fetched")
    try:
        content = base64.b64decode(match[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid(place, f"the data URL is not base64 ({error})") from error
    asked.files.append(to_file(content, str(inner.get("filename") or ""), limits))


def _invalid(pointer: str, message: str) -> RequestError:
    return RequestError(422, "request.invalid", message, pointer=pointer)
