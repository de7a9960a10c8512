"""The documents that a client may name: files below some folders, and uploads.

A client is a model, so that its words are no orders: it names files below the folders that the
person who started the server named, and nothing else; there are no addresses.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from docagent.agent import DocAgent
from docagent.document import Document
from docagent.errors import SourceError
from docagent.forking import ForkLock
from docagent.jobs.inputs import SUFFIXES
from docagent.sources.page_selection import parse_pages
from docagent.sources.scan import Scan

ID_CHARS = 16
"""Characters of a document's id that name it."""
MAX_UPLOADS = 16
"""Most uploads that are kept, in memory."""
MAX_LISTED = 200


class Library:
    """Opens the documents that a client names. Safe in several threads."""

    def __init__(self, agent: DocAgent, folders: Sequence[Path] = ()) -> None:
        """folders: those whose files may be named."""
        self.agent = agent
        self._folders = tuple(folder.resolve() for folder in folders)
        self._uploads: OrderedDict[str, Scan] = OrderedDict()
        self._lock = ForkLock()

    def names(self) -> list[str]:
        """Names of the uploads, then of the files below the folders, at most MAX_LISTED."""
        found = list(self._uploads)
        for folder in self._folders:
            for path in sorted(folder.rglob("*")):
                is_shown = _is_shown(path.relative_to(folder))
                if is_shown and path.suffix.lower() in SUFFIXES and path.is_file():
                    found.append(self._name(folder, path))
                if len(found) >= MAX_LISTED:
                    return found
        return found

    def upload(self, name: str, content: str, password: str | None = None) -> tuple[str, Scan]:
        """Keep a document, given in base64. Returns the name it has here. Raises SourceError."""
        most = self.agent.settings.limits.max_bytes
        if len(content) > most * 4 // 3 + 4:
            reason = f"it is larger than the {most / 2**20:g} MB allowed; split it"
            raise SourceError(name, reason, "too_large")
        try:
            data = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SourceError(name, f"content is not base64 ({error})", "damaged") from error
        scan = self.agent.load(data, password=password)
        scan = Scan(scan.id, Path(name).name or "upload", scan.pages)
        key = scan.id[:ID_CHARS]
        with self._lock:
            self._uploads[key] = scan
            self._uploads.move_to_end(key)
            while len(self._uploads) > MAX_UPLOADS:
                self._uploads.popitem(last=False)
        return key, scan

    def open(self, name: str, pages: str | None = None, password: str | None = None) -> Scan:
        """The document of a name, or the chosen pages of it. Raises SourceError for a name that is
        not a file below the folders or an upload, and SettingsError for wrong pages."""
        upload = self._uploads.get(name)
        if upload is not None:
            return upload if pages is None else upload.select(parse_pages(pages))
        return self.agent.load(self._path(name), pages=pages, password=password)

    def read(
        self, name: str, pages: str | None = None, password: str | None = None
    ) -> tuple[Scan, Document]:
        """A document and its text. Raises as ``open``."""
        scan = self.open(name, pages, password)
        return scan, self.agent.read(scan)

    def _path(self, name: str) -> Path:
        given = Path(name)
        for folder in self._folders:
            try:
                path = (folder / given).resolve()
            except (OSError, ValueError, RuntimeError):  # a null byte, a loop of links
                continue
            # What a link points to counts, not the link; a hidden file may hold keys.
            is_inside = path.is_relative_to(folder) and _is_shown(path.relative_to(folder))
            if is_inside and path.is_file():
                return path
        reason = (
            "there is no such document; give a name that list_documents gives"
            if self._folders
            else "there is no such document; upload it first"
        )
        raise SourceError(name[:200], reason, "missing")

    def _name(self, folder: Path, path: Path) -> str:
        """The path of a file as a client names it: below its folder, if there is only one."""
        return str(path.relative_to(folder)) if len(self._folders) == 1 else str(path)


def _is_shown(relative: Path) -> bool:
    return not any(part.startswith(".") for part in relative.parts)
