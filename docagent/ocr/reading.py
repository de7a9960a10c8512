"""Reading of a source into a Document: pages run in parallel, and results are cached by content."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from docagent.confidence import with_confidences
from docagent.document import Document, Page
from docagent.errors import DocAgentError, SourceError
from docagent.forking import ForkLock
from docagent.ocr.engine import OcrEngine
from docagent.ocr.engines.registry import check_engine, load_engine
from docagent.ocr.types import PageEngine
from docagent.settings import Settings
from docagent.sources import scan as scans
from docagent.sources.page_selection import PageChoice, parse_pages
from docagent.sources.recent import RECENT
from docagent.sources.scan import Scan, ScanPage
from docagent.tables import with_tables
from docagent.text.language_model import load_language_model
from docagent.usage import stage

Source = scans.Source | Scan | Document
"""A path, the bytes of a file, a binary stream, an array, a Pillow image, a Scan, or a Document
already read."""

Progress = Callable[[int, int], None]
"""Called with the number of pages done and the number of pages."""

MAX_PAGES_AT_ONCE = 8
"""Most pages read in parallel; each takes memory of its own."""

MAX_REMEMBERED = 2 * MAX_PAGES_AT_ONCE
"""Most documents in the cache. Several verbs on one source then read it once, and documents that
were read ahead in parallel are still there when a verb needs them."""

# What damaged pages make the imaging and inference libraries raise.
_PAGE_FAULTS = (DocAgentError, OSError, ValueError, RuntimeError, MemoryError)


class SourceReader:
    """Reads sources into Documents, with a given engine or the one that the settings name.

    Safe in several threads. A page that cannot be read comes back empty with ``Page.error`` set.
    Raises SettingsError or MissingExtraError if the engine of the settings is not installed.
    """

    def __init__(self, settings: Settings, engine: PageEngine | None = None) -> None:
        self._settings = settings
        self._given = engine
        if engine is None:
            check_engine(settings.ocr.engine)
        self._engines: dict[int, PageEngine] = {}
        self._documents: OrderedDict[_Key, Document] = OrderedDict()
        self._lock = ForkLock()

    def load(
        self, source: Source, pages: PageChoice | None = None, password: str | None = None
    ) -> Scan:
        """Open a source without reading its pages. Raises SourceError and SettingsError."""
        if isinstance(source, Document):
            raise SourceError(
                source.name or "document",
                "a Document already read has no page images; give the file it was read from",
                "not_a_file",
            )
        return scans.load(source, self._settings, pages=pages, password=password)

    def open(
        self, source: Source, pages: PageChoice | None = None, password: str | None = None
    ) -> Scan | Document:
        """A source as a scan, so that it is opened once however often it is used; a Document as it
        is, with the chosen pages alone. Raises SourceError and SettingsError."""
        if not isinstance(source, Document):
            return self.load(source, pages, password)
        if pages is None:
            return source
        count = max((page.number for page in source.pages), default=0)
        numbers = parse_pages(pages).numbers(count, source.name or "document")
        return source.replace(pages=tuple(p for p in source.pages if p.number in numbers))

    def read(self, source: Source, progress: Progress | None = None) -> Document:
        """Read a source, or take it from the cache if its content was read before.

        progress: called for each page. Raises SourceError, also if no page can be read.
        """
        if isinstance(source, Document):
            return source
        scan = self.load(source)
        document = self._documents.get(_key(scan))
        if document is None:
            document = self._read_scan(scan, progress or _silent)
            self.remember(scan, document)
        RECENT.remember(scan, document)
        # The same object for the same name, so that what was derived from it is found again.
        return document if document.name == scan.name else document.replace(name=scan.name)

    def read_beside(self, source: Source) -> Document:
        """Read a source on one thread and cache it, for a caller that reads several sources in
        parallel, each in a thread of its own. Raises SourceError."""
        scan = self.load(source)
        document = self._read_scan(scan, _silent, beside=True)
        self.remember(scan, document)
        return document

    def side_by_side(self, jobs: int) -> int:
        """How many of ``jobs`` pages, or sources of one page, are read in parallel."""
        if self._given is not None:
            return 1  # a given engine may not be safe in several threads
        return min(jobs, self._settings.threads or os.cpu_count() or 1, MAX_PAGES_AT_ONCE)

    def engine(self, threads: int | None = None) -> PageEngine:
        """The engine, created at its first use.

        threads: threads of one inference; by default those of the settings. Raises ModelError if
        the weights cannot be used.
        """
        if self._given is not None:
            return self._given
        settings = self._settings if threads is None else self._settings.replace(threads=threads)
        with self._lock:
            engine = self._engines.get(settings.threads)
            if engine is None:
                engine = load_engine(settings, lambda: _own_engine(settings))
                self._engines[settings.threads] = engine
        return engine

    def _read_scan(self, scan: Scan, progress: Progress, beside: bool = False) -> Document:
        """beside: other sources are read at the same time, so that this one takes one thread."""
        total = len(scan.pages)
        workers = 1 if beside else self.side_by_side(total)
        if workers > 1:
            pages = self._read_in_parallel(scan, progress, workers)
        else:
            pages = []
            for scan_page in scan.pages:
                progress(len(pages), total)
                pages.append(self._read_page(scan_page, 1 if beside else None))
        progress(total, total)
        if pages and all(page.error for page in pages):
            raise SourceError(scan.name, pages[0].error)
        return with_tables(Document(id=scan.id, name=scan.name, pages=tuple(pages)))

    def _read_in_parallel(self, scan: Scan, progress: Progress, workers: int) -> list[Page]:
        pages: list[Page] = []
        pool = ThreadPoolExecutor(workers)
        try:
            waiting = [
                pool.submit(copy_context().run, self._read_page, page, 1) for page in scan.pages
            ]
            for future in waiting:
                progress(len(pages), len(waiting))
                pages.append(future.result())
        finally:
            # A caller that stops a long document does not wait for the rest of its pages.
            pool.shutdown(wait=False, cancel_futures=True)
        return pages

    @stage("read_page", lambda page: len(page.lines))
    def _read_page(self, scan_page: ScanPage, threads: int | None) -> Page:
        layer = scan_page.text_layer
        # Only the router (auto) has work to do on a page with a text layer: it sets the kind.
        if layer is not None and self._settings.ocr.engine != "auto":
            return layer
        engine = self.engine(threads)
        try:
            return with_confidences(engine.read_page(scan_page), self._settings.ocr.confidence)
        except _PAGE_FAULTS as error:
            reason = error.reason if isinstance(error, SourceError) else str(error)
            reason = reason or type(error).__name__
            return Page(number=scan_page.number, width=0, height=0, error=reason)

    def remember(self, scan: Scan, document: Document) -> None:
        """Cache what was read from a scan, here or elsewhere with the same settings."""
        with self._lock:
            self._documents[_key(scan)] = document
            if len(self._documents) > MAX_REMEMBERED:
                self._documents.popitem(last=False)


_Key = tuple[str, tuple[int, ...]]
"""Content hash of a source, and the numbers of its pages that are read."""


def _key(scan: Scan) -> _Key:
    return scan.id, tuple(page.number for page in scan.pages)


def _own_engine(settings: Settings) -> OcrEngine:
    language = load_language_model() if settings.ocr.language_model else None
    return OcrEngine(settings, language)


def _silent(done: int, total: int) -> None:
    """A progress callback that does nothing."""
