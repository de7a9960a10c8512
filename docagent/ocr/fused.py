"""The fused engine: docagent's own reads a page first, then the others, and fusion decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docagent.document import Page
from docagent.errors import SourceError
from docagent.geometry import Polygon
from docagent.ocr.fusion import fuse_pages
from docagent.ocr.types import PageReader
from docagent.scan import ScanPage


class TurnedReader(Protocol):
    """An engine that reads a page turned the way it is told."""

    def read_turned(self, scan_page: ScanPage, quarter: int) -> Page:
        """The page's image read as it is after ``quarter`` degrees clockwise."""
        ...


class FusedEngine:
    """Reads a page with several engines. own: finds out how the page is turned; its page is the
    base. others: read the page turned that way; one that fails on a page is left out there,
    and ``Page.engine`` says which took part."""

    def __init__(self, own: PageReader, others: Sequence[TurnedReader]) -> None:
        self._own, self._others = own, others

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page's sound text layer, or what the engines read together. Raises SourceError."""
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        pages = [self._own.read_page(scan_page)]
        for engine in self._others:
            try:
                pages.append(engine.read_turned(scan_page, pages[0].rotation))
            except SourceError:
                continue
        return fuse_pages(pages)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """A second look at one place by docagent's own engine."""
        return self._own.read_again(scan_page, page, polygon)
