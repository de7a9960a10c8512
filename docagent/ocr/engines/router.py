"""The engine ``auto``: looks what kind of page it is and picks the engine that it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docagent.document import Page, PageKind
from docagent.geometry import Polygon
from docagent.ocr.engines.lazy import once
from docagent.ocr.engines.page_features import page_features, page_kind
from docagent.ocr.types import PageReader
from docagent.sources.scan import ScanPage

PAIR = "docagent+rapidocr"
"""The fused engine without Tesseract, which adds nothing beside the other two."""

ROUTES: Mapping[PageKind, tuple[str, ...]] = {
    "born_digital": ("docagent",),
    "scan": (PAIR, "fused", "docagent"),
    "photo": ("docagent",),
    "receipt": ("docagent",),
}
"""Engines for each kind of page, the best first; the first that is installed reads it.

Two engines halve the character errors of scanned forms, at 7 times the processor time. On receipts
and pages made to look photographed they gain next to nothing (docs/log.md), and software's own
clean pages are read as well by one.
"""


class RoutedEngine:
    """Picks an engine for each page. ``engines`` are those installed, made when first used."""

    def __init__(self, engines: Mapping[str, Callable[[], PageReader]]) -> None:
        self._engines = {name: once(make) for name, make in engines.items()}

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page with its kind. A sound text layer is given back; no engine is made for it.

        Raises SourceError.
        """
        layer = scan_page.text_layer
        if layer is not None:
            return layer.replace(kind="born_digital")
        kind = page_kind(page_features(scan_page.image()))
        return self._engine(kind).read_page(scan_page).replace(kind=kind)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """A second look at one place by docagent's own engine."""
        return self._engines["docagent"]().read_again(scan_page, page, polygon)

    def _engine(self, kind: PageKind) -> PageReader:
        return self._engines[next(name for name in ROUTES[kind] if name in self._engines)]()
