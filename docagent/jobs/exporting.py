"""From an outcome to the bytes of a file: a format of the result, or the picture of a page."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

from docagent.document import Document, Page
from docagent.export import (
    Sheet,
    document_to_alto,
    document_to_hocr,
    document_to_markdown,
    document_to_searchable_pdf,
    document_to_text,
    sheet_to_csv,
    sheets_to_xlsx,
)
from docagent.export.annotated_pages import (
    Mark,
    answer_to_marks,
    classification_to_marks,
    draw_marks,
    edits_to_marks,
    extraction_to_marks,
    summary_to_marks,
    unreadable_to_marks,
    words_to_marks,
)
from docagent.export.page_pictures import scan_to_picture
from docagent.jobs.events import Outcome
from docagent.results import Answer, Classification, Correction, Extraction, Summary

TEXT_EXPORTS: Mapping[str, Callable[[Document], str]] = {
    "text": document_to_text,
    "markdown": document_to_markdown,
    "hocr": document_to_hocr,
    "alto": document_to_alto,
}


def export(outcome: Outcome, format_name: str) -> bytes:
    """The outcome in one of ``verbs.FORMATS``: JSON is the result itself, the others are the
    document."""
    if format_name == "json":
        text: str = outcome.result.model_dump_json(by_alias=True, indent=2)
        return f"{text}\n".encode()
    if format_name == "pdf":
        return document_to_searchable_pdf(outcome.document, outcome.scan)
    return TEXT_EXPORTS[format_name](outcome.document).encode("utf-8", "replace")


def export_tables(tables: Sequence[Sheet], format_name: str) -> dict[str | None, bytes]:
    """Tables in one of ``verbs.TABLE_FORMATS``, by the name of the file's table: one file for an
    XLSX workbook and for the main table as CSV (None), and one more for each other table as CSV."""
    if format_name == "xlsx":
        return {None: sheets_to_xlsx(tables)}
    # With a byte order mark, without which Excel takes UTF-8 for the system's code page.
    return {
        made.name if place else None: sheet_to_csv(made).encode("utf-8-sig", "replace")
        for place, made in enumerate(tables)
    }


def draw_page(outcome: Outcome, page: Page, suffix: str) -> bytes:
    """A page with the boxes of the result, as the kind of image that ``suffix`` (``.png``)
    names. page: of ``outcome.document``, one that could be read."""
    marks = (*unreadable_to_marks(page), *_marks(outcome, page))
    words = [word.polygon for line in page.lines for word in line.words]
    drawn = draw_marks(scan_to_picture(outcome.scan, page), marks, avoid=words)
    encoded = io.BytesIO()
    kind = "JPEG" if suffix.lower() in (".jpg", ".jpeg") else suffix[1:].upper()
    drawn.save(encoded, kind)
    return encoded.getvalue()


def _marks(outcome: Outcome, page: Page) -> tuple[Mark, ...]:
    result = outcome.result
    if isinstance(result, Extraction):
        return extraction_to_marks(result, page.number)
    if isinstance(result, Answer):
        return answer_to_marks(result, page.number)
    if isinstance(result, Classification):
        return classification_to_marks(result, page.number)
    if isinstance(result, Summary):
        return summary_to_marks(result, page.number)
    if isinstance(result, Correction):
        return edits_to_marks(result.edits, page.number)
    return words_to_marks(page)
