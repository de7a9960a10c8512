"""The engine ``fused``: several engines read each page and their results are fused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docagent.document import Page
from docagent.errors import SourceError
from docagent.geometry import Polygon
from docagent.ocr.engines.page_fusion import fuse_pages
from docagent.ocr.types import PageEngine
from docagent.sources.scan import ScanPage

PAGE_ERRORS = (SourceError, OSError, ValueError, RuntimeError, MemoryError)
"""Errors an engine raises on a page it cannot read; another engine may still read the page."""


class RotatedPageEngine(PageEngine, Protocol):
    """An engine that can also read a page at a given rotation."""

    def read_rotated(self, scan_page: ScanPage, rotation: int) -> Page:
        """Read the page's image after rotating it by ``rotation`` degrees clockwise."""
        ...


class FusedEngine:
    """Reads a page with several engines and fuses the results.

    own: the engine that is tried first. others: the rest, in order. The first engine that can read
    a page determines its rotation, and its page is the base of the fusion; the others read the
    image at that rotation. ``Page.engine`` names the engines that took part.
    """

    def __init__(self, own: PageEngine, others: Sequence[RotatedPageEngine]) -> None:
        self._own, self._others = own, others

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page's text layer if it is sound, else the fused result of the engines.

        Raises SourceError, or whatever docagent's own engine raised, if no engine can read the
        page.
        """
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        base, rest = self._first_page(scan_page)
        pages = [base]
        for engine in rest:
            try:
                pages.append(engine.read_rotated(scan_page, base.rotation))
            except PAGE_ERRORS:
                continue
        return fuse_pages(pages)

    def _first_page(self, scan_page: ScanPage) -> tuple[Page, Sequence[RotatedPageEngine]]:
        """The page of the first engine that can read it, and the engines after that one."""
        try:
            return self._own.read_page(scan_page), self._others
        except PAGE_ERRORS:
            for index, engine in enumerate(self._others, start=1):
                try:
                    return engine.read_page(scan_page), self._others[index:]
                except PAGE_ERRORS:
                    continue
            raise

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Recognise one polygon again with docagent's own engine; None if that engine fails."""
        try:
            return self._own.read_again(scan_page, page, polygon)
        except PAGE_ERRORS:
            return None
