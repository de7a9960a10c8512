"""Readings that are kept between runs, so that a change of rules need not read every page again.

Documents are kept by the content of their file and by the code and weights that read them;
what the reader points at is kept by document, query, and the reader's code and weights. A run on
kept readings gives the same results as one without; only times mean nothing.
"""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import docagent
from docagent import DocAgent, Settings
from docagent.document import Document
from docagent.ocr.reading import Progress, Source
from docagent.ranking.loading import FittedReader
from docagent.reader.embedded import load_reader
from docagent.reader.types import Query, Reader, Reading
from docagent.tables import with_tables
from eval.log import files_fingerprint

PACKAGE = Path(docagent.__file__).parent
PAGE_CODE = ("ocr", "sources", "layout", "geometry.py", "document.py")
"""What a page's reading depends on, beside the weights."""
READ_OF_PAGES = {"number", "width", "height", "lines"}
"""What a reader knows of a page."""


class Kept:
    """Pickled values by key, in one SQLite file that several processes may use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB)")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=60)

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        """The values of the keys that are there."""
        with closing(self._connect()) as connection:
            found = {}
            for key in keys:
                row = connection.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
                if row:
                    found[key] = pickle.loads(row[0])
            return found

    def put(self, values: dict[str, Any]) -> None:
        """Keep some values."""
        with closing(self._connect()) as connection, connection:
            rows = [(key, pickle.dumps(value)) for key, value in values.items()]
            connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)


class KeptReader(FittedReader):
    """A reader that looks up what it pointed at before."""

    def __init__(self, reader: Reader, kept: Kept, fingerprint: str) -> None:
        self.reader, self.kept, self.fingerprint = reader, kept, fingerprint
        self._last: tuple[Document, str] | None = None

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """As the reader's own; only queries that are new for the document are read."""
        start = f"{self.fingerprint} {self._hash(document)}"
        keys = [f"{start} {query.multiple} {query.text}" for query in queries]
        found = self.kept.get(keys)
        missing = [n for n, key in enumerate(keys) if key not in found]
        if missing:
            read = self.reader.read(document, [queries[n] for n in missing])
            new = {keys[n]: reading for n, reading in zip(missing, read, strict=True)}
            self.kept.put(new)
            found |= new
        return [found[key] for key in keys]

    def _hash(self, document: Document) -> str:
        if self._last is None or self._last[0] is not document:
            # What else a document has must not make its words be read anew.
            pages = (page.model_dump_json(include=READ_OF_PAGES) for page in document.pages)
            content = "".join(pages).encode()
            self._last = document, hashlib.blake2b(content, digest_size=16).hexdigest()
        return self._last[1]


class KeptAgent(DocAgent):
    """An agent that keeps what it reads in a folder. reader: another one than that of the settings,
    whose readings are not kept."""

    def __init__(self, settings: Settings, folder: Path, reader: Reader | None = None) -> None:
        weights = settings.weights_dir or PACKAGE / "weights"
        readers = [path for path in weights.glob("reader*") if path.suffix != ".md"]
        engines = [weights / "detector.onnx", weights / "recognizer.onnx"]
        code = [*(PACKAGE / "reader").rglob("*.py")]
        kept = Kept(folder / "readings.sqlite")
        known = files_fingerprint([*code, *readers])
        super().__init__(settings, reader=reader or KeptReader(load_reader(settings), kept, known))
        parts = [PACKAGE / name for name in PAGE_CODE]
        pages = [p for part in parts for p in (part.rglob("*.py") if part.is_dir() else [part])]
        self._kept, self._pages = kept, files_fingerprint([*pages, *engines])

    def read(self, source: Source, progress: Progress | None = None) -> Document:
        """As DocAgent's; a file is read once."""
        if not isinstance(source, str | Path):
            return super().read(source, progress)
        content = hashlib.blake2b(Path(source).read_bytes(), digest_size=16).hexdigest()
        key = f"{self._pages} {content} {Path(source).name}"
        found: Document | None = self._kept.get([key]).get(key)
        if found is None:
            found = super().read(source, progress)
            self._kept.put({key: found})
            return found
        # Tables cost little to find, and their code changes more often than that of pages.
        return with_tables(found)
