"""Results as HTML: a table of what was found, and the pages with its places.

The text of a document is data: it is escaped, and there is no script, link or address in the HTML.
Pictures are inside (data URLs), so that nothing is loaded when it is shown.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape

from PIL import Image

from docagent.document import Document, Page
from docagent.errors import SourceError
from docagent.export.annotated_pages import page_picture
from docagent.export.evidence_view import Result, View, ViewRow, result_to_view
from docagent.export.xml import text_to_xml_text
from docagent.sources.recent import RECENT
from docagent.sources.scan import Scan

MAX_PAGES = 5
"""Most pages that are shown."""
MAX_ROWS = 300
"""Most rows of the table, and most boxes."""
PICTURE_WIDTH = 900
"""Pixels."""

_STYLE = """\
.docagent{font:14px/1.4 system-ui,sans-serif;display:flex;flex-wrap:wrap;gap:16px}
.docagent table{border-collapse:collapse;flex:1 1 320px;align-self:flex-start}
.docagent caption{font-weight:600;text-align:left;padding:4px 8px}
.docagent th,.docagent td{text-align:left;padding:2px 8px;border-bottom:1px solid #8884;\
vertical-align:top;overflow-wrap:break-word}
.docagent tr:first-child th{white-space:nowrap}
.docagent .doubt{background:#e69f0033}
.docagent .number{text-align:right;white-space:nowrap}
.docagent figure{margin:0;flex:1 1 420px;max-width:900px}
.docagent svg{width:100%;height:auto;border:1px solid #8886;background:#fff}
.docagent polygon{fill:#0072b21f;stroke:#0072b2;stroke-width:2;vector-effect:non-scaling-stroke}
.docagent polygon.doubt{fill:#e69f0033;stroke:#d55e00}
.docagent polygon:hover{fill:#0072b255}
.docagent p{flex:1 1 100%;margin:4px 8px}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def result_to_fragment(
    result: Result, scan: Scan | None = None, document: Document | None = None
) -> str:
    """A result as HTML to be put into a page, such as a notebook.

    scan: gives the pictures; without one there are none, unless the document was read just before
    in a notebook. document: as read from the scan; tells how pages are turned upright, by default
    as they are.
    """
    view = result_to_view(result)
    if scan is None:
        scan, document = RECENT.find(view.document_id) or (None, document)
    document = result if isinstance(result, Document) else document
    pages = {page.number: page for page in document.pages} if document else {}
    numbers = view.pages or tuple(pages)[:1]
    parts = [f"<style>{_STYLE}</style>", _table(view)]
    if scan is not None:
        parts += _figures(view, scan, pages, numbers[:MAX_PAGES])
    parts += [f"<p>{_text(note)}</p>" for note in _notes(view, numbers, scan is not None)]
    return f'<div class="docagent">{"".join(parts)}</div>'


def result_to_html(
    result: Result, scan: Scan | None = None, document: Document | None = None
) -> str:
    """A result as a whole HTML document, to be written as UTF-8. scan, document: see
    ``result_to_fragment``."""
    title = _text(result_to_view(result).title)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title></head><body>"
        f"{result_to_fragment(result, scan, document)}</body></html>\n"
    )


def _notes(view: View, numbers: tuple[int, ...], has_pictures: bool) -> Iterable[str]:
    yield from view.notes
    if len(view.rows) > MAX_ROWS:
        yield f"{len(view.rows) - MAX_ROWS:,} more rows are not shown."
    if has_pictures and len(numbers) > MAX_PAGES:
        yield f"{len(numbers) - MAX_PAGES} more pages are not shown."
    if not has_pictures:
        yield "to_html(source) shows the places on the page, too."


def _table(view: View) -> str:
    rows = "".join(map(_row, view.rows[:MAX_ROWS]))
    head = "<tr><th>field</th><th>value</th><th>confidence</th><th>page</th><th>to review</th></tr>"
    return f"<table><caption>{_text(view.title)}</caption>{head}{rows}</table>"


def _row(row: ViewRow) -> str:
    mark = ' class="doubt"' if row.doubt else ""
    sure = "" if row.confidence is None else f"{row.confidence:.0%}"
    page = str(row.places[0].page) if row.places else ""
    return (
        f"<tr{mark}><th>{_text(row.name)}</th><td>{_text(row.value)}</td>"
        f'<td class="number">{sure}</td><td class="number">{page}</td><td>{_text(row.doubt)}</td>'
        "</tr>"
    )


def _figures(
    view: View, scan: Scan, pages: Mapping[int, Page], numbers: Iterable[int]
) -> Iterable[str]:
    for number in numbers:
        try:
            picture = scan_page_picture(scan, number, pages.get(number))
        except (SourceError, KeyError):  # the scan is of other pages, or one is damaged
            continue
        width, height = picture.size
        boxes = "".join(
            f'<polygon class="{"doubt" if row.doubt else "sure"}" points="'
            + " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in place.polygon)
            + f'"><title>{_text(f"{row.name}: {row.value}" if row.name else row.value)}</title>'
            "</polygon>"
            for row in view.rows[:MAX_ROWS]
            for place in row.places
            if place.page == number
        )
        yield (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="page {number}">'
            f'<image width="{width}" height="{height}" href="{picture_to_url(picture)}"/>'
            f"{boxes}</svg></figure>"
        )


def scan_page_picture(scan: Scan, number: int, page: Page | None = None) -> Image.Image:
    """The picture of a page, at most PICTURE_WIDTH wide. page: tells how it is turned upright; by
    default as it is. Raises SourceError and KeyError."""
    pixels = scan.page(number).image(color=True)
    upright = page or Page(number=number, width=pixels.shape[1], height=pixels.shape[0])
    picture = page_picture(pixels, upright)
    picture.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH * 4))
    return picture


def picture_to_url(picture: Image.Image) -> str:
    """A picture as a data URL (WebP)."""
    return f"data:image/webp;base64,{base64.b64encode(picture_to_webp(picture)).decode()}"


def picture_to_webp(picture: Image.Image) -> bytes:
    """A picture as the bytes of a WebP file."""
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=80)
    return encoded.getvalue()


def _text(text: str) -> str:
    return escape(text_to_xml_text(text))
