"""Pictures of the pages of a scan, upright, and the searchable PDF that is made of them."""

from __future__ import annotations

import io

from PIL import Image

from docagent.document import Document, Page
from docagent.errors import SourceError
from docagent.export.annotated_pages import page_picture
from docagent.export.pdf.writer import document_to_pdf
from docagent.sources import scan as scans
from docagent.sources.scan import Scan

UNREADABLE_PAGE = (2480, 3508)
"""Pixels of the white page (A4 at 300 dpi) that stands for one that could not be read."""


def scan_to_picture(scan: Scan, page: Page) -> Image.Image:
    """The upright picture of a page; an empty one for a page that could not be read.

    Raises SourceError if the scan has no such page, or it cannot be decoded.
    """
    if page.error:
        return Image.new("L", UNREADABLE_PAGE, 255)
    scan_page = scan.page(page.number)
    return page_picture(scan_page.image(color=True), page, scan_page.dpi)


def open_source(document_id: str, source: scans.Source | Scan, password: str | None = None) -> Scan:
    """The scan that a document was read from. Raises SourceError if it cannot be opened, or is
    another one than ``document_id`` names."""
    scan = scans.load(source, password=password)
    if scan.id != document_id:
        reason = "this is not the source that the document was read from; give that one"
        raise SourceError(scan.name, reason, "missing")
    return scan


def document_to_searchable_pdf(document: Document, scan: Scan) -> bytes:
    """The pictures of the pages with their text, invisible, at its place. Raises SourceError."""
    stream = io.BytesIO()
    document_to_pdf(document, (scan_to_picture(scan, page) for page in document.pages), stream)
    return stream.getvalue()
