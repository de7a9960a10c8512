"""Files by the hash of their content, in a folder or anywhere else that fsspec knows.

A file is written under a name of its own each time, so that no write and no deletion can meet
another one's; the row in the database says which file counts. Files without a row are left by a
process that died, and ``sweep`` removes them.
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO, Any

import fsspec

from docagent.errors import SettingsError, StoreError
from docagent.store.encryption import CHUNK, Secrets

_SUFFIX_BYTES = 6
SWEEP_SECONDS = 3600.0
"""A file younger than this may belong to a row that is about to be written."""


class Files:
    """The folder of the documents' files."""

    def __init__(self, url: str, secrets: Secrets | None) -> None:
        """url: a path, or a URL that fsspec knows. Raises SettingsError for one that it does not,
        and for one whose library is not installed."""
        try:
            self._system, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise SettingsError(
                f"DOCAGENT_STORE_FILES={url!r} cannot be used: {error}; give a path, or a URL such "
                "as s3://BUCKET/FOLDER with the library that it needs installed"
            ) from error
        self._secrets = secrets

    def save(self, source: IO[bytes], content_id: str) -> tuple[str, bytes | None]:
        """Write a file; returns its path and, if it is encrypted, its wrapped key. Raises
        StoreError if it cannot be written."""
        stem = self._secrets.file_name(content_id) if self._secrets else content_id
        path = f"{stem[:2]}/{stem}.{random.token_hex(_SUFFIX_BYTES)}"
        full = f"{self._root}/{path}"
        with _reachable():
            self._system.makedirs(full.rpartition("/")[0], exist_ok=True)
            with self._system.open(full, "wb") as target:
                if self._secrets is None:
                    while chunk := source.read(CHUNK):
                        target.write(chunk)
                    return path, None
                key, wrapped = self._secrets.new_file_key(path)
                self._secrets.encrypt(source, target, key, path)
                return path, wrapped

    def read(self, path: str, wrapped_key: bytes | None, content_id: str) -> bytes:
        """The bytes of a file. Raises StoreError if it is missing, encrypted with another key, or
        does not have the content it should."""
        with _reachable(), self._system.open(f"{self._root}/{path}", "rb") as file:
            if wrapped_key is None:
                data: bytes = file.read()
            elif self._secrets is None:
                raise StoreError(
                    "the file is encrypted; set DOCAGENT_STORE_KEY to the key it was stored with",
                    "locked",
                )
            else:
                key = self._secrets.unwrap(wrapped_key, path)
                data = b"".join(self._secrets.decrypt(file, key, path))
        if hashlib.sha256(data).hexdigest() != content_id:
            raise StoreError(f"the file {path} was changed; restore it from a back-up", "damaged")
        return data

    def delete(self, path: str) -> None:
        """Delete a file; one that is gone already is no error."""
        full = f"{self._root}/{path}"
        with _reachable(), suppress(FileNotFoundError):
            self._system.rm_file(full)

    def sweep(self, known: Container[str]) -> int:
        """Delete files that no row names and that are not new; returns how many."""
        deleted = 0
        now = datetime.now(UTC).timestamp()
        with _reachable():
            found: dict[str, Any] = self._system.find(self._root, detail=True)
            for full, info in found.items():
                path = "/".join(full.split("/")[-2:])
                if path not in known and now - _modified(info) > SWEEP_SECONDS:
                    self._system.rm_file(full)
                    deleted += 1
        return deleted


@contextmanager
def _reachable() -> Iterator[None]:
    """Turns errors of the file system into StoreError."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(
            f"a file of the store is missing ({error}); restore it from a back-up", "damaged"
        ) from error
    except OSError as error:
        raise StoreError(f"the files of the store cannot be reached: {error}", "unavailable") from (
            error
        )


def _modified(info: dict[str, Any]) -> float:
    """When a file was last written; each file system says it in its own way."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        found = info.get(name)
        if isinstance(found, datetime):
            return found.timestamp()
        if isinstance(found, int | float):
            return float(found)
    return datetime.now(UTC).timestamp()
