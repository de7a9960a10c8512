"""Export of a document with everything that was made of it, as files that people can open."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from docagent.document import Frozen
from docagent.errors import SettingsError
from docagent.store.store import Library
from docagent.store.types import Chat, Slice, StoredResult

T = TypeVar("T")

_SUFFIXES = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}


def export_document(library: Library, document_id: str, folder: Path) -> list[Path]:
    """Write the file, ``document.json`` (what the store knows of it), ``reading.json``, the results
    with their labels, and the chats; returns the paths.

    folder: new or empty. Raises StoreError if the owner has no such document, and SettingsError if
    the folder has files or cannot be written.
    """
    document = library.documents.get(document_id)
    suffix = _SUFFIXES.get(document.media_type, ".bin")
    files = {
        f"file{suffix}": library.documents.content(document_id),
        "document.json": _to_json(document),
    }
    reading = library.documents.reading(document_id)
    if reading is not None:
        files["reading.json"] = _to_json(reading)
        files["text.txt"] = reading.text.encode()
    for result in results_of(library, document_id):
        files[f"results/{result.id}.json"] = _to_json(result)
        labels = [json.loads(_to_json(x)) for x in library.results.label_history(result.id)]
        if labels:
            files[f"results/{result.id}.labels.json"] = _dump(labels)
    for chat in _all(lambda after: library.chats.list(1000, after)):
        if document_id in chat.document_ids:
            files[f"chats/{chat.id}.json"] = _chat_to_json(library, chat)
    return [_write(folder, name, data) for name, data in _checked(folder, files).items()]


def results_of(library: Library, document_id: str) -> list[StoredResult]:
    """All results of a document, newest first."""
    return _all(lambda after: library.results.list(100, after, document_id=document_id))


def _all(part: Callable[[str | None], Slice[T]]) -> list[T]:
    found = part(None)
    items = list(found.items)
    while found.next is not None:
        found = part(found.next)
        items.extend(found.items)
    return items


def _chat_to_json(library: Library, chat: Chat) -> bytes:
    messages = [json.loads(_to_json(message)) for message in library.chats.messages(chat.id)]
    return _dump({**json.loads(_to_json(chat)), "messages": messages})


def _to_json(value: Frozen) -> bytes:
    return value.model_dump_json(by_alias=True, indent=2).encode()


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _checked(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise _not_written(folder, error) from error
    if not is_empty:
        reason = f"{folder} has files already; name a new folder"
        raise SettingsError(reason, "output")
    return files


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise _not_written(path, error) from error
    return path


def _not_written(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{path} cannot be written: {error.strerror or error}", "output")
