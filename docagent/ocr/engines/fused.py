"""The fused engine: docagent's own reads a page first, then the others, and fusion decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docagent.document import Page
from docagent.errors import SourceError
from docagent.geometry import Polygon
from docagent.ocr.engines.fusion import fuse_pages
from docagent.ocr.types import PageReader
from docagent.sources.scan import ScanPage

PAGE_FAULTS = (SourceError, OSError, ValueError, RuntimeError, MemoryError)
"""What engines raise on a page they cannot read; another engine may."""


class TurnedReader(PageReader, Protocol):
    """An engine that can also read a page turned the way it is told."""

    def read_turned(self, scan_page: ScanPage, quarter: int) -> Page:
        """The page's image read as it is after ``quarter`` degrees clockwise."""
        ...


class FusedEngine:
    """Reads a page with several engines. own: comes first. others: the rest, in order. The first
    that can read a page finds out how it is turned, and its page is the base; the others read it
    turned that way. ``Page.engine`` says which took part."""

    def __init__(self, own: PageReader, others: Sequence[TurnedReader]) -> None:
        self._own, self._others = own, others

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page's sound text layer, or what the engines read together. Raises SourceError, or
        whatever docagent's own engine raised, if none of them can read it."""
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        base, rest = self._first_page(scan_page)
        pages = [base]
        for engine in rest:
            try:
                pages.append(engine.read_turned(scan_page, base.rotation))
            except PAGE_FAULTS:
                continue
        return fuse_pages(pages)

    def _first_page(self, scan_page: ScanPage) -> tuple[Page, Sequence[TurnedReader]]:
        """The page of the first engine that can read it, and the engines after that one."""
        try:
            return self._own.read_page(scan_page), self._others
        except PAGE_FAULTS:
            for index, engine in enumerate(self._others, start=1):
                try:
                    return engine.read_page(scan_page), self._others[index:]
                except PAGE_FAULTS:
                    continue
            raise

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """A second look at one place by docagent's own engine; none where it could not read the
        page."""
        try:
            return self._own.read_again(scan_page, page, polygon)
        except PAGE_FAULTS:
            return None
