"""The engine ``auto``: classifies each page and picks an engine for its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docagent.document import Page, PageKind
from docagent.geometry import Polygon
from docagent.ocr.engines.lazy import once
from docagent.ocr.engines.page_features import page_features, page_kind
from docagent.ocr.types import PageEngine
from docagent.sources.scan import ScanPage

FUSED_WITH_RAPIDOCR = "docagent+rapidocr"
"""Name of the fused engine without Tesseract, which adds nothing beside the other two."""

ROUTES: Mapping[PageKind, tuple[str, ...]] = {
    "born_digital": ("docagent",),
    "scan": (FUSED_WITH_RAPIDOCR, "fused", "docagent"),
    "photo": ("docagent",),
    "receipt": ("docagent",),
}
"""Engines for each kind of page, best first; the first one that is installed reads the page.

Two engines halve the character errors of scanned forms at 7 times the processor time. They gain
next to nothing on receipts and on pages made to look photographed (docs/log.md), and one engine
reads the clean pages drawn by software equally well.
"""


class RoutedEngine:
    """Picks an engine for each page.

    engines: constructors of the installed engines by name; each is called on first use.
    """

    def __init__(self, engines: Mapping[str, Callable[[], PageEngine]]) -> None:
        self._engines = {name: once(make) for name, make in engines.items()}

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page with its kind. A sound text layer is returned without loading an engine.

        Raises SourceError.
        """
        layer = scan_page.text_layer
        if layer is not None:
            return layer.replace(kind="born_digital")
        kind = page_kind(page_features(scan_page.image()))
        return self._engine(kind).read_page(scan_page).replace(kind=kind)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Recognise one page-relative polygon again with docagent's own engine."""
        return self._engines["docagent"]().read_again(scan_page, page, polygon)

    def _engine(self, kind: PageKind) -> PageEngine:
        return self._engines[next(name for name in ROUTES[kind] if name in self._engines)]()
