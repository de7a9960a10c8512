"""What a result shows of its document: rows of statements, each with its places on the pages.

Notebooks, files of HTML and the viewer of the MCP server show the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from docagent.document import Document, Frozen
from docagent.geometry import Polygon
from docagent.results import (
    Answer,
    Classification,
    Correction,
    Evidence,
    Extraction,
    Finding,
    Summary,
)

Result = Document | Extraction | Answer | Classification | Summary | Correction


class Place(Frozen):
    """A polygon (0-1) on a page (from 1)."""

    page: int
    polygon: Polygon


class ViewRow(Frozen):
    """A statement. name: of the field; empty for a result that is one statement. value: as text;
    empty if there is none. confidence: 0-1, None if unknown. doubt: why a person should look at
    it; empty if nobody needs to. places: where it is printed."""

    name: str
    value: str
    confidence: float | None = None
    doubt: str = ""
    places: tuple[Place, ...] = ()


class View(Frozen):
    """The rows of a result. title: for people. notes: what else there is to say, such as failed
    checks."""

    document_id: str
    title: str
    rows: tuple[ViewRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def pages(self) -> tuple[int, ...]:
        """Numbers of the pages with places, ascending."""
        return tuple(sorted({place.page for row in self.rows for place in row.places}))


def result_to_view(result: Result) -> View:
    """The rows of a result; of a document, its lines."""
    if isinstance(result, Document):
        return _document(result)
    if isinstance(result, Extraction):
        return _extraction(result)
    if isinstance(result, Summary):
        rows = tuple(
            ViewRow(name=str(number), value=said.text, places=_places(said.evidence))
            for number, said in enumerate(result.sentences, start=1)
        )
        return View(
            document_id=result.document_id, title="Summary", rows=rows, notes=_notes(result)
        )
    if isinstance(result, Correction):
        return _correction(result)
    title = result.question if isinstance(result, Answer) else "Kind of document"
    return View(
        document_id=result.document_id, title=title, rows=(_finding(result),), notes=_notes(result)
    )


def _notes(result: Any) -> tuple[str, ...]:
    return (result.message,) if result.message else ()


def _finding(found: Finding) -> ViewRow:
    return ViewRow(
        name="",
        value=found.text or "",
        confidence=found.confidence,
        doubt=found.doubt(),
        places=_places(found.evidence),
    )


def _extraction(found: Extraction) -> View:
    doubts = found.doubts()
    rows = tuple(
        ViewRow(
            name=field.path,
            value=value_to_text(field.value),
            confidence=field.confidence,
            doubt=doubts.get(field.path, ""),
            places=_places(field.evidence),
        )
        for field in found.fields
    )
    failed = (f"Check failed: {check.name} ({check.message})" for check in found.failed_checks)
    notes = (*failed, *(f"Not valid: {error}" for error in found.errors))
    return View(document_id=found.document_id, title=found.schema_name, rows=rows, notes=notes)


def _document(document: Document) -> View:
    rows = tuple(
        ViewRow(
            name=f"page {page.number}",
            value=line.text,
            confidence=line.confidence,
            places=(Place(page=page.number, polygon=line.polygon),),
        )
        for page in document.pages
        for line in page.lines
        if line.words
    )
    unread = (f"Page {p.number} could not be read: {p.error}" for p in document.pages if p.error)
    name = document.name or "Document"
    return View(document_id=document.id, title=name, rows=rows, notes=tuple(unread))


def _correction(found: Correction) -> View:
    rows = tuple(
        ViewRow(
            name="accepted" if edit.accepted else "rejected",
            value=f"{edit.before} \u2192 {edit.after} ({edit.reason})",
            confidence=edit.confidence,
            places=(Place(page=edit.page, polygon=edit.polygon),),
        )
        for edit in found.edits
    )
    return View(document_id=found.document_id, title="Edits", rows=rows)


def _places(evidence: Iterable[Evidence]) -> tuple[Place, ...]:
    return tuple(
        Place(page=one.page, polygon=polygon) for one in evidence for polygon in one.polygons
    )


def value_to_text(value: Any) -> str:
    """A value as JSON writes it, strings without quotes, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
