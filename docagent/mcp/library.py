"""The documents that a client may name: files below some folders, and uploads.

A client is a model, so that its words are no orders: it names files below the folders that the
person who started the server named, and nothing else; there are no addresses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from docagent.agent import DocAgent
from docagent.document import Document
from docagent.errors import SourceError
from docagent.export.evidence_view import Result
from docagent.export.page_pictures import scan_to_picture
from docagent.forking import ForkLock
from docagent.jobs.inputs import SUFFIXES
from docagent.mcp.documents import Kept, decode, tell_pages
from docagent.sources.page_selection import parse_pages
from docagent.sources.scan import Scan
from docagent.tool_arguments import check_arguments
from docagent.verbs import SOURCE_OPTIONS, Verb

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

    def names(self) -> Mapping[str, str]:
        """The uploads, then the files below the folders, at most MAX_LISTED."""
        found = {key: scan.name for key, scan in tuple(self._uploads.items())}
        found.update((name, name) for name in self._files(MAX_LISTED - len(found)))
        return found

    def _files(self, most: int) -> list[str]:
        found: list[str] = []
        for folder in self._folders:
            for path in sorted(folder.rglob("*")):
                is_shown = _is_shown(path.relative_to(folder))
                if is_shown and path.suffix.lower() in SUFFIXES and path.is_file():
                    found.append(self._name(folder, path))
                if len(found) >= most:
                    return found
        return found

    def upload(self, name: str, content: str, password: str | None = None) -> Kept:
        """Keep a document in memory."""
        data = decode(name, content, self.agent.settings.limits.max_bytes)
        scan = self.agent.load(data, password=password)
        scan = Scan(scan.id, Path(name).name or "upload", scan.pages)
        key = scan.id[:ID_CHARS]
        with self._lock:
            self._uploads[key] = scan
            self._uploads.move_to_end(key)
            while len(self._uploads) > MAX_UPLOADS:
                self._uploads.popitem(last=False)
        return Kept(key, scan.name, len(scan.pages))

    def open(self, name: str, pages: str | None = None, password: str | None = None) -> Scan:
        """The document of a name, or the chosen pages of it. Raises SourceError for a name that is
        not a file below the folders or an upload, and SettingsError for wrong pages."""
        upload = self._uploads.get(name)
        if upload is not None:
            return upload if pages is None else upload.select(parse_pages(pages))
        return self.agent.load(self._path(name), pages=pages, password=password)

    def run(self, verb: Verb, document: str, given: Mapping[str, Any]) -> Result:
        """Run a verb on a document. Raises as ``open`` and ``check_arguments``."""
        opening = {option.name: given.get(option.name) for option in SOURCE_OPTIONS}
        others = {name: value for name, value in given.items() if name not in opening}
        options = check_arguments(verb, others)
        scan = self.open(document, **opening)
        self.agent.read(scan, tell_pages)  # kept by the agent, so that the verb does not read again
        result: Result = verb.run(self.agent, scan, options)
        return result

    def read(
        self, document: str, pages: str | None = None, password: str | None = None
    ) -> Document:
        """The text of a document. Raises as ``open``."""
        return self.agent.read(self.open(document, pages, password), tell_pages)

    def picture(self, document: str, number: int, password: str | None = None) -> Image.Image:
        """A page, upright. Raises as ``open``."""
        scan = self.open(document, str(number), password)
        return scan_to_picture(scan, self.agent.read(scan).page(number))

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
